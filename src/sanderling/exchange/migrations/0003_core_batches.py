"""Batches that CORE counterparts have; seen by who sees the client, kept by the worker."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0002_guards"),
        ("outbox", "0003_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="CoreBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.IntegerField()),
                ("mailbox_id", models.IntegerField()),
                ("payload_id", models.TextField(unique=True)),
                ("submitted_at", models.DateTimeField()),
                ("asks", models.IntegerField(default=0)),
                ("next_ask_at", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("stored_file_id", models.BigIntegerField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("fault", models.TextField(default="")),
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="outbox.outboundfile",
                    ),
                ),
            ],
            options={
                "db_table": "exchange_core_batch",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_ask_at__isnull", False)),
                        fields=["next_ask_at"],
                        name="core_batch_to_ask",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            "CALL sanderling_protect('exchange_core_batch', 'client_id');",
            migrations.RunSQL.noop,
        ),
    ]
