"""The last day that each claim as sent had, by the deadline rules of its payer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.claims.models import Claim
from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.rules import Kind
from sanderling.payers.models import Payer
from sanderling.payers.queries import deadline_rules_frame
from sanderling.proofs.links import Link

_REPLACING: Final = ("7", "8")


@dataclass(frozen=True, slots=True)
class Limit:
    """A filing's last day and the rule that says so."""

    kind: str
    deadline_date: date | None
    rule: str


def limits_of(sent: Sequence[tuple[Claim, Link]], links: Sequence[Link]) -> dict[int, Limit]:
    """Return by submission the limit it had; `links`: all of its claim, for the payer before."""
    payers = Payer.objects.in_bulk(
        {
            number
            for claim, link in sent
            for number in (link.payer_id, claim.payer_id, claim.secondary_payer_id)
            if number
        }
    )
    needs = [_need(claim, link, links, payers) for claim, link in sent]
    rules = deadline_rules_frame(payer_ids=list(payers))
    found = deadlines(pl.DataFrame(needs, schema=NEED_SCHEMA), rules)
    return {
        row["item_id"]: Limit(need["kind"], row["deadline_date"], row["rule"] or "")
        for need, row in zip(needs, found.iter_rows(named=True), strict=True)
    }


def _need(
    claim: Claim, link: Link, links: Sequence[Link], payers: dict[int, Payer]
) -> dict[str, Any]:
    payer = payers.get(link.payer_id or 0)
    place = link.sequence or 1
    decided = [
        one.day
        for one in links
        if one.kind == "835" and one.claim_id == claim.pk and one.category != "22"
    ]
    before = [
        one.day
        for one in links
        if one.kind == "835" and one.claim_id == claim.pk and one.place == place - 1
    ]
    if link.category in _REPLACING:
        kind = Kind.CORRECTED_CLAIM
    else:
        kind = Kind.TIMELY_FILING if place == 1 else Kind.SECONDARY_FILING
    prior = {2: claim.payer_id, 3: claim.secondary_payer_id}.get(place)
    prior_payer = payers.get(prior or 0)
    return {
        "item_id": link.fact_id,
        "kind": kind.value,
        "level": 0,
        "payer_id": link.payer_id,
        "payer_type": payer.type if payer else None,
        "prior_payer_type": prior_payer.type if prior_payer else None,
        "client_id": claim.client_id,
        "is_institutional": claim.kind == "I",
        "service_from_date": claim.service_from_date,
        "service_to_date": claim.service_to_date,
        "primary_remittance_date": max(before, default=None),
        "remittance_date": min(decided, default=None),
        "request_date": None,
        "notice_date": None,
        "accepted_date": None,
    }
