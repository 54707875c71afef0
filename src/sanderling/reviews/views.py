"""Pages of reviews: the list, series, one pack, its minutes and its calendar entry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.refusal import Refusal
from sanderling.reviews import making
from sanderling.reviews.calendar import CONTENT_TYPE, calendar_of, invite, invited
from sanderling.reviews.forms import EndForm, NewSeriesForm, SeriesForm, filled_in, fresh_key
from sanderling.reviews.listing import (
    COLUMNS,
    action_rows,
    ended_actions,
    open_actions,
    people_of,
    record_of,
    review_rows,
    scope_text,
    series_rows,
)
from sanderling.reviews.meeting import end_action
from sanderling.reviews.minutes import minutes_pdf
from sanderling.reviews.models import Action, Review, Series, State
from sanderling.reviews.page import EXPORTS, sections
from sanderling.reviews.tasks import defer_making
from sanderling.web.downloads import FORMS, export, pdf_file

UNPROCESSABLE: Final = 422
LATE_AFTER: Final = timedelta(minutes=10)


@require_GET
@requires("reviews.view")
def reviews(request: HttpRequest) -> HttpResponse:
    """List the series, what is to be done, and the reviews held."""
    today = timezone.localdate()
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        rows = review_rows(limit=1_000)
        return export(rows, columns=COLUMNS, as_of=today, totals=None, form=wanted, name="reviews")
    return _reviews_page(request)


def _reviews_page(request: HttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    still, ended = open_actions(), ended_actions()
    if still or ended:
        detail: dict[str, int | str] = {"actions": len(still) + len(ended)}
        record_listing(request, action="reviews.list", detail=detail)
    context = {
        "series": series_rows(),
        "rows": review_rows(),
        "actions": action_rows(still, today=today),
        "ended": action_rows(ended, today=today),
        "forms": FORMS,
        "refusal": refusal,
        "may_edit": person_of(request).may("reviews.edit"),
    }
    return render(request, "reviews/reviews.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires("reviews.edit")
def new_series(request: HttpRequest) -> HttpResponse:
    """Begin a review that is held every week."""
    user, now = person_of(request), timezone.now()
    if request.method == "GET":
        first = {"key": fresh_key(), "people": [user.pk]}
        return _form_page(request, NewSeriesForm(initial=first, sees_all=user.sees_all_clients))
    form = NewSeriesForm(request.POST, sees_all=user.sees_all_clients)
    if form.is_valid():
        try:
            series = making.make_series(
                form.values(),
                client_ids=form.client_ids(),
                is_whole_book=form.is_whole_book,
                user=user,
                at=now,
                key=form.cleaned_data["key"],
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(
                request, "Made. Its pack is made every Monday morning; invite its people."
            )
            return redirect("review-series", series.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@requires("reviews.edit")
def series_page(request: HttpRequest, series_id: int) -> HttpResponse:
    """Change when, where and with whom a series is held."""
    series = get_object_or_404(Series, pk=series_id)
    form = SeriesForm(request.POST or None, initial=filled_in(series))
    if request.method == "POST" and form.is_valid():
        changed = making.change_series(series_id, form.values(), at=timezone.now())
        if changed:
            messages.success(request, "Saved. Send the invitations again so that calendars follow.")
        else:
            messages.info(request, "Nothing was changed.")
        return redirect("review-series", series_id)
    return _form_page(request, form, series=series)


def _form_page(
    request: HttpRequest, form: SeriesForm, *, series: Series | None = None
) -> HttpResponse:
    codes = client_codes_by_id()
    context = {
        "form": form,
        "series": series,
        "scope": scope_text(series.client_ids, codes, is_whole_book=series.is_whole_book)
        if series
        else "",
        "invited": invited(series) if series else [],
        "people": people_of(series.people) if series else [],
    }
    return render(
        request,
        "reviews/series.html",
        context,
        status=UNPROCESSABLE if form.is_bound and not form.is_valid() else 200,
    )


@require_POST
@requires("reviews.edit")
def series_active(request: HttpRequest, series_id: int) -> HttpResponse:
    """Hold a series no more, or again."""
    get_object_or_404(Series, pk=series_id)
    is_active = request.POST.get("active") == "1"
    making.change_series(series_id, {"is_active": is_active}, at=timezone.now())
    messages.success(
        request,
        "It is held again." if is_active else "It is not held any more; nothing of it is lost.",
    )
    return redirect("review-series", series_id)


@require_POST
@requires("reviews.edit")
def series_invite(request: HttpRequest, series_id: int) -> HttpResponse:
    """Mail the calendar entry to everybody who is invited."""
    series = get_object_or_404(Series, pk=series_id)
    try:
        people = invite(series_id, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        names = ", ".join(one.name for one in people)
        messages.success(request, f"The calendar entry goes to {names}.")
    return redirect("review-series", series.pk)


@require_GET
@requires("reviews.view")
def series_calendar(request: HttpRequest, series_id: int) -> HttpResponse:
    """Return the calendar entry of a series as a file."""
    series = get_object_or_404(Series, pk=series_id)
    return HttpResponse(
        calendar_of(series, at=timezone.now()),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="weekly-review-{series.pk}.ics"'},
    )


@require_POST
@requires("reviews.edit")
def make_now(request: HttpRequest, series_id: int) -> HttpResponse:
    """Ask for today's pack; asked twice on a day it is the same one."""
    series = get_object_or_404(Series, pk=series_id)
    now = timezone.now()
    try:
        review, is_new = making.ask_for_review(series, now.date(), user=person_of(request), at=now)
    except Refusal as refusal:
        return _reviews_page(request, refusal=refusal.sentence, status=UNPROCESSABLE)
    defer_making()
    if not is_new:
        messages.info(request, "There is a review of today already; its numbers are frozen.")
    return redirect("review", review.pk)


