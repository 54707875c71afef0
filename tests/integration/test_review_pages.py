"""Pages of reviews: who sees them, a meeting from its beginning to its minutes, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import timezone
from icalendar import Calendar
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import Inbox, standing_inbox
from tests.integration.pages import Visitor, people_of, text_of
from tests.integration.review_desk import fill_reviews, made, series_over

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.core.reviews.agenda import AGENDA
from sanderling.mail.models import Mail
from sanderling.reviews.models import Action, ActionState, Entry, Review, Series, State

OK, FOUND, FORBIDDEN, MISSING, REFUSED = 200, 302, 403, 404, 422


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Inbox]:
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("world")) as inbox:
        fill_reviews(inbox)
        yield inbox


@pytest.fixture
def admin(world: Inbox, db: None) -> Visitor:
    return Visitor(people_of().admin)


@pytest.fixture
def review(world: Inbox, db: None) -> Review:
    return made(series_over(people=[people_of().admin.pk]))


def meeting(review: Review, admin: Visitor) -> str:
    """Begin; return the address of the meeting."""
    answer = admin.post(f"/reviews/{review.pk}/begin/")
    assert answer.headers["Location"] == f"/reviews/{review.pk}/meeting/"
    return answer.headers["Location"]


def test_a_pack_shows_every_part_and_says_that_it_is_frozen(review: Review, admin: Visitor) -> None:
    text = text_of(admin.get(f"/reviews/{review.pk}/"))
    for item in AGENDA:
        assert f'href="#{item.key}"' in text
    assert "the whole ties to the ledger to the cent" in text
    assert "$595.00" in text
    assert "Frozen 2026-01-26 06:15 UTC" in text
    looks = AuditEvent.objects.filter(action="reviews.view")
    assert looks.get().detail == {"review": review.pk, "part": "movement"}
    assert "AR review" in text_of(admin.get("/reviews/"))


def test_nothing_of_it_for_who_does_not_see_all_its_clients(review: Review, world: Inbox) -> None:
    people = people_of()
    specialist = Visitor(people.specialist)
    assert "AR review" not in text_of(specialist.get("/reviews/"))
    for part in ("", "meeting/", "minutes.pdf", "state/", "live/"):
        assert specialist.get(f"/reviews/{review.pk}/{part}").status_code == MISSING
        assert Visitor(people.client_user).get(f"/reviews/{review.pk}/{part}").status_code == (
            FORBIDDEN
        )
    assert specialist.get(f"/reviews/series/{review.series_id}/calendar.ics").status_code == MISSING
    assert specialist.post(f"/reviews/{review.pk}/begin/").status_code == FORBIDDEN


def test_a_meeting_from_pack_to_minutes(review: Review, admin: Visitor) -> None:
    address = meeting(review, admin)
    first = text_of(admin.get(address))
    assert "What was done, and what did it bring?" in first
    admin.post(f"/reviews/{review.pk}/go/", **{"to": "stuck", "from": "actions"})
    review.refresh_from_db()
    assert review.item == "stuck"
    entry = {"item": "stuck", "key": "e1", "kind": "decision", "text": "Call on Tuesday"}
    for _ in range(2):
        assert admin.post(f"/reviews/{review.pk}/entries/", **entry).status_code == FOUND
    claim = Claim.objects.get(number="A2")
    action = {
        "item": "stuck", "key": "a1", "text": "Ask for a supervisor",
        "owner": str(people_of().admin.pk), "due_date": timezone.localdate().isoformat(),
        "with_claims": "nothing", "claims": str(claim.pk),
    }  # fmt: skip
    assert admin.post(f"/reviews/{review.pk}/actions/", **action).status_code == FOUND
    live = text_of(admin.get(f"/reviews/{review.pk}/live/", item="actions"))
    assert "Call on Tuesday" in live
    assert "Ask for a supervisor" in live
    assert "The meeting is at" in live
    assert Entry.objects.count() == 1
    answer = admin.post(f"/reviews/{review.pk}/close/", present=[people_of().admin.pk])
    assert answer.headers["Location"] == f"/reviews/{review.pk}/"
    assert "What was decided" in text_of(admin.get(f"/reviews/{review.pk}/"))
    paper = admin.get(f"/reviews/{review.pk}/minutes.pdf")
    assert paper.content.startswith(b"%PDF")
    assert paper.headers["Content-Disposition"] == (
        f'inline; filename="review-{review.pk}-minutes.pdf"'
    )
    refused = admin.post(f"/reviews/{review.pk}/entries/", **{**entry, "key": "e2"})
    assert refused.status_code == REFUSED
    assert "This review is closed; its minutes stand." in text_of(refused)
    ended = Action.objects.get()
    admin.post(f"/reviews/actions/{ended.pk}/", state="done", result="called")
    ended.refresh_from_db()
    assert (ended.state, ended.result) == (ActionState.DONE, "called")


def test_a_form_that_lacks_something_comes_back_as_it_was(review: Review, admin: Visitor) -> None:
    meeting(review, admin)
    claim = Claim.objects.get(number="A2")
    answer = admin.post(
        f"/reviews/{review.pk}/actions/",
        item="stuck", key="a1", text="Call", owner="", due_date="2026-13-01", claims=str(claim.pk),
    )  # fmt: skip
    text = text_of(answer)
    assert answer.status_code == REFUSED
    assert ">Call</textarea>" in text
    assert text.count("invalid-feedback") == 2
    assert not Action.objects.exists()
    dropped = admin.post(f"/reviews/{review.pk}/entries/", item="stuck", key="e", kind="decision")
    assert dropped.status_code == REFUSED
    assert not Entry.objects.exists()


def test_a_series_is_made_once_and_invites(world: Inbox, admin: Visitor) -> None:
    person = people_of().admin
    form = {
        "name": "Monday", "scope": "book", "weekday": "0", "starts_at": "10:00", "minutes": "45",
        "time_zone": "America/Chicago", "people": str(person.pk), "key": "k1",
    }  # fmt: skip
    first = admin.post("/reviews/new/", **form)
    assert admin.post("/reviews/new/", **form).headers["Location"] == first.headers["Location"]
    series = Series.objects.get()
    assert (series.is_whole_book, len(series.client_ids), series.minutes) == (True, 2, 45)
    admin.post(f"/reviews/series/{series.pk}/invite/")
    assert Mail.objects.get().to_address == "admin@x.test"
    entry = admin.get(f"/reviews/series/{series.pk}/calendar.ics")
    assert entry.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert Calendar.from_ical(entry.content).walk("VEVENT")[0]["summary"] == "Monday"
    missing = admin.post("/reviews/new/", **{**form, "scope": "chosen", "key": "k2"})
    assert missing.status_code == REFUSED
    assert "Choose at least one client." in text_of(missing)
    assert Series.objects.count() == 1


def test_a_pack_that_is_asked_for_waits_for_the_worker(review: Review, admin: Visitor) -> None:
    answer = admin.post(f"/reviews/series/{review.series_id}/make/")
    asked = Review.objects.get(state=State.WAITING)
    assert answer.headers["Location"] == f"/reviews/{asked.pk}/"
    assert "The worker gathers the numbers" in text_of(admin.get(f"/reviews/{asked.pk}/"))
    again = admin.post(f"/reviews/series/{review.series_id}/make/")
    assert again.headers["Location"] == answer.headers["Location"]
    ready = Visitor(people_of().admin, htmx=True).get(f"/reviews/{review.pk}/state/")
    assert ready.headers["HX-Redirect"] == f"/reviews/{review.pk}/"


def test_parts_of_a_pack_are_files_with_typed_data(review: Review, admin: Visitor) -> None:
    found = json.loads(admin.get(f"/reviews/{review.pk}/", part="movement", format="json").content)
    assert found["as_of"] == "2026-01-25"
    assert found["totals"]["closing_cents"] == 59_500
    assert sum(row["closing_cents"] for row in found["rows"]) == 59_500
    for part in ("ages", "payers", "stuck", "deadlines", "silence", "clients", "actions"):
        assert admin.get(f"/reviews/{review.pk}/", part=part, format="xlsx").status_code == OK
    assert admin.get(f"/reviews/{review.pk}/", part="secrets", format="csv").status_code == MISSING


def test_the_first_pack_of_all_has_nothing_to_compare_with(world: Inbox, admin: Visitor) -> None:
    first = made(series_over("THEIRS"), date(2026, 1, 11))
    assert first.since_date is None
    text = text_of(admin.get(f"/reviews/{first.pk}/"))
    assert "There is no earlier week end to compare with yet" in text
    assert "this is the first one" in text
    assert admin.get(f"/reviews/{first.pk}/minutes.pdf").content.startswith(b"%PDF")
    nothing = json.loads(admin.get(f"/reviews/{first.pk}/", part="ages", format="json").content)
    assert nothing["rows"] == []
