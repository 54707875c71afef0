"""Own clients only; the claims of a file do not change but for what is said of them."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('outbox_file', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('outbox_claim', 'client_id', 'SELECT, INSERT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
