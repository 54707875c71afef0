from __future__ import annotations

from django.db import migrations

SQL = "CALL sanderling_protect('barriers_stale_claim', 'client_id', 'SELECT, INSERT');"


class Migration(migrations.Migration):
    dependencies = [("barriers", "0003_staleclaim")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
