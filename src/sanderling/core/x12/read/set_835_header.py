"""Segments of an 835 before and after its claims, and the check of the whole.

Source: 835 TR3 005010X221A1, header and footer, "Balancing"; DOMAIN 2.5, 2.6 and 2.8.
"""

# ruff: noqa: PLR2004 (numbers of elements, as the guide counts them)
from __future__ import annotations

from typing import Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.set_835_claims import close_claim
from sanderling.core.x12.read.set_835_state import (
    FOOTER,
    HEADER,
    P_ADDRESS,
    P_CITY,
    P_POSTAL_CODE,
    P_STATE,
    REMITTANCE,
    TRIPLETS_MAX,
    Elements,
    State,
    money,
)
from sanderling.core.x12.read.values import CENTS

# Segments that the guide has and that no table holds whole: kept without a warning.
_KEPT: Final = frozenset(["CUR", "RDM", "TS2"])


def trailer(state: State, elements: Elements, position: int) -> None:
    """ST and SE are checked by the envelope."""
    if elements[0] == "SE":
        close_claim(state, position - 1)
        state.close_party()


def unknown(state: State, elements: Elements, position: int) -> None:
    """Keep a segment that no table holds, and tell it when the guide has none such."""
    tag = elements[0]
    state.keep(elements, position)
    if tag in _KEPT:
        return
    shown = tag if len(tag) <= 3 and tag.isalnum() else "(not readable)"
    message = f"Segment {shown} does not occur in an 835; it was kept as it is."
    state.problem("segment_unknown", message, shown, position)


def bpr(state: State, elements: Elements, position: int) -> None:
    """Read BPR: the payment."""
    if not state.once("BPR", elements, position, Severity.REFUSED):
        return
    row = state.remittance
    padded = elements + [""] * (17 - len(elements))
    row[REMITTANCE["handling"]] = padded[1] or None
    amount = CENTS[padded[2]]
    row[REMITTANCE["amount_cents"]] = amount
    row[REMITTANCE["credit_debit"]] = padded[3] or None
    row[REMITTANCE["method"]] = padded[4] or None
    kept = len(state.other_segments)
    row[REMITTANCE["payment_date"]] = state.day(padded, 16, position)
    if amount is None:
        state.bad_amount(elements, 2, position, Severity.REFUSED)
    elif amount < 0:
        message = "BPR02 is negative, which the guide does not allow; a forward balance (PLB) "
        message += "should carry it."
        state.problem("payment_negative", message, "BPR", position, element="BPR02")
    if any(padded[5:16]) or any(padded[17:]):
        if len(state.other_segments) == kept:  # banks and accounts have no column
            state.keep(elements, position)
        state.tell_surplus(elements, position, 21)


def trn(state: State, elements: Elements, position: int) -> None:
    """Read TRN: the check or EFT number."""
    if not state.once("TRN", elements, position, Severity.WARNING):
        return
    padded = elements + [""] * (5 - len(elements))
    row = state.remittance
    row[REMITTANCE["trace"]] = padded[2] or None
    row[REMITTANCE["payer_trace_id"]] = padded[3] or None
    row[REMITTANCE["trace_suffix"]] = padded[4] or None
    if not padded[2]:
        message = "TRN02 is empty: without the check or EFT number the payment cannot be found."
        state.problem("required_element_missing", message, "TRN", position, element="TRN02")
    state.surplus(elements, position, 4, 4)


def n1(state: State, elements: Elements, position: int) -> None:
    """Read N1: payer or payee."""
    state.close_party()
    padded = elements + [""] * (5 - len(elements))
    entity = padded[1]
    if state.claim_count or state.loop not in (HEADER, "1000A", "1000B"):
        state.misplaced(elements, position)
        return
    if entity == "PR":
        state.loop = "1000A"
        if state.once("N1*PR", elements, position, Severity.WARNING):
            state.remittance[REMITTANCE["payer_name"]] = padded[2] or None
            state.remittance[REMITTANCE["payer_id"]] = padded[4] or None
    elif entity == "PE":
        state.loop = "1000B"
        if state.once("N1*PE", elements, position, Severity.WARNING):
            payee(state, padded, position)
    else:
        message = "N101 is neither PR (payer) nor PE (payee); the party was read as it is."
        state.problem("code_unknown", message, "N1", position, element="N101")
    state.open_party(position, entity, None, padded[2], (None, None, None), padded[3], padded[4])
    state.surplus(elements, position, 4, 6)


def payee(state: State, padded: Elements, position: int) -> None:
    """Note the numbers of the payee."""
    row = state.remittance
    row[REMITTANCE["payee_name"]] = padded[2] or None
    if padded[3] == "XX":
        row[REMITTANCE["payee_npi"]] = padded[4] or None
        state.check_npi(padded[4], "N1", "N104", position)
    elif padded[3] == "FI":
        row[REMITTANCE["payee_tin"]] = padded[4] or None


