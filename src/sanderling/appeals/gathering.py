"""Everything that letters and packets of some claims rest on, out of the database and originals.

Some twenty queries for any number of claims; each original is read once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.appeals.models import AppealWay, Letterhead
from sanderling.barriers.models import Barrier
from sanderling.claims.as_sent import documents_of
from sanderling.claims.models import Answer, Claim, Diagnosis, Submission, SubmissionLine
from sanderling.clients.models import ClientIdentifier
from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.proof import ANSWER_SCHEMA, REMITTANCE_SCHEMA, proofs_of_filing
from sanderling.core.deadlines.rules import Kind
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.files.models import TransactionSet
from sanderling.followup.models import Note
from sanderling.ledger.models import OpenBalance
from sanderling.payers.models import Payer
from sanderling.payers.queries import deadline_rules_frame
from sanderling.remits.models import (
    Adjustment,
    ClaimPayment,
    Remark,
    Remittance,
    ServicePayment,
)

REVERSAL: Final = "22"
_FILING_SCHEMA: Final = {
    "claim_id": pl.Int64(),
    "payer_id": pl.Int64(),
    "deadline_date": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One party's decision on one claim, and the level at which it is disputed.

    `payment_id` None: the latest decision of that party's payer. `decided_date`: of the appeal
    before, from which later levels count; None: the remittance's day.
    """

    claim_id: int
    party: int
    level: int = 1
    payment_id: int | None = None
    decided_date: date | None = None

    @property
    def key(self) -> tuple[int, int]:
        """What it is found under."""
        return (self.claim_id, self.party)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact stands: the file's hash and key, and the day it came."""

    sha256: str
    file_id: int
    received_date: date


@dataclass(frozen=True, slots=True)
class Limit:
    """A last day, and the rule it follows from in words."""

    day: date | None = None
    rule: str = ""


@dataclass(slots=True)
class Decision:
    """One claim payment with its lines, adjustments and remarks."""

    payment: ClaimPayment
    remittance: Remittance | None = None  # None: it pays other clients, too
    services: list[ServicePayment] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """All about one party's decision on one claim."""

    wanted: Wanted
    claim: Claim
    payer: Payer | None
    balance_cents: int = 0
    barrier: Barrier | None = None
    submission: Submission | None = None
    document: ClaimDocument | None = None
    lines: list[SubmissionLine] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    decision: Decision | None = None
    prior: Decision | None = None  # of the payer before
    acceptance: Answer | None = None
    proof_date: date | None = None
    proof_evidence: str = ""
    note: Note | None = None
    letterhead: Letterhead | None = None
    way: AppealWay | None = None
    numbers: dict[str, str] = field(default_factory=dict)  # tin, npi of the client
    filing: Limit = field(default_factory=Limit)
    appeal: Limit = field(default_factory=Limit)
    places: Mapping[int, Place] = field(default_factory=dict)  # by transaction set


def payer_of(claim: Claim, party: int) -> Payer | None:
    """Return the payer that stands at the party's place."""
    return {11: claim.payer, 12: claim.secondary_payer, 13: claim.tertiary_payer}.get(party)


def gather(
    wanted: Sequence[Wanted], *, with_documents: bool = True
) -> dict[tuple[int, int], Gathered]:
    """Return what is known, by claim and party; claims that the session may not see are missing.

    `with_documents`: read the claims as sent out of their originals, too.
    """
    ids = sorted({one.claim_id for one in wanted})
    claims = Claim.objects.select_related(
        "client", "payer", "secondary_payer", "tertiary_payer"
    ).in_bulk(ids)
    found = {
        one.key: Gathered(one, claims[one.claim_id], payer_of(claims[one.claim_id], one.party))
        for one in wanted
        if one.claim_id in claims
    }
    rows = list(found.values())
    _add_balances(rows)
    _add_submissions(rows, with_documents=with_documents)
    _add_decisions(rows)
    _add_profiles(rows)
    _add_limits(rows)
    _add_proofs(rows)
    _add_notes(rows)
    _add_places(rows)
    return found


def _ids(rows: Iterable[Gathered]) -> list[int]:
    return sorted({row.claim.pk for row in rows})


def _add_balances(rows: list[Gathered]) -> None:
    ids = _ids(rows)
    open_ = OpenBalance.objects.filter(claim_id__in=ids)
    owed = {(one.claim_id, one.party): one.balance_cents for one in open_}
    barriers = {(one.claim_id, one.party): one for one in Barrier.objects.filter(claim_id__in=ids)}
    for row in rows:
        row.balance_cents = owed.get(row.wanted.key, 0)
        row.barrier = barriers.get(row.wanted.key)