@require_GET
@requires("reviews.view")
def review(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show a pack, or as a file one of its lists; while it is made, how long it has taken."""
    found = get_object_or_404(Review.objects.select_related("series", "closed_by"), pk=review_id)
    if found.state == State.WAITING:
        return render(request, "reviews/waiting.html", _waiting(found, timezone.now()))
    wanted, part = request.GET.get("format", ""), request.GET.get("part", "movement")
    record_listing(request, action="reviews.view", detail={"review": review_id, "part": part[:20]})
    if wanted in FORMS:
        if part not in EXPORTS:
            raise Http404
        return _part_as_file(found, part, wanted)
    return render(request, "reviews/review.html", _frame(request, found))


def _part_as_file(found: Review, part: str, form: str) -> HttpResponse:
    key, rows, columns = EXPORTS[part]
    assert found.pack is not None  # noqa: S101 - it is made
    return export(
        found.pack[key].get(rows, []),
        columns=columns,
        as_of=found.as_of_date,
        totals=found.pack[key].get("total") if rows == "reasons" else None,
        form=form,
        name=f"review-{found.pk}-{part}",
    )


def _frame(request: HttpRequest, found: Review) -> dict[str, Any]:
    codes = client_codes_by_id()
    return {
        "review": found,
        "scope": scope_text(found.client_ids, codes, is_whole_book=found.is_whole_book),
        "sections": sections(found.pack or {}),
        "present": people_of(found.present),
        "forms": FORMS,
        "may_edit": person_of(request).may("reviews.edit"),
        **record_of(found, today=timezone.localdate()),
    }


def _waiting(found: Review, now: datetime) -> dict[str, Any]:
    return {"review": found, "is_late": now - found.asked_at > LATE_AFTER}


@require_GET
@requires("reviews.view")
def review_state(request: HttpRequest, review_id: int) -> HttpResponse:
    """Say whether a pack is made (htmx); when it is, the page is opened anew."""
    found = get_object_or_404(Review, pk=review_id)
    answer = render(request, "reviews/waits.html", _waiting(found, timezone.now()))
    if found.state != State.WAITING:
        answer["HX-Redirect"] = f"/reviews/{review_id}/"
    return answer


@require_GET
@requires("reviews.view")
def review_minutes(request: HttpRequest, review_id: int) -> HttpResponse:
    """Return the minutes as PDF."""
    found = get_object_or_404(
        Review.objects.select_related("series", "closed_by").exclude(state=State.WAITING),
        pk=review_id,
    )
    record_listing(request, action="reviews.minutes", detail={"review": review_id})
    codes = client_codes_by_id()
    scope = scope_text(found.client_ids, codes, is_whole_book=found.is_whole_book)
    day = found.closed_at.date() if found.closed_at else timezone.localdate()
    return pdf_file(
        minutes_pdf(found, scope=scope, day=day),
        name=f"review-{found.pk}-minutes.pdf",
        is_shown=True,
    )


@require_POST
@requires("reviews.edit")
def action_end(request: HttpRequest, action_id: int) -> HttpResponse:
    """Say what came of an action."""
    action = get_object_or_404(Action, pk=action_id)
    form = EndForm(request.POST)
    refusal = "" if form.is_valid() else "Say in fewer words what came of it."
    if not refusal:
        try:
            end_action(
                action_id,
                state=form.cleaned_data["state"],
                result=form.cleaned_data["result"],
                user=person_of(request),
                at=timezone.now(),
            )
        except Refusal as error:
            refusal = error.sentence
    if refusal:
        return _reviews_page(request, refusal=refusal, status=UNPROCESSABLE)
    messages.success(request, "Saved.")
    place = request.POST.get("back", "")
    if place == "meeting":
        return redirect("review-meeting", int(request.POST.get("review") or action.review_id))
    return redirect("reviews")
