"""The latest day of files, from an index."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("files", "0003_unassigned")]

    operations = [
        migrations.AddIndex(
            model_name="transactionset",
            index=models.Index(
                condition=models.Q(("status", "posted")),
                fields=["received_date"],
                name="transaction_set_latest",
            ),
        ),
    ]
