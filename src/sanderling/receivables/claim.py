"""Everything about one claim, as known at the end of a day.

The answer is plain data with stable keys (the JSON of `sanderling claims show`); the claim page
renders the same. It names files by their SHA-256 and segments by their number, never rows by their
database keys, so that the same files give the same answer in every installation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db.models import Q

from sanderling.barriers.of_claim import evidence_of, told
from sanderling.claims.models import (
    Answer,
    Claim,
    ClaimNumber,
    Coverage,
    Diagnosis,
    Snapshot,
    Submission,
    SubmissionLine,
)
from sanderling.clients.models import Client
from sanderling.core.codes.carc import ADD_BACK, COST_SHARE, title_of
from sanderling.core.codes.names import CLAIM_PAYMENT_STATUSES
from sanderling.core.codes.remarks import remark_title, status_category_title, status_title
from sanderling.core.identifiers import number_key
from sanderling.core.ledger.accounts import (
    ADJUSTMENT_KINDS,
    CHARGE_KINDS,
    PARTY_NAMES,
    PAYMENT_KINDS,
    RECEIVABLES,
    REFUND_KINDS,
    WRITE_OFF_KINDS,
    Account,
    Kind,
)
from sanderling.files.models import StoredFile, TransactionSet
from sanderling.ledger.models import Entry
from sanderling.payers.models import Payer
from sanderling.receivables.on_hand import (
    ANSWERS,
    PAYMENTS,
    SNAPSHOTS,
    STATUS_REQUESTS,
    OnHand,
    on_hand,
)
from sanderling.receivables.prompt_pay import of_balance, of_payments, places_of
from sanderling.receivables.status_asked import status_events
from sanderling.receivables.work_done import WorkDone, work_done
from sanderling.remits.models import (
    Adjustment,
    ClaimPayment,
    Remark,
    Remittance,
    ServicePayment,
)

_KIND_NAMES: Final = {"P": "professional", "I": "institutional", "D": "dental"}
_FREQUENCIES: Final = {
    "1": "original",
    "2": "interim, first",
    "3": "interim, continuing",
    "4": "interim, last",
    "5": "late charges",
    "6": "corrected",
    "7": "replacement",
    "8": "void",
}
_GROUPS: Final = {
    "CO": "contractual obligation",
    "PR": "patient responsibility",
    "OA": "other adjustment",
    "PI": "payer initiated",
    "CR": "correction",
}


class NoSuchClaim(Exception):
    """The client has no claim of this number (or not one the session may see)."""


def find_claim(*, client: str, number: str) -> Claim:
    """Return the claim by client code and number.

    Raises:
        NoSuchClaim: there is none.
    """
    if "\0" in client + number:  # PostgreSQL has no such character
        raise NoSuchClaim("no such claim")
    claim = (
        Claim.objects.select_related("client", "payer", "secondary_payer", "tertiary_payer")
        .filter(client__code=client, number=number, has_facts=True)
        .first()
    )
    if claim is None:
        raise NoSuchClaim(f"client {client} has no claim {number}")
    return claim


def claim_detail(
    claim: Claim,
    *,
    as_of: date,
    barriers: list[dict[str, Any]] | None = None,
    work: WorkDone | None = None,
    there: OnHand | None = None,
) -> dict[str, Any]:
    """Return everything about `claim` that was known at the end of `as_of`.

    `barriers`: the claim's rows of that day (see barriers.of_claim), None when they are not known.
    `work`: what was done about it, for who may not see all of that or has it already. `there`: what
    `on_hand` said of it.
    """
    there = on_hand(claim.pk) if there is None else there
    sources = _Sources()
    entries = list(
        Entry.objects.filter(claim_id=claim.pk, posted_date__lte=as_of).order_by(
            "posted_date", "transaction_id", "position", "part", "line", "kind", "pk"
        )
    )
    submissions = list(
        Submission.objects.filter(claim_id=claim.pk, received_date__lte=as_of).order_by(
            "submitted_date", "order_key", "position"
        )
    )
    payments = list(
        ClaimPayment.objects.filter(claim_id=claim.pk, received_date__lte=as_of).order_by(
            "payment_date", "order_key", "position"
        )
        if PAYMENTS in there
        else ()
    )
    answers = list(
        Answer.objects.filter(claim_id=claim.pk, received_date__lte=as_of).order_by(
            "received_date", "transaction__content_sha256", "position", "sequence"
        )
        if ANSWERS in there
        else ()
    )
    snapshots = list(
        Snapshot.objects.filter(claim_id=claim.pk, received_date__lte=as_of).order_by(
            "snapshot_date", "order_key", "position"
        )
        if SNAPSHOTS in there
        else ()
    )
    work = work or work_done(claim.pk, as_of=as_of, there=there)
    sources.load(
        [e.transaction_id for e in entries]
        + [s.transaction_id for s in submissions]
        + [p.transaction_id for p in payments]
        + [a.transaction_id for a in answers]
        + [n.transaction_id for n in snapshots]
        + [place[1] for row in barriers or [] for place in _filed(row)]
    )
    shown_submissions = _submissions(submissions, sources)
    payers = _payers_by_place(claim)
    remittances = Remittance.objects.in_bulk({payment.remittance_id for payment in payments})
    places = places_of(payments, payers=payers, remittances=remittances)
    held = _held(payments, entries)
    late = of_payments(
        payments, places=places, payers=payers, remittances=remittances, held=held, as_of=as_of
    )
    shown_payments = [
        {**row, "prompt_pay": late.get(payment.pk)}
        for payment, row in zip(
            payments, _payments(payments, remittances, held, sources), strict=True
        )
    ]
    shown_answers = [_answer(answer, sources) for answer in answers]
    shown_entries = _entries(entries, sources)
    balances = _party_balances(entries)
    return {
        "client": claim.client.code,
        "claim": claim.number,
        "kind": _kind_name(claim, is_taken_over=bool(snapshots)),
        "patient": {
            "last_name": claim.patient_last_name,
            "first_name": claim.patient_first_name,
            "birth_date": claim.patient_birth_date,
            "member_id": claim.member_id,
        },
        "payer_id": claim.payer.payer_id if claim.payer else None,
        "payers": _payers(claim),
        "plan": claim.plan,
        "provider": claim.rendering_npi or claim.billing_npi,
        "provider_name": claim.rendering_name,
        "location": claim.location,
        "service_from_date": claim.service_from_date,
        "service_to_date": claim.service_to_date,
        "first_billed_date": claim.first_billed_date,
        "last_billed_date": claim.last_billed_date,
        "charge_cents": _moved(entries, CHARGE_KINDS),
        "paid_cents": -_moved(entries, PAYMENT_KINDS),
        "adjusted_cents": -_moved(entries, ADJUSTMENT_KINDS),
        "written_off_cents": -_moved(entries, WRITE_OFF_KINDS),
        "refunded_cents": _moved(entries, REFUND_KINDS),
        "taken_over_cents": _moved(entries, (Kind.OPENING_BALANCE,)),
        "balance_cents": sum(balances.values()),
        "insurance_cents": sum(v for k, v in balances.items() if k != Account.PATIENT),
        "patient_cents": balances.get(Account.PATIENT, 0),
        "balances": {
            f"{name}_cents": balances.get(party, 0) for party, name in PARTY_NAMES.items()
        },
        "suspense_cents": sum(e.amount_cents for e in entries if e.kind == Kind.SUSPENSE),
        "barrier": None
        if barriers is None
        else [
            {
                **_barrier(row, claim, as_of, sources),
                "prompt_pay": of_balance(
                    row,
                    payer=payers.get(row["party"] - 10),
                    payments=[p for p in payments if places.get(p.pk) == row["party"] - 10],
                    answers=answers,
                    as_of=as_of,
                ),
            }
            for row in barriers
        ],
        "lines": _lines(entries, submissions, payments),
        "submissions": shown_submissions,
        "remittances": shown_payments,
        "answers": shown_answers,
        "snapshots": [_snapshot(snapshot, sources) for snapshot in snapshots],
        "activities": work.activities,
        "promises": work.promises,
        "escalations": work.escalations,
        "entries": shown_entries,
        "timeline": _timeline(
            shown_submissions,
            shown_answers,
            shown_payments,
            snapshots,
            [
                *work.events,
                *(status_events(claim.pk, as_of) if STATUS_REQUESTS in there else ()),
                *_written_off(shown_entries),
                *_decided(shown_entries),
            ],
            sources,
        ),
    }


def _filed(row: dict[str, Any]) -> list[tuple[str, int, int, date]]:
    """Return the evidence of a barrier that stands in files; an activity's stands in none."""
    return [place for place in evidence_of(row) if place[0] != "activity"]


