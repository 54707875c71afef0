from __future__ import annotations

from django.db import migrations

SQL = """
ALTER POLICY visible_clients ON ledger_entry USING (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    OR (client_id IS NULL AND (SELECT sanderling_sees_all()))
);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_month_ends_isolation"), ("files", "0003_unassigned")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
