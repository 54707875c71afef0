"""What an office types to mend a claim, and what a claim should owe after the payers' decisions.

Shared by the benchmark of the living world and the closed tests.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sanderling.core.x12.write.claim import Form, Frequency
from sanderling.simulator.adjudication import deny_again
from sanderling.simulator.identifiers import npi
from sanderling.simulator.live.desk import Desk, again
from sanderling.simulator.live.store import FINAL, Record, Store
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.reasons import Reason
from sanderling.simulator.ruling import RuledPayment

PATIENT = 14  # parties: 11 primary, 12 secondary, 13 tertiary, 14 patient
_PARTIES = {"P": 11, "S": 12, "T": 13}


def fix_of(record: Record) -> dict[str, str]:
    """Answer the fields to type so that the reason of a denial is gone; none: no claim helps."""
    reason = record.denial
    remark = next(iter(reason.remarks), "") if reason else ""
    member = {"member_id": f"{record.payer[:3]}{abs(hash_of(record)) % 10**9:09d}"}
    rendering = {"rendering.npi": npi(77_000_000 + hash_of(record) % 999)}
    if record.claim.form is Form.INSTITUTIONAL:
        rendering = {"attending.npi": rendering["rendering.npi"]}
    first = f"line.{_struck_line(record)}"
    modifier = {f"{first}.modifiers": "59"}
    diagnosis = {"diagnosis.1": "R69" if record.claim.diagnoses[0] != "R69" else "Z0000"}
    by_category = {
        "eligibility": member,
        "authorization": {"authorization": f"AU{hash_of(record) % 10**7:07d}"},
        "documentation": {
            "attachment.type": "OZ",
            "attachment.way": "FX",
            "attachment.number": f"ATT{record.number[-8:]}",
        },
        "bundling": modifier,
        "medical_necessity": diagnosis,
        "provider": rendering,
    }
    if record.category == "missing_information":
        by_remark = {"N382": member, "N290": rendering, "M51": modifier, "M76": diagnosis}
        return by_remark.get(remark, {} if remark == "N286" else member)
    if record.category == "coding":
        code = reason.code if reason else ""
        place = {"place_of_service": "22" if record.claim.facility_code != "22" else "11"}
        by_code = {"11": diagnosis, "146": diagnosis, "5": place}
        return by_code.get(code, modifier)
    return by_category.get(record.category, {})


def hash_of(record: Record) -> int:
    """A number that is the same for the same claim in every process."""
    return sum(ord(mark) * (place + 7) ** 3 for place, mark in enumerate(record.number))


def _struck_line(record: Record) -> int:
    """The first line that was denied."""
    reason = record.denial
    for part in record.payments:
        for line, number in zip(part.payment.lines, part.line_numbers, strict=True):
            codes = {(item.group, item.code) for item in line.adjustments}
            if reason and (reason.group, reason.code) in codes:
                return number
    return 1


def owed_by_truth(records: list[Record]) -> dict[int, int] | None:
    """Answer what each party of a claim owes by what its payers last decided.

    `records`: what each of its payers has on file. None when that does not say it: nothing decided
    yet, a denial of some lines only, or a payment of a later payer without one of the first.
    """
    decided = sorted(
        (one for one in records if one.state == FINAL), key=lambda one: "PST".index(_place(one))
    )
    if not decided or len(decided) != len(records) or _place(decided[0]) != "P":
        return None
    first = decided[0]
    charge = first.claim.charge_cents
    if first.category:
        paid = sum(part.payment.paid_cents for part in first.payments)
        return None if paid or _patient(first.payments) else {_PARTIES["P"]: charge}
    last = decided[-1]
    if last.category:
        return None
    owed = _patient(last.payments)
    further = len(decided) < 1 + len(first.claim.other_payers)
    party = _PARTIES["PST"[len(decided)]] if further else PATIENT
    return {party: owed} if owed else {}


def _place(record: Record) -> str:
    return record.claim.sequence


def _patient(payments: tuple[RuledPayment, ...]) -> int:
    return sum(
        item.amount_cents
        for part in payments
        for items in (part.payment.adjustments, *(line.adjustments for line in part.payment.lines))
        for item in items
        if item.group == "PR"
    )


def records_of(store: Store, client: str, number: str) -> list[Record]:
    """What all payers have on file of a claim."""
    rows = store.rows(
        "SELECT payer FROM records WHERE client = ? AND number = ? AND state <> 'voided'",
        client, number,
    )  # fmt: skip
    found = [store.record(row[0], client, number) for row in rows]
    return [one for one in found if one is not None]


def denied(desk: Desk, record: Record, category: str, reason: Reason, line: int | None) -> Record:
    """The claim as if its payer had denied it, or one line of it, for a reason."""
    item = again(record, record.icn, record.received_date or date(2026, 1, 1))
    ruling = deny_again(desk.case(item), reason, category, line)
    return replace(
        record,
        category=ruling.category,
        denial=ruling.denial,
        payments=ruling.payments,
        icn=ruling.payments[-1].payment.payer_claim_number,
    )


def payable(store: Store) -> list[Record]:
    """Claims of one payer only, paid in one piece; what may be denied instead."""
    return [
        record
        for record in store.records()
        if record.state == FINAL
        and not record.category
        and record.claim.sequence == "P"
        and not record.claim.other_payers
        and record.claim.frequency is Frequency.ORIGINAL
        and len(record.payments) == 1
        and record.payments[0].payment.lines
        and BY_CODE[record.payer].takes_replacements
    ]