def _barrier(row: dict[str, Any], claim: Claim, as_of: date, sources: _Sources) -> dict[str, Any]:
    """Return why a party of the claim owes, what comes next, and the facts it follows from."""
    payer = _payers_by_place(claim).get(row["party"] - 10)
    service = claim.service_to_date if claim.kind == "I" else claim.service_from_date
    nowhere = {"file_sha256": None, "file_name": None, "position": 0}
    return {
        **told(
            row,
            payer_name=payer.name if payer else "",
            service_date=service or claim.service_from_date,
            as_of=as_of,
        ),
        "payer_id": payer.payer_id if payer else None,
        "evidence": [
            {
                "kind": kind,
                "date": day,
                **(nowhere if kind == "activity" else sources.of(number, position)),
            }
            for kind, number, position, day in evidence_of(row)
        ],
    }


def _payers_by_place(claim: Claim) -> dict[int, Payer]:
    """Return the claim's payers that are known, by place: 1 is the primary."""
    payers = (claim.payer, claim.secondary_payer, claim.tertiary_payer)
    return {place: payer for place, payer in enumerate(payers, start=1) if payer is not None}


def _kind_name(claim: Claim, *, is_taken_over: bool) -> str:
    if claim.kind in _KIND_NAMES:
        return _KIND_NAMES[claim.kind]
    if is_taken_over:
        return "taken over from another system"
    return "known from remittances only"


