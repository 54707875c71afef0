"""The web application reads payers: they are the same for all clients."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payers", "0001_initial"), ("clients", "0002_isolation")]

    operations = [
        migrations.RunSQL(
            """
            CALL sanderling_grant('payers_payer', 'SELECT');
            CALL sanderling_grant('payers_payer_alias', 'SELECT');
            """,
            migrations.RunSQL.noop,
        )
    ]
