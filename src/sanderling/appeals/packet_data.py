"""What the pages of a packet say, as plain data for the document templates: text only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sanderling.appeals.fact_sheet import allowed_cents
from sanderling.appeals.gathering import Decision, Gathered
from sanderling.appeals.models import Appeal
from sanderling.core.appeals.boxes import Box, form_of
from sanderling.core.appeals.cases import VEHICLE_TITLES, cases
from sanderling.core.appeals.facts import KINDS, Fact, Source, clean, written
from sanderling.core.appeals.shipped import HEADS
from sanderling.core.appeals.template import Letter
from sanderling.core.codes.carc import ADD_BACK, COST_SHARE, title_of
from sanderling.core.codes.remarks import remark_title
from sanderling.remits.models import Adjustment, ServicePayment

_PATIENT: Final = "PR"
_STATUSES: Final = {
    "1": "processed as primary", "2": "processed as secondary", "3": "processed as tertiary",
    "4": "denied", "19": "processed as primary, forwarded",
    "20": "processed as secondary, forwarded", "21": "processed as tertiary, forwarded",
    "22": "reversal of an earlier payment", "23": "not this payer's claim, forwarded",
}  # fmt: skip
_METHODS: Final = {"ACH": "electronic transfer", "CHK": "check", "NON": "no payment"}
# On which page of the packet a fact of this source stands.
_WHERE: Final = {
    Source.REMITTANCE: "eob",
    Source.SUBMISSION: "form",
}


def day(value: date | None) -> str:
    """Return a day as tables write it."""
    return value.isoformat() if value else ""


def plain_lines(text: str) -> list[str]:
    """Return the lines of a text that are not empty."""
    return [clean(one) for one in text.splitlines() if one.strip()]


def title_of_appeal(appeal: Appeal) -> str:
    """Return Reconsideration: timely filing; Records, not Records: records."""
    vehicle, case = VEHICLE_TITLES[appeal.vehicle], cases()[appeal.case].title
    return vehicle if case.lower() in vehicle.lower() else f"{vehicle}: {case.lower()}"


def sender(found: Gathered) -> dict[str, Any]:
    """Return the letterhead: from the client's own, else from what the client is called."""
    head = found.letterhead
    if head is None:
        name = clean(found.claim.client.name)
        return {"name": name, "lines": [], "contact": [name], "signature": [name]}
    contact = [head.contact_name or head.name or found.claim.client.name]
    contact += [f"Phone {head.contact_phone}"] if head.contact_phone else []
    contact += [f"Fax {head.contact_fax}"] if head.contact_fax else []
    return {
        "name": clean(head.name or found.claim.client.name),
        "lines": [*plain_lines(head.address), *map(clean, contact[1:])],
        "contact": list(map(clean, contact)),
        "signature": [clean(one) for one in (head.signer, head.signer_title) if one]
        or [clean(found.claim.client.name)],
    }


def addressee(found: Gathered) -> dict[str, Any]:
    """Return to whom it goes: the payer's way for the level, else the payer by name."""
    name = found.payer.name if found.payer else ""
    way = found.way
    if way is None:
        return {"lines": [clean(name)], "fax": ""}
    rest = [way.department] if way.department else []
    return {
        "lines": [clean(name), *map(clean, rest), *plain_lines(way.address)],
        "fax": clean(way.fax),
    }


def letter_part(letter: Letter) -> dict[str, Any]:
    """Return the letter: its table of facts and its lines."""
    numbers = {fact.name: place for place, fact in enumerate(letter.facts, start=1)}
    lines, count = [], 0
    for line in letter.lines:
        count = count + 1 if line.kind == "numbered" else 0
        lines.append(
            {
                "kind": line.kind.value,
                "place": count,
                "runs": [{"text": run.text, "bold": run.is_bold} for run in line.runs],
                "refs": list(line.numbers),
            }
        )
    heads = [
        {"title": KINDS[name].title, "text": letter.facts[numbers[name] - 1].text,
         "number": numbers[name]}
        for name in HEADS
        if name in numbers
    ]  # fmt: skip
    return {"heads": heads, "lines": lines}


