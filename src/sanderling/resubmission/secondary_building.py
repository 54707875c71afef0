"""Builds claims to their next payers out of the claims as sent and the remittances; writes nothing.

What cannot be built says why in one sentence, and shows what is known all the same: the page of a
claim shows what each payer decided and where it does not balance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sanderling.barriers.models import Barrier
from sanderling.claims.as_sent import documents_of
from sanderling.claims.models import Claim, Submission
from sanderling.core.barriers.words import barrier_title
from sanderling.core.codes.names import NextAction
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.cob import (
    Balance,
    NotTellable,
    PriorDecision,
    SentLine,
    balance,
    prior_decision,
    refuse_unless_balanced,
)
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.msp import MEDICARE_INDICATORS, MspAnswer, msp_type
from sanderling.core.resubmission.next_payer import (
    Seat,
    Supplied,
    missing,
    seats,
    sent_lines,
    to_next_payer,
)
from sanderling.followup.models import Activity
from sanderling.payers.models import Payer, PayerType
from sanderling.resubmission.secondary_facts import Posted, Told, told_of
from sanderling.resubmission.secondary_listing import READY, Row, rows_of
from sanderling.resubmission.secondary_models import (
    SecondaryAnswer,
    SecondaryClaim,
    SecondaryState,
)

Key = tuple[int, int]  # claim, party
_FIRST_PARTY: Final = 10
_VOID: Final = "8"
_NOTED_AS_SENT: Final = "act_sent"  # core.barriers.rows
_PLACES: Final = {2: "second", 3: "third"}


class NotForNextPayer(Refusal):
    """The claim does not go to its next payer."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A payer before, and what it decided."""

    place: int
    payer_name: str
    posted: tuple[Posted, ...]
    decision: PriorDecision | None
    balance: Balance | None


@dataclass(slots=True)
class Prepared:
    """A claim to its next payer as far as it can be made."""

    claim: Claim
    party: int
    payer_id: int | None
    payer_name: str
    row: Row | None  # of secondary_listing; None: nothing is open for this payer
    priors: list[Prior] = field(default_factory=list)
    lines: tuple[SentLine, ...] = ()
    seat: Seat | None = None  # of the next payer in the claim as sent
    lacking: tuple[str, ...] = ()  # what the claim as sent does not tell about it
    asks_msp: bool = False
    msp: MspAnswer = field(default_factory=MspAnswer)
    answer: SecondaryAnswer | None = None
    document: ClaimDocument | None = None  # ready to be written
    refusal: str = ""  # a sentence

    @property
    def place(self) -> int:
        """2 for the second payer, 3 for the third."""
        return self.party - _FIRST_PARTY

    @property
    def place_text(self) -> str:
        """The place in words."""
        return _PLACES.get(self.place, "next")

    @property
    def due_cents(self) -> int:
        """What is open for this payer."""
        return int(self.row["balance_cents"]) if self.row else 0

    @property
    def prior_paid_cents(self) -> int:
        """What all payers before paid."""
        return sum(prior.decision.paid_cents for prior in self.priors if prior.decision)

    @property
    def payment_ids(self) -> list[int]:
        """The claim payments that are told."""
        return [one.payment_id for prior in self.priors for one in prior.posted]

    @property
    def msp_type(self) -> str:
        """SBR05: what a person said, else what is known."""
        if not self.asks_msp:
            return ""
        said = self.answer.msp_type if self.answer else ""
        return said or self.msp.known


def prepare(keys: Iterable[Key], *, today: date) -> dict[Key, Prepared]:
    """Return these claims (claim, party), prepared as far as they can be."""
    wanted = list(dict.fromkeys(keys))
    ids = sorted({claim_id for claim_id, _ in wanted})
    claims = Claim.objects.select_related("client").in_bulk(ids)
    rows = rows_of(wanted, today=today)
    told = told_of(claims)
    documents = _documents(claims, wanted, told)
    answers = {
        (one.claim_id, one.party): one for one in SecondaryAnswer.objects.filter(claim_id__in=ids)
    }
    payers = _payers(claims.values())
    found = {}
    for claim_id, party in wanted:
        if claim_id not in claims:
            continue
        one = _begun(claims[claim_id], party, rows.get((claim_id, party)), payers)
        one.answer = answers.get((claim_id, party))
        try:
            _fill(one, documents.get((claim_id, party)), told, payers)
        except Refusal as refusal:
            one.refusal = refusal.sentence
        found[claim_id, party] = one
    return found


