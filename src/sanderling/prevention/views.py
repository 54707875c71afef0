"""Pages of preventive actions: the list, one, its form, its steps, its edit rules."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.issues.models import Issue
from sanderling.prevention import actions as doing
from sanderling.prevention.forms import (
    ActionForm,
    NewActionForm,
    StepForm,
    filled_in,
    first_values,
)
from sanderling.prevention.listing import COLUMNS, TABS, found_actions, rows_of, tabs, totals
from sanderling.prevention.models import EditRule, EditTrial, PreventiveAction, TrialState
from sanderling.prevention.one import action_page, initial_of
from sanderling.prevention.tasks import defer_trials
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50


@require_GET
@requires("issues.view")
def prevention(request: HttpRequest) -> HttpResponse:
    """List the preventive actions by state, with what was measured of them."""
    today = timezone.now().date()
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "undone"
    found = found_actions(tab)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = rows_of(found, today=today)
        return export(
            rows,
            columns=COLUMNS,
            as_of=today,
            totals=totals(rows),
            form=wanted,
            name="preventive-actions",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": rows_of(list(page.object_list), today=today),
        "page": page,
        "tab": tab,
        "tabs": tabs(),
        "proven": totals(rows_of(found_actions("proven"), today=today)),
        "forms": FORMS,
        "may_edit": person_of(request).may("issues.edit"),
    }
    return render(request, "prevention/prevention.html", context)


@require_http_methods(["GET", "POST"])
@requires("issues.edit")
def new_action(request: HttpRequest) -> HttpResponse:
    """Make an action; `?issue=` fills the form from an issue."""
    now = timezone.now()
    number = request.POST.get("issue") or request.GET.get("issue") or ""
    issue = None
    if number:
        issue = get_object_or_404(
            Issue.objects.with_totals(), pk=int(number) if number.isdecimal() else 0
        )
    if request.method == "GET":
        more = initial_of(issue, today=now.date()) if issue else {}
        return _form_page(request, NewActionForm(initial=first_values(**more)), issue=issue)
    form = NewActionForm(request.POST)
    if form.is_valid():
        baseline = (
            {
                "issue": issue,
                "baseline_claims": issue.claims,
                "baseline_month_cents": issue.month_cents,
            }
            if issue
            else {}
        )
        try:
            made = doing.make_action(
                {**form.values(), **form.counted(), **baseline},
                client_ids=[one.pk for one in form.cleaned_data["clients"]],
                user=person_of(request),
                at=now,
                key=form.cleaned_data["key"],
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Made. Begin it when somebody is at it.")
            return redirect("preventive-action", made.pk)
    return _form_page(request, form, issue=issue)


def _form_page(
    request: HttpRequest,
    form: ActionForm,
    *,
    issue: Issue | None = None,
    action: PreventiveAction | None = None,
) -> HttpResponse:
    context = {"form": form, "issue": issue, "action": action}
    return render(
        request,
        "prevention/form.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("issues.edit")
def edit_action(request: HttpRequest, action_id: int) -> HttpResponse:
    """Change an action; what it counts stays."""
    action = get_object_or_404(PreventiveAction, pk=action_id)
    form = ActionForm(request.POST or None, initial=filled_in(action))
    if request.method == "POST" and form.is_valid():
        changed = doing.change_action(
            action_id, form.values(), user=person_of(request), at=timezone.now()
        )
        said = f"Changed: {', '.join(changed)}." if changed else "Nothing was changed."
        messages.success(request, said)
        return redirect("preventive-action", action_id)
    return _form_page(request, form, action=action)


def _page(
    request: HttpRequest, action_id: int, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    action = get_object_or_404(
        PreventiveAction.objects.select_related("owner", "issue", "made_by"), pk=action_id
    )
    context = {
        **action_page(action, at=timezone.now()),
        "action": action,
        "refusal": refusal,
        "may_edit": person_of(request).may("issues.edit"),
    }
    if context["edits"]:
        record_listing(request, action="prevention.view", detail={"action": action_id})
    return render(request, "prevention/action.html", context, status=status)


@require_GET
@requires("issues.view")
def preventive_action(request: HttpRequest, action_id: int) -> HttpResponse:
    """Show one action: what it is about, what was measured, its edit rules, its history."""
    return _page(request, action_id)


@require_POST
@requires("issues.edit")
def action_step(request: HttpRequest, action_id: int) -> HttpResponse:
    """Move an action from one state to the next."""
    get_object_or_404(PreventiveAction, pk=action_id)
    form = StepForm(request.POST)
    if not form.is_valid():
        return _page(request, action_id, refusal="Choose a step and a day.", status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        moved = doing.take_step(
            action_id,
            values["to_state"],
            from_state=values["from_state"],
            user=person_of(request),
            note=values["note"],
            at=timezone.now(),
            effective_date=values["effective_date"],
        )
    except Refusal as refusal:
        return _page(request, action_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, f"The action is {moved.get_state_display().lower()} now.")
    return redirect("preventive-action", action_id)


@require_POST
@requires("issues.edit")
def new_trial(request: HttpRequest, action_id: int) -> HttpResponse:
    """Search edit rules on history; the worker does it."""
    action = get_object_or_404(PreventiveAction, pk=action_id)
    trial = doing.ask_for_trial(action, user=person_of(request), at=timezone.now())
    if trial.state == TrialState.WAITING:
        defer_trials()
    return redirect("preventive-action", action_id)


@require_GET
@requires("issues.view")
def trial_state(request: HttpRequest, action_id: int) -> HttpResponse:
    """Return the part of the page that waits for the search (htmx)."""
    action = get_object_or_404(PreventiveAction, pk=action_id)
    context: dict[str, Any] = {
        **action_page(action, at=timezone.now()),
        "action": action,
        "may_edit": person_of(request).may("issues.edit"),
    }
    return render(request, "prevention/trial.html", context)


@require_POST
@requires("issues.edit")
def keep_rule(request: HttpRequest, action_id: int, trial_id: int) -> HttpResponse:
    """Keep a rule that was found."""
    trial = get_object_or_404(EditTrial, pk=trial_id, action_id=action_id)
    place = request.POST.get("place", "")
    try:
        doing.keep_rule(
            trial,
            int(place) if place.isdecimal() else -1,
            user=person_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, action_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, "Kept. It does nothing until it is switched on.")
    return redirect("preventive-action", action_id)


@require_POST
@requires("issues.edit")
def rule_active(request: HttpRequest, action_id: int, rule_id: int) -> HttpResponse:
    """Switch an edit rule on or off."""
    rule = EditRule.objects.select_related("action").filter(pk=rule_id, action_id=action_id).first()
    if rule is None:
        raise Http404
    try:
        doing.set_active(
            rule,
            is_active=request.POST.get("active") == "1",
            makes_tasks=request.POST.get("tasks") == "1",
            user=person_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, action_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, "Saved.")
    return redirect("preventive-action", action_id)