class _Sources:
    """Names the file and segment that a fact comes from."""

    def __init__(self) -> None:
        self._sets: dict[int, TransactionSet] = {}
        self._files: dict[int, StoredFile] = {}

    def load(self, ids: Iterable[int]) -> None:
        # Fetched one after the other: whoever may see a claim may yet not see the file it came in,
        # when other clients are in that, too; a join would lose what may be seen.
        wanted = {number for number in ids if number}
        self._sets = TransactionSet.objects.in_bulk(wanted)
        self._files = StoredFile.objects.in_bulk({row.file_id for row in self._sets.values()})

    def of(self, transaction_id: int, position: int) -> dict[str, Any]:
        found = self._sets.get(transaction_id)
        file = self._files.get(found.file_id) if found else None
        if file is None:
            return {"file_sha256": None, "file_name": None, "position": position}
        return {"file_sha256": file.sha256, "file_name": file.name, "position": position}

    def kind(self, transaction_id: int) -> str:
        found = self._sets.get(transaction_id)
        return found.kind if found else ""


def _payers(claim: Claim) -> list[dict[str, Any]]:
    sequence: list[tuple[str, Payer | None]] = [
        ("primary", claim.payer),
        ("secondary", claim.secondary_payer),
        ("tertiary", claim.tertiary_payer),
    ]
    return [
        {"sequence": name, "payer_id": payer.payer_id, "name": payer.name}
        for name, payer in sequence
        if payer is not None
    ]


def _receivable_change(entry: Entry) -> int:
    change = entry.amount_cents if entry.debit in RECEIVABLES else 0
    return change - (entry.amount_cents if entry.credit in RECEIVABLES else 0)


def _moved(entries: Iterable[Entry], kinds: Iterable[Kind]) -> int:
    wanted = set(kinds)
    return sum(_receivable_change(entry) for entry in entries if entry.kind in wanted)


def _party_balances(entries: Iterable[Entry]) -> dict[int, int]:
    balances: defaultdict[int, int] = defaultdict(int)
    for entry in entries:
        if entry.debit in RECEIVABLES:
            balances[entry.debit] += entry.amount_cents
        if entry.credit in RECEIVABLES:
            balances[entry.credit] -= entry.amount_cents
    return dict(balances)


