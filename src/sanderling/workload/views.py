"""Pages for leads: capacity, the queue, hours of people; work moved from one to another."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.web.downloads import FORMS, export
from sanderling.worklists.acting import undo_fault
from sanderling.worklists.acts_done import recent_acts
from sanderling.worklists.planning import Feasibility
from sanderling.workload import capacity_page, queue_page
from sanderling.workload.capacity import Capacity, business_days, capacity, due_items
from sanderling.workload.flow import weeks
from sanderling.workload.forms import DayOffForm, HoursForm, MoveForm, QueueForm
from sanderling.workload.links import NOBODY
from sanderling.workload.models import DayOff, InvalidHours
from sanderling.workload.narrowing import Narrow
from sanderling.workload.people import (
    USUAL_MINUTES,
    Person,
    add_days_off,
    hours,
    people,
    remove_days_off,
    set_hours,
)
from sanderling.workload.queue import oldest_untouched, queue_of
from sanderling.workload.reassigning import Move, reassign
from sanderling.workload.replanning import (
    TAG,
    NoPlan,
    Replan,
    acts_of,
    apply_replan,
    desk_people,
    expiring,
    replan,
    undo_replan,
)

UNPROCESSABLE: Final = 422
EXPIRING_SHOWN: Final = 10
MAX_KEY: Final = 36


@require_GET
@requires("workload.view")
def workload(request: HttpRequest) -> HttpResponse:
    """Show what is due against the minutes there are, by person, team and day."""
    everybody = people()
    start = {"from_user": request.GET.get("from", "")}
    return _capacity_page(request, MoveForm(everybody, initial=start))


@require_POST
@requires("claims.assign")
def move_work(request: HttpRequest) -> HttpResponse:
    """Move work from one person to another."""
    form = MoveForm(people(), request.POST)
    if not form.is_valid():
        return _capacity_page(request, form)
    values = form.cleaned_data
    move = Move(
        from_user_id=form.user_id("from_user"),
        to_user_id=form.user_id("to_user"),
        narrow=form.narrow(),
        is_due=not values["is_all"],
        minutes=values["minutes"],
    )
    try:
        done = reassign(
            move, user=person_of(request), at=timezone.now(), key=str(values["key"] or uuid4())
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _capacity_page(request, form)
    refused = f" {len(done.refused)} stayed where they were." if done.refused else ""
    messages.success(request, f"{done.words}.{refused}")
    return redirect("workload")


@require_POST
@requires("claims.assign")
def apply_plan(request: HttpRequest) -> HttpResponse:
    """Give out what would expire and can still be saved, or take the latest re-plan back."""
    user, now, today = person_of(request), timezone.now(), timezone.localdate()
    try:
        if request.POST.get("do") == "undo":
            restored = undo_replan(user=user, at=now)
            messages.success(request, f"The re-plan was taken back: {restored} as before.")
            return redirect("workload")
        desk = desk_people(people())
        times = hours([one.user_id for one in desk])
        found = expiring(desk, times, today=today)
        if found is None:
            raise NoPlan("nobody has minutes to work: set hours first")
        key = request.POST.get("key", "")[:MAX_KEY] or str(uuid4())
        done = apply_replan(replan(found, desk, times, today=today), user=user, at=now, key=key)
    except Refusal as refusal:
        messages.error(request, f"Nothing was changed: {refusal}.")
    else:
        messages.success(request, f"{'. '.join(act.words for act in done)}.")
    return redirect("workload")


@require_GET
@requires("workload.view")
def queue(request: HttpRequest) -> HttpResponse:
    """Show how the queue is, and what flowed in and out."""
    form = QueueForm(request.GET)
    if not form.is_valid():
        return render(request, "workload/queue.html", {"form": form}, status=UNPROCESSABLE)
    today, narrow, by = timezone.localdate(), form.narrow(), form.cleaned_data["by"]
    if request.GET.get("format", "") in FORMS:
        return _queue_export(request, narrow, by=by, today=today)
    whole = queue_of(by, narrow, today=today)
    found = weeks(narrow, today=today, open_now=whole.total.open.count)
    filters = {name: form.cleaned_data[name] for name in ("client", "payer")}
    payers = {str(pk): code for pk, code in Payer.objects.values_list("pk", "payer_id")}
    oldest = oldest_untouched(narrow, today=today)
    record_listing(request, action="claims.list", detail={"rows": len(oldest)})
    late = queue_page.late_rows(whole.late, filters)
    context = {
        "form": form,
        "tab": "queue",
        "today": today,
        "by": by,
        "total": queue_page.health_row(whole.total, by="", filters=filters, payers=payers),
        "rows": [
            queue_page.health_row(row, by=by, filters=filters, payers=payers) for row in whole.rows
        ],
        "late": late,
        "late_chart": queue_page.late_chart(late),
        "weeks": found[::-1],
        "flow_chart": queue_page.flow_chart(found),
        "oldest": oldest,
        "forms": FORMS,
    }
    return render(request, "workload/queue.html", context)


def _queue_export(request: HttpRequest, narrow: Narrow, *, by: str, today: date) -> HttpResponse:
    """Return one table of the queue as a file; `table` names it."""
    columns: tuple[str, ...]
    match request.GET.get("table", ""):
        case "flow":
            rows = queue_page.flow_rows(weeks(narrow, today=today))
            columns, name = queue_page.FLOW_COLUMNS, "workload-flow"
        case "late":
            rows = queue_page.late_export(queue_of(by, narrow, today=today).late)
            columns, name = queue_page.LATE_COLUMNS, "workload-late"
        case "oldest":
            rows = queue_page.oldest_export(oldest_untouched(narrow, today=today))
            columns, name = queue_page.OLDEST_COLUMNS, "workload-oldest"
            record_listing(request, action="claims.export", detail={"rows": len(rows)})
        case _:
            rows = queue_page.health_rows(queue_of(by, narrow, today=today).rows, by=by)
            columns, name = queue_page.HEALTH_COLUMNS, f"workload-by-{by}"
    return _export(request, rows, columns, name, today)


def _export(
    request: HttpRequest,
    rows: list[dict[str, Any]],
    columns: tuple[str, ...],
    name: str,
    today: date,
) -> HttpResponse:
    form = request.GET["format"]
    return export(rows, columns=columns, as_of=today, totals=None, form=form, name=name)


@require_http_methods(["GET", "POST"])
@requires("workload.view")
def person_hours(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show and set how long a person works, and days off."""
    person = get_object_or_404(User, pk=user_id, pk__in=[one.user_id for one in people()])
    now, today = timezone.now(), timezone.localdate()
    weekly = hours([person.pk]).weekly.get(person.pk, USUAL_MINUTES)
    is_off = "from_date" in request.POST
    is_hours = request.method == "POST" and not is_off
    hours_form = HoursForm(
        request.POST if is_hours else None,
        initial={f"day_{number}": minutes for number, minutes in enumerate(weekly)},
    )
    off_form = DayOffForm(request.POST if is_off else None)
    form: HoursForm | DayOffForm = off_form if is_off else hours_form
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, HoursForm):
                set_hours(user=person, minutes=form.minutes(), at=now)
            else:
                add_days_off(user=person, at=now, **form.cleaned_data)
        except InvalidHours as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{person.name}: saved.")
            return redirect("workload-hours", user_id=person.pk)
    context = {
        "person": person,
        "hours_form": hours_form,
        "off_form": off_form,
        "days_off": DayOff.objects.filter(user=person, to_date__gte=today).order_by("from_date"),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "workload/hours.html", context, status=status)


