"""The providers that a page offers, and the sums of one, from an index."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kpis", "0003_whole")]

    operations = [
        migrations.AddIndex(
            model_name="cell",
            index=models.Index(
                condition=models.Q(("grain", 3)),
                fields=["client_id", "provider", "month_date"],
                name="kpi_cell_of_provider",
            ),
        ),
    ]