def _lines(
    entries: list[Entry], submissions: list[Submission], payments: list[ClaimPayment]
) -> list[dict[str, Any]]:
    """Return the claim's lines with what the ledger says of each; line 0 is the claim itself."""
    by_line: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind != Kind.SUSPENSE:
            by_line[entry.line].append(entry)
    described = _described_lines(submissions, payments, by_line)
    rows = []
    for number in sorted({*by_line, *described}):
        on_line = by_line.get(number, [])
        balances = _party_balances(on_line)
        charge = _moved(on_line, CHARGE_KINDS)
        paid = -_moved(on_line, PAYMENT_KINDS)
        share = sum(e.amount_cents for e in on_line if e.kind == Kind.TRANSFER)
        if number == 0 and not any(balances.values()) and not charge and not paid:
            continue
        rows.append(
            {
                "line": number,
                **described.get(number, _NO_DESCRIPTION),
                "charge_cents": charge,
                "paid_cents": paid,
                "adjusted_cents": -_moved(on_line, ADJUSTMENT_KINDS),
                "written_off_cents": -_moved(on_line, WRITE_OFF_KINDS),
                "passed_on_cents": share,
                "balance_cents": sum(balances.values()),
                "balances": {
                    f"{name}_cents": balances.get(party, 0) for party, name in PARTY_NAMES.items()
                },
            }
        )
    return rows


_NO_DESCRIPTION: Final[dict[str, Any]] = {
    "procedure": "",
    "modifiers": "",
    "revenue_code": "",
    "quantity": "",
    "service_date": None,
    "line_control_number": "",
}


def _described_lines(
    submissions: list[Submission],
    payments: list[ClaimPayment],
    by_line: dict[int, list[Entry]],
) -> dict[int, dict[str, Any]]:
    """Return what each line is: from the latest version sent to the first payer, else the 835."""
    if submissions:
        first = min(submission.sequence for submission in submissions)
        latest = [s for s in submissions if s.sequence == first][-1]
        lines = SubmissionLine.objects.filter(submission_id=latest.pk)
        return {
            line.line: {
                "procedure": line.procedure,
                "modifiers": line.modifiers,
                "revenue_code": line.revenue_code,
                "quantity": line.quantity,
                "service_date": line.service_from_date,
                "line_control_number": line.line_control_number,
            }
            for line in lines
        }
    set_of = {payment.pk: payment.transaction_id for payment in payments}
    services = {
        (set_of[service.payment_id], service.position): service
        for service in ServicePayment.objects.filter(payment_id__in=set_of)
    }
    found: dict[int, dict[str, Any]] = {}
    for number, on_line in by_line.items():
        for entry in on_line:
            service = services.get((entry.transaction_id, entry.position))
            if entry.kind == Kind.CHARGE and service is not None:
                found[number] = {
                    "procedure": service.procedure,
                    "modifiers": service.modifiers,
                    "revenue_code": service.revenue_code,
                    "quantity": service.units_paid,
                    "service_date": service.service_from_date,
                    "line_control_number": service.line_control_number,
                }
    return found


