"""What a team can be asked, what it can answer, and what each does to the claim.

Pure tables. Asking about a claim and answering are also acts about the claim (`followup`): while a
team has the question the claim waits for it, and with the answer it is ready to be worked again.
Source: DOMAIN 9.3, 9.8 and the ways claims take through teams (3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sanderling.core.codes.names import NextAction, Team


@dataclass(frozen=True, slots=True)
class Result:
    """One way to answer: its words, what is to be done next, what must be told with it."""

    title: str
    next_action: NextAction
    value_label: str = ""  # what the answer must name: a new code, a number; empty: nothing


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One kind of question: who is usually asked, what act it is, how it can be answered."""

    title: str
    team: Team
    action: NextAction  # the act about the claim; `sent` makes it wait
    results: Mapping[str, Result]


DOCUMENTS: Final = "documents"
_DONE: Final = Result("Done", NextAction.CALL_PAYER)
_CANNOT: Final = Result("Cannot be done", NextAction.ESCALATE)

KINDS: Final[Mapping[str, TaskKind]] = {
    "coding_review": TaskKind(
        "Coding review",
        Team.CODING,
        NextAction.WAIT,
        {
            "corrected": Result(
                "Corrected code", NextAction.CORRECT_AND_REBILL, "New code or modifier"
            ),
            "stands": Result("The code stands, appeal", NextAction.APPEAL),
            "not_supported": Result("The record does not support it", NextAction.WRITE_OFF),
            "other": Result("Something else", NextAction.CALL_PAYER),
        },
    ),
    "corrected_data": TaskKind(
        "Corrected data",
        Team.BILLING,
        NextAction.WAIT,
        {
            "corrected": Result(
                "Corrected, to be sent again", NextAction.CORRECT_AND_REBILL, "What was corrected"
            ),
            "resent": Result("Corrected and sent", NextAction.WAIT),
            "cannot": _CANNOT,
        },
    ),
    "posting": TaskKind(
        "Posting",
        Team.POSTING,
        NextAction.FIND_PAYMENT,
        {
            "found": Result(
                "The payment was found", NextAction.FIND_PAYMENT, "Check or EFT number"
            ),
            "corrected": Result("Cleared with the payer", NextAction.WAIT),
            "not_received": Result("No payment was received", NextAction.CALL_PAYER),
            "other": Result("Something else", NextAction.CALL_PAYER),
        },
    ),
    "credentialing": TaskKind(
        "Credentialing",
        Team.CREDENTIALING,
        NextAction.WAIT,
        {
            "enrolled": Result(
                "Enrolled, to be sent again", NextAction.RESUBMIT, "Effective date or number"
            ),
            "pending": Result("Enrollment is under way", NextAction.WAIT),
            "not_enrolled": Result("Not enrolled on that day", NextAction.ESCALATE),
        },
    ),
    "authorization": TaskKind(
        "Authorization",
        Team.AUTHORIZATION,
        NextAction.OBTAIN_AUTHORIZATION,
        {
            "found": Result(
                "There is an authorization", NextAction.CORRECT_AND_REBILL, "Authorization number"
            ),
            "retroactive": Result("Retroactive one requested", NextAction.WAIT),
            "not_needed": Result("None was needed, appeal", NextAction.APPEAL),
            "none": Result("There is none", NextAction.ESCALATE),
        },
    ),
    "eligibility": TaskKind(
        "Eligibility",
        Team.INTAKE,
        NextAction.VERIFY_ELIGIBILITY,
        {
            "other_coverage": Result(
                "Other coverage", NextAction.RESUBMIT, "Payer and member number"
            ),
            "active": Result("Was covered, appeal", NextAction.APPEAL),
            "corrected": Result("Member data corrected", NextAction.CORRECT_AND_REBILL),
            "none": Result("No coverage", NextAction.TRANSFER_TO_PATIENT),
        },
    ),
    DOCUMENTS: TaskKind(
        "Documents from the client",
        Team.CLIENT,
        NextAction.REQUEST_DOCUMENTS,
        {
            "received": Result("Received", NextAction.SEND_RECORDS, "What was received"),
            "none": Result("The client has none", NextAction.ESCALATE),
        },
    ),
    "other": TaskKind(
        "Other",
        Team.MANAGEMENT,
        NextAction.WAIT,
        {"done": _DONE, "cannot": _CANNOT},
    ),
}

# Days a team has for an answer, where nobody said otherwise (TeamRule). Source: DOMAIN 9.3, 9.8.
DUE_DAYS: Final[Mapping[str, int]] = {
    Team.AR: 2,
    Team.BILLING: 2,
    Team.CODING: 2,
    Team.INTAKE: 2,
    Team.AUTHORIZATION: 7,
    Team.CREDENTIALING: 14,
    Team.CLIENT: 7,
    Team.POSTING: 2,
    Team.CONTRACTS: 7,
    Team.PATIENT: 7,
    Team.MANAGEMENT: 2,
}


def kind_title(kind: str) -> str:
    """Return what a kind is called on pages."""
    return KINDS[kind].title


def result_title(kind: str, result: str, value: str) -> str:
    """Return an answer in short: "Corrected code: 99213"."""
    found = KINDS[kind].results.get(result)
    title = found.title if found else result.replace("_", " ")
    return f"{title}: {value}" if value else title
