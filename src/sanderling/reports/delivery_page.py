"""What the pages of approval and delivery show."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from sanderling.accounts.models import User
from sanderling.clients.queries import client_codes_by_id
from sanderling.mail.models import State as MailState
from sanderling.reports.approving import cannot_approve
from sanderling.reports.delivery_models import Delivery, Due, DueState
from sanderling.reports.models import Report, State
from sanderling.reports.page_pictures import pages_of
from sanderling.reports.patients import names_claims
from sanderling.reports.several import drafts, glanced, groups_of
from sanderling.web.exporting import Row

LISTED_MAX: Final = 300
COLUMNS: Final = (
    *("delivery_id", "queued_at", "client", "report_id", "title", "from_date", "to_date"),
    *("address", "way", "state", "sent_at", "opened_at", "link_expires_at", "has_pdf", "result"),
)
SHOWS: Final = {
    "": "All",
    "unopened": "Not opened",
    "opened": "Opened",
    "failed": "Not delivered",
    "waiting": "On its way",
    "ended": "Replaced or withdrawn",
}


def waiting_facts(user: User, *, group: str = "") -> dict[str, Any]:
    """Return what waits for people: drafts, approved ones, what could not be made or delivered.

    `group`: only drafts of one period and composition (`several.groups_of`); unknown: all.
    """
    listed = Report.objects.select_related("client", "approved_by").defer("numbers")
    waiting = drafts()
    groups = groups_of(waiting)
    chosen = next((one for one in groups if one["key"] == group), None)
    if chosen is not None:
        first, last, definition_id = group.split(".")
        waiting = waiting.filter(from_date=first, to_date=last, definition_id=definition_id)
    approved = listed.filter(state=State.APPROVED).order_by("to_date", "client__code", "pk")
    failed = Due.objects.filter(state=DueState.FAILED).select_related("schedule__definition")
    undelivered = _shown("failed").order_by("-pk")
    codes = client_codes_by_id()
    return {
        "drafts": glanced(waiting, user, most=LISTED_MAX),
        "draft_count": waiting.count(),
        "groups": groups if len(groups) > 1 else [],
        "group": group if chosen is not None else "",
        "all_count": sum(one["count"] for one in groups),
        "approved": approved[:LISTED_MAX],
        "failed": [
            {"due": due, "client": codes.get(due.client_id, "")} for due in failed.order_by("pk")
        ],
        "undelivered": undelivered[:LISTED_MAX],
        "being_made": Due.objects.filter(state=DueState.WAITING).count(),
        "may_approve": user.may("reports.approve"),
        "may_edit": user.may("reports.edit"),
    }


def approval_facts(report: Report, user: User) -> dict[str, Any]:
    """Return a report's pages beside those of the one before, its steps and deliveries."""
    before = (
        Report.objects.filter(
            definition_id=report.definition_id,
            client_id=report.client_id,
            provider=report.provider,
            to_date__lt=report.to_date,
            state__in=[State.APPROVED, State.SENT],
        )
        .order_by("-to_date", "-pk")
        .first()
    )
    count = len(pages_of(report))
    count_before = len(pages_of(before)) if before else 0
    return {
        "report": report,
        "before": before,
        "pages": [
            {"number": number, "is_here": number <= count, "was_there": number <= count_before}
            for number in range(1, max(count, count_before) + 1)
        ],
        "names_claims": names_claims(report.numbers),
        "cannot_approve": cannot_approve(report, user),
        "steps": report.steps.select_related("user").order_by("at", "pk"),
        "deliveries": rows_of(
            list(
                Delivery.objects.filter(report=report)
                .select_related("mail", "report__client")
                .order_by("-pk")
            )
        ),
        "may_approve": user.may("reports.approve"),
        "may_edit": user.may("reports.edit"),
        "next_draft": Report.objects.filter(state=State.DRAFT)
        .exclude(pk=report.pk)
        .order_by("to_date", "client__code", "pk")
        .values_list("pk", flat=True)
        .first(),
    }


def deliveries(*, show: str, text: str) -> QuerySet[Delivery]:
    """Return the delivery log, latest first; `text` is part of an address or a client's code."""
    found = _shown(show).order_by("-queued_at", "-pk")
    if text:
        found = found.filter(Q(address__icontains=text) | Q(report__client__code__icontains=text))
    return found


def tabs(chosen: str) -> list[dict[str, object]]:
    """Return the choices of the log with their counts."""
    counts = Delivery.objects.aggregate(
        **{key or "all": Count("pk", filter=_fits(key)) for key in SHOWS}
    )
    return [
        {"key": key, "title": title, "count": counts[key or "all"], "is_chosen": key == chosen}
        for key, title in SHOWS.items()
    ]


def _shown(show: str) -> QuerySet[Delivery]:
    return Delivery.objects.select_related("mail", "report__client").filter(_fits(show))


def _fits(show: str) -> Q:
    alive = Q(ended_at=None)
    match show:
        case "opened":
            return alive & Q(opened_at__isnull=False)
        case "unopened":
            return alive & Q(opened_at=None, mail__state=MailState.SENT)
        case "failed":
            return alive & Q(opened_at=None, mail__state__in=["failed", "cancelled"])
        case "waiting":
            return alive & Q(opened_at=None, mail__state__in=["waiting", "sending"])
        case "ended":
            return Q(ended_at__isnull=False)
    return Q()


def rows_of(found: list[Delivery]) -> list[Row]:
    """Return deliveries as rows of pages and exports."""
    return [
        {
            "delivery_id": one.pk,
            "queued_at": one.queued_at,
            "client": one.report.client.code,
            "report_id": one.report_id,
            "title": one.report.title,
            "from_date": one.report.from_date,
            "to_date": one.report.to_date,
            "address": one.address,
            "way": "log-in" if one.user_id else "link",
            "state": state_of(one),
            "sent_at": one.mail.sent_at if one.mail else None,
            "opened_at": one.opened_at,
            "last_opened_at": one.last_opened_at,
            "link_expires_at": one.link_expires_at,
            "has_pdf": one.has_pdf,
            "result": one.mail.result if one.mail else "",
            "is_ended": one.ended_at is not None,
        }
        for one in found
    ]


def state_of(one: Delivery) -> str:
    """Return what became of a delivery: ended, opened, sent, waiting, failed, cancelled."""
    if one.ended_at is not None:
        return "ended"
    if one.opened_at is not None:
        return "opened"
    state = one.mail.state if one.mail else MailState.WAITING
    return "waiting" if state == MailState.SENDING else str(state)
