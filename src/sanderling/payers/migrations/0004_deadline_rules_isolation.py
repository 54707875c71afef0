"""Deadline rules: added only, audited; a rule of one client is seen where the client is."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_where(
    'payers_deadline_rule',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT'
);
CALL sanderling_append_only('payers_deadline_rule');
-- The note is a person's own words: it stays with the rule.
CALL sanderling_audit_changes('payers_deadline_rule', '{note,recorded_at}');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payers", "0003_deadline_rules"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
