from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('barriers_barrier', 'client_id');
CALL sanderling_protect('barriers_frozen_barrier', 'client_id');
CALL sanderling_protect('barriers_denial', 'client_id');
CALL sanderling_grant('barriers_week_end', 'SELECT');
CALL sanderling_grant('barriers_response_time', 'SELECT');
"""


class Migration(migrations.Migration):
    dependencies = [("barriers", "0001_initial"), ("ledger", "0005_unassigned")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
