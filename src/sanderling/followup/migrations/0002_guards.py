from __future__ import annotations

from django.db import migrations

# The web application may add activities, of its clients only and about their claims only: a check
# of the client alone would take a row that names a foreign claim.
SQL = """
CALL sanderling_protect('followup_activity', 'client_id', 'SELECT, INSERT');
ALTER POLICY visible_clients ON followup_activity WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id AND c.client_id = followup_activity.client_id)
);
CALL sanderling_append_only('followup_activity');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("followup", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