def source_rows(letter: Letter, documents: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the facts of a letter with their sources and the page that shows them.

    `documents`: which enclosed document (from 0) shows a source; "proof" is the exhibit.
    """
    return [
        {
            "number": place,
            "title": KINDS[fact.name].title,
            "text": _short(fact.text),
            "said": clean(fact.said),
            "where": _where(fact, documents),
        }
        for place, fact in enumerate(letter.facts, start=1)
    ]


def _where(fact: Fact, documents: Mapping[str, int]) -> str:
    if fact.source is Source.ACKNOWLEDGMENT and "proof" in documents:
        return f"document-{documents['proof']}"
    return _WHERE.get(fact.source, "")


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def explanation(found: Gathered) -> dict[str, Any] | None:
    """Return the disputed remittance as a person reads it; None when there is none."""
    decision = found.decision
    if decision is None:
        return None
    payment, remittance = decision.payment, decision.remittance
    place = found.places.get(payment.transaction_id)
    by_line: dict[int, list[Adjustment]] = defaultdict(list)
    for one in decision.adjustments:
        by_line[one.line_index].append(one)
    remarks = dict.fromkeys((one.line_index, one.code) for one in decision.remarks)
    patient = sum(one.amount_cents for one in decision.adjustments if one.group_code == _PATIENT)
    return {
        "file": place.sha256[:8] if place else "not on hand",
        "position": payment.position,
        "payment": _rows(
            ("Payer", remittance.payer_name if remittance else _payer_name(found)),
            ("Payee", remittance.payee_name if remittance else ""),
            ("Payment date", day(payment.payment_date)),
            ("Trace number", remittance.trace if remittance else ""),
            ("Method", _METHODS.get(remittance.method, remittance.method) if remittance else ""),
            ("Whole payment", written(remittance.amount_cents) if remittance else ""),
        ),
        "claim": _rows(
            ("Our claim number", payment.claim_number),
            ("Payer's claim number", payment.payer_claim_number),
            ("Patient", _patient(found)),
            ("Status", f"{payment.status} {_STATUSES.get(payment.status, '')}".strip()),
            ("Received by the payer", day(payment.payer_received_date)),
            ("Diagnosis related group", payment.drg),
        ),
        "lines": [
            _line(number, service, by_line[service.line_index])
            for number, service in enumerate(decision.services, start=1)
        ],
        "reasons": [_reason(one) for one in by_line[0]],
        "billed": written(payment.charge_cents),
        "allowed": written(allowed_cents(decision)),
        "patient": written(patient),
        "paid": written(payment.paid_cents),
        "remarks": [
            [f"{code}, line {line}" if line else code, clean(remark_title(code))]
            for line, code in remarks
        ],
    }


def _payer_name(found: Gathered) -> str:
    return found.payer.name if found.payer else ""


def _patient(found: Gathered) -> str:
    claim = found.claim
    return ", ".join(one for one in (claim.patient_last_name, claim.patient_first_name) if one)


def _rows(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[name, clean(value)] for name, value in pairs if value.strip()]


def _reason(one: Adjustment) -> dict[str, str]:
    return {
        "code": f"{one.group_code}-{one.reason_code}",
        "text": clean(title_of(one.reason_code)),
        "amount": written(one.amount_cents),
    }


def _line(number: int, service: ServicePayment, reasons: Iterable[Adjustment]) -> dict[str, Any]:
    reasons = list(reasons)
    share = sum(one.amount_cents for one in reasons if one.group_code == _PATIENT)
    return {
        "number": number,
        "date": day(service.service_from_date),
        "procedure": _procedure(service),
        "billed": written(service.charge_cents),
        "allowed": written(allowed_of(service, reasons)),
        "patient": written(share),
        "paid": written(service.paid_cents),
        "reasons": [_reason(one) for one in reasons],
    }


def allowed_of(service: ServicePayment, reasons: Iterable[Adjustment]) -> int:
    """Return what the payer allowed of a line: paid, the patient's share inside it, withholds."""
    return service.paid_cents + sum(
        one.amount_cents
        for one in reasons
        if (one.group_code == _PATIENT and one.reason_code in COST_SHARE)
        or (one.group_code == "CO" and one.reason_code in ADD_BACK)
    )


def _procedure(service: ServicePayment) -> str:
    code = f"{service.procedure or service.revenue_code} {service.modifiers}".strip()
    units = f", {service.units_paid} units" if service.units_paid not in ("", "1") else ""
    return clean(f"{code}{units}")


def claim_form(found: Gathered) -> dict[str, Any] | None:
    """Return the claim as sent by the boxes of its paper form; None when the 837 is not on hand."""
    if found.document is None or found.submission is None:
        return None
    form = form_of(found.document)
    sent = found.submission
    place = found.places.get(sent.transaction_id)
    said = f"From the electronic claim (837) sent {day(sent.submitted_date or sent.received_date)}"
    if place is not None:
        said += f", segment {sent.position} of file {place.sha256[:8]}"
    return {
        "title": form.title,
        "said": f"{said}. Boxes that the claim does not fill are left out.",
        "head": list(map(_box, form.head)),
        "columns": [{"number": number, "label": label} for number, label in form.columns],
        "lines": [list(map(clean, line)) for line in form.lines],
        "foot": list(map(_box, form.foot)),
    }


def _box(one: Box) -> dict[str, str]:
    return {"number": one.number, "label": one.label, "value": clean(one.value)}


def calculation(decision: Decision | None, facts: Mapping[str, Fact]) -> dict[str, Any] | None:
    """Return what was allowed and paid line by line, and what the letter says is short."""
    if decision is None:
        return None
    by_line: dict[int, list[Adjustment]] = defaultdict(list)
    for one in decision.adjustments:
        by_line[one.line_index].append(one)
    sums = [
        (KINDS[name].title, facts[name].text)
        for name in ("allowed_amount", "paid_amount", "expected_amount", "underpaid_amount",
                     "contract_reference")
        if name in facts
    ]  # fmt: skip
    return {
        "lines": [
            {
                "number": number,
                "procedure": _procedure(service),
                "billed": written(service.charge_cents),
                "allowed": written(allowed_of(service, by_line[service.line_index])),
                "paid": written(service.paid_cents),
            }
            for number, service in enumerate(decision.services, start=1)
        ],
        "sums": _rows(*sums),
    }
