"""Status inquiries of one's clients only, about their own claims."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('worklists_status_inquiry', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON worklists_status_inquiry WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = worklists_status_inquiry.client_id)
);
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0003_acts"), ("claims", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
