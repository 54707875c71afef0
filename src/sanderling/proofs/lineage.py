"""The lineage of each claim as sent: 837, TA1 and 999, 277CA, 277, 835, and what each proves.

Everything is derived from facts whenever it is asked for; nothing of it is kept. An answer belongs
to the submission that it names by its request, its batch (BHT03) or its control numbers; one that
names none, to the latest version that was sent before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from sanderling.claims.models import Claim
from sanderling.core.deadlines.proof import (
    ANSWER_SCHEMA,
    FILING_SCHEMA,
    PAYER_ACCEPTED,
    REMITTANCE_SCHEMA,
    ranked_proofs,
)
from sanderling.proofs.limits import Limit, limits_of
from sanderling.proofs.links import Link, links_of


@dataclass(frozen=True, slots=True)
class Proof:
    """What a link proves."""

    link: Link
    rank: int
    strength: str
    evidence: str
    proof_date: date
    is_inside: bool | None  # None while the limit is unknown

    @property
    def words(self) -> str:
        """Return how strong it is, with the limit."""
        strength = "taken by nearly all payers" if self.rank == PAYER_ACCEPTED else self.strength
        inside = {True: "inside the limit", False: "after the limit", None: "the limit is unknown"}
        return f"{strength}; {inside[self.is_inside]}"


@dataclass(slots=True)
class Filing:
    """A claim as sent: what followed, what that proves, and the limit it had."""

    sent: Link
    limit: Limit
    links: list[Link] = field(default_factory=list)  # in order, the submission first
    proofs: list[Proof] = field(default_factory=list)  # the best first

    @property
    def submission_id(self) -> int:
        """The submission's key."""
        return self.sent.fact_id

    @property
    def best(self) -> Proof | None:
        """The best proof, None when nothing proves it."""
        return self.proofs[0] if self.proofs else None

    @property
    def verdict(self) -> str:
        """Return in one sentence whether it is proved that the limit was met."""
        best, last = self.best, self.limit.deadline_date
        if best is None:
            return "Nothing on hand proves that anybody received it."
        if last is None:
            return f"Proved by {best.evidence} of {best.proof_date}; the payer's limit is unknown."
        if best.is_inside:
            return f"Filed in time: {best.evidence} of {best.proof_date}, last day {last}."
        return f"Not proved in time: the best is of {best.proof_date}, the last day was {last}."


def lineages(claim_ids: Sequence[int], *, as_of: date | None = None) -> dict[int, list[Filing]]:
    """Return by claim its filings in the order they were sent; `as_of`: as known on that day."""
    links = [link for link in links_of(claim_ids) if as_of is None or link.received_date <= as_of]
    by_claim: dict[int, list[Link]] = {}
    for link in links:
        by_claim.setdefault(link.claim_id, []).append(link)
    claims = Claim.objects.in_bulk(by_claim)
    found = {number: _sent(of_claim) for number, of_claim in by_claim.items()}
    limits = limits_of(
        [(claims[number], link) for number, sent in found.items() for link in sent], links
    )
    filings = {
        number: [Filing(link, limits[link.fact_id], [link]) for link in sent]
        for number, sent in found.items()
    }
    for number, of_claim in filings.items():
        for link in by_claim[number]:
            if link.kind != "837" and (filing := _filing_of(link, of_claim)):
                filing.links.append(link)
    _prove([filing for of_claim in filings.values() for filing in of_claim])
    return filings


def lineage(claim_id: int, *, as_of: date | None = None) -> list[Filing]:
    """Return the filings of one claim in the order they were sent."""
    return lineages([claim_id], as_of=as_of).get(claim_id, [])


def best_filing(filings: Iterable[Filing], *, sequence: int | None = None) -> Filing | None:
    """Return the filing (to the payer of this place) whose proof is best, None without any."""
    proved = [
        filing
        for filing in filings
        if filing.best and (sequence is None or filing.sent.sequence == sequence)
    ]
    return min(proved, key=_quality, default=None)


def _quality(filing: Filing) -> tuple[object, ...]:
    best = filing.best
    assert best is not None  # noqa: S101 - only proved ones are compared
    return (best.is_inside is False, best.rank, best.proof_date)


def _sent(links: Iterable[Link]) -> list[Link]:
    sent = (link for link in links if link.kind == "837")
    return sorted(sent, key=lambda one: (one.day, one.received_date, one.file_sha256, one.position))


def _filing_of(link: Link, filings: Sequence[Filing]) -> Filing | None:
    """Return the filing that a link speaks of."""
    named = [one for one in filings if one.submission_id == link.submission_id]
    if not named and link.batch_reference:
        named = [one for one in filings if one.sent.batch_reference == link.batch_reference]
    if named:
        return named[-1]
    to_payer = [one for one in filings if link.place in (None, one.sent.sequence)]
    before = [
        one for one in to_payer or filings if one.sent.day <= max(link.day, link.received_date)
    ]
    return (before or list(filings) or [None])[-1]  # type: ignore[list-item]


def _prove(filings: Sequence[Filing]) -> None:
    """Give each filing what its links prove; the submission's key stands for the claim's."""
    answers: list[dict[str, Any]] = []
    remittances: list[dict[str, Any]] = []
    by_fact: dict[tuple[int, bool, int], Link] = {}
    for filing in filings:
        for link in filing.links[1:]:
            row = {name: getattr(link, name, None) for name in ANSWER_SCHEMA}
            row |= {"claim_id": filing.submission_id, "answer_id": link.fact_id}
            if link.kind == "835":
                by_fact[filing.submission_id, True, link.position] = link
                remittances.append(
                    {
                        name: {**row, "payment_date": link.day}.get(name)
                        for name in REMITTANCE_SCHEMA
                    }
                    | {"payer_id": link.payer_id}
                )
            else:
                by_fact[filing.submission_id, False, link.fact_id] = link
                answers.append(row)
    found = ranked_proofs(
        pl.DataFrame(
            [(one.submission_id, one.sent.payer_id, one.limit.deadline_date) for one in filings],
            schema=FILING_SCHEMA,
            orient="row",
        ),
        pl.DataFrame(answers, schema=ANSWER_SCHEMA),
        pl.DataFrame(remittances, schema=REMITTANCE_SCHEMA),
    )
    filing_of = {filing.submission_id: filing for filing in filings}
    for row in found.iter_rows(named=True):
        of_remittance = row["answer_id"] is None
        place = row["position"] if of_remittance else row["answer_id"]
        link = by_fact[row["claim_id"], of_remittance, place]
        filing_of[row["claim_id"]].proofs.append(
            Proof(
                link, row["rank"], row["strength"], row["evidence"], row["proof_date"],
                row["is_inside"],
            )
        )  # fmt: skip
