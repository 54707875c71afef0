"""Claims to the next payer: what can go, what waits, what is asked; sent once, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import DatabaseError, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import Inbox, balances
from tests.integration.desk import acting_as
from tests.integration.next_payers import AT, TODAY, kept_world, named
from tests.integration.pages import People, people_of
from tests.integration.test_external_checkers import pyx12_errors

from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Submission
from sanderling.core.resubmission.next_payer import Supplied
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes
from sanderling.files.storage import open_original
from sanderling.followup.actions import record
from sanderling.followup.models import Activity
from sanderling.outbox.actions import OutboxRefused
from sanderling.outbox.models import OutboundFile, State
from sanderling.resubmission.secondary_actions import (
    SecondaryRefused,
    answer,
    bill_next_payers,
    undo_file,
)
from sanderling.resubmission.secondary_building import Prepared, prepare
from sanderling.resubmission.secondary_listing import Narrowed, Sum, counts, listed
from sanderling.resubmission.secondary_models import SecondaryClaim

pytestmark = pytest.mark.django_db


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


def keys(*numbers: str, party: int = 12) -> list[tuple[int, int]]:
    return [(named(number).pk, party) for number in numbers]


def prepared(number: str, party: int = 12) -> Prepared:
    key = (named(number).pk, party)
    return prepare([key], today=TODAY)[key]


def sent_bytes(file: OutboundFile) -> bytes:
    with open_original(file.sha256, is_encrypted=file.is_encrypted) as stream:
        return stream.read()


def barrier(number: str, party: int = 12) -> tuple[str, str]:
    refresh_stale(TODAY)
    found = Barrier.objects.get(claim_id=named(number).pk, party=party)
    return found.barrier, found.detail


def test_each_claim_stands_where_it_can_be_worked(people: People) -> None:
    found = {
        tab: {row["claim"]: row["reason"] for row in listed(tab, Narrowed(), today=TODAY)}
        for tab in ("ready", "waits", "asks")
    }

    assert found == {
        "ready": {"N1": "", "R1": "", "R2": "", "T1": "", "Z1": ""},
        "waits": {"P1": "before_refused", "X1": "crossover"},
        "asks": {"M1": "msp", "U1": "coverage", "X2": "crossover_late"},
    }
    # 200 + 24 + 24 + 4 + 74; what was paid in full (F1) is nowhere.
    assert counts(Narrowed())["ready"] == Sum(5, 326_00)


def test_a_forwarded_claim_waits_thirty_days_from_the_remittance(people: People) -> None:
    (row,) = [one for one in listed("waits", Narrowed(), today=TODAY) if one["claim"] == "X1"]

    assert row["until_date"] == date(2026, 3, 30)
    assert row["sentence"] == (
        "ACME HEALTH passed the claim on to SECOND MUTUAL itself; its answer may take until "
        "2026-03-30. Billing it as well would be a duplicate."
    )


def test_the_list_is_narrowed_to_a_payer(people: People) -> None:
    medicaid = named("T1").tertiary_payer_id

    assert [row["claim"] for row in listed("ready", Narrowed(payer_id=medicaid), today=TODAY)] == [
        "T1"
    ]


def test_claims_of_one_client_and_payer_go_in_one_file(people: People) -> None:
    billed = bill_next_payers(keys("R1", "R2"), user=people.specialist, at=AT)

    (file,) = billed.files
    assert (file.kind, file.purpose, file.claim_count) == ("837P", "secondary", 2)
    assert (file.sender_id, file.receiver_id) == ("CLEARHOUSE", "BILLCO")
    data = sent_bytes(file)
    assert pyx12_errors(data.decode()) == []
    (batch,) = [one for one in read_bytes(data) if isinstance(one, Batch)]
    claims = batch.tables["claims"].select(
        "claim_number", "payer_sequence", "payer_id", "frequency"
    )
    assert claims.rows() == [("R1", "S", "SECM1", "1"), ("R2", "S", "SECM1", "1")]
    told = batch.tables["coverages"].select("payer_id", "paid_cents", "payer_claim_number").rows()
    assert told == [("ACME1", 96_00, "IR1"), ("ACME1", 96_00, "IR2")]
    assert [one.due_cents for one in billed.claims] == [24_00, 24_00]


def test_billing_is_an_activity_and_moves_the_barrier(people: People) -> None:
    billed = bill_next_payers(keys("R1"), user=people.specialist, at=AT)

    activity = Activity.objects.get()
    assert activity.pk == billed.claims[0].activity_id
    assert (activity.action, activity.outcome) == ("bill_secondary", "sent")
    assert activity.reference == billed.files[0].name
    assert barrier("R1") == ("awaiting_payer", "act_sent")
    assert "R1" not in [row["claim"] for row in listed("ready", Narrowed(), today=TODAY)]


def test_when_the_file_is_taken_in_again_the_ledger_knows_the_claim_is_with_the_next_payer(
    people: People, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = balances()
    billed = bill_next_payers(keys("R1"), user=people.specialist, at=AT)
    folder = tmp_path_factory.mktemp("back")
    Inbox(folder, at=AT).take(sent_bytes(billed.files[0]), received_date=TODAY)

    assert Submission.objects.filter(claim=named("R1"), sequence=2, frequency="1").count() == 1
    assert barrier("R1") == ("awaiting_payer", "act_sent")
    assert balances() == before


def test_the_third_payer_is_told_of_both_before_it(people: People) -> None:
    billed = bill_next_payers(keys("T1", party=13), user=people.specialist, at=AT)

    text = sent_bytes(billed.files[0]).decode()
    assert pyx12_errors(text) == []
    assert [
        one for one in text.split("~") if one.startswith(("SBR", "AMT*D", "SVD", "REF*F8"))
    ] == [
        "SBR*T*18*******MC",
        "SBR*P*18*GRP100******CI",
        "AMT*D*96",
        "REF*F8*IT1",
        "SBR*S*18*GRP900******CI",
        "AMT*D*20",
        "REF*F8*S2T1",
        "SVD*ACME1*96*HC:99213**1",
        "SVD*SECM1*20*HC:99213**1",
    ]


def test_what_the_first_payer_refused_goes_to_the_second_with_the_refusal(people: People) -> None:
    billed = bill_next_payers(keys("N1"), user=people.specialist, at=AT)

    segments = sent_bytes(billed.files[0]).decode().split("~")
    assert "AMT*D*0" in segments
    assert "CAS*PR*119*200" in segments
    # Nothing is owed by the second payer as yet: the refusal itself waits for it.
    assert barrier("N1", 11) == ("awaiting_payer", "act_sent")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("X1", "Billing it as well would be a duplicate"),
        ("P1", "ACME HEALTH refused $100.00"),
        ("X2", "bill it directly only if it has no such claim"),
        ("M1", "say it once (MSP type)"),
        ("U1", "under which number SECOND MUTUAL insures the patient"),
        ("Z1", "fits no line of the claim as sent"),
        ("F1", "nothing is owed by the next payer"),
    ],
)
def test_what_does_not_go_says_why_and_nothing_is_written(
    people: People, number: str, said: str
) -> None:
    billed = bill_next_payers(keys(number), user=people.specialist, at=AT)

    assert said.lower() in billed.refused[0][1].lower()
    assert not billed.files
    assert not OutboundFile.objects.exists()
    assert not SecondaryClaim.objects.exists()
    assert not Activity.objects.exists()


def test_one_that_is_refused_stops_no_other(people: People) -> None:
    billed = bill_next_payers(keys("R1", "X1", "R2"), user=people.specialist, at=AT)

    assert [one.claim.number for one in billed.claims] == ["R1", "R2"]
    assert [one.claim.number for one, _ in billed.refused] == ["X1"]


def test_a_second_click_and_a_second_person_find_it_billed(people: People) -> None:
    bill_next_payers(keys("R1"), user=people.specialist, at=AT)
    again = bill_next_payers(keys("R1", "R1"), user=people.admin, at=AT)

    assert [sentence for _, sentence in again.refused] == [
        "It was billed on 2026-03-05; it goes to this payer once."
    ]
    assert OutboundFile.objects.count() == 1


def test_the_database_refuses_a_second_one(people: People) -> None:
    (made,) = bill_next_payers(keys("R1"), user=people.specialist, at=AT).claims
    made.pk = None

    with pytest.raises(DatabaseError), transaction.atomic():
        made.save(force_insert=True)


def test_what_was_told_does_not_change(people: People) -> None:
    (made,) = bill_next_payers(keys("R1"), user=people.specialist, at=AT).claims

    with pytest.raises(DatabaseError, match="what was told"), transaction.atomic():
        SecondaryClaim.objects.filter(pk=made.pk).update(due_cents=1)


def test_a_claim_that_another_file_brought_to_the_payer_is_a_duplicate(people: People) -> None:
    assert prepared("T1", 12).refusal == (
        "It was sent to this payer before; sending it again is a duplicate."
    )


def test_undoing_takes_the_file_back_and_the_claim_can_be_billed_anew(people: People) -> None:
    billed = bill_next_payers(keys("R1", "R2"), user=people.specialist, at=AT)
    file = billed.files[0]

    assert undo_file(file.pk, user=people.specialist, at=AT) == 2
    assert undo_file(file.pk, user=people.specialist, at=AT) == 0

    file.refresh_from_db()
    assert file.state == State.CANCELLED
    assert barrier("R1") == ("secondary_unbilled", "")
    assert {"R1", "R2"} <= {row["claim"] for row in listed("ready", Narrowed(), today=TODAY)}
    assert bill_next_payers(keys("R1"), user=people.specialist, at=AT).files


def test_what_stands_in_the_way_is_said_where_it_is_on_no_list(people: People) -> None:
    billed = bill_next_payers(keys("R1"), user=people.specialist, at=AT)
    assert barrier("R1") == ("awaiting_payer", "act_sent")
    undo_file(billed.files[0].pk, user=people.specialist, at=AT)
    assert prepared("R1").refusal == "It was just taken back; it can be billed in a moment."

    # Somebody bills it elsewhere and notes that.
    record(
        claim=named("R1"), activity_date=TODAY, channel="mail", action="bill_secondary",
        outcome="sent", at=AT, user=people.specialist,
    )  # fmt: skip
    refresh_stale(TODAY)
    assert prepared("R1").refusal == (
        "It was noted as billed on 2026-03-05; take that note back first if it was not."
    )
    record(
        claim=named("R2"), activity_date=TODAY, channel="internal", action="request_documents",
        outcome="sent", at=AT, user=people.specialist,
    )  # fmt: skip
    refresh_stale(TODAY)
    assert prepared("R2").refusal == "It is not for billing now: waiting for the client."


def test_what_has_gone_out_is_not_undone(people: People) -> None:
    file = bill_next_payers(keys("R1"), user=people.specialist, at=AT).files[0]
    OutboundFile.objects.filter(pk=file.pk).update(state=State.SENT)

    with pytest.raises(OutboxRefused):
        undo_file(file.pk, user=people.specialist, at=AT)
    assert SecondaryClaim.objects.get().state == "sent"
    assert barrier("R1") == ("awaiting_payer", "act_sent")


def test_medicare_is_asked_about_once_and_then_told(people: People) -> None:
    asked = prepared("M1")
    assert (asked.asks_msp, asked.msp.known, asked.msp.likely) == (True, "", "43")

    answer(named("M1"), 12, msp_type="13", user=people.specialist, at=AT)
    billed = bill_next_payers(keys("M1"), user=people.specialist, at=AT)

    assert billed.claims[0].msp_type == "13"
    assert "SBR*S*18***13****MB" in sent_bytes(billed.files[0]).decode().split("~")


def test_a_type_that_does_not_exist_is_refused(people: People) -> None:
    with pytest.raises(SecondaryRefused, match="an MSP type is one of 12, 13"):
        answer(named("M1"), 12, msp_type="99", user=people.specialist, at=AT)


def test_a_missing_coverage_is_given_once_and_then_used(people: People) -> None:
    given = Supplied("Second Mutual", "SECM1", "SEC901", "CI")
    answer(named("U1"), 12, supplied=given, user=people.specialist, at=AT)
    billed = bill_next_payers(keys("U1"), user=people.specialist, at=AT)

    assert "NM1*IL*1*DOE*JANE****MI*SEC901" in sent_bytes(billed.files[0]).decode().split("~")
    told = AuditEvent.objects.filter(action="secondary.answer").latest("pk")
    assert "SEC901" not in str(told.detail)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Supplied("Second", "", "S1", "CI"), "electronic id is missing"),
        (Supplied("Second", "SECM1", "S1", "CI", "01"), "the insured's name is missing"),
        (Supplied("Second", "SECM1", "S*1", "CI"), "cannot be sent"),
        (Supplied("Second", "SECM1", "S1", "CI", "77"), "choose what the patient is"),
    ],
)
def test_a_coverage_that_no_claim_could_carry_is_refused(
    people: People, given: Supplied, said: str
) -> None:
    with pytest.raises(SecondaryRefused, match=said):
        answer(named("U1"), 12, supplied=given, user=people.specialist, at=AT)


@pytest.mark.parametrize("number", ["P1", "X2"])
def test_a_person_may_say_that_it_goes_now(people: People, number: str) -> None:
    answer(named(number), 12, goes_now=True, user=people.specialist, at=AT)

    assert bill_next_payers(keys(number), user=people.specialist, at=AT).files


def test_a_forwarded_claim_does_not_go_before_its_day_whatever_is_said(people: People) -> None:
    answer(named("X1"), 12, goes_now=True, user=people.specialist, at=AT)

    assert not bill_next_payers(keys("X1"), user=people.specialist, at=AT).files


def test_what_the_first_payer_did_is_shown_also_where_it_cannot_be_sent(people: People) -> None:
    one = prepared("P1")

    (prior,) = one.priors
    assert prior.payer_name == "ACME HEALTH"
    assert prior.balance is not None
    assert [(line.line, line.gap_cents) for line in prior.balance.lines] == [(1, 0), (2, 0)]
    assert one.document is None


def test_under_the_webs_rights_a_specialist_bills_and_a_stranger_finds_nothing(
    people: People,
) -> None:
    with acting_as(people.stranger):
        assert bill_next_payers([(1, 12)], user=people.stranger, at=AT).files == []
        assert counts(Narrowed())["ready"] == Sum(0, 0)
    wanted = keys("R1")
    with acting_as(people.specialist):
        assert bill_next_payers(wanted, user=people.specialist, at=AT).files


def test_nothing_chosen_is_said(people: People) -> None:
    with pytest.raises(SecondaryRefused, match="choose at least one claim"):
        bill_next_payers([], user=people.specialist, at=AT)
