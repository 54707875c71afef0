"""The inbox, acts on several tasks at once, and how many days each team has."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing
from sanderling.core.barriers.words import team_title
from sanderling.core.refusal import Refusal
from sanderling.tasks.forms import InboxForm
from sanderling.tasks.inbox import COLUMNS, STATES, WHOSE, Asked, inbox
from sanderling.tasks.people import due_days_of_teams
from sanderling.tasks.several import assign_tasks, set_due_days
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE = 422


def _asked(request: HttpRequest, user: User) -> tuple[Asked, InboxForm]:
    form = InboxForm(request.GET)
    return (
        Asked(
            user_id=user.pk,
            today=timezone.now().date(),
            teams=user.works_for(),
            whose=form.asked("whose", "team"),
            team=form.asked("team", ""),
            state=form.asked("state", "undone"),
            order=form.asked("order", "due"),
        ),
        form,
    )


@require_GET
@requires("claims.work")
def inbox_view(request: HttpRequest) -> HttpResponse:
    """Show the tasks of the user's teams, his own, or those he asked; or export them."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - @requires
    asked, form = _asked(request, user)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        found = inbox(asked, limit=None)
        record_listing(
            request,
            action="tasks.export",
            detail={"rows": found.count, "whose": asked.whose, "team": asked.team},
        )
        rows = [{**row, "result": row["result_text"]} for row in found.rows]
        return export(
            rows,
            columns=COLUMNS,
            as_of=asked.today,
            totals=None,
            form=wanted,
            name="tasks",
        )
    page = int(form.asked("page", "1"))
    found = inbox(asked, page=page)
    record_listing(
        request,
        action="tasks.list",
        detail={"rows": len(found.rows), "whose": asked.whose, "team": asked.team},
    )
    context = {
        "inbox": found,
        "asked": asked,
        "whose": WHOSE,
        "states": STATES,
        "forms": FORMS,
        "members": _members(user) if user.may("claims.assign") else (),
        "total": sum(tab.count for tab in found.tabs),
        "total_cents": sum(tab.balance_cents for tab in found.tabs),
        "overdue": sum(tab.overdue for tab in found.tabs),
    }
    return render(request, "tasks/inbox.html", context)


def _members(user: User) -> list[User]:
    """Return who can be given tasks: active people who work on claims, the user first."""
    others = User.objects.filter(is_active=True).order_by("name", "pk")
    return [user, *(one for one in others if one.pk != user.pk and one.may("claims.work"))]


@require_POST
@requires("claims.work")
def bulk(request: HttpRequest) -> HttpResponse:
    """Take the chosen tasks, or give them to somebody."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - @requires
    ids = [int(one) for one in request.POST.getlist("task") if one.isdecimal()]
    chosen = request.POST.get("assignee", "")
    back = request.POST.get("back", "")
    address = reverse("inbox") + (f"?{back}" if back else "")
    if request.POST.get("act") == "assign" and not user.may("claims.assign"):
        messages.error(request, "Only a lead can give tasks to others; take them yourself.")
        return redirect(address)
    if request.POST.get("act") == "assign":
        assignee = User.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
        if chosen and assignee is None:
            messages.error(request, "Choose who gets the tasks.")
            return redirect(address)
    else:
        assignee = user
    done, refused = assign_tasks(ids, assignee=assignee, user=user, at=timezone.now())
    if not ids:
        messages.error(request, "Choose at least one task.")
    if done:
        messages.success(request, _done(done, assignee, user))
    for sentence in refused[:5]:
        messages.error(request, f"{sentence[:1].upper()}{sentence[1:]}.")
    return redirect(address)


def _done(count: int, assignee: User | None, user: User) -> str:
    whose = "the team's" if assignee is None else f"{assignee.name}'s"
    whose = "yours" if assignee == user else whose
    return f"{count} tasks are {whose} now." if count != 1 else f"The task is {whose} now."


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def teams(request: HttpRequest) -> HttpResponse:
    """Show who works for which team, and set how many days each has."""
    refusal = ""
    if request.method == "POST":
        try:
            changed = set_due_days(
                {
                    name.removeprefix("days_"): str(value)
                    for name, value in request.POST.items()
                    if name.startswith("days_")
                },
                at=timezone.now(),
            )
        except Refusal as error:
            refusal = f"{str(error)[:1].upper()}{str(error)[1:]}."
        else:
            messages.success(request, "Saved." if changed else "Nothing was changed.")
            return redirect("teams")
    people = [
        user
        for user in User.objects.filter(is_active=True).order_by("name", "pk")
        if user.may("claims.work")
    ]
    rows = [
        {
            "team": team,
            "title": team_title(team),
            "days": request.POST.get(f"days_{team}", days),
            "people": [user for user in people if team in user.works_for()],
        }
        for team, days in due_days_of_teams().items()
    ]
    return render(
        request,
        "tasks/teams.html",
        {"rows": rows, "refusal": refusal},
        status=UNPROCESSABLE if refusal else 200,
    )
