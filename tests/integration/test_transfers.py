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
    sent,
    service,
)
from tests.integration.pages import People, Visitor, make_client, make_people, text_of

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim, DecidedFact
from sanderling.core.ledger.accounts import Kind
from sanderling.ledger.spans import extend_spans
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


@pytest.fixture
def people(inbox: Inbox) -> People:
    """A client with claims that payers left, wholly or partly, to the patients."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(SENT, received_date=date(2026, 1, 5))
    inbox.take(DECIDED, received_date=date(2026, 1, 20))
    assert {report.status for report in inbox.reports} == {"posted"}
    refresh_stale(TODAY)
    return make_people(client)


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
    with pytest.raises(TransferRefused, match=r"left 20\.00 to the patient"):
        asked(people, "A6", 2_001)
    with pytest.raises(TransferRefused, match=r"left 20\.00 to the patient"):
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
    rows = {row["claim"]: row for row in found.rows}
    assert set(rows) == {"A6", "A7"}
    assert {name: rows["A7"][name] for name in COLUMNS} == {
        "client": "MINE",
        "claim": "A7",
        "patient_last_name": "ROE",
        "patient_first_name": "RICHARD",
        "birth_date": date(1980, 2, 14),
        "address_line_1": "1 ELM ST",
        "address_line_2": "",
        "city": "AUSTIN",
        "state": "TX",
        "zip": "787020002",
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
