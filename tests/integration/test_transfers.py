"""Transfers to the patient: what may be moved and why not, what is posted, statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from django.db import DatabaseError, transaction
from tests.builders import (
    Inbox,
    balances,
    check_identities,
    claims_file,
    kind_totals,
    paid,
    patient,
    remittance_file,
    rows,
    sent,
    service,
)
from tests.integration.pages import People, Visitor, make_client, make_people, text_of
from tests.remembered import remembered
from tests.unit.core.statement_documents import with_patient

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim, DecidedFact
from sanderling.core.ledger.accounts import Kind
from sanderling.core.patient_statement import guarantor_of
from sanderling.ledger.spans import extend_spans
from sanderling.news.models import Notice
from sanderling.payers.models import Payer
from sanderling.receivables.aging import roll_forward
from sanderling.transfers.actions import (
    TransferRefused,
    decide_transfer,
    request_transfer,
    undo_transfer,
)
from sanderling.transfers.models import State, Transfer
from sanderling.transfers.posting import post_approved
from sanderling.transfers.statements import COLUMNS, statements
from sanderling.worklists.acting import act, undo
from sanderling.worklists.models import Departure, WorkItem

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = NOW.date()
NPI, TIN = "1234567893", "741234567"
SECOND = (
    "SBR*S*18*******CI~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*S1~NM1*PR*2*SECOND HEALTH*****PI*SEC1~"
)
SENT = claims_file(
    sent("A1", 150), sent("A2", 200), sent("A3", 100), sent("A4", 80, others=SECOND),
    sent("A5", 70), sent("A6", 60), sent("A7", 50, patient="ROE*RICHARD"),
)  # fmt: skip
DECIDED = remittance_file(
    paid("A1", 150, 0, "PR*26*150", share=150),
    paid("A2", 200, 0, "CO*29*200"),
    paid("A4", 80, 0, "PR*204*80", share=80),
    paid("A5", 70, 0, "PR*31*60", "PR*303*10", share=70),
    paid("A6", 60, 20, "CO*45*10", "PR*204*20", "PR*1*10", share=30),
    paid("A7", 50, 30, "PR*3*20", share=20),
)
LATER = remittance_file(
    paid("A1", 150, 100, "CO*45*50", payer_number="ICN2"), trace="EFT2", payment_date="20260310",
    control=602,
)  # fmt: skip


@remembered
def filled(inbox: Inbox) -> People:
    """A client with claims that payers left, wholly or partly, to the patients."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(SENT, received_date=date(2026, 1, 5))
    inbox.take(DECIDED, received_date=date(2026, 1, 20))
    assert {report.status for report in inbox.reports} == {"posted"}
    refresh_stale(TODAY)
    return make_people(client)


@pytest.fixture
def people(inbox: Inbox) -> People:
    return filled(inbox)


@pytest.fixture
def lead(people: People) -> User:
    return create_user(
        email="lead@x.test", name="lead", role="lead", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


def claim(number: str = "A1") -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def asked(people: People, number: str = "A1", cents: int = 15_000, party: int = 11) -> Transfer:
    return request_transfer(
        claim=claim(number), party=party, amount_cents=cents, note="", user=people.specialist,
        at=NOW,
    )  # fmt: skip


def moved(people: People, lead: User) -> Transfer:
    """Return a transfer that was requested, approved and posted."""
    one = asked(people)
    decide_transfer(one.pk, approves=True, user=lead, at=NOW)
    assert post_approved(at=NOW) == 1
    one.refresh_from_db()
    return one


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("A2", r"leaves nothing to the patient \(CO-29\)"),
        ("A3", "has not decided"),
        ("A4", "next payer is not billed"),
        ("A5", "protected from bills"),
        ("A7", "nothing is owed"),
    ],
)
def test_what_is_not_the_patients_is_refused_and_writes_nothing(
    people: People, number: str, words: str
) -> None:
    with pytest.raises(TransferRefused, match=words):
        asked(people, number, 100)
    assert Transfer.objects.count() == 0


def test_no_more_than_the_payer_left_to_the_patient_is_moved(people: People) -> None:
    """A6: 10 went to the patient by itself, 20 are left by PR-204."""
    assert balances()["A6"] == {11: 2_000, 14: 1_000}
    with pytest.raises(TransferRefused, match=r"left to the patient are 20\.00"):
        asked(people, "A6", 2_001)
    with pytest.raises(TransferRefused, match=r"left to the patient are 20\.00"):
        asked(people, "A6", 0)
    with pytest.raises(TransferRefused, match="choose which payer"):
        asked(people, "A6", 100, party=14)
    assert asked(people, "A6", 2_000).codes == "PR-204"


