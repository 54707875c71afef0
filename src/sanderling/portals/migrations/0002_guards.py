"""Portals are the same for all clients; look-ups only of one's own clients."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_grant('portals_portal', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('portals_payer', 'SELECT, INSERT, DELETE');
CALL sanderling_audit_changes('portals_portal');
CALL sanderling_protect('portals_lookup', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON portals_lookup WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = portals_lookup.client_id)
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("portals", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
