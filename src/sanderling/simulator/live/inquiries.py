"""Answers status requests: reads a 276 and says what the payer has on file (277, 2.11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    StatusReply,
    status_response_transaction,
)
from sanderling.core.x12.write.envelope import Transaction
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner
from sanderling.simulator.live.claims import cents, day_of, party_of
from sanderling.simulator.live.desk import Desk
from sanderling.simulator.live.reading import Segment, TransactionSet
from sanderling.simulator.live.store import FINAL, PENDED, VOIDED, Record, Store
from sanderling.simulator.payers import BY_CODE

_NOBODY = Person("", "", date(1900, 1, 1), "")


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim asked about."""

    provider: Provider
    claim: StatusClaim


@dataclass(frozen=True, slots=True)
class Request:
    """One 276."""

    reference: str
    partner: str
    payer: Payer
    receiver: TradingPartner
    asked: tuple[Asked, ...]


@dataclass(slots=True)
class _Draft:
    trace: str = ""
    references: dict[str, str] | None = None
    charge_cents: int = 0
    period: tuple[date, ...] = ()


def read_request(received: TransactionSet, partner: str) -> Request:
    """Read one 276 that passed `check_set`."""
    reader = _Reader()
    for segment in received.segments:
        reader.take(segment)
    return Request(reader.reference, partner, reader.payer, reader.receiver, tuple(reader.asked))


class _Reader:
    def __init__(self) -> None:
        self.reference = ""
        self.payer = Payer("", "")
        self.receiver = TradingPartner("", "")
        self.asked: list[Asked] = []
        self._provider = Provider("", "")
        self._subscriber, self._member = _NOBODY, ""
        self._patient: Person | None = None
        self._draft: _Draft | None = None

    def take(self, segment: Segment) -> None:
        name = segment[0]
        if name in {"HL", "SE", "TRN"}:
            self._finish()
        if name == "BHT":
            self.reference = _at(segment, 3)
        elif name == "HL" and _at(segment, 3) == "22":
            self._patient = None
        elif name == "NM1":
            self._name(segment)
        elif name == "TRN":
            self._draft = _Draft(_at(segment, 2), {})
        elif self._draft is not None:
            self._detail(self._draft, segment)

    def _name(self, segment: Segment) -> None:
        party = party_of(segment)
        entity = _at(segment, 1)
        if entity == "PR":
            self.payer = Payer(party.last, party.identifier)
        elif entity == "41":
            self.receiver = TradingPartner(party.last, party.identifier)
        elif entity == "1P":
            self._provider = Provider(party.last, party.identifier, party.first)
        elif entity == "IL":
            self._subscriber, self._member = party.person(), party.identifier
        elif entity == "QC":
            self._patient = party.person()

    def _detail(self, draft: _Draft, segment: Segment) -> None:
        name = segment[0]
        if name == "REF" and draft.references is not None:
            draft.references.setdefault(_at(segment, 1), _at(segment, 2))
        elif name == "AMT" and _at(segment, 1) == "T3":
            draft.charge_cents = cents(_at(segment, 2))
        elif name == "DTP" and _at(segment, 1) == "472" and not draft.period:
            draft.period = tuple(day_of(piece) for piece in _at(segment, 3).split("-"))

    def _finish(self) -> None:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        references = draft.references or {}
        period = draft.period or (date(1900, 1, 1),)
        claim = StatusClaim(
            trace=draft.trace,
            control_number=references.get("EJ", ""),
            charge_cents=draft.charge_cents,
            subscriber=self._subscriber,
            member_id=self._member,
            patient=self._patient,
            service_from_date=period[0],
            service_to_date=period[-1],
            payer_claim_number=references.get("1K", ""),
            bill_type=references.get("BLT", ""),
            clearinghouse_trace=references.get("D9", ""),
        )
        self.asked.append(Asked(self._provider, claim))


def answer_request(
    store: Store, desk: Desk, request: Request, day: date, number: int
) -> Transaction:
    """Say where each claim asked about stands."""
    by_provider: dict[str, tuple[Provider, list[StatusClaim]]] = {}
    for one in request.asked:
        claims = by_provider.setdefault(one.provider.npi, (one.provider, []))[1]
        claims.append(_answered(store, desk, request.payer.identifier, one, day))
    batch = StatusBatch(
        reference=f"L{number:08d}",
        created_at=datetime.combine(day, time(6, 5)),
        payer=request.payer,
        receiver=request.receiver,
        providers=tuple((who, tuple(claims)) for who, claims in by_provider.values()),
    )
    return status_response_transaction(batch, "0001")


def _answered(store: Store, desk: Desk, payer: str, one: Asked, day: date) -> StatusClaim:
    asked = one.claim
    client = desk.client_of(one.provider.npi)
    if payer not in BY_CODE:
        return replace(asked, replies=(StatusReply("E0", "153", day, "PR"),))
    if client is None:
        return replace(asked, replies=(StatusReply("E0", "562", day, "1P"),))
    if not asked.member_id and not asked.control_number and not asked.payer_claim_number:
        return replace(asked, replies=(StatusReply("E0", "164", day, "IL"),))
    record = _find(store, payer, client.code, asked)
    if record is None:
        refusal = store.refusal(payer, client.code, asked.control_number)
        if refusal is not None:
            why = refusal.reason
            return replace(
                asked, replies=(StatusReply(why.status_category, why.status, day, why.entity),)
            )
        return replace(asked, replies=(StatusReply("D0", "35", day),))
    return replace(asked, payer_claim_number=record.icn, replies=(_standing(record, day),))


def _find(store: Store, payer: str, client: str, asked: StatusClaim) -> Record | None:
    """Find a claim by the payer's number, by ours, or by who, when and how much."""
    found = None
    if asked.payer_claim_number:
        found = store.record_by_icn(payer, asked.payer_claim_number)
    if found is None and asked.control_number:
        found = store.record(payer, client, asked.control_number)
    if found is not None or asked.payer_claim_number or asked.control_number:
        return found if found is not None and found.client == client else None
    same = [
        record
        for record in store.records()
        if (record.payer, record.client) == (payer, client)
        and record.claim.member_id == asked.member_id
        and record.claim.charge_cents == asked.charge_cents
        and record.claim.service_date == asked.service_from_date
    ]
    return same[0] if len(same) == 1 else None


def _standing(record: Record, day: date) -> StatusReply:
    if record.state == PENDED:
        return StatusReply("R4", "297", day)
    if record.state == VOIDED:
        return StatusReply("F3", "3", day)
    if record.state != FINAL:
        return StatusReply("P1", "20", record.received_date or day)
    decided = record.payment_date or day
    paid = sum(part.payment.paid_cents for part in record.payments)
    if paid > 0:
        return StatusReply(
            "F1", "65", decided, paid_cents=paid, adjudicated_date=decided,
            payment_date=decided, payment_trace=record.trace,
        )  # fmt: skip
    if record.category:
        return StatusReply("F2", "1", decided, paid_cents=0, adjudicated_date=decided)
    return StatusReply("F4", "104", decided, paid_cents=0, adjudicated_date=decided)


def _at(segment: Segment, place: int) -> str:
    return segment[place] if place < len(segment) else ""
