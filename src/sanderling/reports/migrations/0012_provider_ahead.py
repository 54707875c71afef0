"""The composition for a provider has a trend and a forecast: both can be told for one now."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def add_blocks(apps: Any, _editor: Any) -> None:  # noqa: ANN401 - Django's historical models
    """Put the trend after receivables by age, the forecast at the end; where they are missing."""
    definition = apps.get_model("reports", "Definition").objects.get(preset="provider")
    kinds = [one["kind"] for one in definition.blocks]
    if "trend" not in kinds:
        definition.blocks.insert(kinds.index("aging") + 1, {"kind": "trend"})
    if "forecast" not in kinds:
        definition.blocks.append({"kind": "forecast"})
    definition.save(update_fields=["blocks"])


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_delivery_guards")]

    operations = [migrations.RunPython(add_blocks, migrations.RunPython.noop)]
