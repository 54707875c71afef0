"""The pages about next payers: what they show, what they do, and who is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.urls import reverse
from pytest_django import DjangoDbBlocker
from tests.integration.next_payers import TODAY, kept_world, named
from tests.integration.pages import People, Visitor, people_of, text_of

from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.secondary_models import SecondaryAnswer, SecondaryClaim
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
LIST = "/resubmissions/secondary/"


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None) -> People:
    return people_of()


@pytest.fixture
def visitor(people: People) -> Visitor:
    return Visitor(people.specialist)


def page_of(number: str, party: int = 12) -> str:
    return reverse("secondary-claim", args=[named(number).pk, party])


def key(number: str, party: int = 12) -> str:
    return f"{named(number).pk}-{party}"


def test_the_list_shows_what_can_go_with_count_and_dollars(visitor: Visitor) -> None:
    page = text_of(visitor.get(LIST))

    assert "R1" in page
    assert "X1" not in page
    assert "$326.00" in page
    assert "SECOND MUTUAL owes what is left" in page
    assert AuditEvent.objects.filter(action="secondary.list").exists()


@pytest.mark.parametrize(
    ("tab", "shown", "said"),
    [
        ("waits", "X1", "Billing it as well would be a duplicate"),
        ("asks", "M1", "say it once (MSP type)"),
        ("sent", "Nothing billed yet", "can be taken back"),
    ],
)
def test_other_tabs_say_why(visitor: Visitor, tab: str, shown: str, said: str) -> None:
    page = text_of(visitor.get(LIST, tab=tab))

    assert shown in page
    assert said in page


def test_the_list_is_exported_as_typed_data(visitor: Visitor) -> None:
    answer = json.loads(text_of(visitor.get(LIST, tab="waits", format="json")))

    rows = {row["claim"]: row for row in answer["rows"]}
    assert rows["X1"]["until_date"] == "2026-03-30"
    assert rows["X1"]["balance_cents"] == 2400
    assert AuditEvent.objects.filter(action="secondary.export").exists()


def test_a_claims_page_shows_what_the_first_payer_did_and_what_the_second_is_told(
    visitor: Visitor,
) -> None:
    page = text_of(visitor.get(page_of("R1")))

    assert "balances" in page
    assert "CO-45" in page
    assert "SVD*ACME1*96*HC:99213**1" in page
    assert "Bill the second payer" in page
    assert AuditEvent.objects.filter(action="secondary.view", claim_id=named("R1").pk).exists()


def test_what_cannot_be_told_is_said_and_has_no_button(visitor: Visitor) -> None:
    page = text_of(visitor.get(page_of("Z1")))

    assert "fits no line of the claim as sent" in page
    assert "Bill the second payer" not in page


def test_a_click_bills_and_a_second_click_says_so(visitor: Visitor) -> None:
    answer = visitor.post("/resubmissions/secondary/bill/", claim=key("R1"))
    assert answer.headers["Location"] == page_of("R1")
    page = text_of(visitor.get(page_of("R1")))
    assert "Take back the file" in page
    assert "1 claim billed, $24.00, in 1 file." in page

    visitor.post("/resubmissions/secondary/bill/", claim=key("R1"))

    assert "it goes to this payer once" in text_of(visitor.get(page_of("R1")))
    assert OutboundFile.objects.count() == 1


def test_taking_back_makes_it_billable_again(visitor: Visitor) -> None:
    visitor.post("/resubmissions/secondary/bill/", claim=key("R1"))
    file = OutboundFile.objects.get()

    visitor.post(reverse("secondary-undo", args=[file.pk]))

    assert "Taken back: 1 claim can be billed again in a moment." in text_of(visitor.get(LIST))
    refresh_stale(TODAY)
    assert "R1" in text_of(visitor.get(LIST))


def test_a_batch_is_reviewed_before_anything_is_written(visitor: Visitor) -> None:
    page = text_of(visitor.post("/resubmissions/secondary/review/", whole="1"))

    assert "4 claims can be billed, $252.00" in page
    assert "Bill 4 claims, $252.00, in 2 files" in page
    assert "Not billed (1)" in page
    assert not OutboundFile.objects.exists()


def test_items_of_the_worklist_are_reviewed_for_their_next_payers(visitor: Visitor) -> None:
    item = WorkItem.objects.get(claim_id=named("R1").pk, party=12)

    page = text_of(visitor.post("/resubmissions/secondary/review/", item=str(item.pk)))

    assert "1 claim can be billed, $24.00" in page


def test_an_answer_is_kept_and_the_claim_can_go(visitor: Visitor) -> None:
    asked = text_of(visitor.get(page_of("M1")))
    assert "makes 43 likely" in asked
    address = reverse("secondary-answer", args=[named("M1").pk, 12])

    assert visitor.post(address, what="msp", msp_type="").status_code == 422
    visitor.post(address, what="msp", msp_type="12")

    assert SecondaryAnswer.objects.get().msp_type == "12"
    assert "Bill the second payer" in text_of(visitor.get(page_of("M1")))


def test_a_coverage_with_a_fault_comes_back_with_the_form(visitor: Visitor) -> None:
    address = reverse("secondary-answer", args=[named("U1").pk, 12])
    told = {
        "what": "coverage",
        "payer_name": "Second Mutual",
        "payer_id": "SECM1",
        "member_id": "S*1",
        "filing_indicator": "CI",
        "relationship": "18",
    }

    answer = visitor.post(address, **told)
    assert answer.status_code == 422
    assert "cannot be sent" in text_of(answer)
    assert not SecondaryAnswer.objects.exists()

    visitor.post(address, **(told | {"member_id": "S1"}))
    assert "Bill the second payer" in text_of(visitor.get(page_of("U1")))


def test_a_person_says_that_it_goes_now_and_may_take_that_back(visitor: Visitor) -> None:
    address = reverse("secondary-answer", args=[named("P1").pk, 12])
    visitor.post(address, what="now")
    assert "said on" not in text_of(visitor.get(LIST))
    page = text_of(visitor.get(page_of("P1")))
    assert "Let it wait all the same" in page
    assert "Bill the second payer" in page

    visitor.post(address, what="wait")
    assert "What it decided stands: bill now" in text_of(visitor.get(page_of("P1")))


def test_a_stranger_finds_nothing_and_a_client_user_may_not(people: People) -> None:
    stranger, client_user = Visitor(people.stranger), Visitor(people.client_user)
    billed = reverse("secondary-bill")

    assert stranger.get(page_of("R1")).status_code == 404
    assert "Nothing to bill to a next payer" in text_of(stranger.get(LIST))
    stranger.post(billed, claim=key("R1"))
    assert client_user.get(LIST).status_code == 403
    assert client_user.post(billed, claim=key("R1")).status_code == 403
    assert not SecondaryClaim.objects.exists()


def test_the_claims_own_page_leads_here(visitor: Visitor) -> None:
    claim = named("R1")
    page = text_of(visitor.get(reverse("claim", args=[claim.client.code, claim.number])))

    assert page_of("R1") in page
    assert "Bill secondary" in page