@require_POST
@requires("workload.view")
def remove_day_off(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    """Take days off back."""
    visible = [one.user_id for one in people()]
    day_off = get_object_or_404(DayOff, pk=pk, user_id=user_id, user_id__in=visible)
    remove_days_off(day_off=day_off, at=timezone.now())
    messages.success(request, "The days off were taken back.")
    return redirect("workload-hours", user_id=user_id)


def _capacity_page(request: HttpRequest, form: MoveForm) -> HttpResponse:
    today = timezone.localdate()
    everybody = people()
    days = business_days(today)
    found = capacity(
        due_items(today, days[-1]), everybody, hours([one.user_id for one in everybody]), days
    )
    if request.GET.get("format", "") in FORMS:
        return _capacity_export(request, found, everybody, today)
    context = {
        "tab": "capacity",
        "today": today,
        "days": [(capacity_page.day_text(day, today), day) for day in days],
        "last_day": days[-1],
        "rows": capacity_page.people_rows(found, everybody, today),
        "teams": capacity_page.team_rows(found, today),
        "unowned": capacity_page.other_row(found.unowned, today, owner=NOBODY),
        "others": capacity_page.other_row(found.others, today, is_linked=False),
        "total": capacity_page.other_row(found.total, today),
        "chart": capacity_page.chart(found),
        "form": form,
        "last_move": _last_move(request),
        "plan": _plan(request, everybody, today),
        "forms": FORMS,
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "workload/capacity.html", context, status=status)


def _capacity_export(
    request: HttpRequest, found: Capacity, everybody: list[Person], today: date
) -> HttpResponse:
    """Return one table of the capacity page as a file; `table` names it."""
    columns: tuple[str, ...]
    match request.GET.get("table", ""):
        case "teams":
            rows = capacity_page.team_export(found)
            columns, name = capacity_page.TEAM_COLUMNS, "capacity-of-teams"
        case "expiring":
            planned = _planned(everybody, today)
            rows = capacity_page.expiring_export(planned[2] if planned else [])
            columns, name = capacity_page.EXPIRING_COLUMNS, "deadlines-at-this-capacity"
            record_listing(request, action="claims.export", detail={"rows": len(rows)})
        case _:
            rows = list(capacity_page.export_rows(found, everybody))
            columns, name = capacity_page.COLUMNS, "capacity"
    return _export(request, rows, columns, name, today)


def _planned(
    everybody: list[Person], today: date
) -> tuple[Feasibility, Replan, list[dict[str, Any]]] | None:
    """Return what expires at this capacity, what a re-plan saves, and both as rows."""
    desk = desk_people(everybody)
    times = hours([one.user_id for one in desk])
    found = expiring(desk, times, today=today)
    if found is None:
        return None
    plan = replan(found, desk, times, today=today)
    names = {one.user_id: one.name for one in desk}
    return found, plan, capacity_page.expiring_rows(found, plan, names)


def _plan(request: HttpRequest, everybody: list[Person], today: date) -> dict[str, Any] | None:
    """Return what expires at this capacity and what a re-plan saves, in words and rows."""
    planned = _planned(everybody, today)
    if planned is None:
        return None
    found, plan, rows = planned
    record_listing(request, action="claims.list", detail={"rows": len(rows)})
    user = person_of(request)
    latest = [one for one in acts_of(user) if one.undone_at is None]
    is_fresh = bool(latest) and not undo_fault(latest[0], user=user, at=timezone.now())
    return {
        "words": found.words,
        "minutes": found.minutes_a_day,
        "days": found.days,
        "rows": rows[:EXPIRING_SHOWN],
        "more": len(rows) - EXPIRING_SHOWN,
        "can_apply": bool(plan.given) and user.may("claims.assign"),
        "people": len(plan.given),
        "items": sum(len(some) for some in plan.given.values()),
        "key": uuid4(),
        "tag": TAG,
        "can_undo": is_fresh,
    }


def _last_move(request: HttpRequest) -> Any:  # noqa: ANN401 - an act, or nothing
    """Return this person's latest act when it moved work and can still be undone."""
    user = person_of(request)
    for act in recent_acts(user.pk, limit=1):
        is_plan = act.key.startswith("replan:")
        if (
            act.kind == "assign"
            and not is_plan
            and not undo_fault(act, user=user, at=timezone.now())
        ):
            return act
    return None
