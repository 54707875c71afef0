"""The users of a demonstration, and what the database remembers of it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sanderling.accounts.demo import ensure_demo_users
from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.clients.models import Client
from sanderling.config.demo import demo_state, mark_demo

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)


def test_demo_users_are_made_once_and_can_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "SANDERLING_HOME", tmp_path)
    for code in "ABCDEFGH":
        Client.objects.create(code=code, name=code, created_at=AT)
    logins = ensure_demo_users()
    assert ensure_demo_users() == logins
    assert len({email for email, _, _ in logins}) == len(logins) == User.objects.count()
    for email, password, role in logins:
        user = User.objects.get(email=email)
        assert user.check_password(password)
        assert user.role == role
    specialist = User.objects.get(role=Role.SPECIALIST)
    assert sorted(a.client.code for a in specialist.assignments.all()) == list("ABCDEFG")
    kept = tmp_path / "keys" / "demo_password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_demonstration_is_for_empty_databases_and_is_taken_up_again() -> None:
    assert demo_state() == "empty"
    mark_demo("started")
    Client.objects.create(code="A", name="A", created_at=AT)
    assert demo_state() == "started"
    mark_demo("filled")
    assert demo_state() == "filled"


def test_a_database_with_data_of_its_own_is_foreign() -> None:
    Client.objects.create(code="A", name="A", created_at=AT)
    assert demo_state() == "foreign"
