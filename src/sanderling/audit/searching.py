"""Questions to the audit trail: who saw or changed what. Pages by key, never by counting rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from sanderling.audit.models import AuditEvent

CLAIMS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the trail; an empty part fits every event.

    `actor`: user:17, worker, or the beginning before a colon (cli:). `action`: whole (claim.view),
    or a noun with its dot (claim.). `claim_ids`: None asks of any claim, empty finds nothing.
    `text`: a subject's kind or id, part of an action, or a claim's key (for the command line).
    """

    actor: str = ""
    action: str = ""
    client_id: int | None = None
    claim_ids: tuple[int, ...] | None = None
    from_date: date | None = None
    to_date: date | None = None
    subject_kind: str = ""
    subject_id: str = ""
    text: str = ""
    kind: str = ""  # of kind_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the time and key of its last event."""

    at: datetime
    event_id: int

    def text(self) -> str:
        """Return it as an address holds it."""
        return f"{self.at.isoformat()}~{self.event_id}"

    @classmethod
    def of(cls, text: str) -> Place | None:
        """Read it from an address; None when it is not one."""
        at, _, pk = text.partition("~")
        try:
            moment, number = datetime.fromisoformat(at), int(pk)
        except ValueError:
            return None
        if moment.tzinfo is None or not 0 < number < 2**63:
            return None
        return cls(moment, number)


# What is only looked at or taken away.
_LOOKS: Final = (
    *("view", "list", "export", "search", "download", "open", "preview", "lines", "call_sheet"),
    *("exhibit", "document", "letter", "form", "check", "choose", "file", "price_claim", "looks"),
    *("patient_search", "chain", "flags", "claims", "requests", "request", "open_by_link"),
)
# Who came and went: neither looks at anything nor changes it.
_LOG_INS: Final = ("user.log_in", "user.log_out", "user.log_in_failed")


def found(question: Question) -> QuerySet[AuditEvent]:
    """Return the events that fit, latest first."""
    events = AuditEvent.objects.order_by("-at", "-pk")
    if question.actor:
        events = events.filter(actor__in=_fitting("actor", question.actor, ":"))
    actions = _actions_of(question)
    if actions is not None:
        events = events.filter(action__in=actions)
    if question.client_id is not None:
        events = events.filter(client_id=question.client_id)
    if question.claim_ids is not None:
        events = events.filter(claim_id__in=question.claim_ids[:CLAIMS_MAX])
    if question.from_date:
        events = events.filter(at__gte=_dawn(question.from_date))
    if question.to_date:
        events = events.filter(at__lt=_dawn(question.to_date + timedelta(days=1)))
    if question.subject_kind:
        events = events.filter(subject_kind=question.subject_kind)
    if question.subject_id:
        events = events.filter(subject_id=question.subject_id)
    if question.text:
        events = events.filter(_words(question.text))
    return events


def page_of(
    question: Question, *, before: Place | None, rows_max: int
) -> tuple[list[AuditEvent], Place | None]:
    """Return the events after the place, and where the page after them begins, if there is one."""
    events = found(question)
    if before is not None:
        # As one comparison of rows, so that an index finds the place.
        events = events.extra(
            where=["(audit_event.at, audit_event.id) < (%s, %s)"],
            params=[before.at, before.event_id],
        )
    got = list(events[: rows_max + 1])
    if len(got) <= rows_max:
        return got, None
    last = got[rows_max - 1]
    return got[:rows_max], Place(last.at, last.pk)


def known_values(column: str) -> list[str]:
    """Return every actor or action that occurs, by jumping along the index from one to the next."""
    assert column in ("actor", "action")  # noqa: S101 - a name of ours
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE one AS (
                (SELECT {column} AS value FROM audit_event ORDER BY {column} LIMIT 1)
                UNION ALL
                SELECT (SELECT {column} FROM audit_event WHERE {column} > one.value
                         ORDER BY {column} LIMIT 1)
                  FROM one WHERE one.value IS NOT NULL
            )
            SELECT value FROM one WHERE value IS NOT NULL
            """  # noqa: S608 - the column is one of two names of ours
        )
        return [value for (value,) in cursor.fetchall()]


def kind_of(action: str) -> str:
    """Return what an action was: look (at something, or away with it), log_in, or change."""
    if action in _LOG_INS:
        return "log_in"
    return "look" if action.rpartition(".")[2] in _LOOKS else "change"


def _actions_of(question: Question) -> list[str] | None:
    if not (question.action or question.kind):
        return None
    actions = _fitting("action", question.action, ".")
    return [one for one in actions if question.kind in ("", kind_of(one))]


def _fitting(column: str, wanted: str, mark: str) -> list[str]:
    """Return the values that a whole one, or one that ends with the mark, stands for."""
    if wanted and not wanted.endswith(mark):
        return [wanted]
    return [one for one in known_values(column) if one.startswith(wanted)]


def _words(text: str) -> Q:
    wanted = Q(subject_id=text) | Q(subject_kind=text) | Q(action__icontains=text)
    if text.isdecimal() and len(text) < 18:  # noqa: PLR2004 - fits a bigint
        wanted |= Q(claim_id=int(text))
    return wanted


def _dawn(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def change_rows(event: AuditEvent) -> Sequence[tuple[str, Any, Any]]:
    """Return what changed as name, was, is; what was not a change has no `was`."""
    rows = []
    for name, value in sorted(event.detail.items()):
        if event.action.endswith(".update") and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - was and is
            rows.append((name, value[0], value[1]))
        else:
            rows.append((name, None, value))
    return rows