def test_workers_compensation_is_not_passed_on(people: People) -> None:
    Payer.objects.update(type="workers_comp")
    with pytest.raises(TransferRefused, match="injured worker"):
        asked(people)


def test_a_secondary_that_is_billed_is_waited_for(people: People, inbox: Inbox) -> None:
    inbox.take(
        claims_file(
            sent("A4", 80, sequence="S", payer_id="SEC1", payer_name="SECOND HEALTH"), batch="B2",
            control=105,
        ),
        received_date=date(2026, 2, 1),
    )  # fmt: skip
    with pytest.raises(TransferRefused, match="billed and has not decided"):
        asked(people, "A4", 100)


def test_a_denial_needs_another_persons_yes(people: People, lead: User) -> None:
    one = asked(people)
    assert one.needs_approval
    with pytest.raises(TransferRefused, match="waits already"):
        asked(people)
    with pytest.raises(TransferRefused, match="own request"):
        decide_transfer(one.pk, approves=True, user=people.specialist, at=NOW)
    with pytest.raises(TransferRefused, match="say why"):
        decide_transfer(one.pk, approves=False, user=lead, at=NOW)
    decide_transfer(one.pk, approves=True, user=lead, at=NOW)
    assert decide_transfer(one.pk, approves=True, user=lead, at=NOW).state == State.APPROVED
    with pytest.raises(TransferRefused, match="waits for no decision"):
        decide_transfer(one.pk, approves=True, user=people.admin, at=NOW)


def test_an_approved_transfer_makes_the_patient_owe(people: People, lead: User) -> None:
    one = moved(people, lead)
    assert one.state == State.POSTED
    assert balances()["A1"] == {14: 15_000}
    assert kind_totals("A1")[Kind.TO_PATIENT] == 15_000
    check_identities()
    extend_spans()
    roll = roll_forward(from_date=date(2026, 3, 4), to_date=TODAY)
    assert roll.difference_cents == 0
    assert roll.opening_cents == roll.closing_cents
    assert post_approved(at=NOW) == 0


def test_a_later_payment_takes_its_part_back_from_the_patient(
    people: People, lead: User, inbox: Inbox
) -> None:
    moved(people, lead)
    inbox.take(LATER, received_date=date(2026, 3, 10))
    assert balances().get("A1", {}) == {}
    assert kind_totals("A1").get(Kind.TO_PATIENT, 0) == 0
    check_identities()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_files_in_any_order_leave_one_balance_beside_a_transfer(
    inbox: Inbox, order: tuple[int, ...]
) -> None:
    make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.at = NOW
    partly = remittance_file(
        paid("A1", 150, 60, "CO*45*20", "PR*204*70", share=70, payer_number="ICN3"), trace="EFT3",
        payment_date="20260210", control=603,
    )  # fmt: skip
    files = ((SENT, date(2026, 1, 5)), (DECIDED, date(2026, 1, 20)), (partly, date(2026, 2, 10)))
    made = False
    for place in order:
        text, day = files[place]
        inbox.take(text, received_date=day)
        if not made and Claim.objects.filter(number="A1").exists():
            DecidedFact.objects.create(
                kind="transfer", decision_id=7, is_reversal=False, claim=claim(), party=11,
                client_id=claim().client_id, amount_cents=9_000, known_date=date(2026, 2, 20),
                order_key="x",
            )  # fmt: skip
            made = True
    assert balances()["A1"] == {14: 7_000}
    check_identities()


def test_taking_a_transfer_back_makes_the_payer_owe_again(people: People, lead: User) -> None:
    one = moved(people, lead)
    with pytest.raises(TransferRefused, match="may approve"):
        undo_transfer(one.pk, user=people.specialist, at=NOW)
    undo_transfer(one.pk, user=lead, at=NOW)
    assert undo_transfer(one.pk, user=lead, at=NOW).state == State.REVERSED
    assert post_approved(at=NOW) == 1
    assert balances()["A1"] == {11: 15_000}
    check_identities()
    asked(people)


