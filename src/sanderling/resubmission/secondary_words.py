"""Why a claim is not with its next payer, as one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanderling.core.barriers.words import action_title, barrier_title
from sanderling.web.templatetags.sanderling import money

_MEDICAID = "medicaid"


def sentence(row: Mapping[str, Any]) -> str:
    """Return what to know about a row of `secondary_listing`, also when nothing stands before it."""
    before = row["before_name"] or "The payer before"
    payer = row["payer_name"] or "the next payer"
    reason = row["reason"]
    if reason == "crossover":
        return (
            f"{before} passed the claim on to {payer} itself; its answer may take until "
            f"{row['due_date']}. Billing it as well would be a duplicate."
        )
    if reason == "crossover_late":
        return (
            f"{before} passed the claim on to {payer}, which has not answered. Ask for its "
            "status; bill it directly only if it has no such claim."
        )
    if reason == "before_open":
        said = barrier_title(row["before_barrier"]).lower()
        return f"{before} is not through with the claim: {said}, {money(row['before_cents'])}."
    if reason == "before_refused":
        action = action_title(row["before_action"]).lower()
        return (
            f"{before} refused {money(row['before_cents'])}, and the next step there is: {action}. "
            "Bill now only if what it decided stands."
        )
    if reason == "wrong_order":
        return (
            f"{before} says that another payer comes first. Settle the order with the patient; "
            "then that payer is billed first."
        )
    if reason == "coverage":
        return f"The claim as sent does not tell under which number {payer} insures the patient."
    if reason == "msp":
        return f"Why {payer} comes second is not known: say it once (MSP type)."
    if row["is_qmb"] and row["payer_type"] == _MEDICAID:
        return (
            f"{before} is through with it. The patient is a qualified Medicare beneficiary: "
            f"{payer} may pay nothing, and the patient must not be billed."
        )
    if row["is_refusal"]:
        return f"{before} refused it, and {payer} may cover it."
    return f"{before} is through with it; {payer} owes what is left."
