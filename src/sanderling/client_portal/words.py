"""Where a claim stands and whose turn it is, in the words of a practice rather than a biller's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanderling.core.responsibility import Holder

# Barrier -> what the client reads, and what happens next.
STANDS: Final[Mapping[str, tuple[str, str]]] = {
    "awaiting_payer": ("With the payer", "The payer has the claim and still has time to answer."),
    "no_response": ("The payer is late", "The payer should have answered; we ask it."),
    "rejected": (
        "Turned back before processing",
        "The claim was turned back before the payer looked at it; we correct it and send it again.",
    ),
    "not_on_file": (
        "The payer does not find it",
        "The payer says that it has no such claim; we send it again or prove that it was there.",
    ),
    "pended": ("The payer asks for something", "The payer wants something before it decides."),
    "denied": ("Denied", "The payer refused it; we correct it or contest the decision."),
    "underpaid": ("Paid short", "The payer paid less than it owes; we claim the rest."),
    "secondary_unbilled": (
        "On its way to the next payer",
        "The first payer has decided; the next one gets the claim.",
    ),
    "corrected_pending": ("Corrected, with the payer", "A corrected claim is with the payer."),
    "appeal_pending": ("Contested, with the payer", "We contest the decision; the payer reviews."),
    "awaiting_client": ("Waits for you", "We asked you for something and need it to go on."),
    "awaiting_internal": ("Being prepared by us", "Another team of ours prepares the next step."),
    "paid_unposted": ("Paid, money not here yet", "The payer says that it paid; we trace it."),
    "patient_responsibility": (
        "The patient owes",
        "The payers are done; the rest is owed by the patient.",
    ),
    "credit_balance": ("Paid too much", "More was paid than is owed; we settle the difference."),
    "unexplained": ("Being looked at", "Somebody of ours reads the claim to find the next step."),
}
HOLDERS: Final[Mapping[Holder, str]] = {
    Holder.PAYER: "The payer",
    Holder.US: "Us",
    Holder.CLIENT_DOCUMENTS: "You: documents and answers",
    Holder.CLIENT_CODING: "You: coding",
    Holder.PATIENT: "The patient",
    Holder.BEFORE: "Before it came to us",
    Holder.SETTLED: "Nothing was owed",
}
# Issues that are sure enough to tell: found, being fixed, being watched.
ISSUE_STATES: Final[Mapping[str, str]] = {
    "confirmed": "Confirmed",
    "fixing": "Being fixed",
    "verifying": "Fixed, being watched",
}
ISSUE_KINDS: Final[Mapping[str, str]] = {
    "denial": "Denials",
    "rejection": "Claims turned back",
    "slow_payment": "Slow answers",
    "missing_remittance": "Payments without remittance",
    "unbilled_secondary": "Next payer not billed",
    "documentation_hold": "Documents asked for",
}
# What a claim's timeline says of acts and messages, where the house's words say too much.
EVENTS: Final[Mapping[str, str]] = {
    "submitted": "Sent",
    "answered": "Payer or clearinghouse answered",
    "held": "Payment came, being checked",
    "remitted": "Payer decided",
    "taken over": "Taken over from the system before",
    "followed up": "We followed up",
    "asked": "We asked the payer",
    "not answered": "The payer did not answer us",
    "written off": "Written off",
    "refunded": "Given back",
    "moved to patient": "Passed to the patient",
}


def stands(barrier: str) -> str:
    """Return where a claim stands."""
    return STANDS[barrier][0] if barrier in STANDS else barrier.replace("_", " ").capitalize()


def what_next(barrier: str) -> str:
    """Return what that means and what comes next."""
    return STANDS[barrier][1] if barrier in STANDS else ""
