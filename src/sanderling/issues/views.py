"""Pages of issues: the list, one issue, its claims, and what people do about it."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.issues.changing import ask_team, hand_over
from sanderling.issues.forms import AskForm, HandOverForm, StepForm
from sanderling.issues.listing import (
    COLUMNS,
    FILTERS,
    TABS,
    Asked,
    choices,
    found_issues,
    rows_of,
    tabs,
    tiles,
    total_of,
)
from sanderling.issues.models import Issue, SearchRun
from sanderling.issues.one import CLAIM_COLUMNS, issue_page, siblings_count, siblings_of
from sanderling.issues.steps import take_step
from sanderling.web.downloads import FORMS, export

UNPROCESSABLE: Final = 422
PAGE_ROWS: Final = 50
CLAIMS_SHOWN: Final = 25


@require_GET
@requires("issues.view")
def issues(request: HttpRequest) -> HttpResponse:
    """List the issues: tiles, tabs by state, filters, export."""
    today = timezone.now().date()
    tab = request.GET.get("tab", "open")
    asked = Asked(
        tab if tab in TABS else "open",
        {name: request.GET[name] for name in FILTERS if request.GET.get(name)},
    )
    found = found_issues(asked, person_of(request))
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        record_listing(request, action="issues.export", detail={"rows": len(found)})
        return export(
            rows_of(found, today=today),
            columns=COLUMNS,
            as_of=today,
            totals={"at_stake_cents": total_of(found, "at_stake_cents")},
            form=wanted,
            name="issues",
        )
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": rows_of(list(page.object_list), today=today),
        "page": page,
        "tab": asked.tab,
        "tabs": tabs(),
        "tiles": tiles(today=today),
        "filters": [
            {"name": name, "options": options, "chosen": asked.filters.get(name, "")}
            for name, options in choices().items()
        ],
        "is_filtered": bool(asked.filters),
        "searched": _searched(),
        "may_report": person_of(request).may("claims.work"),
        "forms": FORMS,
    }
    return render(request, "issues/issues.html", context)


def _searched() -> SearchRun | None:
    return (
        SearchRun.objects.filter(finished_at__isnull=False).order_by("-as_of_date", "-pk").first()
    )


def _issue(issue_id: int) -> Issue:
    issues = Issue.objects.with_totals().select_related("owner")
    found: Issue | None = issues.filter(pk=issue_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    issue_id: int,
    *,
    refusal: str = "",
    ask: AskForm | None = None,
    status: int = 200,
) -> HttpResponse:
    issue = _issue(issue_id)
    today = timezone.now().date()
    only_open = request.GET.get("claims") == "open"
    count = siblings_count(issue, only_open=only_open)
    page = Paginator(range(count), CLAIMS_SHOWN).get_page(request.GET.get("page"))
    shown = siblings_of(
        issue, limit=CLAIMS_SHOWN, offset=max(page.start_index() - 1, 0), only_open=only_open
    )
    record_listing(request, action="issue.view", detail={"issue": issue.pk, "claims": len(shown)})
    context = {
        **issue_page(issue, today=today),
        "issue": issue,
        "claims": shown,
        "claims_count": count,
        "only_open": only_open,
        "page": page,
        "forms": FORMS,
        "refusal": refusal,
        "may_edit": person_of(request).may("issues.edit"),
        "may_rule": person_of(request).may("rules.edit"),
        "hand_over": HandOverForm(initial={"owner": issue.owner_id, "team": issue.team}),
        "ask": ask or AskForm(initial={"team": issue.team, "question": _question(issue)}),
        "prevented": issue.preventive_actions.order_by("pk"),
    }
    return render(request, "issues/issue.html", context, status=status)


def _question(issue: Issue) -> str:
    return f"{issue.title}: what is behind it, and what is to be done with this claim?"


@require_GET
@requires("issues.view")
def issue(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Show one issue with its evidence, its claims and what can be done."""
    return _page(request, issue_id)


@require_GET
@requires("issues.view")
def issue_claims(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Export the claims of an issue."""
    found = _issue(issue_id)
    form = request.GET.get("format", "")
    if form not in FORMS:
        raise Http404
    rows = siblings_of(found, limit=None, only_open=request.GET.get("claims") == "open")
    record_listing(request, action="issue.export", detail={"issue": issue_id, "rows": len(rows)})
    return export(
        rows,
        columns=CLAIM_COLUMNS,
        as_of=timezone.now().date(),
        totals={
            "amount_cents": sum(row["amount_cents"] for row in rows),
            "balance_cents": sum(row["balance_cents"] or 0 for row in rows),
        },
        form=form,
        name=f"issue-{issue_id}-claims",
    )


@require_POST
@requires("issues.edit")
def issue_step(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Move an issue from one state to the next, with a note."""
    found = _issue(issue_id)
    form = StepForm(request.POST)
    if not form.is_valid():
        return _page(request, issue_id, refusal="Choose a step.", status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        take_step(
            found,
            values["to_state"],
            from_state=values["from_state"],
            user=person_of(request),
            note=values["note"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, issue_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, f"The issue is {found.get_state_display().lower()} now.")
    return redirect("issue", issue_id)


@require_POST
@requires("issues.edit")
def issue_hand_over(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Give an issue an owner and a team."""
    found = _issue(issue_id)
    form = HandOverForm(request.POST)
    if not form.is_valid():
        return _page(request, issue_id, refusal="Choose an owner and a team.", status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        changed = hand_over(found, owner=values["owner"], team=values["team"], at=timezone.now())
    except Refusal as refusal:
        return _page(request, issue_id, refusal=refusal.sentence, status=UNPROCESSABLE)
    messages.success(request, "Saved." if changed else "Nothing was changed.")
    return redirect("issue", issue_id)


@require_POST
@requires("claims.work")
def issue_ask(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Ask a team about open claims of the issue."""
    found = _issue(issue_id)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, issue_id, ask=form, status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        made = ask_team(
            found,
            form.items(),
            team=values["team"],
            question=values["question"],
            user=person_of(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, issue_id, refusal=refusal.sentence, ask=form, status=UNPROCESSABLE)
    messages.success(request, f"Asked: {made} task{'' if made == 1 else 's'}.")
    return redirect("issue", issue_id)
