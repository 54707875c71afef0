"""What to ask on a call, by barrier and category. Source: DOMAIN 9.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALWAYS: Final = (
    "Who am I speaking with?",
    "What is the reference number of this call?",
    "How long will that take, and is there a deadline for us?",
)
_NOT_ON_FILE: Final = (
    "Was the member active on the day of service? Is the member id exact?",
    "Are our payer id and address right?",
    "Is there a claim under another name, tax id or NPI?",
    "What is the filing limit, and which proof of timely filing do you accept?",
    "May I fax the claim, or add it by phone?",
)
_IN_PROCESS: Final = (
    "When was the claim received, and what is its number?",
    "Is it clean? Is it held for anything?",
    "Do you need anything from us?",
    "When will it be finished? By when must it be paid under prompt pay?",
)
_INFO: Final = (
    "What exactly is wanted, and from whom?",
    "When was the letter sent, and by when must the answer be there?",
    "Where does it go: fax, portal or address, and under which reference?",
    "Does the claim reopen by itself when it is there?",
)
_PAID: Final = (
    "When was it paid, how much, what was allowed, and what is the patient's share?",
    "What is the check or EFT number? A single or a bulk payment?",
    "Was it cashed, and when?",
    "To which address and tax id did it go?",
    "Can you send the 835 again, or fax the EOB?",
)
_DENIED: Final[Mapping[str, tuple[str, ...]]] = {
    "eligibility": (
        "When did the coverage end?",
        "Is other coverage on file?",
        "What is the right member id? Was coverage added back later?",
    ),
    "coordination_of_benefits": (
        "Who is primary on your file?",
        "When was it last updated?",
        "What must the member do?",
        "Is the claim processed again by itself after that?",
    ),
    "authorization": (
        "Is an authorization on file? Number, days, codes and units?",
        "How many days are there for one after the service?",
        "Appeal or reconsideration? Where do records go?",
    ),
    "coding": (
        "Which line and code, and which edit: NCCI or your own?",
        "Would a modifier be accepted?",
        "Until when do you take a corrected claim?",
    ),
    "bundling": (
        "Into which line or claim is it bundled?",
        "Which edit: NCCI or your own? Would a modifier be accepted?",
        "Until when do you take a corrected claim?",
    ),
    "medical_necessity": (
        "Which policy and which criteria were not met?",
        "Until when can a peer-to-peer be held?",
        "Which levels of appeal are there, and until when?",
    ),
    "timely_filing": (
        "Which limit was applied, and from which day?",
        "On which day did you receive the first claim?",
        "Which proof do you accept, and where does the appeal go?",
    ),
    "duplicate": (
        "What is the number of the first claim?",
        "What became of it?",
    ),
    "provider": (
        "Is the provider active under this tax id, and since when?",
        "Which NPI is loaded?",
        "Who corrects it, and are all claims processed again after that?",
    ),
}
_UNDERPAID: Final = (
    "Which fee schedule is loaded, and which network was used?",
    "What was allowed for each line, and why was it reduced?",
    "Where does a dispute go, and until when?",
)
_OFFSET: Final = (
    "Which claim and patient was it taken for?",
    "When was the letter sent? How much is left to be taken?",
    "What are our rights to dispute it?",
)
_APPEAL: Final = (
    "When was the appeal received, and at which level is it?",
    "Who reviews it, and by when is it decided?",
    "If it is decided: when, how, and where was the letter sent?",
)
_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "awaiting_payer": _IN_PROCESS,
    "no_response": _IN_PROCESS + _NOT_ON_FILE[:2],
    "rejected": _NOT_ON_FILE,
    "not_on_file": _NOT_ON_FILE,
    "pended": _INFO,
    "underpaid": _UNDERPAID,
    "secondary_unbilled": (
        "Was the claim forwarded to you by the primary, and when?",
        *_IN_PROCESS[:2],
        "How do you want the primary's payment: electronic or as a copy of the EOB?",
    ),
    "corrected_pending": (
        "Was the corrected claim received, and what is its number?",
        *_IN_PROCESS[1:],
    ),
    "appeal_pending": _APPEAL,
    "paid_unposted": _PAID,
    "credit_balance": _OFFSET,
}


def call_script(barrier: str, category: str) -> tuple[str, ...]:
    """Return the questions for a claim in this state, without those that are always asked."""
    if barrier == "denied":
        own = _DENIED.get(category, ("What exactly is the reason, and what would resolve it?",))
        return (*own, "What is the claim number, and until when can we appeal or correct?")
    return _SCRIPTS.get(barrier, _IN_PROCESS)
