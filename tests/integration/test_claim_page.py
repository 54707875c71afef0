"""Claims: the list, the search, one claim as a person reads it, and money in suspense."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.builders import (
    Inbox,
    Paid,
    claims_file,
    paid,
    patient,
    remittance_file,
    sent,
    service,
)
from tests.integration.pages import AS_OF, People, Visitor, fill, text_of

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.receivables.claim import claim_detail, find_claim
from sanderling.receivables.claim_page import Links, page_of
from sanderling.receivables.suspense import suspense
from sanderling.remits.models import ClaimPayment


@pytest.fixture
def people(inbox: Inbox) -> People:
    return fill(inbox)


def test_a_number_with_a_slash_and_a_blank_has_an_address(people: People) -> None:
    address = reverse("claim", args=["MINE", "A/1 1"])
    assert address == "/claims/MINE/A/1%201/"
    page = text_of(Visitor(people.specialist).get(address, as_of=AS_OF.isoformat()))
    assert "Claim A/1 1" in page
    assert "DOE, JANE" in page
    assert "patient owes" in page


def test_the_eob_adds_up_and_names_reasons(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/claims/MINE/A/1%201/"))
    assert "billed = adjusted + patient + paid" in page
    assert "CO-45" in page
    assert "PR-1" in page
    for amount in ("$200.00", "$140.00", "$60.00", "$20.00", "$120.00"):
        assert amount in page
    detail = claim_detail(find_claim(client="MINE", number="A/1 1"), as_of=AS_OF)
    (eob,) = page_of(detail, Links({}), today=AS_OF)["remittances"]
    assert (eob["patient_cents"], eob["other_cents"], eob["allowed_cents"]) == (2000, 6000, 14000)
    assert eob["difference_cents"] == 0


def test_another_member_id_is_told_and_changes_nothing_by_itself(
    people: People, inbox: Inbox
) -> None:
    """DOMAIN B6-19: NM1*74 is proposed to whoever verifies coverage, never taken over."""
    line = service("HC:99213", 150, 0, "CO*31*150", control="ID74L1")
    body = f"{patient()}NM1*74*1*DOE*JANE****C*XYZ999~{line}"
    inbox.take(
        claims_file(sent("ID74"), control=174, batch="BATCH74"),
        remittance_file(Paid("ID74", 150, 0, body=body), trace="EFT74", control=674),
    )
    claim = Claim.objects.get(number="ID74")
    code = claim.client.code
    detail = claim_detail(find_claim(client=code, number="ID74"), as_of=AS_OF)

    (eob,) = detail["remittances"]
    assert eob["corrected_member_id"] == "XYZ999"
    assert (claim.member_id, detail["patient"]["member_id"]) == ("ABC123456789", "ABC123456789")
    page = text_of(Visitor(people.specialist).get(f"/claims/{code}/ID74/"))
    assert "under another member ID: XYZ999" in page


def test_a_held_payment_shows_what_does_not_add_up(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/claims/MINE/A3/"))
    assert "payment held" in page
    assert "leaves $10.00" in page


def test_a_payment_that_only_the_ledger_holds_is_called_held(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1")), received_date=date(2026, 1, 5))
    reversed_lines = patient() + service("HC:99213", -150, -90, "CO*45*-60", control="A1L1")
    reversal = remittance_file(
        Paid("A1", -150, -90, 0, "22", "ICN7", reversed_lines),
        paid("B1", 150, 100, "CO*45*50"),
        trace="T2",
    )
    inbox.take(reversal, received_date=date(2026, 1, 20))
    claim = Claim.objects.get(number="A1")

    def shown(as_of: date) -> tuple[list[str], dict[str, bool]]:
        detail = claim_detail(find_claim(client=claim.client.code, number="A1"), as_of=as_of)
        events = [e["event"] for e in detail["timeline"] if e["event"] in ("held", "remitted")]
        held = {r["payer_claim_number"]: r["is_held"] for r in detail["remittances"]}
        return events, held

    assert ClaimPayment.objects.get(claim_id=claim.pk).is_held is False  # it balances
    assert shown(date(2026, 1, 25)) == (["held"], {"ICN7": True})
    original = remittance_file(
        paid("A1", 150, 90, "CO*45*60", payer_number="ICN7"), trace="T1", control=2
    )
    inbox.take(original, received_date=date(2026, 2, 1))
    assert shown(date(2026, 1, 25)) == (["held"], {"ICN7": True})
    assert shown(date(2026, 2, 2)) == (["remitted", "remitted"], {"ICN7": False})


def test_a_replacement_shows_what_changed(people: People) -> None:
    visitor = Visitor(people.specialist)
    page = text_of(visitor.get("/claims/MINE/A2/"))
    assert "$150.00 → 99213 $175.00" in page
    assert "Replacement" in page
    early = text_of(visitor.get("/claims/MINE/A2/", as_of="2026-01-06"))
    assert "$175.00" not in early
    assert "As it was known at the end of 2026-01-06" in early


def test_facts_lead_to_their_segments(people: People) -> None:
    visitor = Visitor(people.specialist)
    page = text_of(visitor.get("/claims/MINE/A/1%201/"))
    links = set(re.findall(r'href="(/files/\d+/segments/)\?position=(\d+)#chosen"', page))
    assert len(links) >= 4
    names = set()
    for address, position in links:
        segments = text_of(visitor.get(address, position=position))
        heading = re.search(rf"Segment {position}: (\w+)", segments)
        assert heading is not None
        names.add(heading[1])
    assert {"CLM", "CLP", "SVC"} <= names


def test_looking_is_audited(people: People) -> None:
    Visitor(people.specialist).get("/claims/MINE/A2/")
    event = AuditEvent.objects.filter(action="claim.view").latest("pk")
    assert event.claim_id == Claim.objects.get(number="A2").pk
    assert event.actor == f"user:{people.specialist.pk}"


def test_foreign_and_unknown_claims_are_not_found(people: People) -> None:
    visitor = Visitor(people.specialist)
    assert visitor.get("/claims/THEIRS/B1/").status_code == 404
    assert visitor.get("/claims/MINE/NONE/").status_code == 404
    assert Visitor(people.stranger).get("/claims/MINE/A2/").status_code == 404
    assert Visitor(people.admin).get("/claims/THEIRS/B1/").status_code == 200


def test_a_client_user_reads_the_claim_without_links_to_files(people: People) -> None:
    page = text_of(Visitor(people.client_user).get("/claims/MINE/A/1%201/"))
    assert "CO-45" in page
    assert "/files/" not in page
    held = text_of(Visitor(people.client_user).get("/claims/MINE/A3/"))
    assert "Held in suspense" in held
    assert "/suspense/" not in held


def test_search_goes_by_post_and_finds_own_claims_only(people: People) -> None:
    visitor = Visitor(people.specialist)
    page = text_of(visitor.post("/claims/", text="doe, jane"))
    assert "3 claims found" in page
    only = visitor.post("/claims/", text="A2")
    assert (only.status_code, only.headers["Location"]) == (302, "/claims/MINE/A2/")
    assert "No claim found" in text_of(visitor.post("/claims/", text="FOREIGNER"))
    for words, count in (("jane doe", 3), ("doe, jim", 0), ("DOE", 3), (",", 0), ("\0", 0)):
        found = text_of(visitor.post("/claims/", text=words))
        assert found.count("tr data-href") == count, words
    # A name in an address would stand in logs: it is not looked for there.
    assert "No claim found" not in text_of(visitor.get("/claims/", text="FOREIGNER"))


def test_search_knows_the_payers_number(inbox: Inbox, people: People) -> None:
    inbox.take(
        remittance_file(paid("A2", 175, 175, payer_number="ICN-77/1"), trace="EFT9", control=650),
        received_date=date(2026, 2, 1),
    )
    answer = Visitor(people.specialist).post("/claims/", text="icn 77 1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/claims/MINE/A2/")


@pytest.mark.parametrize(
    "address", ["/claims/MINE/A%00/", "/claims/?client=%00", "/files/?text=%00", "/claims/MINE/../"]
)
def test_what_no_claim_is_called_is_no_error(people: People, address: str) -> None:
    assert Visitor(people.admin).get(address).status_code in (200, 404)


def test_the_list_shows_own_claims(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/claims/"))
    assert all(number in page for number in ("A2", "A3", "A/1 1"))
    assert "FOREIGNER" not in page


def test_a_claim_takes_as_many_queries_with_many_facts(inbox: Inbox, people: People) -> None:
    visitor = Visitor(people.admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert visitor.get("/claims/MINE/A/1%201/").status_code == 200
        return len(captured)

    def take(number: int) -> None:
        inbox.take(
            claims_file(
                sent("A/1 1", 200 + number, frequency="7", original_reference="X"),
                batch=f"R{number}",
                control=200 + number,
            ),
            remittance_file(
                paid("A/1 1", 200, 0, "CO*45*200", status="4"),
                trace=f"EFT{number + 5}",
                control=700 + number,
            ),
            received_date=date(2026, 2, 1 + number),
        )

    queries()  # writes the session
    bare = queries()
    take(0)
    before = queries()  # what has nothing of a kind does not ask for it
    for number in range(1, 3):
        take(number)
    assert queries() == before
    assert bare <= before <= 30


def test_suspense_ties_to_the_ledger(people: People) -> None:
    found = suspense()
    assert [(row["claim"], row["suspense_cents"]) for row in found.held] == [("A3", 5000)]
    assert found.ledger_cents == found.held_cents == 5000
    assert found.provider_cents == found.provider_ledger_cents == -125
    page = text_of(Visitor(people.specialist).get("/suspense/"))
    assert "ties to the suspense account" in page
    assert "CLP04 50.00 is not" in page
    assert "interest" in page
    assert "Nothing waits" in text_of(Visitor(people.stranger).get("/suspense/"))


def test_suspense_says_when_it_does_not_tie(people: People) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE remits_claim_payment SET transaction_id = transaction_id + 1000")
    found = suspense()
    assert found.difference_cents == 5000
    assert "differs by 5000 cents" in text_of(Visitor(people.admin).get("/suspense/"))


def test_a_remark_on_the_whole_claim_without_a_reduction_is_shown(inbox: Inbox) -> None:
    people = fill(inbox)
    body = patient() + "MOA***MA01~" + service("HC:99213", 175, 175, control="A2L1")
    inbox.take(
        remittance_file(Paid("A2", 175, 175, body=body), trace="T9", control=109),
        received_date=date(2026, 1, 25),
    )
    page = text_of(Visitor(people.specialist).get("/claims/MINE/A2/"))
    assert "MA01" in page
    assert "Whole claim" in page
