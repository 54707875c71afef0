"""What barriers, categories, actions, teams and the like are called on pages and in sentences.

Keys are the names of the command line's contract; the words are those a biller uses. Names that are
not here (a newer engine, an override) are shown as they are, with blanks for underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# In the order of a claim's way: what waits, what is refused, what is short, what is not ours.
BARRIERS: Final[Mapping[str, str]] = {
    "awaiting_payer": "Waiting for the payer",
    "no_response": "No response in time",
    "rejected": "Rejected before processing",
    "not_on_file": "Not on file",
    "pended": "Pended, payer wants something",
    "denied": "Denied",
    "underpaid": "Paid short",
    "secondary_unbilled": "Secondary not billed",
    "corrected_pending": "Corrected claim sent",
    "appeal_pending": "Appeal sent",
    "awaiting_client": "Waiting for the client",
    "awaiting_internal": "Waiting for another team",
    "paid_unposted": "Paid, not posted",
    "patient_responsibility": "Patient owes",
    "credit_balance": "Credit balance",
    "unexplained": "Unexplained",
}
CATEGORIES: Final[Mapping[str, str]] = {
    "eligibility": "Eligibility",
    "authorization": "Authorization",
    "coding": "Coding",
    "bundling": "Bundling",
    "medical_necessity": "Medical necessity",
    "timely_filing": "Timely filing",
    "duplicate": "Duplicate",
    "coordination_of_benefits": "Coordination of benefits",
    "missing_information": "Missing information",
    "documentation": "Documentation",
    "provider": "Provider enrollment or network",
    "non_covered": "Not covered",
    "benefit_limit": "Benefit limit",
    "contractual": "Contract",
    "patient": "Patient share",
    "other": "Other",
}
ACTIONS: Final[Mapping[str, str]] = {
    "wait": "Wait",
    "check_status": "Check the status",
    "call_payer": "Call the payer",
    "resubmit": "Send the claim again",
    "correct_and_rebill": "Correct and rebill",
    "appeal": "Appeal",
    "send_records": "Send records",
    "request_documents": "Ask the client for documents",
    "obtain_authorization": "Obtain the authorization",
    "verify_eligibility": "Verify eligibility",
    "bill_secondary": "Bill the secondary",
    "dispute_underpayment": "Dispute the payment",
    "find_payment": "Find the payment",
    "transfer_to_patient": "Bill the patient",
    "refund": "Refund",
    "write_off": "Request a write-off",
    "escalate": "Escalate",
}
TEAMS: Final[Mapping[str, str]] = {
    "ar": "AR",
    "billing": "Billing",
    "coding": "Coding",
    "intake": "Intake",
    "authorization": "Authorization",
    "credentialing": "Credentialing",
    "client": "Client",
    "posting": "Posting",
    "contracts": "Contracts",
    "patient": "Patient accounts",
    "management": "Management",
}
DEADLINES: Final[Mapping[str, str]] = {
    "timely_filing": "Timely filing",
    "secondary_filing": "Filing with the secondary",
    "corrected_claim": "Corrected claim",
    "appeal": "Appeal",
    "records": "Records",
    "takeback_dispute": "Dispute of a takeback",
    "refund": "Refund",
}
# The kind of the fact that decided a barrier: `cause` of a row.
CAUSES: Final[Mapping[str, str]] = {
    "remittance": "remittance",
    "reversal": "reversal",
    "rejection": "rejection",
    "acceptance": "acceptance",
    "status": "status answer",
    "claim_sent": "claim sent",
    "activity": "work done",
    "snapshot": "balance taken over",
    "balance": "balance changed",
    "time": "time passed",
}
# The facts behind a barrier, as links are named.
EVIDENCE: Final[Mapping[str, str]] = {
    "held": "Payment held",
    "activity": "Work done",
    "correction": "Corrected claim sent",
    "remittance": "Remittance",
    "reversal": "Reversal",
    "status": "Status answer",
    "rejection": "Rejection",
    "forwarded": "Forwarded to the next payer",
    "prior": "Payment of the payer before",
    "accepted": "Accepted",
    "sent": "Claim sent",
    "snapshot": "Balance taken over",
}
# What would change a barrier, one line each.
WHAT_CHANGES: Final[Mapping[str, str]] = {
    "awaiting_payer": "The payer's remittance or status answer; without one, the due date.",
    "no_response": "A status answer or remittance, or the record of a call to the payer.",
    "rejected": "The claim corrected and sent again, and accepted.",
    "not_on_file": "The claim sent again and accepted, or proof that the payer has it.",
    "pended": "What the payer asked for, sent; then its decision.",
    "denied": "A corrected claim or an appeal sent, another decision of the payer, or a write-off.",
    "underpaid": "A dispute that the payer grants, or the difference written down.",
    "secondary_unbilled": "The claim sent to the second payer, or word that it was forwarded.",
    "corrected_pending": "The payer's decision on the corrected claim, or its rejection.",
    "appeal_pending": "The payer's decision on the appeal.",
    "awaiting_client": "What the client was asked for, received and recorded.",
    "awaiting_internal": "The other team's work done and recorded.",
    "paid_unposted": "The remittance found and posted.",
    "patient_responsibility": "The patient's payment, or another payer found for it.",
    "credit_balance": "A refund, a takeback by the payer, or a correction of what was posted.",
    "unexplained": "A person who reads the facts and records what to do.",
}
PARTIES: Final[Mapping[int, str]] = {
    11: "primary",
    12: "secondary",
    13: "tertiary",
    14: "patient",
}


def title(words: Mapping[str, str], name: str) -> str:
    """Return what `name` is called, itself in plain letters when there is no word for it."""
    return words.get(name) or name.replace("_", " ").capitalize()


def barrier_title(name: str) -> str:
    """Return what a barrier is called."""
    return title(BARRIERS, name)


def category_title(name: str) -> str:
    """Return what a category is called, an empty text for none."""
    return title(CATEGORIES, name) if name else ""


def action_title(name: str) -> str:
    """Return what a next action is called."""
    return title(ACTIONS, name)


def team_title(name: str) -> str:
    """Return what a team is called."""
    return title(TEAMS, name)


def deadline_title(kind: str, level: int = 0) -> str:
    """Return what a deadline is called; an appeal's with its level: Appeal, level 2."""
    return title(DEADLINES, kind) + (f", level {level}" if kind == "appeal" and level > 1 else "")


def cause_text(name: str) -> str:
    """Return what brought a change about: claim sent, time passed."""
    return CAUSES.get(name) or name.replace("_", " ")


def evidence_title(name: str) -> str:
    """Return what a fact behind a barrier is called."""
    return title(EVIDENCE, name)
