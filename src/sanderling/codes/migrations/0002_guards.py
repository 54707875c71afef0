"""Code rules: added only, audited; a rule of one client is seen where the client is."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_where(
    'codes_code_rule',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT'
);
CALL sanderling_append_only('codes_code_rule');
-- The note is a person's own words: it stays with the rule.
CALL sanderling_audit_changes('codes_code_rule', '{note,recorded_at}');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
        ("payers", "0002_grants"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