def _add_submissions(rows: list[Gathered], *, with_documents: bool) -> None:
    """Take of each claim the latest version sent to the party's payer, else the latest of all."""
    of_claim: dict[int, list[Submission]] = defaultdict(list)
    for one in Submission.objects.filter(claim_id__in=_ids(rows)).order_by(
        "submitted_date", "order_key", "position"
    ):
        of_claim[one.claim_id].append(one)
    for row in rows:
        versions = of_claim[row.claim.pk]
        own = [one for one in versions if one.sequence == row.wanted.party - 10]
        row.submission = next(reversed(own or versions), None)
    ids = {row.submission.pk for row in rows if row.submission}
    lines: dict[int, list[SubmissionLine]] = defaultdict(list)
    for line in SubmissionLine.objects.filter(submission_id__in=ids).order_by("line"):
        lines[line.submission_id].append(line)
    diagnoses: dict[int, list[Diagnosis]] = defaultdict(list)
    for code in Diagnosis.objects.filter(
        submission_id__in=ids, qualifier__in=["ABK", "ABF", "BK", "BF"]
    ).order_by("-qualifier", "sequence", "code"):
        diagnoses[code.submission_id].append(code)
    documents = documents_of(ids) if with_documents else {}
    for row in rows:
        if row.submission is not None:
            row.lines = lines[row.submission.pk]
            row.diagnoses = diagnoses[row.submission.pk]
            row.document = documents.get(row.submission.pk)


def _add_decisions(rows: list[Gathered]) -> None:
    payments: dict[int, list[ClaimPayment]] = defaultdict(list)
    for one in ClaimPayment.objects.filter(claim_id__in=_ids(rows), is_held=False).order_by(
        "received_date", "payment_date", "order_key", "position"
    ):
        if one.claim_id is not None:
            payments[one.claim_id].append(one)
    for row in rows:
        known = payments[row.claim.pk]
        row.decision = _as_decision(_disputed(known, row.wanted))
        row.prior = _as_decision(_latest(known, row.wanted.party - 11))
    _add_details([one for row in rows for one in (row.decision, row.prior) if one is not None])


def _add_details(decisions: list[Decision]) -> None:
    by_id: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_id[decision.payment.pk].append(decision)
    remittances = Remittance.objects.in_bulk({one.payment.remittance_id for one in decisions})
    for decision in decisions:
        decision.remittance = remittances.get(decision.payment.remittance_id)
    for service in ServicePayment.objects.filter(payment_id__in=by_id).order_by("line_index"):
        for decision in by_id[service.payment_id]:
            decision.services.append(service)
    for adjustment in Adjustment.objects.filter(payment_id__in=by_id).order_by("position", "part"):
        for decision in by_id[adjustment.payment_id]:
            decision.adjustments.append(adjustment)
    for remark in Remark.objects.filter(payment_id__in=by_id).order_by("position", "code"):
        for decision in by_id[remark.payment_id]:
            decision.remarks.append(remark)


def _as_decision(payment: ClaimPayment | None) -> Decision | None:
    return None if payment is None else Decision(payment)


def _disputed(known: Sequence[ClaimPayment], wanted: Wanted) -> ClaimPayment | None:
    if wanted.payment_id is not None:
        return next((one for one in known if one.pk == wanted.payment_id), None)
    return _latest(known, wanted.party - 10)


def _latest(known: Sequence[ClaimPayment], sequence: int) -> ClaimPayment | None:
    """Return the latest decision of a place among the payers; one that says no place is first."""
    own = [one for one in known if (one.sequence or 1) == sequence and one.status != REVERSAL]
    return own[-1] if own else None


def _add_profiles(rows: list[Gathered]) -> None:
    clients = {row.claim.client_id for row in rows}
    heads = {one.client_id: one for one in Letterhead.objects.filter(client_id__in=clients)}
    numbers: dict[int, dict[str, str]] = defaultdict(dict)
    for one in ClientIdentifier.objects.filter(client_id__in=clients).order_by("-value"):
        numbers[one.client_id][one.kind] = one.value
    payers = {row.payer.pk for row in rows if row.payer}
    ways = {(one.payer_id, one.level): one for one in AppealWay.objects.filter(payer_id__in=payers)}
    for row in rows:
        row.letterhead = heads.get(row.claim.client_id)
        row.numbers = dict(numbers[row.claim.client_id])
        row.way = ways.get((row.payer.pk, row.wanted.level)) if row.payer else None


