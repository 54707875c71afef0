"""Rows behind numbers are seen with their report; the compositions that come with the product."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.db import migrations

SQL = r"""
CALL sanderling_protect_through('reports_behind', 'report_id', 'reports_report', 'SELECT');
CALL sanderling_append_only('reports_behind');
"""
# As they were when the product brought them; a later version brings changes by a migration.
AT: Final = datetime(2026, 11, 28, tzinfo=UTC)
FIGURES: Final = (
    *("days_in_ar", "denial_rate", "overturn_rate", "first_pass_rate", "charge_lag_days"),
    "bill_to_pay_days",
)
PRESETS: Final = (
    (
        "executive",
        "Executive summary",
        ({"kind": "headline"}, {"kind": "cash"}, {"kind": "trend"}, {"kind": "barriers"},
         {"kind": "issues"}, {"kind": "forecast"}),
    ),
    (
        "practice_manager",
        "Practice manager",
        ({"kind": "headline"}, {"kind": "movement"}, {"kind": "cash"},
         {"kind": "aging", "by": "payer"}, {"kind": "trend"}, {"kind": "barriers"},
         {"kind": "denials"}, {"kind": "kpis"}, {"kind": "underpayments"}, {"kind": "issues"},
         {"kind": "service_levels"}, {"kind": "prevention"}, {"kind": "work"},
         {"kind": "forecast"}, {"kind": "top_claims"}),
    ),
    (
        "provider",
        "Provider",
        ({"kind": "headline"}, {"kind": "cash"}, {"kind": "aging", "by": "payer"},
         {"kind": "denials"}, {"kind": "kpis", "keys": list(FIGURES)},
         {"kind": "top_claims", "rows": 10}),
    ),
)  # fmt: skip


def bring_presets(apps: Any, _editor: Any) -> None:  # noqa: ANN401 - Django's historical models
    """Write the compositions, once."""
    definitions = apps.get_model("reports", "Definition")
    for preset, name, blocks in PRESETS:
        definitions.objects.create(
            preset=preset, name=name, audience=preset, blocks=list(blocks), made_at=AT
        )


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_behind"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunPython(bring_presets, migrations.RunPython.noop),
    ]