def n3(state: State, elements: Elements, position: int) -> None:
    """Read N3: the street of the party before."""
    party = state.party
    if party is None:
        state.misplaced(elements, position)
    elif party[P_ADDRESS] is not None:
        state.repeated(elements, position)
    else:
        party[P_ADDRESS] = ", ".join(text for text in elements[1:3] if text)
        state.surplus(elements, position, 2, 2)


def n4(state: State, elements: Elements, position: int) -> None:
    """Read N4: the city of the party before."""
    party = state.party
    if party is None:
        state.misplaced(elements, position)
    elif party[P_CITY] is not None:
        state.repeated(elements, position)
    else:
        padded = elements + [""] * (4 - len(elements))
        party[P_CITY] = padded[1]
        party[P_STATE] = padded[2] or None
        party[P_POSTAL_CODE] = padded[3] or None
        state.surplus(elements, position, 3, 7)


def per(state: State, elements: Elements, position: int) -> None:
    """Read PER: a row for each number."""
    padded = elements + [""] * (9 - len(elements))
    row_count = 0
    for number in (3, 5, 7):
        if padded[number] or padded[number + 1] or (number == 3 and padded[2]):
            row_count += 1
            state.contacts += (
                state.index,
                state.line_index,
                position,
                state.loop,
                padded[1] or None,
                padded[2] or None,
                padded[number] or None,
                padded[number + 1] or None,
            )
    if not row_count:
        state.keep(elements, position)
    state.surplus(elements, position, 8, 9)


def lx(state: State, elements: Elements, position: int) -> None:
    """Read LX: the claims of another provider follow."""
    close_claim(state, position - 1)
    state.loop = "2000"
    state.provider_npi = None
    state.keep(elements, position)


def ts3(state: State, elements: Elements, position: int) -> None:
    """Read TS3: the provider of the claims that follow."""
    if state.loop != "2000":
        state.misplaced(elements, position)
        return
    if len(elements) > 1 and elements[1]:
        state.provider_npi = elements[1]
        if elements[1].isdigit():
            state.check_npi(elements[1], "TS3", "TS301", position)
    state.keep(elements, position)
    state.tell_surplus(elements, position, 24)


def plb(state: State, elements: Elements, position: int) -> None:
    """Read PLB: adjustments of the payment that belong to no claim of it."""
    close_claim(state, position - 1)
    state.close_party()
    state.loop = FOOTER
    padded = elements + [""] * (15 - len(elements))
    fiscal_date = state.day(padded, 2, position)
    for sequence in range(1, TRIPLETS_MAX + 1):
        number = 1 + 2 * sequence
        composite, text = padded[number], padded[number + 1]
        if not composite and not text:
            continue
        amount = CENTS[text]
        if amount is None:
            state.bad_amount(padded, number + 1, position, Severity.REFUSED)
        else:
            state.provider_total += amount
        code, _, reference = composite.partition(state.component)
        if not code:
            message = f"PLB{number:02} is empty: the adjustment has no reason."
            state.problem(
                "required_element_missing", message, "PLB", position, element=f"PLB{number:02}"
            )
        state.provider_adjustments += (
            position,
            sequence,
            padded[1] or None,
            fiscal_date,
            code or None,
            reference or None,
            amount,
        )
    if not any(padded[3:15]):
        state.keep(elements, position)
        message = "PLB names no adjustment; it was kept as it is."
        state.problem("required_element_missing", message, "PLB", position, element="PLB03")
    state.surplus(elements, position, 14, 14)


def check_required(state: State) -> None:
    """Tell the segments of the header that are missing."""
    severities = {
        "BPR": Severity.REFUSED,
        "TRN": Severity.WARNING,
        "N1*PR": Severity.WARNING,
        "N1*PE": Severity.WARNING,
    }
    state.loop = HEADER
    for key, severity in severities.items():
        if key in state.seen:
            continue
        message = f"{key} is missing; ask the payer to send the remittance again with it."
        state.problem(
            "required_segment_missing",
            message,
            key[:3].rstrip("*"),
            state.transaction.position,
            severity=severity,
        )


def check_balance(state: State) -> None:
    """Fill in the totals and tell whether the transaction set adds up."""
    row = state.remittance
    row[REMITTANCE["claim_count"]] = state.claim_count
    row[REMITTANCE["paid_total_cents"]] = state.paid_total
    row[REMITTANCE["provider_adjustment_total_cents"]] = state.provider_total
    amount = row[REMITTANCE["amount_cents"]]
    if amount is None:
        return
    gap = row[REMITTANCE["gap_cents"]] = amount - (state.paid_total - state.provider_total)
    if gap:
        message = (
            f"BPR02 {money(amount)} is not the claims' payments {money(state.paid_total)} "
            f"less the provider adjustments {money(state.provider_total)} (difference "
            f"{money(gap)}); nothing of it may be posted before the payer explains it."
        )
        state.problem(
            "transaction_out_of_balance",
            message,
            "BPR",
            state.transaction.position + 1,
            element="BPR02",
        )
