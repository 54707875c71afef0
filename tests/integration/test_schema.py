"""The schema as migrations leave it."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_web_role_is_bound_by_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles"
            " WHERE rolname = 'sanderling_app'"
        )
        assert cursor.fetchone() == (False, False, False)
