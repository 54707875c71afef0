"""One claim's life, told day by day, and what the engine makes of it.

Balances are those that the posting rules make of the same facts: a story cannot tell a balance that
the ledger would not hold. Amounts are cents; a plain story is a claim of 150.00 for commercial
payer 1, service on January 2, sent on January 5.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from tests.unit.core.ledger.facts_of import facts as ledger_facts

from sanderling.core.barriers import facts as f
from sanderling.core.barriers.classify import Classified, classify
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.codes.codebook import CodeBook, default_book
from sanderling.core.deadlines.rules import rules_frame
from sanderling.core.followup.schedules import SCHEDULES
from sanderling.core.ledger.rules import claim_entries

SERVICE = date(2026, 1, 2)
SENT = date(2026, 1, 5)
PRIMARY, SECONDARY, TERTIARY, PATIENT = 11, 12, 13, 14
CHARGE = 15000
PAYER_NAMES = {1: "ACME HEALTH", 2: "SECOND MUTUAL", 3: "THIRD RE"}
Adjustment = tuple[str, str, int]  # group, reason, cents


def day(number: int) -> date:
    """Return the day so many days after the claim was sent."""
    return SENT + timedelta(days=number)


def payer(payer_id: int, payer_type: str = "commercial", own_days: int | None = None) -> Any:
    """Return a payer of a story."""
    return {"payer_id": payer_id, "payer_type": payer_type, "response_days": own_days}


class Story:
    """Facts of one claim, added in any order; `days` are counted from the day it was sent."""

    def __init__(
        self,
        *payers: dict[str, Any],
        charge_cents: int = CHARGE,
        kind: str = "P",
        service_to_date: date | None = None,
        book: CodeBook | None = None,
        rules: pl.DataFrame | None = None,
    ) -> None:
        self.payers = list(payers) or [payer(1)]
        self.charge_cents = charge_cents
        self.kind = kind
        self.service_to_date = service_to_date
        self.book = book or default_book()
        self.rules = rules_frame() if rules is None else rules
        self.client_id = 3
        self.schedules: list[dict[str, Any]] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._ids = 100

    def _add(self, frame: str, **row: Any) -> None:
        self._rows.setdefault(frame, []).append(row)

    def _next(self) -> int:
        self._ids += 1
        return self._ids

    def sent(
        self, on: int = 0, *, to: int = 1, frequency: str = "1", batch: str = "", **more: Any
    ) -> int:
        """Send the claim to its payer number `to`; return the submission."""
        number = self._next()
        charge = more.pop("charge_cents", self.charge_cents)
        self._add(
            "submissions",
            submission_id=number,
            transaction_id=number,
            sequence=to,
            frequency=frequency,
            charge_cents=charge,
            submitted_date=day(more.pop("submitted", on)),
            received_date=day(on),
            order_key=f"{number}",
            **more,
        )
        self._add(
            "lines",
            submission_id=number,
            line=1,
            charge_cents=charge,
            procedure="99213",
            line_control_number="L1",
        )
        self._add(
            "submission_details",
            submission_id=number,
            payer_name=PAYER_NAMES[to],
            batch_reference=batch,
        )
        return number

    def said(
        self,
        on: int,
        kind: str,
        category: str,
        code: str = "",
        *,
        of: int | None = None,
        action: str = "",
        **more: Any,
    ) -> int:
        """Add a 277CA, 277, 999 or TA1 statement; `of`: the submission, when it names one."""
        number = self._next()
        values = {
            "answer_id": number,
            "submission_id": of,
            "kind": kind,
            "transaction_id": number,
            "position": 20,
            "level": "claim",
            "source_entity": "PR",
            "source_name": PAYER_NAMES[1],
            "batch_reference": "",
            "category": category,
            "code": code,
            "entity": "",
            "action": action,
            "status_date": day(on),
            "received_date": day(on),
        }
        self._add("answers", **values | more)
        return number

    def accepted(self, on: int, **more: Any) -> int:
        """Add the payer's own acceptance (277CA A2)."""
        return self.said(on, "277CA", "A2", "20", action="WQ", **more)

    def refused(self, on: int, category: str = "A7", code: str = "562", **more: Any) -> int:
        """Add a rejection by the front end (277CA)."""
        return self.said(on, "277CA", category, code, action="U", **more)

    def paid(
        self,
        on: int,
        paid_cents: int,
        *adjustments: Adjustment,
        status: str = "1",
        remarks: tuple[str, ...] = (),
        claim_remarks: tuple[str, ...] = (),
        lines: tuple[tuple[int, int, tuple[Adjustment, ...]], ...] = (),
        **more: Any,
    ) -> int:
        """Add a claim payment of one line, or of `lines` (charge, paid, adjustments)."""
        number = self._next()
        charge = more.pop("charge_cents", self.charge_cents)
        self._add(
            "payments",
            payment_id=number,
            transaction_id=number,
            status=status,
            sequence=more.pop("sequence", None),
            payment_date=day(more.pop("dated", on)),
            received_date=day(on),
            order_key=f"{number}",
            charge_cents=charge,
            paid_cents=paid_cents,
            payer_claim_number=more.pop("number", "ICN1"),
            **more,
        )
        self._add("payment_details", payment_id=number, payer_id=1, rendering_npi="1234567893")
        parts = lines or ((charge, paid_cents, adjustments),)
        for index, (line_charge, line_paid, line_adjustments) in enumerate(parts, start=1):
            self._add(
                "payment_lines",
                payment_id=number,
                line_index=index,
                position=12 + 3 * index,
                charge_cents=line_charge,
                paid_cents=line_paid,
                procedure="99213",
                line_control_number=f"L{index}",
            )
            for part, (group, reason, cents) in enumerate(line_adjustments, start=1):
                self._add(
                    "adjustments",
                    payment_id=number,
                    line_index=index,
                    part=part,
                    position=13 + 3 * index,
                    group_code=group,
                    reason_code=reason,
                    amount_cents=cents,
                )
        for index, codes in ((0, claim_remarks), (1, remarks)):
            for code in codes:
                self._add("remarks", payment_id=number, line_index=index, code=code)
        return number

    def took_back(self, on: int, paid_cents: int, *adjustments: Adjustment, **more: Any) -> int:
        """Add the reversal of an earlier claim payment, given with its amounts as they were."""
        turned = tuple((group, reason, -cents) for group, reason, cents in adjustments)
        charge = more.pop("charge_cents", self.charge_cents)
        return self.paid(on, -paid_cents, *turned, status="22", charge_cents=-charge, **more)

    def did(
        self,
        on: int,
        action: str,
        outcome: str,
        *,
        channel: str = "call",
        next_on: int | None = None,
    ) -> int:
        """Add what a person did."""
        number = self._next()
        self._add(
            "activities",
            activity_id=number,
            activity_date=day(on),
            channel=channel,
            action=action,
            outcome=outcome,
            next_date=None if next_on is None else day(next_on),
        )
        return number

    def taken_over(self, on: int, insurance_cents: int, patient_cents: int = 0) -> None:
        """Add a balance taken over from another system."""
        self._add(
            "snapshots",
            snapshot_date=day(on),
            received_date=day(on),
            insurance_cents=insurance_cents,
            patient_cents=patient_cents,
        )

    def looked_at(self, first_days: int | None, repeat_days: int, **more: Any) -> None:
        """Add a schedule agreed with the client."""
        self.schedules.append(
            {
                "schedule_id": len(self.schedules) + 1,
                "client_id": self.client_id,
                "barrier": "",
                "payer_type": "",
                "from_age_days": 0,
                "min_cents": 0,
                "first_days": first_days,
                "repeat_days": repeat_days,
            }
            | more
        )

    def facts(self, as_of: date) -> BarrierFacts:
        """Return everything, later facts too, with the balances of the day."""
        ledger = ledger_facts(
            **{
                name: self._rows.get(name, [])
                for name in ("submissions", "lines", "payments", "payment_lines", "adjustments")
            },
            snapshots=self._rows.get("snapshots", []),
            coverages=[{"sequence": place} for place in range(1, len(self.payers) + 1)],
        )
        claim = {
            "claim_id": 1,
            "client_id": self.client_id,
            "kind": self.kind,
            "service_from_date": SERVICE,
            "service_to_date": self.service_to_date or SERVICE,
        } | {
            f"payer_{place}_id": each["payer_id"] for place, each in enumerate(self.payers, start=1)
        }
        empty = BarrierFacts(
            ledger=ledger,
            claims=_frame([claim], f.CLAIMS),
            balances=_frame([], f.BALANCES),
            submission_details=_frame(
                self._rows.get("submission_details", []), f.SUBMISSION_DETAILS
            ),
            payment_details=_frame(self._rows.get("payment_details", []), f.PAYMENT_DETAILS),
            remarks=_frame(self._rows.get("remarks", []), f.REMARKS),
            answers=_frame(self._rows.get("answers", []), f.ANSWERS),
            activities=_frame(self._rows.get("activities", []), f.ACTIVITIES),
            payers=_frame(self.payers, f.PAYERS),
        )
        return replace(empty, balances=self._balances(empty, as_of))

    def _balances(self, facts: BarrierFacts, as_of: date) -> pl.DataFrame:
        entries = claim_entries(f.known_on(facts, as_of).ledger)
        sides = pl.concat(
            [
                entries.select(
                    party=side, cents=pl.col("amount_cents") * sign, day="effective_date"
                )
                for side, sign in (("debit", 1), ("credit", -1))
            ]
        ).filter(pl.col("party").is_between(PRIMARY, PATIENT))
        held = sides.group_by("party").agg(
            balance_cents=pl.col("cents").sum(), since_date=pl.col("day").min()
        )
        return _frame(
            held.filter(pl.col("balance_cents") != 0).sort("party").to_dicts(),
            f.BALANCES,
            client_id=self.client_id,
        )

    def classified(self, on: int) -> Classified:
        """Return what the engine says at the end of the day."""
        as_of = day(on)
        return classify(
            self.facts(as_of), as_of, book=self.book, rules=self.rules,
            schedules=_frame(self.schedules, SCHEDULES),
        )  # fmt: skip

    def rows(self, on: int) -> dict[int, dict[str, Any]]:
        """Return the rows of the day by party."""
        found = self.classified(on).barriers
        assert found["party"].is_unique().all()
        return {row["party"]: row for row in found.to_dicts()}

    def row(self, on: int, party: int = PRIMARY) -> dict[str, Any]:
        """Return the row of one party."""
        return self.rows(on)[party]


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any], **defaults: Any) -> pl.DataFrame:
    complete = [
        {name: ({"claim_id": 1} | defaults | row).get(name) for name in schema} for row in rows
    ]
    return pl.DataFrame(complete, schema=schema, orient="row")


def said_of(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Return some columns of a row."""
    return tuple(row[name] for name in names)


def evidence_kinds(row: dict[str, Any]) -> list[str]:
    """Return the kinds of the facts behind a row, the deciding one first."""
    return [kind for kind, *_ in json.loads(row["evidence"])]