def _submissions(submissions: list[Submission], sources: _Sources) -> list[dict[str, Any]]:
    ids = [submission.pk for submission in submissions]
    lines: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in SubmissionLine.objects.filter(submission_id__in=ids).order_by("line"):
        lines[line.submission_id].append(
            {
                "line": line.line,
                "procedure": line.procedure,
                "modifiers": line.modifiers,
                "revenue_code": line.revenue_code,
                "quantity": line.quantity,
                "charge_cents": line.charge_cents,
                "service_date": line.service_from_date,
                "line_control_number": line.line_control_number,
                "position": line.position,
            }
        )
    coverages: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for coverage in Coverage.objects.filter(submission_id__in=ids).order_by(
        "sequence", "-is_destination", "payer_name", "payer_code"
    ):
        coverages[coverage.submission_id].append(
            {
                "sequence": coverage.sequence,
                "is_destination": coverage.is_destination,
                "payer_name": coverage.payer_name,
                "payer_code": coverage.payer_code,
                "member_id": coverage.member_id,
                "paid_cents": coverage.paid_cents,
            }
        )
    diagnoses: defaultdict[int, list[str]] = defaultdict(list)
    for diagnosis in Diagnosis.objects.filter(
        submission_id__in=ids, qualifier__in=["ABK", "ABF", "BK", "BF"]
    ).order_by("-qualifier", "sequence", "code"):
        diagnoses[diagnosis.submission_id].append(diagnosis.code)
    return [
        {
            "submitted_date": submission.submitted_date,
            "received_date": submission.received_date,
            "kind": submission.kind,
            "sequence": submission.sequence,
            "frequency": submission.frequency,
            "frequency_text": _FREQUENCIES.get(submission.frequency, submission.frequency),
            "claim_number": submission.claim_number,
            "payer_name": submission.payer_name,
            "payer_code": submission.payer_code,
            "charge_cents": submission.charge_cents,
            "patient_paid_cents": submission.patient_paid_cents,
            "original_reference": submission.original_reference,
            "clearinghouse_trace": submission.clearinghouse_trace,
            "batch_reference": submission.batch_reference,
            "prior_authorization": submission.prior_authorization,
            "diagnoses": diagnoses[submission.pk],
            "coverages": coverages[submission.pk],
            "lines": lines[submission.pk],
            **sources.of(submission.transaction_id, submission.position),
        }
        for submission in submissions
    ]


def _held(payments: Iterable[ClaimPayment], entries: Iterable[Entry]) -> set[int]:
    """Return the claim payments that do not balance, or that the ledger keeps in suspense.

    It also holds what balances: a number used twice, a reversal of nothing.
    """
    sums: defaultdict[tuple[int, int], int] = defaultdict(int)
    for entry in entries:
        if entry.kind == Kind.SUSPENSE:
            sums[entry.transaction_id, entry.position] += entry.amount_cents
    return {p.pk for p in payments if p.is_held or sums[p.transaction_id, p.position]}


def _payments(
    payments: list[ClaimPayment],
    remittances: dict[int, Remittance],
    held: set[int],
    sources: _Sources,
) -> list[dict[str, Any]]:
    """Return the claim payments, in order, with their lines."""
    ids = [payment.pk for payment in payments]
    adjustments: defaultdict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for row in Adjustment.objects.filter(payment_id__in=ids).order_by("position", "part"):
        adjustments[row.payment_id, row.line_index].append(
            {
                "group": row.group_code,
                "group_text": _GROUPS.get(row.group_code, ""),
                "reason": row.reason_code,
                "reason_text": title_of(row.reason_code),
                "amount_cents": row.amount_cents,
                "position": row.position,
            }
        )
    remarks: defaultdict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for remark in Remark.objects.filter(payment_id__in=ids).order_by("position", "code"):
        remarks[remark.payment_id, remark.line_index].append(
            {"code": remark.code, "text": remark_title(remark.code), "source": remark.source}
        )
    lines: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for service in ServicePayment.objects.filter(payment_id__in=ids).order_by("line_index"):
        key = (service.payment_id, service.line_index)
        lines[service.payment_id].append(
            {
                "procedure": service.procedure or service.revenue_code,
                "modifiers": service.modifiers,
                "submitted_procedure": service.submitted_procedure,
                "service_date": service.service_from_date,
                "units_paid": service.units_paid,
                "charge_cents": service.charge_cents,
                "allowed_cents": _allowed(service, adjustments[key]),
                "paid_cents": service.paid_cents,
                "adjustments": adjustments[key],
                "remarks": remarks[key],
                "position": service.position,
            }
        )
    return [
        {
            "payment_date": payment.payment_date,
            "received_date": payment.received_date,
            **_remittance(remittances.get(payment.remittance_id)),
            "claim_number": payment.claim_number,
            "status": payment.status,
            "status_text": CLAIM_PAYMENT_STATUSES.get(payment.status, f"status {payment.status}"),
            "payer_claim_number": payment.payer_claim_number,
            "original_reference": payment.original_reference,
            "charge_cents": payment.charge_cents,
            "paid_cents": payment.paid_cents,
            "patient_share_cents": payment.patient_share_cents,
            "crossover_name": payment.crossover_name,
            "corrected_member_id": payment.corrected_id,
            "payer_received_date": payment.payer_received_date,
            "is_held": payment.pk in held,
            "gap_cents": payment.gap_cents,
            "match_method": payment.match_method,
            "adjustments": adjustments[payment.pk, 0],
            "remarks": remarks[payment.pk, 0],
            "lines": lines[payment.pk],
            **sources.of(payment.transaction_id, payment.position),
        }
        for payment in payments
    ]


