"""What a client's own people see: what is owed and why, one claim, whose days, their flags."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import timezone
from tests.integration.pages import People, Visitor, people_of, standing_world, text_of

from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.client_portal.claim_list import TABS, Asked, claims_of, size_of
from sanderling.client_portal.home import clock_rows, owed_by_reason
from sanderling.client_portal.words import STANDS, stands
from sanderling.clients.models import Client
from sanderling.core.barriers.words import BARRIERS
from sanderling.core.responsibility import Holder
from sanderling.flags.answering import answer_flag, ask_client, write_to_client
from sanderling.flags.models import Flag
from sanderling.receivables.responsibility import clock_of_claim, shares_of_clients

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def world(
    django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):  # type: ignore[attr-defined]
        refresh_stale(timezone.now().date())
        yield


@pytest.fixture
def people() -> People:
    return people_of()


def claim(number: str) -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def test_every_barrier_has_words_for_the_client() -> None:
    assert set(STANDS) == set(BARRIERS)
    assert stands("denied") == "Denied"


def test_home_says_what_is_owed_and_why_and_shows_nothing_foreign(people: People) -> None:
    page = text_of(Visitor(people.client_user).get("/portal/"))
    today = timezone.now().date()
    mine = Client.objects.get(code="MINE")
    owed = owed_by_reason([mine.pk], today=today)
    assert (owed.insurers_cents, owed.patient_cents) == (26_500, 2_000)
    assert sum(one.cents for one in owed.reasons) == 28_500
    assert "$265.00" in page
    assert "Their Clinic" not in page
    assert "$310.00" not in page
    assert AuditEvent.objects.filter(action="portal.view").exists()


def test_the_list_adds_up_and_each_reason_leads_to_its_claims(people: People) -> None:
    visitor = Visitor(people.client_user)
    page = text_of(visitor.get("/portal/claims/", tab="all"))
    assert "A/1 1" in page
    assert "B1" not in page
    today = timezone.now().date()
    mine = Client.objects.get(code="MINE")
    owed = owed_by_reason([mine.pk], today=today)
    for reason in owed.reasons:
        asked = Asked(today=today, tab="all", barrier=reason.barrier, client="MINE")
        assert size_of(asked).count == reason.claims
        assert visitor.get(reason.url).status_code == 200
    found = claims_of(Asked(today=today, tab="open", client="MINE"), limit=None)
    assert [(row["claim"], row["insurers_cents"]) for row in found] == [
        ("A2", 17_500),
        ("A3", 9_000),
    ]


@pytest.mark.parametrize("tab", list(TABS))
def test_each_tab_is_a_page_and_a_file(tab: str, people: People) -> None:
    visitor = Visitor(people.client_user)
    assert visitor.get("/portal/claims/", tab=tab).status_code == 200
    text = visitor.get("/portal/claims/", tab=tab, format="csv").content.decode()
    assert text.startswith("claim,patient,payer_name,service_date")
    assert "FOREIGNER" not in text


def test_a_search_comes_by_post_and_finds_own_claims_only(people: People) -> None:
    visitor = Visitor(people.client_user)
    assert "A2" in text_of(visitor.post("/portal/claims/", text="doe"))
    assert "No claim found" in text_of(visitor.post("/portal/claims/", text="foreigner"))
    assert "No claim found" in text_of(visitor.post("/portal/claims/", text="%"))


def test_a_claim_page_says_where_it_stands_and_whose_days_without_our_notes(
    people: People,
) -> None:
    found = claim("A2")
    page = text_of(Visitor(people.client_user).get(f"/portal/claims/{found.pk}/"))
    assert "$175.00" in page
    assert "Whose days" in page
    assert "Flag this claim" in page
    event = AuditEvent.objects.filter(action="claim.view").latest("pk")
    assert (event.claim_id, event.actor) == (found.pk, f"user:{people.client_user.pk}")


def test_the_clock_charges_every_day_of_a_claim_to_somebody() -> None:
    # Served January 2, sent and here January 5 and again January 12 (due 25 days later).
    clock = clock_of_claim(claim("A2").pk, as_of=date(2026, 3, 5))
    days = clock.days
    assert days[Holder.BEFORE] == 3
    assert set(days) == {Holder.BEFORE, Holder.PAYER, Holder.US}
    assert clock.age_days == (date(2026, 3, 5) - date(2026, 1, 2)).days == sum(days.values())
    assert clock.holder == Holder.US
    paid = clock_of_claim(claim("A/1 1").pk, as_of=date(2026, 3, 5))
    assert paid.days[Holder.PATIENT] == (date(2026, 3, 5) - date(2026, 1, 20)).days
    assert paid.holder == Holder.PATIENT


def test_shares_of_a_client_are_the_sums_of_its_claims(people: People) -> None:
    mine = Client.objects.get(code="MINE")
    as_of = date(2026, 3, 5)
    shares = {share.holder: share for share in shares_of_clients([mine.pk], as_of=as_of)}
    clocks = [clock_of_claim(claim(number).pk, as_of=as_of) for number in ("A/1 1", "A2", "A3")]
    for holder, share in shares.items():
        assert share.days == sum(clock.days.get(holder, 0) for clock in clocks)
    assert sum(share.claims for share in shares.values()) == 3
    assert sum(share.balance_cents for share in shares.values()) == 28_500
    clock = clock_rows([mine.pk], today=as_of)
    assert clock["days"] == sum(row["days"] for row in clock["rows"])
    visitor = Visitor(people.client_user, htmx=True)
    assert "Waited for" in text_of(visitor.get("/portal/clock/"))


def test_a_flag_goes_from_the_claim_to_its_answer_in_the_portal(people: People) -> None:
    found = claim("A2")
    visitor = Visitor(people.client_user)
    address = f"/portal/claims/{found.pk}/flag/"
    assert "you have an answer by" in text_of(visitor.get(address))
    assert visitor.post(address, reason="", urgency="normal", text="").status_code == 422
    made = visitor.post(address, reason="paid", urgency="urgent", text="We saw the check")
    flag = Flag.objects.get(claim=found)
    assert made.headers["Location"] == f"/portal/flags/{flag.pk}/"
    assert visitor.get(address).headers["Location"] == f"/portal/flags/{flag.pk}/"
    assert "We believe that it was paid" in text_of(visitor.get("/portal/flags/"))
    me = people.admin
    write_to_client(flag.pk, text="internal words", user=me, at=timezone.now(), is_internal=True)
    ask_client(flag.pk, text="Which check?", user=me, at=timezone.now())
    page = text_of(visitor.get(f"/portal/flags/{flag.pk}/"))
    assert "Which check?" in page
    assert "internal words" not in page
    act = f"/portal/flags/{flag.pk}/act/"
    assert visitor.post(act, act="write", text="").status_code == 422
    assert visitor.post(act, act="close").status_code == 422  # not answered yet
    assert visitor.post(act, act="write", text="No 12").status_code == 302
    flag.refresh_from_db()
    assert flag.state == "working"
    answer_flag(flag.pk, text="Traced", user=me, at=timezone.now())
    assert visitor.post(act, act="reopen", text="Since when?").status_code == 302
    answer_flag(flag.pk, text="Since May", user=me, at=timezone.now())
    assert visitor.post(act, act="close").status_code == 302
    flag.refresh_from_db()
    assert flag.state == "closed"
    bell = text_of(visitor.get("/notices/"))
    assert "your flag is answered" in bell
    assert "Traced" not in bell
    assert "Flagged before" in text_of(visitor.get(f"/portal/claims/{found.pk}/"))


def test_a_client_takes_its_flag_back(people: People) -> None:
    visitor = Visitor(people.client_user)
    address = f"/portal/claims/{claim('A2').pk}/flag/"
    visitor.post(address, reason="large", urgency="normal", text="")
    flag = Flag.objects.get()
    assert visitor.post(f"/portal/flags/{flag.pk}/act/", act="withdraw").status_code == 302
    flag.refresh_from_db()
    assert flag.state == "withdrawn"


def test_strangers_and_staff_have_no_portal_and_clients_no_staff_pages(people: People) -> None:
    theirs, mine = claim("B1"), claim("A2")
    visitor = Visitor(people.client_user)
    assert visitor.get(f"/portal/claims/{theirs.pk}/").status_code == 404
    assert visitor.get(f"/portal/claims/{theirs.pk}/flag/").status_code == 404
    answer = visitor.post(
        f"/portal/claims/{theirs.pk}/flag/", reason="paid", urgency="normal", text=""
    )
    assert answer.status_code == 404
    assert not Flag.objects.exists()
    for address in ("/flags/", f"/flags/new/{mine.pk}/"):
        assert visitor.get(address).status_code == 403
    for person in (people.specialist, people.admin):
        assert Visitor(person).get("/portal/").status_code == 403


def test_a_user_without_a_practice_is_told_what_to_do(people: People) -> None:
    people.client_user.assignments.all().delete()
    page = text_of(Visitor(people.client_user).get("/portal/"))
    assert "No practice is assigned to you yet" in page
