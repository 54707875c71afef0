"""What to have at hand for a call: the payer, the questions, and each claim's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sanderling.barriers.of_claim import stored_barriers
from sanderling.claims.models import Claim
from sanderling.clients.models import ClientIdentifier
from sanderling.core.barriers.words import barrier_title, category_title
from sanderling.core.followup.scripts import ALWAYS, call_script
from sanderling.followup.queries import payer_of
from sanderling.payers.models import Payer
from sanderling.receivables.claim import claim_detail
from sanderling.receivables.note_form import note_url, touched

CLAIMS_MAX: Final = 20  # of one call
_ACCEPTED: Final = ("A1", "A2")  # 277CA: received, accepted


@dataclass(frozen=True, slots=True)
class CallSheet:
    """A call to one payer about some claims."""

    payer: Payer | None
    claims: list[dict[str, Any]]
    scripts: list[tuple[str, tuple[str, ...]]]  # barrier in words, its questions
    always: tuple[str, ...]
    left_out: int  # claims asked for that are another payer's, not visible, or too many


def call_sheet(claim: Claim, others: Sequence[int], party_text: str, *, today: date) -> CallSheet:
    """Return the sheet for the claim and those of `others` that the same payer has."""
    first = touched(claim, party_text, today=today)
    payer = payer_of(claim, first.party)
    wanted = [pk for pk in dict.fromkeys(others) if pk != claim.pk]
    more = Claim.objects.select_related(
        "client", "payer", "secondary_payer", "tertiary_payer"
    ).filter(pk__in=wanted[: CLAIMS_MAX - 1], has_facts=True)
    rows = [first]
    for one in more.order_by("client__code", "number"):
        other = touched(one, party_text, today=today)
        if payer is not None and payer_of(one, other.party) == payer:
            rows.append(other)
    scripts: dict[str, tuple[str, ...]] = {}
    for row in rows:
        title = barrier_title(row.barrier) if row.barrier else "Any claim"
        if row.category:
            title = f"{title}: {category_title(row.category)}"
        scripts.setdefault(title, call_script(row.barrier, row.category))
    return CallSheet(
        payer=payer,
        claims=[_facts(row.claim, row.party, row.barrier, today=today) for row in rows],
        scripts=list(scripts.items()),
        always=ALWAYS,
        left_out=1 + len(wanted) - len(rows),
    )


def _facts(claim: Claim, party: int | None, barrier: str, *, today: date) -> dict[str, Any]:
    rows = stored_barriers(claim.pk, as_of=today, today=today)
    detail = claim_detail(claim, as_of=today, barriers=rows)
    numbers = dict.fromkeys(
        row["payer_claim_number"]
        for part in ("answers", "remittances")
        for row in detail[part]
        if row["payer_claim_number"]
    )
    identifiers = ClientIdentifier.objects.filter(client_id=claim.client_id).order_by("kind")
    why = next((row for row in detail["barrier"] or [] if _is_of(row, party)), None)
    return {
        **detail,
        "id": claim.pk,
        "client_id": claim.client_id,
        "client_name": claim.client.name,
        "number": claim.number,
        "billing_npi": claim.billing_npi,
        "identifiers": [(one.get_kind_display().upper(), one.value) for one in identifiers],
        "payer_numbers": list(numbers),
        "proofs": [
            row
            for row in detail["answers"]
            if row["kind"] == "277CA" and row["category"] in _ACCEPTED
        ],
        "why": why,
        "barrier_text": barrier_title(barrier) if barrier else "",
        "note_url": note_url(claim.pk, party),
    }


def _is_of(row: dict[str, Any], party: int | None) -> bool:
    names = {11: "primary", 12: "secondary", 13: "tertiary", 14: "patient"}
    return party is not None and row["party"] == names.get(party)
