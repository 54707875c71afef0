"""Counts by payer, and indexes of what was never touched and of when items came."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models

SQL = """
CALL sanderling_protect('worklists_payer_tally', 'client_id', 'SELECT, INSERT, DELETE');
-- Every client is to be counted anew: until then lists by payer are read from the items.
INSERT INTO worklists_stale_tally (client_id) SELECT client_id FROM worklists_tally_day;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("worklists", "0016_schedules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PayerTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.IntegerField()),
                ("view", models.TextField()),
                ("payer_id", models.IntegerField()),
                ("first_id", models.BigIntegerField()),
                ("items", models.IntegerField()),
                ("balance_cents", models.BigIntegerField()),
                ("minutes", models.FloatField()),
                ("soon", models.IntegerField()),
            ],
            options={
                "db_table": "worklists_payer_tally",
            },
        ),
        migrations.RemoveIndex(
            model_name="workitem",
            name="work_item_narrow",
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("touches", 0)),
                fields=["since_date", "id"],
                include=("client_id", "payer_id", "party", "work_date", "not_before_date"),
                name="work_item_untouched",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                fields=["client_id"],
                include=(
                    "id",
                    "payer_id",
                    "party",
                    "barrier",
                    "category",
                    "reason_code",
                    "next_action",
                    "team",
                    "rendering_npi",
                    "assignee",
                    "project",
                    "service_date",
                    "balance_cents",
                    "deadline_date",
                    "is_deadline_met",
                    "work_date",
                    "follow_up_date",
                    "not_before_date",
                    "is_pended",
                    "is_high_dollar",
                    "is_key_client",
                    "is_flagged",
                    "escalation_level",
                    "touches",
                    "last_touch_date",
                    "promise_state",
                    "effort_minutes",
                    "score",
                    "value_cents",
                    "since_date",
                    "arrived_at",
                ),
                name="work_item_narrow",
            ),
        ),
        migrations.AddConstraint(
            model_name="payertally",
            constraint=models.UniqueConstraint(
                fields=("client_id", "view", "payer_id"), name="payer_tally_once"
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
