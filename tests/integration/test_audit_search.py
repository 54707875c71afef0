"""The audit search: who saw or changed what, by person, client, claim, patient and days."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.audit.models import AuditEvent
from sanderling.audit.searching import Place, Question, found, page_of
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.web.actor import set_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PATIENT = "ZUCKERMANN"


@pytest.fixture
def officer() -> User:
    """A compliance officer of one client, beside a foreign one; two people looked at claims."""
    mine = Client.objects.create(code="MINE", name="Mine", created_at=AT)
    foreign = Client.objects.create(code="FOREIGN", name="Foreign", created_at=AT)
    officer = create_user(
        email="o@x.test", name="Olga Officer", role="compliance", password="correct-horse-battery",
        client_ids=[mine.pk],
    )  # fmt: skip
    for client, number, last in (
        (mine, "A1", PATIENT), (mine, "A2", "DOE"), (foreign, "FARCLAIM1", PATIENT)
    ):  # fmt: skip
        claim = Claim.objects.create(
            client=client, number=number, number_key=number, patient_last_name=last,
            patient_first_name="JO",
        )  # fmt: skip
        for minutes, (actor, action) in enumerate(
            (("user:71", "claim.view"), ("user:72", "claim.view"), ("user:72", "note.addendum"))
        ):
            set_actor(actor, role="specialist")
            record_event(
                action=action, at=AT + timedelta(minutes=minutes), client_id=client.pk,
                claim_id=claim.pk, subject=("claim", claim.pk),
            )  # fmt: skip
    set_actor("", role="")
    return officer


@pytest.fixture
def page(officer: User, client: Browser) -> Iterator[Browser]:
    """The officer's browser, as the web application works."""
    client.force_login(officer)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    yield client
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def numbers(content: bytes) -> list[str]:
    return [row["claim"] for row in json.loads(content)["rows"]]


def test_an_event_is_found_by_person_action_and_days(page: Browser) -> None:
    def asked(query: str) -> list[tuple[str, str]]:
        answer = page.get(f"/audit/?format=json&client=&{query}")
        return [(row["actor"], row["action"]) for row in json.loads(answer.content)["rows"]]

    assert asked("actor=user:71&action=claim.") == [("user:71", "claim.view")] * 2
    assert asked("kind=change&actor=user:72") == [("user:72", "note.addendum")] * 2
    assert asked("kind=look&actor=user:72&to_date=2026-03-04") == []
    assert len(asked("kind=look&actor=user:72&from_date=2026-03-05&to_date=2026-03-05")) == 2


def test_who_looked_at_a_patient_is_found_and_the_search_names_nobody(page: Browser) -> None:
    answer = page.post("/audit/claims/", {"text": f"{PATIENT.lower()}, jo"})
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert PATIENT.lower() not in address.lower()
    shown = page.get(address)
    assert b"A1" in shown.content
    assert b"A2" not in shown.content
    assert b"FARCLAIM1" not in shown.content
    assert PATIENT.encode() not in shown.content
    rows = json.loads(page.get(f"{address}&format=json").content)["rows"]
    # The search itself is the latest look at the patient's claim.
    assert [row["action"] for row in rows] == [
        "audit.patient_search", "note.addendum", "claim.view", "claim.view",
    ]  # fmt: skip
    assert rows[0]["person"] == "Olga Officer"
    for event in AuditEvent.objects.filter(action__startswith="audit."):
        assert PATIENT.lower() not in json.dumps(event.detail).lower()
    assert AuditEvent.objects.filter(action="audit.export").get().detail["rows"] == 4


def test_a_claims_number_finds_its_events_and_a_birth_date_narrows(page: Browser) -> None:
    address = page.post("/audit/claims/", {"text": "A2"}).headers["Location"]
    assert set(numbers(page.get(f"{address}&format=json").content)) == {"A2"}
    narrowed = page.post("/audit/claims/", {"text": "doe", "birth_date": "1980-01-01"})
    assert b"No claim of yours" in page.get(narrowed.headers["Location"]).content


def test_a_key_of_another_session_shows_nothing(page: Browser) -> None:
    answer = page.get("/audit/?of=deadbeef")
    assert answer.status_code == 422
    assert b"search again" in answer.content
    assert b"claim.view" not in answer.content.split(b"</form>")[-1]


def test_foreign_events_are_neither_listed_nor_shown(page: Browser) -> None:
    foreign = AuditEvent.objects.filter(client_id__isnull=False)
    assert {event.client_id for event in foreign} == set()  # without a request nothing is visible
    answer = page.get("/audit/?format=json")
    assert "FARCLAIM1" not in numbers(answer.content)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        hidden = AuditEvent.objects.filter(claim_id=Claim.objects.get(number="FARCLAIM1").pk)[0].pk
        own = AuditEvent.objects.filter(claim_id=Claim.objects.get(number="A1").pk)[0].pk
        cursor.execute("SET LOCAL ROLE sanderling_app")
    assert page.get(f"/audit/events/{hidden}/").status_code == 404
    shown = page.get(f"/audit/events/{own}/")
    assert shown.status_code == 200
    assert b"claim.view" in shown.content


def test_exports_are_typed(page: Browser) -> None:
    import polars as pl

    content = page.get("/audit/?format=xlsx&action=claim.view").content
    sheet = pl.read_excel(io.BytesIO(content), sheet_name="rows")
    assert sheet["is_look"].to_list() == [True] * 4
    assert sheet.schema["id"] == pl.Int64
    csv = page.get("/audit/?format=csv&action=claim.view").content.decode().splitlines()
    assert len(csv) == 5
    assert csv[0].startswith("id,at,actor,person,role,client,claim,action")


def test_pages_follow_each_other_without_gap_or_double(officer: User) -> None:
    everything = [event.pk for event in found(Question())]
    seen: list[int] = []
    place: Place | None = None
    while True:
        events, place = page_of(Question(), before=place, rows_max=4)
        seen += [event.pk for event in events]
        if place is None:
            break
        place = Place.of(place.text())
        assert place is not None
    assert seen == everything
    assert len(seen) > 9


@pytest.mark.parametrize("text", ["", "x", "2026-03-05~1", "2026-03-05T12:00:00+00:00~x"])
def test_a_place_that_is_none_is_the_first_page(text: str) -> None:
    assert Place.of(text) is None


def test_days_the_wrong_way_round_are_refused(page: Browser) -> None:
    answer = page.get("/audit/?from_date=2026-03-05&to_date=2026-03-04")
    assert answer.status_code == 422
    assert b"before the first" in answer.content


def test_who_came_and_went_is_a_kind_of_its_own(page: Browser, officer: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        for action in ("user.log_in", "user.log_out", "user.log_in_failed"):
            set_actor(f"user:{officer.pk}", role="compliance")
            record_event(action=action, at=AT, subject=("user", officer.pk))
        set_actor("", role="")
        cursor.execute("SET LOCAL ROLE sanderling_app")

    def asked(kind: str) -> set[str]:
        answer = page.get(f"/audit/?format=json&client=&kind={kind}")
        return {row["action"] for row in json.loads(answer.content)["rows"]}

    came = {"user.log_in", "user.log_out", "user.log_in_failed"}
    assert asked("log_in") == came
    assert not asked("change") & came
    assert not asked("look") & came
    assert came | {"claim.view", "note.addendum"} <= asked("")
    assert ">log-in<" in page.get("/audit/?kind=log_in").content.decode()
