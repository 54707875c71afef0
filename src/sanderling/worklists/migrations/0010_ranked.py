"""Indexes for lists over all clients, in the order in which they are shown."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models

SQL = """
CREATE INDEX work_item_soonest
    ON worklists_work_item ((coalesce(deadline_date, 'infinity'::date)), id);
CREATE INDEX work_item_oldest
    ON worklists_work_item ((coalesce(service_date, 'infinity'::date)), id);
CREATE INDEX work_item_waiting
    ON worklists_work_item ((coalesce(not_before_date, 'infinity'::date)), score DESC, id DESC)
    WHERE not_before_date IS NOT NULL;
CREATE INDEX work_item_tagged ON worklists_work_item (score DESC, id DESC) WHERE tags <> '{}';
-- What a person did on a day: the worklist counts it.
CREATE INDEX IF NOT EXISTS activity_of_user
    ON followup_activity (user_id, activity_date) WHERE user_id IS NOT NULL;
-- Room on each page: a change that touches no index stays on it.
ALTER TABLE worklists_work_item SET (fillfactor = 85);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("worklists", "0009_tallies_guards"),
        ("followup", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="workitem",
            name="work_item_of_payer",
        ),
        migrations.RemoveIndex(
            model_name="workitem",
            name="work_item_by_balance",
        ),
        migrations.RemoveIndex(
            model_name="workitem",
            name="work_item_by_day",
        ),
        migrations.RemoveIndex(
            model_name="workitem",
            name="work_item_by_age",
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["-score", "-id"], name="work_item_ranked"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["payer_id", "-score", "-id"], name="work_item_payer_ranked"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["-balance_cents", "-id"], name="work_item_largest"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["work_date", "id"], name="work_item_next"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["rendering_npi"], name="work_item_of_provider"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("promise_state", "broken")),
                fields=["-score", "-id"],
                name="work_item_broken",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("escalation_level__gt", 0)),
                fields=["-score", "-id"],
                name="work_item_escalated",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
