"""What payers decided, out of the database and the originals, as the next payer is told it."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from sanderling.core.resubmission.cob import Decision, Reduction, ServiceDecision
from sanderling.core.resubmission.cob_standing import Finals, final_payments
from sanderling.files.models import StoredFile
from sanderling.files.segments import read_segments
from sanderling.files.storage import OriginalDamaged, open_original
from sanderling.remits.facts import facts_of

_PAYMENTS: Final = """
SELECT p.id, p.claim_id, p.status, p.charge_cents, p.paid_cents, p.payer_claim_number,
       coalesce(r.production_date, p.payment_date, p.received_date) AS decided_date,
       p.payment_date, p.received_date, p.position, p.end_position,
       t.file_id, r.payer_name
  FROM remits_claim_payment p
  JOIN remits_remittance r ON r.id = p.remittance_id
  JOIN files_transaction_set t ON t.id = p.transaction_id
 WHERE p.id = ANY (%s)
"""
_SERVICES: Final = """
SELECT payment_id, line_index, charge_cents, paid_cents, procedure_qualifier, procedure, modifiers,
       revenue_code, submitted_procedure, units_paid, service_from_date, line_control_number
  FROM remits_service_payment WHERE payment_id = ANY (%s) ORDER BY payment_id, line_index
"""
_ADJUSTMENTS: Final = """
SELECT payment_id, line_index, group_code, reason_code, amount_cents, quantity
  FROM remits_adjustment WHERE payment_id = ANY (%s) ORDER BY payment_id, position, part
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """One claim payment with what a page shows beside the decision."""

    payment_id: int
    decision: Decision
    status: str  # CLP02
    payer_name: str  # as the remittance says
    payment_date: date | None
    received_date: date
    file_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Told:
    """What stands of some claims."""

    finals: Finals
    posted: dict[int, Posted]

    def decisions(self, claim_id: int, place: int) -> tuple[Posted, ...]:
        """Return what stands of the payer at a place, in the order decided."""
        return tuple(self.posted[pk] for pk in self.finals.payments.get((claim_id, place), ()))


def told_of(claim_ids: Iterable[int]) -> Told:
    """Return what each payer of the claims finally decided."""
    finals = final_payments(facts_of(sorted(set(claim_ids))))
    wanted = sorted({pk for ids in finals.payments.values() for pk in ids})
    return Told(finals, _posted(wanted))


def _posted(payment_ids: Sequence[int]) -> dict[int, Posted]:
    reductions: dict[tuple[int, int], list[Reduction]] = defaultdict(list)
    for row in _rows(_ADJUSTMENTS, payment_ids):
        reductions[row["payment_id"], row["line_index"]].append(
            Reduction(row["group_code"], row["reason_code"], row["amount_cents"], row["quantity"])
        )
    services: dict[int, list[ServiceDecision]] = defaultdict(list)
    for row in _rows(_SERVICES, payment_ids):
        key = (row["payment_id"], row["line_index"])
        services[row["payment_id"]].append(_service(row, tuple(reductions[key])))
    payments = _rows(_PAYMENTS, payment_ids)
    remarks = _inpatient_and_outpatient(payments)
    return {
        row["id"]: Posted(
            payment_id=row["id"],
            decision=Decision(
                charge_cents=row["charge_cents"],
                paid_cents=row["paid_cents"],
                decided_date=row["decided_date"],
                payer_claim_number=row["payer_claim_number"],
                reductions=tuple(reductions[row["id"], 0]),
                services=tuple(services[row["id"]]),
                mia=remarks.get((row["id"], "MIA"), ()),
                moa=remarks.get((row["id"], "MOA"), ()),
            ),
            status=row["status"],
            payer_name=row["payer_name"],
            payment_date=row["payment_date"],
            received_date=row["received_date"],
            file_id=row["file_id"],
            position=row["position"],
        )
        for row in payments
    }


def _service(row: dict[str, Any], reductions: tuple[Reduction, ...]) -> ServiceDecision:
    return ServiceDecision(
        charge_cents=row["charge_cents"],
        paid_cents=row["paid_cents"],
        qualifier=row["procedure_qualifier"],
        # A payer may answer by revenue code alone: it then stands where a procedure would.
        procedure="" if row["procedure_qualifier"] == "NU" else row["procedure"],
        modifiers=tuple(filter(None, row["modifiers"].split(":"))),
        revenue_code=row["revenue_code"],
        submitted_procedure=row["submitted_procedure"],
        units_paid=row["units_paid"],
        service_date=row["service_from_date"],
        line_control_number=row["line_control_number"],
        reductions=reductions,
    )


def _inpatient_and_outpatient(
    payments: Sequence[dict[str, Any]],
) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return MIA and MOA, element by element, as they stand in the originals.

    Facts keep their codes only. One pass over each file gives those of all its claims; an original
    that cannot be read any more gives none: the codes explain, no amount of a balance is in them.
    """
    by_file: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in payments:
        by_file[row["file_id"]].append(row)
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for file in StoredFile.objects.filter(pk__in=by_file):
        members = sorted(by_file[file.pk], key=lambda row: row["position"])
        starts = [row["position"] for row in members]
        last = max(row["end_position"] for row in members)
        try:
            stream = open_original(file.sha256, is_encrypted=file.is_encrypted)
        except (FileNotFoundError, OriginalDamaged):
            continue
        with closing(stream):
            for one in read_segments(stream.read, first=starts[0], last=last):
                if one.name not in {"MIA", "MOA"}:
                    continue
                row = members[bisect.bisect_right(starts, one.position) - 1]
                if one.position <= row["end_position"]:
                    elements = one.text.split(one.delimiters.element)[1:]
                    found[row["id"], one.name] = tuple(part.strip() for part in elements)
    return found


def _rows(query: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [list(ids)])
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
