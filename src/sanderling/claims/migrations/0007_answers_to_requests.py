"""A 277 says which request of ours it answers."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0006_write_off_facts_isolation"),
        ("files", "0003_unassigned"),
    ]

    operations = [
        migrations.AddField(
            model_name="answer",
            name="is_passed_over",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="answer",
            name="request_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="service_from_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="submission_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="trace",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddIndex(
            model_name="answer",
            index=models.Index(
                condition=models.Q(("request_id__isnull", False)),
                fields=["request_id"],
                name="answer_to_request",
            ),
        ),
    ]
