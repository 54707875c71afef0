"""Own clients only and no users of clients: a what-if tells what contracts say. Answers stay."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_confidential('evaluation_what_if', 'SELECT, INSERT');
CALL sanderling_append_only('evaluation_what_if');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
