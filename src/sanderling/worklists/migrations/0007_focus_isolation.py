"""Skips of one's clients' own claims only, added and never changed."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('worklists_skip', 'client_id', 'SELECT, INSERT');
ALTER POLICY visible_clients ON worklists_skip WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = worklists_skip.client_id)
);
CALL sanderling_append_only('worklists_skip');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("worklists", "0006_focus"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
