"""Pages of rules: the list, one rule, its form, its dry runs and what its runs did."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.automation import rules as doing
from sanderling.automation.forms import RuleForm, filled_in
from sanderling.automation.models import DryRun, DryRunState, Rule, RuleState, Run
from sanderling.automation.presets import PRESET_OF, PRESETS
from sanderling.automation.rule_page import (
    ITEMS_SHOWN,
    check_text,
    is_hidden,
    items_of_dry_run,
    items_of_run,
    latest_dry_run,
    rules_shown,
    runs_of,
    said,
)
from sanderling.automation.rules import RuleRefused
from sanderling.automation.tasks import defer_dry_run
from sanderling.automation.trying import GIVEN_UP_AFTER, ask_for_dry_run
from sanderling.automation.undoing import acts_of, undo_run
from sanderling.clients.queries import client_choices
from sanderling.core.refusal import Refusal
from sanderling.core.rules.fields import FIELDS

UNPROCESSABLE: Final = 422


def _rule(pk: int) -> Rule:
    rule = get_object_or_404(Rule.objects.select_related("version", "live_by"), pk=pk)
    if is_hidden(rule):
        raise Http404
    return rule


@require_GET
@requires("rules.edit")
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules in their order, and those ready to copy."""
    context = {
        "rules": rules_shown(today=timezone.now().date()),
        "presets": PRESETS,
        "states": RuleState,
    }
    return render(request, "automation/rules.html", context)


@require_http_methods(["GET", "POST"])
@requires("rules.edit")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Make a rule; `?preset=`, or `?name=` and `?condition=`, fill the form."""
    preset = PRESET_OF.get(request.GET.get("preset", ""))
    initial: dict[str, object] | None = {"name": preset.name, **preset.initial} if preset else None
    if preset is None and request.GET.get("condition"):
        initial = {name: request.GET.get(name, "") for name in ("name", "condition")}
    return _form_page(request, None, initial)


@require_http_methods(["GET", "POST"])
@requires("rules.edit")
def edit_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule: a new version, to be tried before it goes live again."""
    rule = _rule(pk)
    if rule.is_archived:
        raise Http404
    return _form_page(request, rule, filled_in(rule.name, rule.version) if rule.version else None)


def _form_page(
    request: HttpRequest, rule: Rule | None, initial: dict[str, object] | None
) -> HttpResponse:
    form = RuleForm(request.POST or None, clients=client_choices(), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = doing.save_rule(
                rule=rule,
                name=form.cleaned_data["name"],
                content=form.content(),
                by=person_of(request),
                at=timezone.now(),
            )
        except RuleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Run it over history before it goes live.")
            return redirect("rule", pk=saved.pk)
    text = str(form["condition"].value() or "")
    context = {
        "form": form,
        "rule": rule,
        "facts": FIELDS,
        "checked": check_text(text, today=timezone.now().date()) if text else None,
    }
    return render(
        request,
        "automation/rule_form.html",
        context,
        status=UNPROCESSABLE if request.method == "POST" else 200,
    )


@require_POST
@requires("rules.edit")
def check_rule(request: HttpRequest) -> HttpResponse:
    """Say what a condition means while it is written (htmx)."""
    text = request.POST.get("condition", "")
    checked = check_text(text, today=timezone.now().date()) if text.strip() else None
    return render(request, "automation/checked.html", {"checked": checked})


@require_GET
@requires("rules.edit")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a rule: what it says, what it would have done, what it did."""
    found = _rule(pk)
    now = timezone.now()
    context = {
        "rule": found,
        "said": said(found.version) if found.version else None,
        "dry_run": latest_dry_run(found, at=now),
        "runs": runs_of(found),
        "versions": found.versions.select_related("made_by").order_by("-number"),
    }
    return render(request, "automation/rule.html", context)


@require_POST
@requires("rules.edit")
def rule_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a rule run, watch only, pause, or put it away."""
    found, by, at = _rule(pk), person_of(request), timezone.now()
    wanted = request.POST.get("state", "")
    try:
        if wanted in {RuleState.LIVE, RuleState.WATCHING}:
            doing.start_rule(found, wanted, by=by, at=at)
        elif wanted == RuleState.PAUSED:
            doing.check_may_change(found, by)
            doing.pause_rule(found, reason=f"by {by.name}", at=at)
        elif wanted == "archived":
            doing.archive_rule(found, by=by, at=at)
            messages.success(request, "The rule is archived.")
            return redirect("rules")
        else:
            raise Http404
    except RuleRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("rule", pk=pk)


@require_POST
@requires("rules.edit")
def move_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a rule one place in the order."""
    step = -1 if request.POST.get("step") == "up" else 1
    try:
        doing.move_rule(_rule(pk), step, by=person_of(request))
    except RuleRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("rules")


@require_POST
@requires("rules.edit")
def new_dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a dry run over history; the worker does it."""
    try:
        asked = ask_for_dry_run(_rule(pk), by=person_of(request), at=timezone.now())
    except RuleRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("rule", pk=pk)
    if asked.state == DryRunState.WAITING:
        defer_dry_run(asked.pk)
    return redirect("dry-run", pk=asked.pk)


@require_GET
@requires("rules.edit")
def dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a dry run found; htmx asks again while the worker is at it."""
    found = get_object_or_404(DryRun.objects.select_related("version__rule", "made_by"), pk=pk)
    is_waiting = found.state == DryRunState.WAITING
    context = {
        "dry_run": found,
        "rule": found.version.rule,
        "said": said(found.version),
        "is_waiting": is_waiting and timezone.now() - found.made_at < GIVEN_UP_AFTER,
        "items": [] if is_waiting else items_of_dry_run(pk),
        "is_current": found.version.rule.version_id == found.version_id,
        "shown_max": ITEMS_SHOWN,
    }
    if not is_waiting:
        record_listing(request, action="dry_run.view", detail={"dry_run": pk})
    template = "dry_run_state.html" if request.headers.get("HX-Request") else "dry_run.html"
    return render(request, f"automation/{template}", context)


@require_GET
@requires("worklist.view")
def rule_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a run of a rule did, and to which claims."""
    found = get_object_or_404(Run.objects.select_related("rule", "version"), pk=pk)
    items = items_of_run(pk)
    if not items and not person_of(request).may("rules.edit"):
        raise Http404
    record_listing(request, action="rule_run.view", detail={"run": pk})
    context = {
        "run": found,
        "rule": found.rule,
        "said": said(found.version),
        "items": items,
        "acts": acts_of(found),
        "shown_max": ITEMS_SHOWN,
        "may_edit": person_of(request).may("rules.edit"),
    }
    return render(request, "automation/rule_run.html", context)


@require_POST
@requires("rules.edit")
def undo_rule_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back all that a run did."""
    found = get_object_or_404(Run.objects.select_related("rule"), pk=pk)
    try:
        undone = undo_run(found, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, undone)
    return redirect("rule-run", pk=pk)
