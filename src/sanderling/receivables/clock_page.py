"""Shapes the responsibility clock of a claim for pages: a bar, its legend, its days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sanderling.core.responsibility import CHARGED, Holder
from sanderling.receivables.responsibility import Clock

# As a person of the house reads it; the client's portal has its own words.
HOLDER_WORDS: Final[Mapping[Holder, str]] = {
    Holder.PAYER: "Payer",
    Holder.US: "Us",
    Holder.CLIENT_DOCUMENTS: "Client, documents",
    Holder.CLIENT_CODING: "Client, coding",
    Holder.PATIENT: "Patient",
    Holder.BEFORE: "Before it was here",
    Holder.SETTLED: "Settled between",
}
COLORS: Final[Mapping[Holder, str]] = {
    Holder.PAYER: "azure",
    Holder.US: "purple",
    Holder.CLIENT_DOCUMENTS: "yellow",
    Holder.CLIENT_CODING: "orange",
    Holder.PATIENT: "teal",
    Holder.BEFORE: "secondary",
    Holder.SETTLED: "secondary",
}


def clock_context(clock: Clock, words: Mapping[Holder, str] = HOLDER_WORDS) -> dict[str, Any]:
    """Return the spans with their places in the bar, and the days of each holder."""
    first = clock.spans[0].from_date if clock.spans else None
    return {
        "age_days": clock.age_days,
        "holder": words[clock.holder] if clock.holder else "",
        "spans": [
            {
                "title": words[span.holder],
                "color": COLORS[span.holder],
                "from_date": span.from_date,
                "x": (span.from_date - first).days if first else 0,
                "days": span.days,
            }
            for span in clock.spans
        ],
        "days": [
            {
                "title": words[holder],
                "color": COLORS[holder],
                "days": days,
                "is_charged": holder in CHARGED,
            }
            for holder, days in sorted(clock.days.items(), key=lambda one: -one[1])
        ],
    }
