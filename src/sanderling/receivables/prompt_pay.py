"""Prompt pay of one claim: by when each payer had to pay, and what its delay costs.

Values with stable keys for `claims show` and the claim page. Amounts are estimates from sourced
rules: a rule that is not verified says so. Source: DOMAIN 4.6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sanderling.barriers.of_claim import PROOF, evidence_of
from sanderling.claims.models import Answer
from sanderling.core.deadlines.prompt_pay import jurisdiction_of, prompt_pay, rates_text
from sanderling.core.identifiers import number_key
from sanderling.core.ledger.payments import SEQUENCE_BY_STATUS
from sanderling.payers.models import Payer
from sanderling.remits.models import ClaimPayment, ProviderAdjustment, Remittance

# The payer has the claim and has not paid: its clock runs. What is not on file runs only if the
# payer once accepted it, which the received day asks for anyway.
WAITING: Final = frozenset({"awaiting_payer", "no_response", "pended", "not_on_file"})
PAID: Final = "paid_unposted"
INTEREST: Final = "L6"  # PLB03-1
_REVERSAL: Final = "22"
_NO_DECISION: Final = frozenset({_REVERSAL, "23", "25"})  # another payer's claim, priced only
_ACCEPTED: Final = frozenset({"A1", "A2", "A5"})  # of a 277CA
_TURNED_AWAY: Final = "U"
_CLEARINGHOUSE: Final = "AY"


def places_of(
    payments: list[ClaimPayment],
    *,
    payers: Mapping[int, Payer],
    remittances: Mapping[int, Remittance],
) -> dict[int, int]:
    """Return the place (1 is the primary) of who decided each claim payment; not told: left out.

    By CLP02, as the ledger goes; of denials and reversals by the payer of the remittance, by what a
    reversal takes back, or because there is only one payer.
    """
    place_of_payer = {payers[place].pk: place for place in sorted(payers, reverse=True)}
    found: dict[int, int] = {}
    place_of_number: dict[str, int] = {}
    for payment in payments:
        remittance = remittances.get(payment.remittance_id)
        place = (
            SEQUENCE_BY_STATUS.get(payment.status)
            or place_of_payer.get((remittance.payer_id if remittance else None) or 0)
            or place_of_number.get(payment.payer_claim_number)
            or (next(iter(payers)) if len(payers) == 1 else None)
        )
        if place is not None:
            found[payment.pk] = place
            if payment.payer_claim_number:
                place_of_number.setdefault(payment.payer_claim_number, place)
    return found


def of_balance(
    row: Mapping[str, Any],
    *,
    payer: Payer | None,
    payments: list[ClaimPayment],
    answers: list[Answer],
    as_of: date,
) -> dict[str, Any] | None:
    """Return when what a party owes was due by prompt-pay law, None when no clock is known.

    `payments` are those of this party, `answers` all of the claim.

    `interest_cents` is an estimate on the open balance: what is allowed of it is not known yet. It
    is None when no rate is fixed. A payment that the payer told of but that is not here ends the
    delay on its day.
    """
    if payer is None or row["barrier"] not in WAITING | {PAID} or row["balance_cents"] <= 0:
        return None
    received = _received(row, payments, answers)
    if received is None:
        return None
    day = as_of
    if row["barrier"] == PAID:
        told = [a.payment_date for a in answers if a.payment_date and a.payment_date >= received[0]]
        day = min([as_of, *told])
    return _terms(payer, received, day, row["balance_cents"])


def _received(
    row: Mapping[str, Any], payments: list[ClaimPayment], answers: list[Answer]
) -> tuple[date, str] | None:
    """Return the day the payer had the claim, and what says so: remittance or acceptance.

    The remittance's own word (DTM*050) comes first, unless the claim was sent and accepted again
    after it.
    """
    accepted = _accepted_date(row, answers)
    told = [(p.received_date, p.payer_received_date) for p in payments if p.payer_received_date]
    if told:
        known_date, received_date = max(told)
        if accepted is None or accepted <= known_date:
            return received_date, "remittance"
    return (accepted, "acceptance") if accepted else None


def _accepted_date(row: Mapping[str, Any], answers: list[Answer]) -> date | None:
    """Return the day of the first acceptance by the payer of the claim as sent last.

    The evidence tells the first day that anyone accepted it, a clearinghouse too, and the place of
    the last acceptance: the payer's stand between them.
    """
    facts = [fact for fact in evidence_of(dict(row)) if fact[0] == PROOF]
    if not facts:
        return None
    _, transaction_id, position, first_date = facts[0]
    taken = [
        a
        for a in answers
        if a.kind == "277CA" and a.category in _ACCEPTED and a.action != _TURNED_AWAY
    ]
    named = [a for a in taken if (a.transaction_id, a.position) == (transaction_id, position)]
    if not named:
        return None
    last_date = max(a.received_date for a in named)
    return min(
        (
            a.received_date
            for a in taken
            if a.source_entity != _CLEARINGHOUSE and first_date <= a.received_date <= last_date
        ),
        default=None,
    )


def _terms(
    payer: Payer, received: tuple[date, str], paid_date: date, net_cents: int
) -> dict[str, Any] | None:
    jurisdiction = jurisdiction_of(payer_type=payer.type, state=payer.state)
    if jurisdiction is None:
        return None
    found = prompt_pay(
        jurisdiction=jurisdiction,
        received_date=received[0],
        paid_date=paid_date,
        net_cents=net_cents,
    )
    if found is None:
        return None
    return {
        "due": found.due_date,
        "late_days": found.late_days,
        "interest_cents": found.interest_cents,
        "jurisdiction": jurisdiction,
        "source": found.rule.source,
        "confidence": found.rule.confidence,
        "days": found.rule.days_electronic,
        "rates": rates_text(found.rule),
        "note": found.rule.note,
        "received": received[0],
        "received_from": received[1],
    }


def of_payments(
    payments: list[ClaimPayment],
    *,
    places: Mapping[int, int],
    payers: Mapping[int, Payer],
    remittances: Mapping[int, Remittance],
    held: Iterable[int],
    as_of: date,
) -> dict[int, dict[str, Any]]:
    """Return the prompt pay of each decision that came late, by claim payment.

    `places` of `places_of`, `payers` by place, `remittances` those that may be seen, `held` the
    claim payments that are not posted. `paid_interest_cents` is what the payer added as interest
    (PLB L6): for this claim where it names the claim, else for the whole remittance; None when that
    is not to be seen.
    """
    held = set(held)
    nets = _new_money([payment for payment in payments if payment.pk not in held], places)
    late = {}
    for payment in payments:
        payer = payers.get(places.get(payment.pk, 0))
        received, paid = payment.payer_received_date, payment.payment_date
        if payer is None or received is None or paid is None or payment.pk not in nets:
            continue
        if payment.status in _NO_DECISION:
            continue
        terms = _terms(payer, (received, "remittance"), paid, nets[payment.pk])
        if terms and terms["late_days"]:
            late[payment.pk] = {**terms, "late_cents": nets[payment.pk]}
            if not nets[payment.pk]:
                late[payment.pk]["interest_cents"] = 0  # of nothing, at any rate
    interest = _interest_rows([p for p in payments if p.pk in late], as_of) if late else {}
    for payment in payments:
        if payment.pk in late:
            is_seen = payment.remittance_id in remittances
            late[payment.pk] |= _paid_interest(
                payment, interest[payment.remittance_id] if is_seen else None
            )
    return late


def _new_money(payments: list[ClaimPayment], places: Mapping[int, int]) -> dict[int, int]:
    """Return what each claim payment brought that had not been paid before, in cents.

    A correction takes the first payment back and pays anew: interest is owed only on what goes
    beyond the most that the payer had ever paid.
    """
    in_order = sorted(
        payments,
        key=lambda p: (p.payment_date or p.received_date, p.status != _REVERSAL),
    )
    totals: defaultdict[int | None, int] = defaultdict(int)
    most: defaultdict[int | None, int] = defaultdict(int)
    found = {}
    for payment in in_order:
        place = places.get(payment.pk)
        totals[place] += payment.paid_cents
        found[payment.pk] = max(totals[place] - most[place], 0)
        most[place] = max(most[place], totals[place])
    return found


def _interest_rows(
    payments: list[ClaimPayment], as_of: date
) -> defaultdict[int, list[ProviderAdjustment]]:
    rows: defaultdict[int, list[ProviderAdjustment]] = defaultdict(list)
    wanted = {payment.remittance_id for payment in payments}
    for row in ProviderAdjustment.objects.filter(
        remittance_id__in=wanted, code=INTEREST, received_date__lte=as_of
    ):
        rows[row.remittance_id].append(row)
    return rows


def _paid_interest(payment: ClaimPayment, rows: list[ProviderAdjustment] | None) -> dict[str, Any]:
    if rows is None:
        return {"paid_interest_cents": None, "paid_interest_for": None}
    keys = {number_key(payment.claim_number), number_key(payment.payer_claim_number)} - {""}
    own = [
        row
        for row in rows
        if keys & {number_key(part) for part in (row.reference, *row.reference.split())}
    ]
    # As sent, a positive amount reduces the payment: interest stands there below zero.
    return {
        "paid_interest_cents": -sum(row.amount_cents for row in own or rows),
        "paid_interest_for": "claim" if own else "remittance",
    }
