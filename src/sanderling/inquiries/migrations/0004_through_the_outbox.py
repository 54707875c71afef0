"""Requests are files of the outbox, with their answers; limits of a payer."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inquiries", "0003_forget_files_of_ours"),
        ("outbox", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayerLimits",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("payer_id", models.IntegerField(unique=True)),
                (
                    "way",
                    models.TextField(
                        choices=[
                            ("batch", "In batches"),
                            ("real_time", "One by one, in real time"),
                            ("both", "In batches, and one by one in real time"),
                            ("none", "Not at all: portal or phone"),
                        ]
                    ),
                ),
                ("is_automatic", models.BooleanField(default=True)),
                ("requests_a_day", models.IntegerField()),
                ("claims_a_file", models.IntegerField()),
                ("weekdays", models.TextField(default="1234567")),
                ("from_hour", models.SmallIntegerField(default=0)),
                ("to_hour", models.SmallIntegerField(default=24)),
                ("again_days", models.SmallIntegerField()),
                ("answer_days", models.SmallIntegerField()),
                ("tries_max", models.SmallIntegerField()),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "inquiries_payer_limits",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("way__in", ["batch", "real_time", "both", "none"])),
                        name="limits_way_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requests_a_day__range", (0, 1000000)),
                            ("claims_a_file__range", (1, 5000)),
                            ("again_days__range", (1, 365)),
                            ("answer_days__range", (1, 60)),
                            ("tries_max__range", (1, 10)),
                        ),
                        name="limits_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("weekdays__regex", "^[1-7]+$"),
                            ("from_hour__gte", 0),
                            ("to_hour__lte", 24),
                            ("from_hour__lt", models.F("to_hour")),
                        ),
                        name="limits_hours_are_some",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.IntegerField()),
                ("claim_id", models.BigIntegerField()),
                ("party", models.SmallIntegerField()),
                ("payer_id", models.IntegerField()),
                ("submission_id", models.BigIntegerField()),
                ("payer_claim_number", models.TextField(default="")),
                (
                    "channel",
                    models.TextField(
                        choices=[("batch", "In a batch"), ("real_time", "In real time")]
                    ),
                ),
                ("asked_by", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("asked_date", models.DateField()),
                ("tries", models.SmallIntegerField(default=1)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("asked", "No answer yet"),
                            ("answered", "Answered"),
                            ("refused", "Not answered: the request is wrong"),
                            ("failed", "Not answered: try again later"),
                        ],
                        default="asked",
                    ),
                ),
                ("answer_id", models.BigIntegerField(null=True)),
                ("answered_date", models.DateField(null=True)),
                ("fault", models.TextField(default="")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="outbox.outboundfile",
                    ),
                ),
            ],
            options={
                "db_table": "inquiries_status_request",
                "indexes": [
                    models.Index(
                        fields=["claim_id", "party", "-id"], name="status_request_of_claim"
                    ),
                    models.Index(fields=["file"], name="status_request_of_file"),
                    models.Index(fields=["payer_id", "asked_date"], name="status_request_of_payer"),
                    models.Index(
                        fields=["state", "-asked_date", "-id"], name="status_request_by_state"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "answered"])),
                        fields=("claim_id", "party", "asked_date"),
                        name="status_request_once_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["asked", "answered", "refused", "failed"])
                        ),
                        name="request_state_is_known",
                    ),
                ],
            },
        ),
    ]
