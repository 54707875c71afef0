from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('ledger_period_balance', 'client_id');
CALL sanderling_grant('ledger_month_end', 'SELECT');
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_month_ends")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
