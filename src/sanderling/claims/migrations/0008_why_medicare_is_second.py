"""A coverage keeps SBR05: why Medicare is not the first payer."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("claims", "0007_answers_to_requests")]

    operations = [
        migrations.AddField(
            model_name="coverage",
            name="msp_type",
            field=models.TextField(db_default="", default=""),
        ),
    ]
