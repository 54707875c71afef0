from __future__ import annotations

from django.db import migrations

# Payments of no client that we know: for users who see all clients, else the money is out of sight.
SQL = """
DO $body$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY[
        'remits_claim_payment', 'remits_service_payment', 'remits_adjustment', 'remits_remark',
        'remits_provider_adjustment'
    ]
    LOOP
        EXECUTE format(
            'ALTER POLICY visible_clients ON %I USING ('
            'client_id = ANY ((SELECT sanderling_visible_clients())::int[])'
            ' OR (client_id IS NULL AND (SELECT sanderling_sees_all())))',
            table_name
        );
    END LOOP;
END
$body$;
ALTER POLICY visible_clients ON remits_remittance USING (
    client_ids <@ (SELECT sanderling_visible_clients())::int[]
    AND (client_ids <> '{}'::int[] OR (SELECT sanderling_sees_all()))
);
"""


class Migration(migrations.Migration):
    dependencies = [("remits", "0002_isolation"), ("files", "0003_unassigned")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
