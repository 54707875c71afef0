"""Own clients only; the worker makes pictures, the web reads them."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("keyaccounts", "0001_initial"), ("clients", "0002_isolation")]

    operations = [
        migrations.RunSQL(
            "CALL sanderling_protect('keyaccounts_picture', 'client_id', 'SELECT')",
            migrations.RunSQL.noop,
        )
    ]
