"""Look-ups in payers' portals: asked for, made politely, told on the timeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.integration.desk import Desk, make_desk
from tests.integration.pages import Visitor, text_of

from sanderling.followup.models import Activity, Note
from sanderling.news.models import Notice
from sanderling.portals import adapters as adapters_module
from sanderling.portals.actions import PortalRefused, cancel_lookups, queue_lookups, save_portal
from sanderling.portals.adapters import (
    Credentials,
    PortalAway,
    PortalStopped,
    Question,
    Unreadable,
)
from sanderling.portals.looking import run_portal
from sanderling.portals.models import Lookup, Portal, State
from sanderling.portals.reading import Reading, Shown
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 15, tzinfo=UTC)
PAID = Reading(
    Shown.PAID,
    payer_claim_number="ICN77",
    paid_date=date(2026, 2, 20),
    paid_cents=12_345,
    trace="EFT900",
)


@dataclass
class Clock:
    """Time that passes only when somebody waits."""

    at: datetime = AT
    waited: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeSite:
    """An adapter whose portal shows what the test says, or raises it."""

    key: str = "fake"
    title: str = "Fake"
    shows: list[Reading | Exception | None] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    seen: list[Credentials] = field(default_factory=list)
    refuses: Exception | None = None

    def fault(self) -> str:
        return ""

    @contextmanager
    def log_in(self, url: str, credentials: Credentials) -> Iterator[FakeSite]:
        self.seen.append(credentials)
        if self.refuses is not None:
            raise self.refuses
        yield self

    def look_up(self, question: Question) -> Reading | None:
        self.asked.append(question)
        shown = self.shows.pop(0)
        if isinstance(shown, Exception):
            raise shown
        return shown


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    made = FakeSite()
    monkeypatch.setitem(adapters_module._ADAPTERS, "fake", made)
    monkeypatch.setenv("PORTAL_USER", "biller")
    monkeypatch.setenv("PORTAL_PASSWORD", "open sesame")
    return made


def portal_of(desk: Desk, **changes: object) -> Portal:
    values = {
        "name": "ACME portal",
        "url": "https://portal.acme.example/",
        "adapter": "fake",
        "user_reference": "env:PORTAL_USER",
        "password_reference": "env:PORTAL_PASSWORD",
        **changes,
    }
    return save_portal(Portal(), payer_ids=[desk.payer.pk], values=values, at=AT)


def asked(desk: Desk) -> Lookup:
    queue_lookups([desk.item().pk], user=desk.specialist, at=AT)
    return Lookup.objects.get(claim=desk.claim)


def test_what_the_portal_shows_becomes_a_note_and_moves_the_claim(
    desk: Desk, site: FakeSite
) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [PAID]

    ran = run_portal(portal, now=Clock().now, pause=Clock().pause)

    assert (ran.found, ran.not_found, ran.unclear, ran.rest) == (1, 0, 0, "")
    lookup.refresh_from_db()
    assert lookup.state == State.FOUND
    note = Note.objects.get()
    assert note.pk == lookup.note_id
    assert (note.scenario, note.channel, note.user_id, note.minutes) == (
        "paid_not_posted",
        "portal",
        None,
        0,
    )
    assert (note.answers["paid_cents"], note.answers["trace"]) == (12_345, "EFT900")
    assert Activity.standing.get(claim=desk.claim).outcome == "paid"
    assert (site.asked[0].claim_number, site.asked[0].member_id) == ("A1", "ABC123")
    assert (site.seen[0].user, site.seen[0].password) == ("biller", "open sesame")


def test_a_claim_that_is_not_there_is_not_on_file(desk: Desk, site: FakeSite) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [None]

    assert run_portal(portal, now=Clock().now, pause=Clock().pause).not_found == 1

    lookup.refresh_from_db()
    assert (lookup.state, Activity.standing.get(claim=desk.claim).outcome) == (
        State.NOT_FOUND,
        "not_on_file",
    )


def test_a_page_that_lacks_what_the_note_needs_goes_to_a_person(desk: Desk, site: FakeSite) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [Reading(Shown.PAID, paid_date=date(2026, 2, 20), paid_cents=100)]

    assert run_portal(portal, now=Clock().now, pause=Clock().pause).unclear == 1

    lookup.refresh_from_db()
    assert lookup.state == State.UNCLEAR
    assert lookup.fault == "The portal does not show what the note needs: Check or EFT number."
    assert not Activity.objects.exists()
    assert not Note.objects.exists()


def test_an_unreadable_page_goes_to_a_person_and_the_rest_goes_on(
    desk: Desk, site: FakeSite
) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [Unreadable("several claims fit; open the portal and choose")]

    assert run_portal(portal, now=Clock().now, pause=Clock().pause).unclear == 1

    lookup.refresh_from_db()
    assert lookup.fault == "Several claims fit; open the portal and choose."


def test_a_locked_account_stops_the_portal_and_tells_who_asked(desk: Desk, site: FakeSite) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.refuses = PortalStopped("the account is locked")

    assert run_portal(portal, now=Clock().now, pause=Clock().pause).rest == "The account is locked."

    portal.refresh_from_db()
    lookup.refresh_from_db()
    assert (portal.stopped_at, lookup.state) == (AT, State.QUEUED)
    assert Notice.objects.get(user=desk.specialist).kind == "portal.stopped"
    assert "stopped" in run_portal(portal, now=Clock().now, pause=Clock().pause).rest
    assert len(site.seen) == 1  # no second knock on a locked door


def test_a_secret_that_is_not_there_stops_before_the_portal_is_asked(
    desk: Desk, site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = portal_of(desk)
    asked(desk)
    monkeypatch.delenv("PORTAL_PASSWORD")

    ran = run_portal(portal, now=Clock().now, pause=Clock().pause)

    assert "env:PORTAL_PASSWORD" in ran.rest
    assert site.seen == []


def test_a_portal_that_is_away_is_tried_three_times(desk: Desk, site: FakeSite) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [PortalAway("the portal broke off") for _ in range(3)]

    states = []
    for _ in range(3):
        run_portal(portal, now=Clock().now, pause=Clock().pause)
        lookup.refresh_from_db()
        states.append((lookup.state, lookup.tries))

    assert states == [(State.QUEUED, 1), (State.QUEUED, 2), (State.FAILED, 3)]
    assert lookup.fault == "The portal broke off."


def test_what_a_killed_run_left_is_looked_up_again_and_told_once(
    desk: Desk, site: FakeSite
) -> None:
    portal, lookup = portal_of(desk), asked(desk)
    site.shows = [PAID, PAID]
    run_portal(portal, now=Clock().now, pause=Clock().pause)
    Lookup.objects.filter(pk=lookup.pk).update(state=State.LOOKING, note_id=None)

    run_portal(portal, now=Clock().now, pause=Clock().pause)

    assert Note.objects.count() == Activity.objects.count() == 1
    lookup.refresh_from_db()
    assert (lookup.state, lookup.note_id) == (State.FOUND, Note.objects.get().pk)


def test_the_pace_is_kept(desk: Desk, site: FakeSite) -> None:
    portal = portal_of(desk, looks_per_minute=4)
    asked(desk)
    for party in (12, 13):
        Lookup.objects.create(
            portal=portal,
            claim=desk.claim,
            client_id=desk.claim.client_id,
            party=party,
            asked_at=AT,
        )
    site.shows = [Unreadable("x"), Unreadable("x"), Unreadable("x")]
    clock = Clock()

    run_portal(portal, now=clock.now, pause=clock.pause)

    assert clock.waited == [15.0, 15.0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"looks_per_day": 0}, "the day's 0 look-ups are made"),
        ({"hours_from": 3, "hours_to": 14}, "outside the hours 3 to 14 (UTC)"),
        ({"is_on": True, "adapter": ""}, "worked by hand"),
    ],
)
def test_limits_keep_it_from_looking(
    desk: Desk, site: FakeSite, changes: dict[str, object], why: str
) -> None:
    portal = portal_of(desk)
    asked(desk)
    Portal.objects.filter(pk=portal.pk).update(**changes)
    portal.refresh_from_db()

    assert run_portal(portal, now=Clock().now, pause=Clock().pause).rest == why
    assert site.seen == []


def test_asking_twice_queues_once_and_says_why(desk: Desk, site: FakeSite) -> None:
    portal_of(desk)
    first = queue_lookups([desk.item().pk], user=desk.specialist, at=AT)
    second = queue_lookups([desk.item().pk], user=desk.lead, at=AT)

    assert (first.queued, first.refused) == (1, [])
    assert (second.queued, second.refused) == (0, [("MINE A1", "waits already")])
    assert Lookup.objects.count() == 1
    assert cancel_lookups([Lookup.objects.get().pk], at=AT) == 1
    assert cancel_lookups([Lookup.objects.get().pk], at=AT) == 0


def test_a_payer_without_a_portal_is_refused_by_name(desk: Desk) -> None:
    asked_for = queue_lookups([desk.item().pk], user=desk.specialist, at=AT)

    assert asked_for.refused == [
        ("MINE A1", "its payer has no portal here; add one on the payer's page")
    ]
    assert not Lookup.objects.exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "ftp://x"}, "https"),
        ({"password_reference": "hunter2"}, "not the secret"),
        ({"adapter": "nobody"}, "no such adapter"),
        ({"user_reference": ""}, "say where user name and password are"),
    ],
)
def test_a_portal_that_cannot_be_is_refused_and_not_kept(
    desk: Desk,
    site: FakeSite,
    changes: dict[str, object],
    why: str,
) -> None:
    with pytest.raises(PortalRefused, match=why):
        portal_of(desk, **changes)

    assert not Portal.objects.exists()


def test_one_payer_has_one_portal(desk: Desk, site: FakeSite) -> None:
    portal_of(desk)
    with pytest.raises(PortalRefused, match="ACME HEALTH is looked up in ACME portal already"):
        portal_of(desk, name="Another")


def test_pages_show_it_and_take_it(desk: Desk, site: FakeSite) -> None:
    portal = portal_of(desk)
    visitor = Visitor(desk.specialist)

    answer = visitor.post("/portals/look-ups/new/", item=str(desk.item().pk))

    assert (answer.status_code, answer["Location"]) == (302, "/portals/look-ups/")
    listed = text_of(visitor.get("/portals/look-ups/", tab="waiting"))
    assert "1 to be looked up" in listed
    assert "A1" in listed
    directory = text_of(visitor.get("/portals/"))
    assert "ACME portal" in directory
    assert "$150.00" in directory
    contact = text_of(visitor.get(f"/portals/payers/{desk.payer.pk}/"))
    assert "What is the reference number of this call?" in contact
    assert visitor.get(f"/portals/{portal.pk}/").status_code == 403
    exported = visitor.get("/portals/look-ups/", tab="waiting", format="json")
    rows = json.loads(exported.content)["rows"]
    assert [(row["claim"], row["state"]) for row in rows] == [("A1", "queued")]


def test_an_administrator_adds_a_portal_and_is_told_what_is_wrong(desk: Desk) -> None:
    visitor = Visitor(desk.admin)
    values = {
        "name": "ACME portal",
        "url": "https://portal.acme.example/",
        "payers": str(desk.payer.pk),
        "adapter": "plain_site",
        "password_reference": "env:X",
        "looks_per_minute": "6",
        "looks_per_day": "500",
        "hours_from": "0",
        "hours_to": "24",
        "is_on": "on",
    }

    refused = visitor.post("/portals/new/", user_reference="biller", **values)
    assert refused.status_code == 422
    assert "not the secret" in text_of(refused)
    assert not Portal.objects.exists()
    saved = visitor.post("/portals/new/", user_reference="env:USER", **values)

    assert saved.status_code == 302
    assert Portal.objects.get().payers.get().payer == desk.payer
    assert "missing" in text_of(visitor.get(saved["Location"]))


def test_strangers_see_no_look_ups(desk: Desk, site: FakeSite) -> None:
    portal_of(desk)
    asked(desk)

    seen = text_of(Visitor(desk.stranger).get("/portals/look-ups/", tab="waiting"))
    assert "A1" not in seen
    assert Visitor(desk.client_user).get("/portals/").status_code == 403


def test_nobody_queues_another_clients_claim(desk: Desk, site: FakeSite) -> None:
    portal_of(desk)
    foreign = WorkItem.objects.get(claim_id=desk.foreign.pk)

    Visitor(desk.specialist).post("/portals/look-ups/new/", item=str(foreign.pk))

    assert not Lookup.objects.exists()
