"""A what-if on paper, for the table where it is negotiated."""

from __future__ import annotations

from typing import Any

from sanderling.documents import render
from sanderling.evaluation.models import WhatIf, WhatIfSet


def what_if_pdf(found: WhatIf, rows: list[dict[str, Any]]) -> bytes:
    """Return the PDF: who, what is proposed, the change of a year, the codes that move it."""
    return render(
        "evaluation/what_if",
        {
            "title": found.title,
            "client": found.client.name,
            "payer": found.payer.name,
            "change": found.change,
            "from_date": found.from_date.isoformat(),
            "to_date": found.to_date.isoformat(),
            "made": found.made_at.date().isoformat(),
            "lines": found.lines,
            "unpriced_lines": found.unpriced_lines,
            "now_cents": found.now_cents,
            "then_cents": found.then_cents,
            "change_cents": found.change_cents,
            "rows": rows,
        },
    )


def several_pdf(
    asked: WhatIfSet,
    contracts: list[dict[str, Any]],
    codes: list[dict[str, Any]],
    total: dict[str, int],
) -> bytes:
    """Return the PDF of a question about several contracts: sums, contracts, codes."""
    return render(
        "evaluation/what_if_set",
        {
            "title": asked.title,
            "client": asked.client.name if asked.client else "all with such contracts",
            "payer": asked.payer.name if asked.payer else "all with such contracts",
            "change": asked.change,
            "made": asked.made_at.date().isoformat(),
            "is_finished": asked.finished_at is not None,
            "refused": len(asked.refused),
            "contracts": contracts,
            "codes": codes,
            **total,
        },
    )
