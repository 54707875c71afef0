"""Lists of appeals: by where they are, with deadlines and dollars; one with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Sum

from sanderling.appeals.models import DECIDED, WITH_PAYER, Appeal, State
from sanderling.core.appeals.cases import VEHICLE_TITLES, cases
from sanderling.core.appeals.outcomes import Decided, Outcome, Overturn, overturns

TABS: Final[Mapping[str, str]] = {
    "draft": "To write",
    "ready": "To approve",
    "approved": "To send",
    "payer": "With the payer",
    "confirm": "Confirm receipt",
    "overdue": "Decision overdue",
    "outcome": "Outcome to confirm",
    "decided": "Decided",
}
COLUMNS: Final = (
    "appeal",
    "client",
    "claim",
    "payer_id",
    "case",
    "vehicle",
    "level",
    "state",
    "asked_cents",
    "recovered_cents",
    "deadline",
    "sent",
    "decision_due",
    "decided",
    "control_number",
    "project",
)
BY: Final = {"payer": "Payer", "case": "Case", "letter": "Letter"}


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are and what they ask for."""

    count: int
    cents: int


def appeals_of(tab: str, today: date) -> QuerySet[Appeal]:
    """Return the appeals of a tab that the session may see, what is due first on top."""
    found = Appeal.objects.select_related("claim__client", "payer", "project__project").filter(
        _of_tab(tab, today)
    )
    if tab in ("draft", "ready", "approved"):
        return found.order_by(F("deadline_date").asc(nulls_last=True), "pk")
    if tab == "decided":
        return found.order_by(F("decided_date").desc(nulls_last=True), "-pk")
    return found.order_by(F("decision_due_date").asc(nulls_last=True), "pk")


def _of_tab(tab: str, today: date) -> Q:
    of_state = {
        "draft": Q(state=State.DRAFT),
        "ready": Q(state=State.READY),
        "approved": Q(state=State.APPROVED),
        "payer": Q(state__in=WITH_PAYER),
        "confirm": Q(state=State.SENT, confirm_date__lte=today),
        "overdue": Q(state__in=WITH_PAYER, decision_due_date__lt=today),
        "outcome": Q(state__in=WITH_PAYER) & ~Q(proposed=""),
        "decided": Q(state__in=[*DECIDED, State.WITHDRAWN]),
    }
    return of_state[tab]


def sums(today: date) -> dict[str, Total]:
    """Return how many appeals each tab has, and the dollars they ask for; one query."""
    columns: dict[str, Count | Sum] = {}
    for tab in TABS:
        columns[f"{tab}_count"] = Count("pk", filter=_of_tab(tab, today))
        columns[f"{tab}_cents"] = Sum("asked_cents", filter=_of_tab(tab, today))
    row = Appeal.objects.aggregate(**columns)
    return {tab: Total(row[f"{tab}_count"], row[f"{tab}_cents"] or 0) for tab in TABS}


def rows_of(appeals: Sequence[Appeal], *, today: date) -> list[dict[str, Any]]:
    """Return appeals as a list shows them."""
    return [
        {
            "appeal": one.pk,
            "client": one.claim.client.code,
            "claim": one.claim.number,
            "payer_id": one.payer.payer_id if one.payer else "",
            "payer_name": one.payer.name if one.payer else "Unknown payer",
            "case": one.case,
            "case_text": cases()[one.case].title,
            "vehicle": one.vehicle,
            "vehicle_text": VEHICLE_TITLES[one.vehicle],
            "level": one.level,
            "state": one.state,
            "state_text": one.get_state_display(),
            "color": color_of(one.state),
            "asked_cents": one.asked_cents,
            "recovered_cents": one.recovered_cents,
            "deadline": one.deadline_date,
            "days_left": (one.deadline_date - today).days if one.deadline_date else None,
            "is_late": _is_late(one, today),
            "sent": one.sent_date,
            "decision_due": one.decision_due_date,
            "decided": one.decided_date,
            "control_number": one.control_number,
            "project": one.project.project.name if one.project else "",
            "project_id": one.project_id,
            "proposed": one.proposed,
            "proposed_text": State(one.proposed).label if one.proposed else "",
        }
        for one in appeals
    ]


def color_of(state: str) -> str:
    """Return the color of a state's badge."""
    return {
        State.WON: "green",
        State.PARTLY: "lime",
        State.LOST: "red",
        State.READY: "yellow",
        State.APPROVED: "blue",
        State.SENT: "azure",
        State.ACKNOWLEDGED: "azure",
    }.get(State(state), "secondary")


def _is_late(one: Appeal, today: date) -> bool:
    if one.state in (State.DRAFT, State.READY, State.APPROVED):
        return one.deadline_date is not None and one.deadline_date < today
    due = one.decision_due_date
    return one.state in WITH_PAYER and due is not None and due < today


def overturn_rates(by: str) -> list[tuple[str, Overturn]]:
    """Return how decided appeals ended by payer, case or letter, most dollars first.

    `by`: a key of BY. Withdrawn appeals count nowhere.
    """
    column = {
        "payer": "payer__name",
        "case": "case",
        "letter": "template_version__template__title",
    }[by]
    decided = [
        Decided(str(name or ""), Outcome(state), asked, recovered)
        for name, state, asked, recovered in Appeal.objects.filter(state__in=DECIDED)
        .order_by("pk")
        .values_list(column, "state", "asked_cents", "recovered_cents")
    ]
    found = overturns(decided)
    if by == "case":
        return [(cases()[one.group].title, one) for one in found]
    return [(one.group or "Unknown payer", one) for one in found]
