"""What goes to the payer: a letter with the sums, and a spreadsheet with every line."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sanderling.appeals.models import Letterhead
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.documents import render
from sanderling.payers.models import Payer
from sanderling.remits.models import ClaimPayment
from sanderling.underpayments.models import DisputedLine, LineState, UnderpaymentProject
from sanderling.web.exporting import xlsx

LETTER_LINES_MAX: Final = 40  # more stand in the spreadsheet alone
SHEET: Final = (
    *("claim", "payer_claim_number", "patient", "service_date", "line", "code", "modifier"),
    *("charge_cents", "allowed_cents", "paid_cents", "expected_cents", "difference_cents"),
    "contract_term",
)


def letter_pdf(project: UnderpaymentProject, *, as_of: date) -> bytes:
    """Return the letter as PDF, dated `as_of`; equal facts give equal bytes."""
    client = Client.objects.get(pk=project.client_id)
    head = Letterhead.objects.filter(client_id=project.client_id).first()
    payer = Payer.objects.filter(pk=project.payer_id or 0).first()
    rows = sheet_rows(project)
    days = sorted(row["service_date"].isoformat() for row in rows if row["service_date"])
    by_code: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = " ".join(part for part in (row["code"], row["modifier"]) if part)
        one = by_code.setdefault(name, {"code": name, "lines": 0, "allowed": 0, "expected": 0})
        one["lines"] += 1
        one["allowed"] += row["allowed_cents"]
        one["expected"] += row["expected_cents"]
    data = {
        "sender": {
            "name": (head.name if head else "") or client.name,
            "lines": (head.address.splitlines() if head else []),
        },
        "contact": [head.contact_name, head.contact_phone, head.contact_fax] if head else [],
        "signer": [head.signer, head.signer_title] if head else [],
        "payer": payer.name if payer else "",
        "date": as_of.isoformat(),
        "reference": f"U{project.pk}",
        "about": project.about,
        "claims": len({row["claim"] for row in rows}),
        "line_count": len(rows),
        "sought_cents": sum(row["difference_cents"] for row in rows),
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
        "codes": sorted(by_code.values(), key=lambda one: one["allowed"] - one["expected"]),
        "rows": [
            {
                "claim": row["claim"],
                "number": row["payer_claim_number"],
                "day": row["service_date"].isoformat() if row["service_date"] else None,
                "code": " ".join(part for part in (row["code"], row["modifier"]) if part),
                "allowed": row["allowed_cents"],
                "expected": row["expected_cents"],
                "difference": row["difference_cents"],
            }
            for row in rows[:LETTER_LINES_MAX]
        ],
    }
    return render("underpayments/letter", data)


def sheet_xlsx(project: UnderpaymentProject) -> bytes:
    """Return the spreadsheet: one row a line, amounts as numbers, the sum last."""
    rows = sheet_rows(project)
    total = {"difference_cents": sum(row["difference_cents"] for row in rows)}
    return xlsx(rows, SHEET, total)


def sheet_rows(project: UnderpaymentProject) -> list[dict[str, Any]]:
    """Return the lines that are disputed, by day of service and claim."""
    lines: list[DisputedLine] = list(
        project.lines.exclude(state=LineState.RETRACTED).order_by("service_date", "claim_id", "pk")
    )
    claims = Claim.objects.in_bulk({line.claim_id for line in lines})
    numbers = dict(
        ClaimPayment.objects.filter(pk__in={line.payment_id for line in lines}).values_list(
            "pk", "payer_claim_number"
        )
    )
    return [
        {
            "claim": (claim := claims[line.claim_id]).number,
            "payer_claim_number": numbers.get(line.payment_id, ""),
            "patient": f"{claim.patient_last_name}, {claim.patient_first_name}".strip(", "),
            "service_date": line.service_date,
            "line": line.line or None,
            "code": line.code,
            "modifier": line.modifiers,
            "charge_cents": line.charge_cents,
            "allowed_cents": line.allowed_cents,
            "paid_cents": line.paid_cents,
            "expected_cents": line.expected_cents,
            "difference_cents": line.sought_cents,
            "contract_term": line.term,
        }
        for line in lines
    ]