def test_the_database_refuses_steps_out_of_order(people: People) -> None:
    one = asked(people)
    for values in ({"state": "posted"}, {"state": "approved"}, {"amount_cents": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Transfer.objects.filter(pk=one.pk).update(**values)


def test_statements_have_what_a_patient_is_to_be_told(people: People) -> None:
    found = statements()
    by_claim = {row["claim"]: row for row in found.rows}
    assert set(by_claim) == {"A6", "A7"}
    assert {name: by_claim["A7"][name] for name in COLUMNS} == {
        "client": "MINE",
        "claim": "A7",
        "patient_last_name": "ROE",
        "patient_first_name": "RICHARD",
        "birth_date": date(1980, 2, 14),
        "guarantor_last_name": "ROE",
        "guarantor_first_name": "RICHARD",
        "address_line_1": "1 ELM ST",
        "address_line_2": "",
        "city": "AUSTIN",
        "state": "TX",
        "zip": "787020002",
        "payer_name": "ACME HEALTH",
        "member_id": "ABC123456789",
        "service_from_date": date(2026, 1, 2),
        "service_to_date": date(2026, 1, 2),
        "charge_cents": 5_000,
        "insurance_paid_cents": 3_000,
        "adjusted_cents": 0,
        "written_off_cents": 0,
        "refunded_cents": 0,
        "insurance_owes_cents": 0,
        "due_cents": 2_000,
        "due_since_date": date(2026, 1, 20),
        "patient_paid_on_claim_cents": None,
        "no_surprises": False,
    }
    for row in found.rows:
        owed = (
            row["charge_cents"] - row["insurance_paid_cents"] - row["adjusted_cents"]
            - row["written_off_cents"] + row["refunded_cents"]
        )  # fmt: skip
        assert owed == row["insurance_owes_cents"] + row["due_cents"]
    assert statements(client="OTHER").rows == []


def test_a_protected_patient_gets_no_statement(people: People, inbox: Inbox) -> None:
    body = patient() + service("HC:99213", 100, 60, "PR*2*40", control="A3L1") + "LQ*HE*N781~"
    inbox.take(
        remittance_file(paid("A3", 100, 60, share=40, body=body), trace="EFT9", control=609),
        received_date=date(2026, 2, 1),
    )
    found = statements(with_addresses=False)
    assert "A3" not in {row["claim"] for row in found.rows}
    assert [(row["claim"], row["code"], row["due_cents"]) for row in found.protected] == [
        ("A3", "N781", 4_000)
    ]


def test_the_pages_lead_from_a_denial_to_a_patients_debt(people: People, lead: User) -> None:
    specialist, decider = Visitor(people.specialist), Visitor(lead)
    page = text_of(specialist.get("/patient-share/"))
    for text in ("PR-26", "Not yet: the next payer is not billed yet", "ROE, RICHARD", "$20.00"):
        assert text in page, text
    address = f"/patient-share/{claim().pk}/11/"
    assert "Another person approves" in text_of(specialist.get(address))
    assert "It cannot be moved" in text_of(specialist.get(f"/patient-share/{claim('A2').pk}/11/"))
    wrong = specialist.post(address, amount="900")
    assert wrong.status_code == 422
    assert "at most that can be moved" in text_of(wrong)
    place = specialist.post(address, amount="150").headers["Location"]
    assert specialist.post(f"{place}decide/", act="approve").status_code == 403
    decider.post(f"{place}decide/", act="approve")
    assert post_approved(at=NOW) == 1
    assert "stand on the patient" in text_of(specialist.get(place))
    sheet = specialist.get("/patient-share/", format="csv").content.decode()
    assert "1 ELM ST" in sheet
    assert "A1" in sheet


def test_the_last_payer_has_the_last_word(people: People, lead: User, inbox: Inbox) -> None:
    """A4: the first payer left 80 to the patient; the second paid 50 of it and left 20."""
    inbox.take(
        claims_file(
            sent("A4", 80, sequence="S", payer_id="SEC1", payer_name="SECOND HEALTH"), batch="B2",
            control=105,
        ),
        remittance_file(
            paid("A4", 80, 50, "CO*45*10", "PR*96*20", status="2", share=20),
            payer="SECOND HEALTH", trace="S1", control=741,
        ),
        received_date=date(2026, 2, 1),
    )  # fmt: skip
    assert balances()["A4"] == {11: 8_000, 12: -5_000}
    with pytest.raises(TransferRefused, match=r"left to the patient are 20\.00"):
        asked(people, "A4", 2_001)
    one = asked(people, "A4", 2_000)
    decide_transfer(one.pk, approves=True, user=lead, at=NOW)
    assert post_approved(at=NOW) == 1
    assert balances()["A4"] == {11: 6_000, 12: -5_000, 14: 2_000}
    with pytest.raises(TransferRefused, match="leaves nothing to the patient"):
        asked(people, "A4", 1)
    check_identities()


def test_another_payers_later_payment_lowers_what_the_patient_owes(
    people: People, lead: User, inbox: Inbox
) -> None:
    moved(people, lead)
    inbox.take(
        remittance_file(
            paid("A1", 150, 60, "PR*96*40", "CO*45*50", status="2", share=40),
            payer="SECOND HEALTH", trace="S1", control=741,
        ),
        received_date=date(2026, 3, 10),
    )  # fmt: skip
    assert balances()["A1"] == {11: 6_000, 12: -6_000, 14: 9_000}
    check_identities()


def barrier_of(number: str) -> dict[int, str]:
    return dict(Barrier.objects.filter(claim_id=claim(number).pk).values_list("party", "barrier"))


def test_the_barrier_goes_with_the_balance_and_the_sum_stays(people: People, lead: User) -> None:
    def sums() -> list[int]:
        tables = ("ledger_open_balance", "barriers_barrier")
        return [rows(f"SELECT sum(balance_cents)::bigint FROM {one}")[0][0] for one in tables]

    before = sums()
    assert before[0] == before[1]
    one = asked(people)
    refresh_stale(TODAY)
    assert barrier_of("A1") == {11: "awaiting_internal"}
    assert Notice.objects.get(user=lead).text == (
        "MINE A1: transfer of $150.00 to the patient waits for approval"
    )
    decide_transfer(one.pk, approves=True, user=lead, at=NOW)
    post_approved(at=NOW)
    refresh_stale(TODAY)
    assert barrier_of("A1") == {14: "patient_responsibility"}
    left = Departure.objects.get(claim_id=claim("A1").pk)
    assert (left.party, left.cause) == (11, "transfer")
    assert sums() == before


def test_rejected_the_claim_is_worked_again(people: People, lead: User) -> None:
    one = asked(people)
    decide_transfer(one.pk, approves=False, user=lead, at=NOW, note="Appeal it.")
    refresh_stale(TODAY)
    assert barrier_of("A1") == {11: "denied"}
    undo_transfer(asked(people).pk, user=people.specialist, at=NOW)
    refresh_stale(TODAY)
    assert barrier_of("A1") == {11: "denied"}


def test_a_no_surprises_remark_is_told_to_both(people: People, lead: User, inbox: Inbox) -> None:
    body = patient() + service("HC:99213", 100, 0, "PR*204*100", control="A3L1") + "LQ*HE*N830~"
    inbox.take(
        remittance_file(paid("A3", 100, 0, share=100, body=body), trace="EFT9", control=609),
        received_date=date(2026, 2, 1),
    )
    form = text_of(Visitor(people.specialist).get(f"/patient-share/{claim('A3').pk}/11/"))
    assert "No Surprises Act applies (N830)" in form
    one = asked(people, "A3", 10_000)
    page = text_of(Visitor(lead).get(f"/patient-share/transfers/{one.pk}/"))
    assert "No Surprises Act applies (N830)" in page


def test_self_pay_says_what_shows_it_and_is_approved(people: People, lead: User) -> None:
    visitor = Visitor(people.specialist)
    address = f"/patient-share/{claim('A3').pk}/11/"
    assert "Move it as self-pay" in text_of(visitor.get(address))
    assert "another payer" not in text_of(visitor.get(address, self_pay="1"))
    wrong = visitor.post(address, amount="100", self_pay="1")
    assert (wrong.status_code, Transfer.objects.count()) == (422, 0)
    assert "note what shows" in text_of(wrong)
    visitor.post(address, amount="100", self_pay="1", note="271 of today: ended 2025-12-31")
    one = Transfer.objects.get()
    assert (one.codes, one.needs_approval) == ("self-pay", True)
    decide_transfer(one.pk, approves=True, user=lead, at=NOW)
    post_approved(at=NOW)
    assert balances()["A3"] == {14: 10_000}
    for number in ("A2", "A4", "A5"):
        assert "Move it as self-pay" not in text_of(
            visitor.get(f"/patient-share/{claim(number).pk}/11/")
        )


def test_many_at_once_leave_out_what_is_not_the_patients_and_can_be_undone(
    people: People,
) -> None:
    items = {item.claim_number: item.pk for item in WorkItem.objects.filter(party=11)}
    done = act(
        "transfer", [items[name] for name in ("A2", "A3", "A4", "A5", "A6")], {"note": ""},
        user=people.specialist, actor=f"user:{people.specialist.pk}", at=NOW,
    )  # fmt: skip
    found = Transfer.objects.get()
    assert (found.claim.number, found.amount_cents, done.items) == ("A6", 2_000, 1)
    undo(done, user=people.specialist, at=NOW)
    found.refresh_from_db()
    assert found.state == State.WITHDRAWN
    assert "Transfer to patient" in text_of(Visitor(people.specialist).get("/claims/MINE/A6/"))


def test_a_childs_statement_goes_to_the_subscriber() -> None:
    child, spouse = (guarantor_of(with_patient(code)) for code in ("19", "01"))
    assert (child.first_name, child.address_1) == ("JANE", "1 ELM ST")
    assert (spouse.first_name, spouse.address_1) == ("SAM", "2 OAK ST")