def _payers(claims: Iterable[Claim]) -> dict[int, Payer]:
    ids = {pk for one in claims for pk in _payer_ids(one) if pk is not None}
    return Payer.objects.in_bulk(ids)


def _payer_ids(claim: Claim) -> tuple[int | None, int | None, int | None]:
    return claim.payer_id, claim.secondary_payer_id, claim.tertiary_payer_id


def _begun(claim: Claim, party: int, row: Row | None, payers: Mapping[int, Payer]) -> Prepared:
    payer_id = _payer_ids(claim)[party - _FIRST_PARTY - 1]
    named = payers.get(payer_id) if payer_id else None
    return Prepared(claim, party, payer_id, named.name if named else "", row)


def _fill(
    one: Prepared, document: ClaimDocument | None, told: Told, payers: Mapping[int, Payer]
) -> None:
    """Fill in what is known, in the order in which a page shows it.

    Raises:
        Refusal: why it goes no further.
    """
    if document is not None:
        one.lines = sent_lines(document)
        _describe(one, document, payers)
    fault = _fill_priors(one, told, payers)
    _refuse_state(one)
    if document is None:
        raise NotForNextPayer(
            "the file that the claim was sent in cannot be read; bill it from the billing system"
        )
    if fault is not None:
        raise fault
    for prior in one.priors:
        if prior.decision is None:
            raise NotForNextPayer(f"{prior.payer_name} has decided nothing that stands")
        refuse_unless_balanced(prior.decision, one.lines, prior.payer_name)
    if one.asks_msp and not one.msp_type:
        raise NotForNextPayer("say why Medicare comes second (MSP type)")
    one.document = to_next_payer(
        document,
        place=one.place,
        priors={prior.place: prior.decision for prior in one.priors if prior.decision},
        msp_type=one.msp_type,
        supplied=_supplied(one.answer),
    )


def _supplied(answer: SecondaryAnswer | None) -> Supplied | None:
    return Supplied(**answer.supplied) if answer and answer.supplied else None


def _describe(one: Prepared, document: ClaimDocument, payers: Mapping[int, Payer]) -> None:
    found = seats(document)
    one.seat = found.get(one.place)
    supplied = _supplied(one.answer)
    one.lacking = () if supplied else missing(document, one.seat)
    named = payers.get(one.payer_id) if one.payer_id else None
    indicator = (supplied.filing_indicator if supplied else "") or (
        one.seat.filing_indicator if one.seat else ""
    )
    one.asks_msp = indicator in MEDICARE_INDICATORS or (
        named is not None and named.type == PayerType.MEDICARE
    )
    first = found.get(1)
    one.msp = msp_type(
        stated=one.seat.insurance_type if one.seat else "",
        first_indicator=first.filing_indicator if first else "",
        birth_date=one.claim.patient_birth_date,
        service_date=one.claim.service_from_date,
    )
    if not one.payer_name and one.seat and one.seat.payer:
        one.payer_name = one.seat.payer.get(3)


def _fill_priors(one: Prepared, told: Told, payers: Mapping[int, Payer]) -> Refusal | None:
    """Fill in what the payers before decided; return the first reason why it cannot be told."""
    fault: Refusal | None = None
    for place in range(1, one.place):
        payer_id = _payer_ids(one.claim)[place - 1]
        named = payers.get(payer_id) if payer_id else None
        posted = told.decisions(one.claim.pk, place)
        decision = None
        said = told.finals.faults.get((one.claim.pk, place))
        if said:
            fault = fault or NotForNextPayer(said)
        elif posted and one.lines:
            try:
                decision = prior_decision([each.decision for each in posted], one.lines)
            except NotTellable as refusal:
                fault = fault or refusal
        name = named.name if named else posted[0].payer_name if posted else ""
        one.priors.append(
            Prior(
                place=place,
                payer_name=name or f"the {_ordinal(place)} payer",
                posted=posted,
                decision=decision,
                balance=balance(decision, one.lines) if decision else None,
            )
        )
    return fault


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second"}.get(place, "last")


