from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_unassigned"),
    ]

    operations = [
        migrations.CreateModel(
            name="SpanState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("through_entry_id", models.BigIntegerField()),
                ("last_posted_date", models.DateField()),
            ],
            options={
                "db_table": "ledger_span_state",
            },
        ),
        migrations.CreateModel(
            name="BalanceSpan",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "claim_id",
                        "party",
                        "from_date",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("claim_id", models.BigIntegerField()),
                ("balance_cents", models.BigIntegerField()),
                ("client_id", models.IntegerField()),
                ("from_date", models.DateField()),
                ("to_date", models.DateField()),
                ("responsible_from_date", models.DateField()),
                ("party", models.SmallIntegerField()),
                ("is_shared", models.BooleanField()),
            ],
            options={
                "db_table": "ledger_balance_span",
            },
        ),
        migrations.RunSQL(
            "CALL sanderling_protect('ledger_balance_span', 'client_id');"
            " CALL sanderling_grant('ledger_span_state', 'SELECT');",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel(name="MonthEnd"),
        migrations.DeleteModel(name="PeriodBalance"),
    ]
