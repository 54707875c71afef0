"""What the payers' web portal shows: the living world's claims, found as visitors look for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from sanderling.simulator.live.store import (
    FINAL,
    IN_PROCESS,
    PENDED,
    SILENT,
    VOIDED,
    Record,
    Store,
)
from sanderling.simulator.portal import PortalClaim, Search

_STATES = {IN_PROCESS: "In process", PENDED: "Pended"}


def finder(folder: Path) -> Callable[[Search], Sequence[PortalClaim]]:
    """Return what looks into the world of a folder, each time as it is then."""

    def find(asked: Search) -> Sequence[PortalClaim]:
        store = Store(folder)
        try:
            return [_shown(one) for one in _found(store, asked) if one.state not in _HIDDEN]
        finally:
            store.close()

    return find


# A payer that never got a claim shows none, and none that was voided.
_HIDDEN = frozenset({SILENT, VOIDED})


def _found(store: Store, asked: Search) -> list[Record]:
    if asked.claim_number:
        owners = store.rows(
            "SELECT DISTINCT payer FROM claim_numbers WHERE icn = ?", asked.claim_number
        )
        known = [store.record_by_icn(payer, asked.claim_number) for (payer,) in owners]
        return [one for one in known if one is not None]
    born, served = _day(asked.birth_date), _day(asked.service_date)
    return [
        one
        for one in store.records()
        if one.claim.member_id == asked.member_id
        and one.claim.patient_person.birth_date == born
        and one.claim.service_date == served
    ]


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a day, no instant
    except ValueError:
        return None


def _shown(record: Record) -> PortalClaim:
    paid = sum(part.payment.paid_cents for part in record.payments)
    return PortalClaim(
        number=record.icn,
        status=_status(record, paid),
        patient_account=record.number,
        service_date=record.claim.service_date,
        charge_cents=record.claim.charge_cents,
        received_date=record.received_date,
        processed_date=record.payment_date if record.state == FINAL else None,
        paid_date=record.payment_date if paid > 0 else None,
        paid_cents=paid,
        share_cents=sum(part.payment.patient_cents for part in record.payments),
        trace=record.trace if paid > 0 else "",
        reason_code=f"{record.denial.group}-{record.denial.code}" if record.denial else "",
        remark_code=next(iter(record.denial.remarks), "") if record.denial else "",
        wanted="medical records for the dates of service" if record.state == PENDED else "",
    )


def _status(record: Record, paid: int) -> str:
    if record.state != FINAL:
        return _STATES.get(record.state, "In process")
    if paid > 0:
        return "Paid"
    return "Denied" if record.category else "Processed to patient"
