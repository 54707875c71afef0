from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('claims_write_off', 'client_id');
CALL sanderling_append_only('claims_write_off');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0005_write_off_facts"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
