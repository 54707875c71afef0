"""The meeting on screen: one point of the agenda at a time, and what is written down meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.core.reviews.agenda import AGENDA, BY_KEY, next_key, previous_key
from sanderling.reviews import meeting
from sanderling.reviews.forms import ActionForm, EntryForm, fresh_key
from sanderling.reviews.listing import people_of, record_of
from sanderling.reviews.making import next_meeting
from sanderling.reviews.models import Review, State
from sanderling.reviews.page import agenda_of, section
from sanderling.web.keys import Keys

UNPROCESSABLE: Final = 422
KEYS: Final[Keys] = (
    ("n", "next point of the agenda"),
    ("p", "point before"),
    ("d", "write down a decision"),
    ("a", "decide an action"),
    ("Esc", "leave the field"),
    ("Ctrl+Enter", "write it down"),
)


@require_POST
@requires("reviews.edit")
def begin(request: HttpRequest, review_id: int) -> HttpResponse:
    """Begin the meeting."""
    get_object_or_404(Review, pk=review_id)
    try:
        meeting.begin(review_id, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return HttpResponse(refusal.sentence, status=UNPROCESSABLE, content_type="text/plain")
    return redirect("review-meeting", review_id)


@require_GET
@requires("reviews.view")
def meeting_page(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show a point of the agenda: the one that the meeting is at, or another (`?item=`)."""
    review = _review(review_id)
    if review.state in (State.WAITING, State.READY):
        return redirect("review", review_id)
    return _page(request, review)


def _review(review_id: int) -> Review:
    return get_object_or_404(Review.objects.select_related("series", "closed_by"), pk=review_id)


def _page(
    request: HttpRequest,
    review: Review,
    *,
    item: str = "",
    entry_form: EntryForm | None = None,
    action_form: ActionForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = item or request.GET.get("item", "")
    key = asked if asked in BY_KEY else review.item or AGENDA[0].key
    record_listing(request, action="reviews.view", detail={"review": review.pk, "part": key})
    ticked = _ticked(request) if action_form is not None else []
    context = {
        **_live(request, review, key),
        "section": section(BY_KEY[key], review.pack or {}),
        "agenda": agenda_of(key),
        "next": BY_KEY.get(next_key(key)),
        "previous": BY_KEY.get(previous_key(key)),
        "entry_form": entry_form or EntryForm(initial=_first(key)),
        "action_form": action_form or ActionForm(initial=_first_action(review, key)),
        "ticked": ticked,
        "may_pick": review.state == State.MEETING,
        "refusal": refusal,
        "page_keys": KEYS,
        "people": people_of(review.series.people),
    }
    return render(request, "reviews/meeting.html", context, status=status)


def _first(key: str) -> dict[str, object]:
    return {"item": key, "key": fresh_key()}


def _first_action(review: Review, key: str) -> dict[str, object]:
    # Actions return at the next meeting; the one that is on is not it.
    after = timezone.now() + timedelta(days=1)
    meets = next_meeting(review.series, after).astimezone(ZoneInfo(review.series.time_zone))
    return {**_first(key), "due_date": meets.date()}


def _live(request: HttpRequest, review: Review, key: str) -> dict[str, Any]:
    """Return what the part shows that follows the others: the record, and where the meeting is."""
    return {
        "review": review,
        "item": BY_KEY[key],
        "now_at": BY_KEY.get(review.item),
        "is_elsewhere": review.state == State.MEETING and review.item != key,
        "is_on": review.state == State.MEETING,
        "may_edit": person_of(request).may("reviews.edit"),
        **record_of(review, today=timezone.localdate()),
    }


@require_GET
@requires("reviews.view")
def meeting_live(request: HttpRequest, review_id: int) -> HttpResponse:
    """Return what others have written meanwhile, and where the meeting is (htmx)."""
    review = _review(review_id)
    key = request.GET.get("item", "")
    context = _live(request, review, key if key in BY_KEY else AGENDA[0].key)
    return render(request, "reviews/live.html", context)


@require_POST
@requires("reviews.edit")
def go(request: HttpRequest, review_id: int) -> HttpResponse:
    """Take the meeting to another point."""
    review = _review(review_id)
    try:
        review = meeting.move_to(
            review_id,
            request.POST.get("to", ""),
            from_item=request.POST.get("from", ""),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, review, refusal=refusal.sentence, status=UNPROCESSABLE)
    return redirect("review-meeting", review_id)


@require_POST
@requires("reviews.edit")
def entry(request: HttpRequest, review_id: int) -> HttpResponse:
    """Write down a decision or a note."""
    _review(review_id)
    form = EntryForm(request.POST)
    item, said = request.POST.get("item", ""), ""
    if form.is_valid():
        try:
            meeting.write_down(
                review_id, **form.cleaned_data, user=person_of(request), at=timezone.now()
            )
        except Refusal as refusal:
            said = refusal.sentence
        else:
            return _back(review_id, item)
    return _page(
        request, _review(review_id), item=item, entry_form=form, refusal=said, status=UNPROCESSABLE
    )


@require_POST
@requires("reviews.edit")
def strike(request: HttpRequest, review_id: int, entry_id: int) -> HttpResponse:
    """Strike an entry out."""
    review = _review(review_id)
    try:
        meeting.strike_out(review_id, entry_id, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _page(request, review, refusal=refusal.sentence, status=UNPROCESSABLE)
    return _back(review_id, request.POST.get("item", ""))


@require_POST
@requires("reviews.edit")
def action(request: HttpRequest, review_id: int) -> HttpResponse:
    """Decide who does what by when, also about ticked claims."""
    _review(review_id)
    form = ActionForm(request.POST)
    item, said = request.POST.get("item", ""), ""
    claims = _ticked(request)
    if form.is_valid():
        values = form.cleaned_data
        try:
            meeting.decide_action(
                review_id,
                **{name: values[name] for name in ("item", "text", "owner", "due_date", "key")},
                user=person_of(request),
                at=timezone.now(),
                claim_ids=claims,
                with_claims=values["with_claims"] or meeting.ASSIGN,
            )
        except Refusal as refusal:
            said = refusal.sentence
        else:
            return _back(review_id, item)
    return _page(
        request, _review(review_id), item=item, action_form=form, refusal=said, status=UNPROCESSABLE
    )


@require_POST
@requires("reviews.edit")
def close(request: HttpRequest, review_id: int) -> HttpResponse:
    """End the meeting."""
    review = _review(review_id)
    present = [int(one) for one in request.POST.getlist("present") if one.isdecimal()]
    try:
        meeting.close(review_id, present=present, user=person_of(request), at=timezone.now())
    except Refusal as refusal:
        return _page(request, review, refusal=refusal.sentence, status=UNPROCESSABLE)
    return redirect("review", review_id)


def _ticked(request: HttpRequest) -> list[int]:
    return [int(one) for one in request.POST.getlist("claims") if one.isdecimal()]


def _back(review_id: int, item: str) -> HttpResponse:
    address = reverse("review-meeting", args=[review_id])
    return redirect(f"{address}?item={item}#record" if item in BY_KEY else address)