def _remittance(remittance: Remittance | None) -> dict[str, Any]:
    """Return what the whole payment was; nothing when it pays other clients, too (not visible)."""
    return {
        "payer_name": remittance.payer_name if remittance else "",
        "trace": remittance.trace if remittance else "",
        "method": remittance.method if remittance else "",
        "remittance_cents": remittance.amount_cents if remittance else None,
    }


def _allowed(service: ServicePayment, adjustments: list[dict[str, Any]]) -> int:
    """Return paid + the patient's share inside the allowed amount + CO-253 and withholds.

    Source: DOMAIN 3.3 and 6.6: preferred to AMT*B6, which many payers leave out.
    """
    inside = sum(
        row["amount_cents"]
        for row in adjustments
        if (row["group"] == "PR" and row["reason"] in COST_SHARE)
        or (row["group"] == "CO" and row["reason"] in ADD_BACK)
    )
    return service.paid_cents + int(inside)


def _answer(answer: Answer, sources: _Sources) -> dict[str, Any]:
    text = " · ".join(
        part for part in (status_category_title(answer.category), status_title(answer.code)) if part
    )
    return {
        "received_date": answer.received_date,
        "status_date": answer.status_date,
        "kind": answer.kind,
        "level": answer.level,
        "source": answer.source_name,
        "source_entity": answer.source_entity,
        "category": answer.category,
        "code": answer.code,
        "entity": answer.entity,
        "action": answer.action,
        "text": text or answer.message,
        "payer_claim_number": answer.payer_claim_number,
        "paid_cents": answer.paid_cents,
        "payment_trace": answer.payment_trace,
        **sources.of(answer.transaction_id, answer.position),
    }


def _snapshot(snapshot: Snapshot, sources: _Sources) -> dict[str, Any]:
    return {
        "snapshot_date": snapshot.snapshot_date,
        "received_date": snapshot.received_date,
        "insurance_cents": snapshot.insurance_cents,
        "patient_cents": snapshot.patient_cents,
        **sources.of(snapshot.transaction_id, snapshot.position),
    }


def _entries(entries: list[Entry], sources: _Sources) -> list[dict[str, Any]]:
    """Return the ledger's entries; what was posted and corrected within a day is left out."""
    sums: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    details: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        source = sources.of(entry.transaction_id, entry.position)
        key = (
            entry.posted_date,
            source["file_sha256"] or "",
            entry.position,
            entry.part,
            entry.line,
            entry.kind,
            entry.debit,
            entry.credit,
        )
        sums[key] += entry.amount_cents
        details[key] = {
            "posted_date": entry.posted_date,
            "effective_date": entry.effective_date,
            "kind": Kind(entry.kind).name.lower(),
            "line": entry.line,
            "debit": Account(entry.debit).name.lower(),
            "credit": Account(entry.credit).name.lower(),
            "group": entry.group_code,
            "reason": entry.reason_code,
            **source,
        }
    return [{**details[key], "amount_cents": sums[key]} for key in sorted(sums) if sums[key]]


