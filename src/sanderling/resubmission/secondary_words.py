"""Why a claim is not with its next payer, as one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sanderling.core.barriers.words import action_title, barrier_title
from sanderling.payers.models import PayerType
from sanderling.web.templatetags.sanderling import money

_WHY: Final = {
    "crossover": (
        "{before} passed the claim on to {payer} itself; its answer may take until {due}. "
        "Billing it as well would be a duplicate."
    ),
    "crossover_late": (
        "{before} passed the claim on to {payer}, which has not answered. Ask for its status; "
        "bill it directly only if it has no such claim."
    ),
    "before_open": "{before} is not through with the claim: {barrier}, {amount}.",
    "before_refused": (
        "{before} refused {amount}, and the next step there is: {action}. "
        "Bill now only if what it decided stands."
    ),
    "wrong_order": (
        "{before} says that another payer comes first. Settle the order with the patient; then "
        "that payer is billed first."
    ),
    "coverage": "The claim as sent does not tell under which number {payer} insures the patient.",
    "msp": "Why {payer} comes second is not known: say it once (MSP type).",
}
_QMB: Final = (
    "{before} is through with it. The patient is a qualified Medicare beneficiary: {payer} may "
    "pay nothing, and the patient must not be billed."
)
_REFUSED: Final = "{before} refused it, and {payer} may cover it."
_READY: Final = "{before} is through with it; {payer} owes what is left."


def sentence(row: Mapping[str, Any]) -> str:
    """Return what to know about a row of `secondary_listing`, also when nothing keeps it back."""
    text = _WHY.get(row["reason"], "")
    if not text and row["is_qmb"] and row["payer_type"] == PayerType.MEDICAID:
        text = _QMB
    if not text:
        text = _REFUSED if row["is_refusal"] else _READY
    told = text.format(
        before=row["before_name"] or "the payer before",
        payer=row["payer_name"] or "the next payer",
        due=row["due_date"],
        barrier=barrier_title(row["before_barrier"] or "").lower(),
        action=action_title(row["before_action"] or "").lower(),
        amount=money(row["before_cents"]),
    )
    return told[:1].upper() + told[1:]
