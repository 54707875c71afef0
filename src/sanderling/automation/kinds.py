"""The kinds of alert: what each is called, says, goes by, and how people hear of it by default.

Limits are the standards of DOMAIN 9.9; an installation may set its own on the page of limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Limit:
    """One number that a kind of alert goes by."""

    label: str
    default: int
    largest: int = 365


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert."""

    title: str
    about: str
    delivery: str = "digest"  # app, digest (in the app and the daily mail), mail (at once)
    limits: Mapping[str, Limit] = field(default_factory=dict)


ALERTS: Final[Mapping[str, AlertKind]] = {
    "deadline_risk": AlertKind(
        "Deadline at risk",
        "A deadline comes within so many days and nothing shows that it is met.",
        limits={
            "days": Limit("days ahead", 10),
            "urgent_days": Limit("days ahead that are urgent", 3),
        },
    ),
    "sla": AlertKind(
        "Not worked in time",
        "Denials, rejections and high-dollar claims without an answer that nobody has worked within"
        " the standard; key accounts have shorter ones. Of clients with an agreement,"
        " the kind below tells.",
        limits={
            "denial_days": Limit("business days to work a new denial", 5),
            "denial_key_days": Limit("the same for key accounts", 2),
            "rejection_days": Limit("business days to fix a rejection", 2),
            "rejection_key_days": Limit("the same for key accounts", 1),
            "silent_days": Limit("days between touches of a high-dollar claim", 14),
            "silent_key_days": Limit("the same for key accounts", 7),
        },
    ),
    "service_level": AlertKind(
        "Service level nearly or not kept",
        "What was agreed with a client (page Key accounts) is late, or three quarters of its time"
        " have gone. Told to the account manager and the client's leads.",
    ),
    "denial_spike": AlertKind(
        "More denials than usual",
        "Claims of one payer were denied for one kind of reason more often in the last seven days"
        " than in the eight weeks before, by an exact test of two Poisson counts: at least so many"
        " claims, at least twice the usual rate, and a chance under 1 in 1,000.",
        limits={"claims_min": Limit("claims in the week at least", 5)},
    ),
    "missing_remittance": AlertKind(
        "Remittance missing",
        "A payer that pays a client in most weeks has sent nothing for so many days; or claims were"
        " said to be paid so many days ago and no remittance was posted.",
        limits={
            "quiet_days": Limit("days without a remittance", 12),
            "weeks_min": Limit("weeks of the last eight with one, at least", 6, 8),
            "unposted_days": Limit("days since the payer said paid", 7),
        },
    ),
    "contract": AlertKind(
        "Contract to see to",
        "A contract ends and none follows (told at 90, 60 and 30 days), one has ended while claims"
        " are still billed, or rates change by an escalator of its terms.",
        limits={
            "days": Limit("days before the end", 90),
            "urgent_days": Limit("days before the end that are urgent", 30),
            "escalator_days": Limit("days before and after an escalator", 30),
        },
    ),
    "intake_failure": AlertKind(
        "Files not taken in",
        "A file was quarantined, or a watched folder is missing or cannot be read.",
        delivery="mail",
        limits={"days": Limit("days for which a quarantined file is shown", 14)},
    ),
    "mailbox_failure": AlertKind(
        "Mailbox not reached", "A mailbox or server of a payer could not be reached.", "mail"
    ),
    "late_acknowledgment": AlertKind(
        "Acknowledgment late",
        "A file of ours was sent and not confirmed in time: no TA1 or 999, or no 277CA, within the"
        " business days that its mailbox says.",
    ),
    "broken_promise": AlertKind(
        "Promise broken", "A payer promised a payment that did not come in time."
    ),
    "unowned_overdue": AlertKind(
        "Overdue without an owner",
        "Claims that should have been worked so many days ago and belong to nobody.",
        limits={"days": Limit("days overdue", 3)},
    ),
    "rule_limit": AlertKind(
        "Rule at its limit", "A rule found more items than it may act on; the rest wait.", "app"
    ),
    "rule_failed": AlertKind(
        "Rule failed", "A rule failed; after three times in a row it is paused.", "mail"
    ),
}
