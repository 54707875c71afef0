"""The calendar entry of a series (iCalendar, RFC 5545), to download and by mail.

It says when and where, and nothing of what is talked about.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from icalendar import Calendar, Event, vCalAddress, vText

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.mail.actions import File, queue_mail
from sanderling.reviews.making import ReviewRefused, next_meeting, who_sees
from sanderling.reviews.models import Series
from sanderling.web.addresses import full_address

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR")
CONTENT_TYPE: Final = "text/calendar; charset=utf-8"


def invited(series: Series) -> list[User]:
    """Return who is invited: of its people those who see all its clients, by name."""
    ids = who_sees(series.client_ids, series.people)
    return list(User.objects.filter(pk__in=ids).order_by("name", "pk"))


def calendar_of(series: Series, *, at: datetime) -> bytes:
    """Return the series as an invitation that repeats every week, or as its cancellation.

    `at`: when it is made. Its first day is the first meeting after the series was made, so that
    the entry stays the same one when it is sent again.
    """
    starts = next_meeting(series, series.made_at)
    event = Event()
    event.add("uid", f"review-series-{series.pk}@{_domain()}")
    event.add("sequence", series.sequence)
    event.add("dtstamp", at)
    zone = ZoneInfo(series.time_zone)
    event.add("dtstart", starts.astimezone(zone))
    event.add("dtend", starts.astimezone(zone) + timedelta(minutes=series.minutes))
    event.add("rrule", {"freq": "weekly", "byday": _DAYS[series.weekday]})
    event.add("summary", series.name)
    if series.place:
        event.add("location", series.place)
    address = full_address(reverse("reviews"))
    event.add("url", address)
    event.add("description", f"Weekly AR review. Pack and agenda: {address}")
    event.add("status", "CONFIRMED" if series.is_active else "CANCELLED")
    event.add("organizer", vCalAddress(f"MAILTO:{_sender()}"))
    for person in invited(series):
        address = vCalAddress(f"MAILTO:{person.email}")
        address.params["cn"] = vText(person.name)
        address.params["role"] = vText("REQ-PARTICIPANT")
        address.params["rsvp"] = vText("TRUE")
        event.add("attendee", address, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Sanderling//Weekly review//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST" if series.is_active else "CANCEL")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


@transaction.atomic
def invite(series_id: int, *, at: datetime) -> list[User]:
    """Queue the invitation for everybody who is invited; return whom.

    The same state of the series is sent to each of them once; after a change it is sent again, and
    calendars take it for the same entry.

    Raises:
        ReviewRefused: nobody is invited who sees all its clients.
    """
    series = Series.objects.select_for_update().get(pk=series_id)
    people = invited(series)
    if not people:
        raise ReviewRefused("nobody is invited yet who sees all its clients; add people first")
    entry = calendar_of(series, at=at)
    verb = "Weekly review" if series.is_active else "No more held: weekly review"
    meets = next_meeting(series, at).astimezone(ZoneInfo(series.time_zone))
    when = f"every {series.get_weekday_display()} at {series.starts_at:%H:%M}"
    for person in people:
        queue_mail(
            kind="review_invitation",
            to=person.email,
            subject=f"{verb}: {series.name}"[:150],
            body=f"{series.name}: {when} ({series.get_time_zone_display()}), "
            f"{series.minutes} minutes, next on {meets.date().isoformat()}.\n"
            + (f"{series.place}\n" if series.place else "")
            + f"\nPack and agenda: {full_address(reverse('reviews'))}\n",
            key=f"review-series:{series.pk}:{series.sequence}:{person.pk}",
            at=at,
            client_id=series.client_ids[0] if len(series.client_ids) == 1 else None,
            attachments=[File("weekly-review.ics", "text/calendar", entry)],
        )
    record_event(
        action="review.invite",
        at=at,
        client_id=series.client_ids[0] if len(series.client_ids) == 1 else None,
        subject=("review_series", series.pk),
        detail={"people": len(people), "sequence": series.sequence},
    )
    return people


def _domain() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "sanderling"


def _sender() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
