"""When a batch's receipt was taken in."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0004_trail"),
    ]

    operations = [
        migrations.AddField(
            model_name="corebatch",
            name="receipt_at",
            field=models.DateTimeField(null=True),
        ),
    ]
