from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('claims_decided', 'client_id');
CALL sanderling_append_only('claims_decided');

"""


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0009_decided"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