def _refuse_state(one: Prepared) -> None:
    """Refuse what waits, what has gone, and what owes nothing."""
    if one.row is not None:
        if one.row["state"] == READY:
            return
        # Of what only a question keeps back, the document may know the answer.
        knows_msp = one.row["reason"] == "msp" and bool(one.msp_type)
        if knows_msp or (one.row["reason"] == "coverage" and one.lines and not one.lacking):
            return
        raise NotForNextPayer(one.row["sentence"].rstrip("."))
    sent = SecondaryClaim.objects.filter(
        claim_id=one.claim.pk, party=one.party, state=SecondaryState.SENT
    ).first()
    if sent is not None:
        raise NotForNextPayer(
            f"it was billed on {sent.made_at:%Y-%m-%d}; it goes to this payer once"
        )
    if Submission.objects.filter(claim_id=one.claim.pk, sequence=one.place).exists():
        raise NotForNextPayer("it was sent to this payer before; sending it again is a duplicate")
    raise NotForNextPayer(_why_not(one.claim.pk, one.party))


def _why_not(claim_id: int, party: int) -> str:
    """Return why an open balance is not to be billed, or that there is none."""
    barrier = Barrier.objects.filter(claim_id=claim_id, party=party, balance_cents__gt=0).first()
    if barrier is None:
        return "nothing is owed by the next payer; there is nothing to bill"
    if barrier.detail != _NOTED_AS_SENT:
        return f"it is not for billing now: {barrier_title(barrier.barrier).lower()}"
    noted = Activity.standing.filter(claim_id=claim_id, action=NextAction.BILL_SECONDARY)
    if noted.exists():
        return (
            f"it was noted as billed on {barrier.since_date}; take that note back first if it "
            "was not"
        )
    return "it was just taken back; it can be billed in a moment"


def _documents(
    claims: Mapping[int, Claim], keys: Sequence[Key], told: Told
) -> dict[Key, ClaimDocument]:
    """Return the claim as sent that each is made from.

    The latest to the first payer whose charge is what was decided, else the latest; where that does
    not name the next payer, the latest to a payer after it.
    """
    rows = Submission.objects.filter(claim_id__in=list(claims)).exclude(frequency=_VOID)
    of_claim: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    order = rows.order_by("claim_id", "sequence", "-submitted_date", "-pk")
    for pk, claim_id, sequence, charge in order.values_list(
        "pk", "claim_id", "sequence", "charge_cents"
    ):
        of_claim[claim_id].append((sequence, pk, charge))
    first = {claim_id: _first(claim_id, sent, told) for claim_id, sent in of_claim.items()}
    later = {
        claim_id: pk
        for claim_id, sent in of_claim.items()
        for sequence, pk, _ in sent[::-1]
        if sequence > 1
    }
    read = documents_of({*first.values(), *later.values()})
    found = {}
    for claim_id, party in keys:
        choices = [read.get(source.get(claim_id, 0)) for source in (first, later)]
        documents = [each for each in choices if each is not None]
        place = party - _FIRST_PARTY
        naming = (each for each in documents if place in seats(each))
        chosen = next(naming, documents[0] if documents else None)
        if chosen is not None:
            found[claim_id, party] = chosen
    return found


def _first(claim_id: int, sent: Sequence[tuple[int, int, int]], told: Told) -> int:
    decided = sum(one.decision.charge_cents for one in told.decisions(claim_id, 1))
    to_first = [(pk, charge) for sequence, pk, charge in sent if sequence == 1]
    fitting = [pk for pk, charge in to_first if charge == decided]
    return fitting[0] if fitting else to_first[0][0] if to_first else sent[0][1]
