"""What history teaches the valuation, a row a day: read by all, changed by nobody."""

from __future__ import annotations

from django.db import migrations, models

SQL = r"""
CALL sanderling_grant('worklists_learned_parameters', 'SELECT');
CALL sanderling_append_only('worklists_learned_parameters');
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0004_acts_isolation"), ("audit", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="LearnedParameters",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("learned_date", models.DateField(unique=True)),
                ("content", models.JSONField()),
                ("touches", models.IntegerField()),
                ("responses", models.IntegerField()),
                ("made_at", models.DateTimeField()),
            ],
            options={"db_table": "worklists_learned_parameters"},
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
