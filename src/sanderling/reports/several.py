"""The reports of a month looked through and approved together, each under its own rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, F, Func, JSONField, OuterRef, QuerySet, Value

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.reports.approving import MADE_IT, WROTE_ITS_NOTE, approve
from sanderling.reports.delivery_models import Step, StepKind
from sanderling.reports.models import Report, State
from sanderling.reports.recipients import suggested
from sanderling.reports.sending import approve_and_send
from sanderling.reports.words import figure_text, moved_text, period_text

# What tells one client's month from another's at a glance, where the report has it.
GLANCED: Final = ("cash", "owed", "over_90")
_HEADLINE: Final = '$.blocks[*] ? (@.kind == "headline").figures'


@dataclass(slots=True)
class Approved:
    """What became of reports that were approved together.

    `sent`: mails that left; `refused`: a sentence for each report that was not approved.
    """

    done: int = 0
    sent: int = 0
    refused: list[str] = field(default_factory=list)


def approve_all(ids: Iterable[int], *, sends: bool, user: User, at: datetime) -> Approved:
    """Approve each, and send it to who is suggested when `sends`; a refused one stops no other.

    Asking again refuses what is approved already, and changes nothing.
    """
    told = Approved()
    found = Report.objects.filter(pk__in=set(ids)).select_related("client").defer("numbers")
    for report in found.order_by("client__code", "to_date", "pk"):
        try:
            if sends:
                choice = suggested(report)
                told.sent += len(approve_and_send(report.pk, choice, user=user, at=at))
            else:
                approve(report.pk, user=user, at=at)
        except Refusal as refusal:
            told.refused.append(f"{report.client.code}, {report.title}: {refusal}.")
        else:
            told.done += 1
    return told


def groups_of(drafts: QuerySet[Report]) -> list[dict[str, Any]]:
    """Return the drafts' periods and compositions with their counts, the latest period first."""
    found = (
        drafts.order_by()
        .values("from_date", "to_date", "definition_id", "definition__name")
        .annotate(count=Count("pk"))
        .order_by("-to_date", "-from_date", "definition__name")
    )
    return [
        {
            "key": key_of(one["from_date"], one["to_date"], one["definition_id"]),
            "title": one["definition__name"],
            "period": period_text(one["from_date"], one["to_date"]),
            "count": one["count"],
        }
        for one in found
    ]


def key_of(from_date: object, to_date: object, definition_id: int) -> str:
    """Return what names a group in an address."""
    return f"{from_date}.{to_date}.{definition_id}"


def glanced(drafts: QuerySet[Report], user: User, *, most: int) -> list[dict[str, Any]]:
    """Return drafts with the figures at their head, and why this person may not approve one."""
    notes = Step.objects.filter(report=OuterRef("pk"), kind=StepKind.NOTE, user=user)
    figures = Func(
        F("numbers"), Value(_HEADLINE), function="jsonb_path_query_first",
        template="%(function)s(%(expressions)s::jsonpath)", output_field=JSONField(),
    )  # fmt: skip
    return [
        {
            "report": one,
            "period": period_text(one.from_date, one.to_date),
            "figures": _shown(one.figures or []),
            "why_not": MADE_IT if one.made_by_id == user.pk else WROTE_ITS_NOTE
            if one.wrote_note else "",
        }
        for one in drafts.annotate(figures=figures, wrote_note=Exists(notes))[:most]
    ]  # fmt: skip


def _shown(figures: list[dict[str, Any]]) -> list[dict[str, str]]:
    by_key = {one["key"]: one for one in figures}
    return [
        {"label": one["label"], "value": figure_text(one), "moved": moved_text(one)}
        for one in (by_key[key] for key in GLANCED if key in by_key)
    ]


def drafts() -> QuerySet[Report]:
    """Return what waits for approval, the oldest period first."""
    listed = Report.objects.filter(state=State.DRAFT).select_related("client").defer("numbers")
    return listed.order_by("to_date", "client__code", "pk")
