"""What is behind a barrier and how it is resolved, in plain words: our text, facts of DOMAIN 3, 9.

Issue: what it means. Steps: what to do, in order. Options: what is left when that does not help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Play:
    """One page of the playbook."""

    issue: str
    steps: tuple[str, ...]
    options: tuple[str, ...] = ()


_ESCALATE: Final = "After two touches that did not help: escalate to the lead."

BARRIERS: Final[Mapping[str, Play]] = {
    "awaiting_payer": Play(
        "The payer has the claim and its time to answer is not over.",
        (
            "Leave it: a call now costs minutes and changes nothing.",
            "Ask before the day only when a filing limit comes close.",
        ),
        ("A status inquiry (276) costs seconds where the payer answers it.",),
    ),
    "no_response": Play(
        "The payer should have answered by now.",
        (
            "Look for an acknowledgment: was the claim accepted?",
            "Ask electronically or in the portal first, then by phone.",
            "Not on file: send it again with proof that it was filed in time.",
        ),
        (_ESCALATE,),
    ),
    "rejected": Play(
        "The claim was refused before it was processed. To the payer, it was never filed.",
        (
            "Read the rejection: which loop or field, which code.",
            "Correct it and send it again as a new claim the same day.",
            "Watch for the acceptance.",
        ),
        ("The same rejection on many claims: a setting at us or at the clearinghouse.",),
    ),
    "not_on_file": Play(
        "The payer says that it has no claim.",
        (
            "Check member id, eligibility on the day of service, and payer id.",
            "Send the claim again, with proof of the first filing when the limit is near or over.",
            "Check the acknowledgment after three days.",
        ),
        ("Accepted before? Ask by phone with the proof at hand.", _ESCALATE),
    ),
    "pended": Play(
        "The payer holds the claim until it gets something, or has looked at something.",
        (
            "Find out exactly what is wanted, from whom, by when and where it goes.",
            "Send it within two business days and note how.",
            "After ten days, ask whether it arrived.",
        ),
        (
            "What we do not have: ask the client, with a due day.",
            "COB: the patient must call the payer; write and call him.",
        ),
    ),
    "underpaid": Play(
        "The payer paid less than it should have, or cut a line.",
        (
            "Compare the allowed amount of each line with the contract or fee schedule.",
            "Dispute it in writing with the contract page.",
        ),
        (
            "The same difference on many claims: one project for all of them.",
            "The payer is right: write down the difference.",
        ),
    ),
    "secondary_unbilled": Play(
        "The primary has decided, and the secondary has no claim yet.",
        (
            "Look whether the primary forwarded it; then wait its thirty days.",
            "Otherwise bill the secondary with the primary's amounts and reasons.",
        ),
        ("The secondary's filing limit usually counts from the primary's remittance.",),
    ),
    "corrected_pending": Play(
        "A corrected claim is with the payer.",
        (
            "Wait for its decision; check that it was accepted.",
            "After 25 days without an answer: ask.",
        ),
        ("Refused as a duplicate: the payer's claim number or frequency 7 was missing.",),
    ),
    "appeal_pending": Play(
        "An appeal or dispute is with the payer.",
        (
            "After ten days: ask whether it arrived, and for the day of the decision.",
            "On that day: ask for the outcome.",
        ),
        ("Upheld: the next level, before its limit; then an outside review.", _ESCALATE),
    ),
    "awaiting_client": Play(
        "The client owes us something: records, an authorization, an answer.",
        (
            "Remind after 3 days, then the lead (5) and the client's manager (7).",
            "Ten days before a limit: say in writing what will be lost.",
        ),
    ),
    "awaiting_internal": Play(
        "Another team has the next step.",
        ("Look into its task; answer what it asks.",),
        ("Overdue: speak to the team's lead.",),
    ),
    "paid_unposted": Play(
        "The payer says that it paid or finished; no remittance is posted.",
        (
            "Get check or EFT number, day and amount.",
            "Look for the 835 among files and suspense; ask for it again.",
            "Not received: was the check cashed, and by whom? Ask for a stop and a new one.",
        ),
        (
            "Kept for another claim (offset): find the provider-level adjustment, dispute it.",
            "Paid to the patient: bill the patient.",
        ),
    ),
    "patient_responsibility": Play(
        "The patient owes what is left.",
        ("Check that the share is right before a statement goes out.",),
        ("Other coverage turns up: bill it first.",),
    ),
    "credit_balance": Play(
        "More was paid or adjusted than was owed.",
        (
            "Find out which payment is too much, and whose money it is.",
            "Refund it, or let the payer take it back; never leave it.",
        ),
        ("Medicare and Medicaid: within 60 days of knowing.",),
    ),
    "unexplained": Play(
        "The facts on hand do not say why this is open.",
        (
            "Read remittances, answers and ledger below.",
            "Record what you find; call the payer when nothing explains it.",
        ),
    ),
}

DENIALS: Final[Mapping[str, Play]] = {
    "eligibility": Play(
        "The payer says that the patient was not covered on the day.",
        (
            "Check eligibility for the day of service; read the card again.",
            "Wrong id: correct it and rebill. Covered elsewhere: bill that payer.",
        ),
        ("No coverage at all: bill the patient.",),
    ),
    "authorization": Play(
        "An authorization or referral was missing or did not match.",
        (
            "Look for one: number, days, codes and units.",
            "Found: correct and rebill, or send it as a reconsideration.",
            "Not found: ask for one after the fact while the payer allows it.",
        ),
        ("Emergency or urgent care: appeal with the records.", "Otherwise: write-off."),
    ),
    "coding": Play(
        "A code, modifier or diagnosis does not fit.",
        ("A coder looks at the line.", "Correct and rebill with frequency 7."),
        ("The coding is right: appeal with the records and the rule.",),
    ),
    "bundling": Play(
        "The service is counted as part of another one.",
        (
            "Look which line it is bundled into and by which edit.",
            "Separate services: a coder adds the modifier; correct and rebill.",
        ),
        ("Bundled rightly: write it down.",),
    ),
    "medical_necessity": Play(
        "The payer does not find the service necessary.",
        (
            "Get the policy; compare it with the records and diagnoses.",
            "Ask for a peer-to-peer while there is time.",
            "Appeal with the records.",
        ),
        ("Another diagnosis in the records: a coder decides; correct and rebill.",),
    ),
    "timely_filing": Play(
        "The payer says that the claim came too late.",
        (
            "Find the proof: the payer's or clearinghouse's acceptance within the limit.",
            "Appeal with it.",
        ),
        ("No proof: write-off, with the reason why it was late.",),
    ),
    "duplicate": Play(
        "The payer has another claim for the same service.",
        ("Find the first claim and what became of it; work on that one.",),
        ("Two real services: correct with the modifier that says so.",),
    ),
    "coordination_of_benefits": Play(
        "The payer says that another payer comes first.",
        (
            "Find out who is primary on its file.",
            "Right: bill the primary, then this payer. Wrong: the patient updates it.",
        ),
    ),
    "missing_information": Play(
        "Something on the claim was missing or wrong.",
        ("Read the remark code: it names what.", "Correct and rebill."),
    ),
    "documentation": Play(
        "Records were asked for and did not come, or did not suffice.",
        ("Send them within two business days, with the request's reference.",),
        ("They were sent: show when and how, ask for a new decision.",),
    ),
    "provider": Play(
        "The provider is not enrolled, not in the network, or loaded wrongly.",
        (
            "Ask credentialing for the status and the effective day.",
            "Then have it processed again.",
        ),
        ("Many claims: one project for all of them.",),
    ),
    "non_covered": Play(
        "The plan does not cover the service.",
        ("Check the benefit and whether the patient signed that he pays.",),
        ("Signed: bill the patient. Not signed: appeal, or write-off.",),
    ),
    "benefit_limit": Play(
        "The benefit is used up.",
        ("Check the count of visits or the amount; bill the next payer or the patient.",),
    ),
    "contractual": Play(
        "The payer reduced it under the contract.",
        ("Compare with the contract; right: nothing more to do.", "Wrong: dispute it."),
    ),
}
_OTHER_DENIAL: Final = Play(
    "The payer refused the claim.",
    ("Find out the exact reason and what would resolve it.", "Note the appeal limit."),
    (_ESCALATE,),
)


def play_for(barrier: str, category: str) -> Play | None:
    """Return the page for a barrier, a denial's by its category; None for a newer barrier."""
    if barrier == "denied":
        return DENIALS.get(category, _OTHER_DENIAL)
    return BARRIERS.get(barrier)