def _add_limits(rows: list[Gathered]) -> None:
    """Work out the last days for filing the claim and for appealing the decision."""
    needs: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        payment = row.decision.payment if row.decision else None
        decided = row.wanted.decided_date or (payment.payment_date if payment else None)
        common = dict.fromkeys(NEED_SCHEMA) | {
            "payer_id": row.payer.pk if row.payer else None,
            "payer_type": row.payer.type if row.payer else "other",
            "client_id": row.claim.client_id,
            "is_institutional": row.claim.kind == "I",
            "service_from_date": row.claim.service_from_date,
            "service_to_date": row.claim.service_to_date,
            "remittance_date": decided,
            "notice_date": decided,
            "primary_remittance_date": row.prior.payment.payment_date if row.prior else None,
        }
        filing = Kind.TIMELY_FILING if row.wanted.party == 11 else Kind.SECONDARY_FILING  # noqa: PLR2004 - primary
        needs += [
            {**common, "item_id": 2 * place, "kind": filing.value},
            {
                **common,
                "item_id": 2 * place + 1,
                "kind": Kind.APPEAL.value,
                "level": row.wanted.level,
            },
        ]
    if not needs:
        return
    dated = deadlines(pl.DataFrame(needs, schema=NEED_SCHEMA), deadline_rules_frame())
    limits = [
        Limit(day, rule or "") for day, rule in dated.select("deadline_date", "rule").iter_rows()
    ]
    for place, row in enumerate(rows):
        row.filing, row.appeal = limits[2 * place], limits[2 * place + 1]


def _add_proofs(rows: list[Gathered]) -> None:
    """Take the strongest proof of filing that stands in an answer (277CA, 277)."""
    answers = {
        one.pk: one
        for one in Answer.objects.filter(
            claim_id__in=_ids(rows), kind__in=["277CA", "277"], level="claim"
        )
    }
    if not answers:
        return
    frame = pl.DataFrame(
        [
            {
                "claim_id": one.claim_id,
                "answer_id": one.pk,
                "transaction_id": one.transaction_id,
                **{
                    name: getattr(one, name)
                    for name in ("position", "kind", "source_entity", "category", "action")
                },
                "status_date": one.status_date,
                "received_date": one.received_date,
            }
            for one in answers.values()
        ],
        schema=ANSWER_SCHEMA,
    )
    limits: dict[int, dict[str, Any]] = {}
    for row in rows:
        payer = row.payer.pk if row.payer else None
        limits.setdefault(
            row.claim.pk,
            {"claim_id": row.claim.pk, "payer_id": payer, "deadline_date": row.filing.day},
        )
    filings = pl.DataFrame(list(limits.values()), schema=_FILING_SCHEMA)
    best = proofs_of_filing(filings, frame, pl.DataFrame(schema=REMITTANCE_SCHEMA))
    proofs = {one["claim_id"]: one for one in best.iter_rows(named=True)}
    for row in rows:
        proof = proofs.get(row.claim.pk)
        if proof is not None:
            row.acceptance = answers[proof["answer_id"]]
            row.proof_date, row.proof_evidence = proof["proof_date"], proof["evidence"]


def _add_notes(rows: list[Gathered]) -> None:
    """Take of each claim the latest note with a reference of the payer."""
    notes: dict[int, Note] = {}
    for one in (
        Note.objects.select_related("activity")
        .filter(claim_id__in=_ids(rows), activity__isnull=False)
        .filter(activity__withdrawal__isnull=True)
        .exclude(activity__reference="")
        .order_by("recorded_at", "pk")
    ):
        notes[one.claim_id] = one
    for row in rows:
        row.note = notes.get(row.claim.pk)


def _add_places(rows: list[Gathered]) -> None:
    ids: set[int] = set()
    for row in rows:
        ids |= {one.payment.transaction_id for one in (row.decision, row.prior) if one}
        ids |= {one.transaction_id for one in (row.submission, row.acceptance) if one}
    sets = TransactionSet.objects.select_related("file").filter(pk__in=ids)
    places = {one.pk: Place(one.file.sha256, one.file_id, one.file.received_date) for one in sets}
    for row in rows:
        row.places = places
