"""Pages about people's work: what it brought, and the weekly sample of notes for review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.core.barriers.words import action_title
from sanderling.followup.models import Activity
from sanderling.web.downloads import FORMS, export
from sanderling.workload.forms import ReviewForm, SpanForm, WeekForm
from sanderling.workload.productivity import (
    CREDIT_DAYS,
    FEW,
    USUAL_MINUTES,
    Work,
    cash_of_nobody,
    work_of_people,
)
from sanderling.workload.quality import (
    CHECKLIST,
    SAMPLE,
    ReviewRefused,
    Sampled,
    counted,
    hints,
    monday_of,
    review,
    reviews_of,
    sample,
    scores,
)

UNPROCESSABLE: Final = 422
SCORE_WEEKS: Final = 12
BIGGEST_ID: Final = 2**63
WORK_COLUMNS: Final = (
    *("person", "touches", "claims", "avoidable_touches", "productive_rate", "minutes"),
    *("timed_touches", "cash_cents", "cash_an_hour_cents", "paid_claims", "resolved"),
    *("resolved_cents", "promises_kept", "promises_ended"),
)


@require_GET
@requires("workload.view")
def work(request: HttpRequest) -> HttpResponse:
    """Show what people's work brought, with how each measure is counted."""
    today = timezone.localdate()
    form = SpanForm(request.GET, today=today)
    if not form.is_valid():
        context = {"form": form, "tab": "people"}
        return render(request, "workload/people.html", context, status=UNPROCESSABLE)
    span = {name: form.cleaned_data[name] for name in ("from_date", "to_date")}
    narrow = form.narrow()
    rows = work_of_people(narrow, **span)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            [_exported(row) for row in rows],
            columns=WORK_COLUMNS,
            as_of=span["to_date"],
            totals=None,
            form=wanted,
            name="work-of-people",
        )
    whole_cents, by_itself_cents = cash_of_nobody(narrow, **span)
    context = {
        "form": form,
        "tab": "people",
        **span,
        "rows": rows,
        "chart": _touch_chart(rows),
        "whole_cents": whole_cents,
        "by_itself_cents": by_itself_cents,
        "credit_days": CREDIT_DAYS,
        "usual_minutes": USUAL_MINUTES,
        "few": FEW,
        "forms": FORMS,
    }
    return render(request, "workload/people.html", context)


@require_GET
@requires("workload.view")
def quality(request: HttpRequest) -> HttpResponse:
    """Show the week's sample of notes, and what reviews found so far."""
    today = timezone.localdate()
    form = WeekForm(request.GET)
    if not form.is_valid():
        context = {"form": form, "tab": "quality"}
        return render(request, "workload/quality.html", context, status=UNPROCESSABLE)
    week = monday_of(form.cleaned_data["week"] or today)
    notes = sample(week)
    said, reviewed = hints(notes, today=today), reviews_of(notes)
    record_listing(request, action="claims.list", detail={"rows": len(notes)})
    known = scores(since=today - timedelta(weeks=SCORE_WEEKS))
    names = dict(User.objects.filter(pk__in=list(known)).values_list("pk", "name"))
    context = {
        "form": form,
        "tab": "quality",
        "week": week,
        "before": week - timedelta(days=7),
        "after": week + timedelta(days=7) if week + timedelta(days=7) <= today else None,
        "notes": [
            {
                "note": one,
                "action_text": action_title(one.action),
                "hint": said.get(one.activity_id, ""),
                "reviews": [
                    (review_.reviewer.name, *counted(review_.answers))
                    for review_ in reviewed.get(one.activity_id, [])
                ],
            }
            for one in notes
        ],
        "scores": sorted(
            ((names[user_id], score) for user_id, score in known.items() if user_id in names),
            key=lambda pair: pair[0].lower(),
        ),
        "sample": SAMPLE,
        "score_weeks": SCORE_WEEKS,
    }
    return render(request, "workload/quality.html", context)


@require_http_methods(["GET", "POST"])
@requires("workload.view")
def review_note(request: HttpRequest, activity_id: int) -> HttpResponse:
    """Show one note with the checklist, and keep a review."""
    note = _note(activity_id)
    reviewer = request.user
    assert isinstance(reviewer, User)  # noqa: S101 - `requires` lets nobody else in
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            review(
                note,
                reviewer=reviewer,
                answers=form.answers(),
                comment=form.cleaned_data["comment"],
                at=timezone.now(),
            )
        except ReviewRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The review was kept.")
            return redirect("workload-quality")
    record_view(request, claim_id=note.claim_id, client_id=note.client_id)
    earlier = reviews_of([note]).get(activity_id, [])
    context = {
        "note": note,
        "action_text": action_title(note.action),
        "hint": hints([note], today=timezone.localdate()).get(activity_id, ""),
        "form": form,
        "reviews": [_told(one.answers, one.reviewer.name, one.comment) for one in earlier],
        "may_review": reviewer.pk != note.user_id
        and reviewer.pk not in {one.reviewer_id for one in earlier},
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "workload/review.html", context, status=status)


def _note(activity_id: int) -> Sampled:
    """Return the note, when there is one that the session may see."""
    found = None
    if activity_id < BIGGEST_ID:
        found = next(iter(_sample_of(activity_id)), None)
    if found is None:
        raise Http404
    return found


def _sample_of(activity_id: int) -> list[Sampled]:
    """Return the note of the sample of its own week, if it is in it."""
    day = Activity.standing.filter(pk=activity_id).values_list("activity_date", flat=True).first()
    if day is None:
        return []
    return [one for one in sample(monday_of(day)) if one.activity_id == activity_id]


def _told(answers: dict[str, str], reviewer: str, comment: str) -> dict[str, Any]:
    return {
        "reviewer": reviewer,
        "comment": comment,
        "answers": [(question, answers.get(key, "")) for key, question in CHECKLIST.items()],
    }


def _touch_chart(rows: list[Work]) -> dict[str, Any]:
    """Return the bars of touches by person: those that told us something, and the others."""
    return {
        "kind": "bars",
        "unit": "count",
        "horizontal": True,
        "stacked": True,
        "categories": [row.name for row in rows],
        "series": [
            {"name": "Productive", "values": [row.touches - row.avoidable for row in rows]},
            {"name": "Avoidable", "values": [row.avoidable for row in rows]},
        ],
    }


def _exported(row: Work) -> dict[str, Any]:
    return {
        "person": row.name,
        "touches": row.touches,
        "claims": row.claims,
        "avoidable_touches": row.avoidable,
        "productive_rate": None if row.productive_rate is None else round(row.productive_rate, 4),
        "minutes": round(row.minutes),
        "timed_touches": row.timed,
        "cash_cents": row.cash_cents,
        "cash_an_hour_cents": row.cash_an_hour_cents,
        "paid_claims": row.paid_claims,
        "resolved": row.resolved,
        "resolved_cents": row.resolved_cents,
        "promises_kept": row.promises_kept,
        "promises_ended": row.promises_ended,
    }