def _timeline(
    submissions: list[dict[str, Any]],
    answers: list[dict[str, Any]],
    payments: list[dict[str, Any]],
    snapshots: list[Snapshot],
    worked: list[dict[str, Any]],
    sources: _Sources,
) -> list[dict[str, Any]]:
    """Return one merged feed, oldest first."""
    events = [
        {
            "date": s["received_date"],
            "event": "submitted",
            "text": f"{s['frequency_text'].capitalize()} claim sent to"
            f" {s['payer_name'] or s['payer_code'] or 'the payer'}",
            "amount_cents": s["charge_cents"],
            **_place(s),
        }
        for s in submissions
    ]
    events += [
        {
            "date": a["received_date"],
            "event": "answered",
            "text": f"{a['kind']} {a['category']}"
            f"{':' + a['code'] if a['code'] else ''} {a['text']}".strip(),
            "amount_cents": a["paid_cents"],
            **_place(a),
        }
        for a in answers
    ]
    events += [
        {
            "date": p["received_date"],
            "event": "held" if p["is_held"] else "remitted",
            "text": f"{p['payer_name'] or 'Payer'}: {p['status_text']}",
            "amount_cents": p["paid_cents"],
            **_place(p),
        }
        for p in payments
    ]
    events += [
        {
            "date": snapshot.received_date,
            "event": "taken over",
            "text": f"Balance taken over as of {snapshot.snapshot_date.isoformat()}",
            "amount_cents": snapshot.insurance_cents + snapshot.patient_cents,
            **_place(_snapshot(snapshot, sources)),
        }
        for snapshot in snapshots
    ]
    events += [{**event, **_NO_PLACE} for event in worked]
    order = (
        *("submitted", "taken over", "asked", "answered", "not answered", "held", "remitted"),
        *("written off", "refunded", "moved to patient", "followed up"),
        *("promised", "promise kept", "promise broken", "escalated", "de-escalated", "organized"),
    )
    return sorted(
        events,
        key=lambda e: (
            e["date"],
            order.index(str(e["event"])),
            e["file_sha256"] or "",
            e["position"],
        ),
    )


def _written_off(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was written off, and what of it gave way again, as events."""
    return [
        {
            "date": entry["posted_date"],
            "event": "written off",
            "text": f"Written off: {entry['credit']}"
            if entry["amount_cents"] > 0
            else f"Write-off gave way: {entry['credit']}",
            "amount_cents": entry["amount_cents"],
        }
        for entry in entries
        if entry["kind"] == Kind.WRITE_OFF.name.lower()
    ]


_DECIDED: Final = {
    Kind.REFUND.name.lower(): ("refunded", "Given back to: {debit}", "Refund gave way: {debit}"),
    Kind.TO_PATIENT.name.lower(): (
        "moved to patient",
        "Moved to the patient from: {credit}",
        "Back from the patient: {credit}",
    ),
}


def _decided(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return refunds and moves to the patient, and what of them gave way again, as events."""
    return [
        {
            "date": entry["posted_date"],
            "event": event,
            "text": (done if entry["amount_cents"] > 0 else undone).format(**entry),
            "amount_cents": entry["amount_cents"],
        }
        for entry in entries
        if entry["kind"] in _DECIDED
        for event, done, undone in [_DECIDED[entry["kind"]]]
    ]


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("file_sha256", "file_name", "position")}


_NO_PLACE: Final = {"file_sha256": None, "file_name": None, "position": None}


def search_claims(text: str, *, limit: int) -> list[Claim]:
    """Return visible claims that `text` names, by client and number.

    By the beginning of their number or of the patient's last name ("doe", "doe, j", "jane doe"), by
    the whole member id, or by any number the claim was ever known by (the payer's, too).
    """
    text = " ".join(text.replace("\0", "").split())
    if not text.strip(","):
        return []
    query = Q(number__istartswith=text) | Q(member_id__iexact=text) | _patient(text)
    key = number_key(text)
    if key:
        clients = list(Client.objects.values_list("pk", flat=True))
        known = ClaimNumber.objects.filter(client_id__in=clients, key=key)
        query |= Q(pk__in=known.values("claim_id"))
    return list(
        Claim.objects.filter(query, has_facts=True)
        .select_related("client", "payer")
        .order_by("client__code", "number")[:limit]
    )


def _patient(text: str) -> Q:
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma:
        return Q(patient_last_name__istartswith=last, patient_first_name__istartswith=first)
    found = Q(patient_last_name__istartswith=text)
    first, _, last = text.partition(" ")
    if last:
        found |= Q(patient_first_name__istartswith=first, patient_last_name__istartswith=last)
    return found
