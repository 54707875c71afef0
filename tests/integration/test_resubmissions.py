"""Claims sent again: the way each takes, who approves, what goes out, what is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import Inbox, balances, claims_file, paid, remittance_file, sent
from tests.integration.pages import People, people_of
from tests.integration.resubmission_desk import (
    NOW,
    TODAY,
    bytes_of,
    claim,
    claims_in,
    person,
    send_again,
    standing_desk,
)
from tests.integration.test_external_checkers import pyx12_errors

from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Submission
from sanderling.core.resubmission.kinds import Kind, choose
from sanderling.exchange.releasing import release
from sanderling.followup.models import Activity
from sanderling.news.models import Notice
from sanderling.outbox.actions import cancel
from sanderling.outbox.models import OutboundClaim, OutboundFile
from sanderling.outbox.models import State as FileState
from sanderling.resubmission.actions import Asked, decide, save_draft, send_many, withdraw
from sanderling.resubmission.history import newest_versions
from sanderling.resubmission.models import Limits, Resubmission, State
from sanderling.resubmission.policy import LimitsRefused, Policy, policy_of, set_limits
from sanderling.resubmission.preparing import (
    ClaimFaulty,
    ResubmissionRefused,
    ready_from_typed,
    source_of,
)

MEMBER = {"member_id": "NEW999"}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_desk(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None, db: None) -> People:
    return people_of()


@pytest.fixture
def inbox(world: None, tmp_path: Path) -> Inbox:
    return Inbox(tmp_path, at=NOW)


@pytest.fixture
def lead(people: People) -> User:
    return person("lead", "lead")


def barrier(number: str) -> str:
    refresh_stale(TODAY)
    return Barrier.objects.get(claim_id=claim(number).pk, party=11).barrier


def nothing_is_written() -> bool:
    return not (
        Resubmission.objects.exists() or OutboundFile.objects.exists() or Activity.objects.exists()
    )


def test_a_denied_claim_is_replaced_with_the_payers_number(people: People) -> None:
    made = send_again("DENIED", people.specialist, {**MEMBER, "line.1.modifiers": "25"})

    assert (made.state, made.kind, made.needs) == (State.QUEUED, Kind.REPLACEMENT, "")
    assert made.file is not None
    found = claims_in(made.file)["DENIED"]
    assert (found.frequency, found.original_reference, found.number) == ("7", "ICN1", "DENIED")
    assert found.subscriber.loops[0].value("NM1", place=9) == "NEW999"
    assert (made.file.kind, made.file.purpose, made.file.claim_count) == ("837P", "corrected", 1)
    assert (made.file.sender_id, made.file.receiver_id) == ("CLEARHOUSE", "BILLCO")
    assert pyx12_errors(bytes_of(made.file).decode("ascii")) == []
    assert OutboundClaim.objects.get().reference == "DENIED"


def test_the_send_is_an_activity_and_the_claim_waits_for_the_payer(people: People) -> None:
    assert barrier("DENIED") == "denied"
    made = send_again("DENIED", people.specialist, MEMBER)

    act = Activity.objects.get()
    assert (act.action, act.outcome, act.channel) == ("correct_and_rebill", "sent", "electronic")
    assert made.file is not None
    assert act.reference == made.file.name
    assert act.note == (
        "Sent a replacement: The card shows another number. (Member ID: ABC123456789 -> NEW999)"
    )
    assert barrier("DENIED") == "corrected_pending"


def test_a_rejected_claim_goes_out_as_a_first_one(people: People) -> None:
    assert barrier("REJECTED") == "rejected"
    made = send_again("REJECTED", people.specialist, MEMBER)

    assert made.file is not None
    found = claims_in(made.file)["REJECTED"]
    assert (made.kind, found.frequency, found.original_reference) == (Kind.FIRST, "1", "")
    assert made.file.purpose == "resubmission"
    assert Activity.objects.get().action == "resubmit"
    assert barrier("REJECTED") == "awaiting_payer"


def test_an_unprocessable_claim_goes_out_as_a_new_one(people: People) -> None:
    made = send_again("NEWONLY", people.specialist, MEMBER)
    assert (made.kind, made.state) == (Kind.FIRST, State.QUEUED)


def test_a_claim_that_waits_for_its_payer_is_refused(people: People) -> None:
    for kind in (None, Kind.REPLACEMENT, Kind.VOID, Kind.FIRST):
        with pytest.raises(ClaimFaulty, match=r"duplicate|N779"):
            send_again("WAITING", people.specialist, MEMBER, kind=kind)
    assert nothing_is_written()


def test_what_is_wrong_keeps_the_claim_here(people: People) -> None:
    wrong = {"line.1.pointers": "2", "rendering.npi": "1234567890"}
    with pytest.raises(ClaimFaulty) as refused:
        send_again("DENIED", people.specialist, wrong)
    assert {one.path for one in refused.value.findings if one.is_error} == {
        "line.1.pointers",
        "rendering.npi",
    }
    with pytest.raises(ResubmissionRefused, match="othing is corrected"):
        send_again("DENIED", people.specialist)
    with pytest.raises(ResubmissionRefused, match="say why"):
        send_again("DENIED", people.specialist, MEMBER, reason=" ")
    assert nothing_is_written()


def test_a_void_repeats_the_claim_and_always_waits_for_another_person(
    people: People, lead: User
) -> None:
    with pytest.raises(ClaimFaulty, match="as it was sent"):
        send_again("PAID", people.specialist, MEMBER, kind=Kind.VOID)
    made = send_again("PAID", people.specialist, kind=Kind.VOID)
    assert (made.state, made.file, OutboundFile.objects.count()) == (State.HELD, None, 0)
    assert Notice.objects.filter(user=lead, kind="resubmission").count() == 1

    _, refused = decide([made.pk], approves=True, user=people.specialist, at=NOW)
    assert "own request" in refused[0]
    (done,), refused = decide([made.pk], approves=True, user=lead, at=NOW)
    assert refused == []
    assert done.file is not None
    found = claims_in(done.file)["PAID"]
    assert (found.frequency, found.original_reference) == ("8", "ICN4")
    assert done.file.purpose == "void"
    assert (done.state, done.decided_by) == (State.QUEUED, lead)


def test_a_changed_charge_and_a_large_claim_wait_for_approval(people: People, lead: User) -> None:
    changed = send_again("DENIED", people.specialist, {"line.1.charge": "140"})
    large = send_again("LARGE", people.specialist, {"authorization": "A7"})

    assert (changed.state, changed.charge_after_cents) == (State.HELD, 140_00)
    assert changed.needs == "The charge changes from $150.00 to $140.00."
    assert "5,000.00 or more" in large.needs
    decided, refused = decide([changed.pk, large.pk], approves=True, user=lead, at=NOW)
    assert (len(decided), refused) == (2, [])
    (file,) = OutboundFile.objects.all()
    assert set(claims_in(file)) == {"DENIED", "LARGE"}
    assert pyx12_errors(bytes_of(file).decode("ascii")) == []


def test_the_limits_of_a_client_go_before_those_of_all(people: People) -> None:
    client_id = claim("DENIED").client_id
    set_limits(None, Policy(above_cents=100_00, charge_changes=False))
    assert send_again("DENIED", people.specialist, MEMBER).state == State.HELD
    set_limits(client_id, Policy(above_cents=1_000_00, charge_changes=False))
    assert send_again("OTHER", people.specialist, {"line.1.charge": "140"}).state == State.QUEUED
    assert policy_of(client_id + 1).above_cents == 100_00
    with pytest.raises(LimitsRefused):
        set_limits(None, Policy(above_cents=-1))
    assert Limits.objects.count() == 2


def test_what_is_declined_says_why_and_can_be_asked_for_again(people: People, lead: User) -> None:
    made = send_again("PAID", people.specialist, kind=Kind.VOID)
    _, refused = decide([made.pk], approves=False, user=lead, at=NOW)
    assert "say why" in refused[0].lower()
    (done,), _ = decide([made.pk], approves=False, user=lead, at=NOW, note="It was rightly paid.")

    assert (done.state, done.decision_note, OutboundFile.objects.count()) == (
        State.DECLINED,
        "It was rightly paid.",
        0,
    )
    assert Notice.objects.filter(user=people.specialist).count() == 1
    assert send_again("PAID", people.specialist, kind=Kind.VOID).state == State.HELD


def test_a_form_sent_twice_is_one(people: People) -> None:
    key = uuid4()
    first = send_again("DENIED", people.specialist, MEMBER, key=key)
    second = send_again("DENIED", people.specialist, MEMBER, key=key)

    assert first.pk == second.pk
    assert (OutboundFile.objects.count(), Activity.objects.count()) == (1, 1)


def test_of_two_people_who_correct_one_version_the_second_is_told(
    people: People, lead: User
) -> None:
    send_again("DENIED", people.specialist, MEMBER)
    with pytest.raises(ResubmissionRefused, match="being corrected already"):
        send_again("DENIED", lead, {"member_id": "OTHER1"})
    assert OutboundFile.objects.count() == 1


def test_a_draft_is_kept_and_becomes_what_is_sent(people: People, lead: User) -> None:
    asked = Asked("Card.", people.specialist, NOW)
    draft = save_draft(
        claim=claim("DENIED"), party=11, kind=None, typed=MEMBER, asked=asked, key=uuid4()
    )
    assert (draft.state, OutboundFile.objects.count()) == (State.DRAFT, 0)
    made = send_again("DENIED", lead, {"member_id": "NEW777"})
    assert (made.pk, made.state, made.made_by) == (draft.pk, State.QUEUED, lead)


def test_it_is_taken_back_while_it_is_not_on_its_way(people: People) -> None:
    made = send_again("DENIED", people.specialist, MEMBER)
    assert withdraw(made.pk, user=people.specialist, at=NOW) == [made]
    assert withdraw(made.pk, user=people.specialist, at=NOW) == []

    assert OutboundFile.objects.get().state == FileState.CANCELLED
    assert Activity.standing.count() == 0
    assert barrier("DENIED") == "denied"
    again = send_again("DENIED", people.specialist, MEMBER)
    OutboundFile.objects.filter(pk=again.file_id or 0).update(state=FileState.SENT)
    with pytest.raises(ResubmissionRefused, match="on its way or sent"):
        withdraw(again.pk, user=people.specialist, at=NOW)


def test_a_file_that_is_cancelled_in_the_outbox_takes_its_claims_back(people: People) -> None:
    made = send_again("DENIED", people.specialist, MEMBER)
    cancel(made.file_id or 0, at=NOW)

    made.refresh_from_db()
    assert (made.state, Activity.standing.count()) == (State.WITHDRAWN, 0)
    assert barrier("DENIED") == "denied"
    assert send_again("DENIED", people.specialist, MEMBER).pk != made.pk


def test_a_file_that_our_own_reader_refuses_frees_its_claims(people: People) -> None:
    made = send_again("DENIED", people.specialist, MEMBER)
    OutboundFile.objects.update(state=FileState.FAILED)
    again = send_again("DENIED", people.specialist, {"member_id": "NEW777"})
    made.refresh_from_db()
    assert (made.state, again.state) == (State.WITHDRAWN, State.QUEUED)
    OutboundFile.objects.update(state=FileState.FAILED)
    assert withdraw(again.pk, user=people.specialist, at=NOW)[0].state == State.WITHDRAWN
    assert Activity.standing.count() == 0


def test_what_is_released_comes_back_in_as_the_next_version(people: People) -> None:
    before = balances()
    send_again("DENIED", people.specialist, MEMBER)
    send_again("REJECTED", people.specialist, MEMBER)
    done = release(at=NOW)

    assert (done.failed, len(done.waiting)) == ([], 2)
    versions = list(
        Submission.objects.filter(claim=claim("DENIED")).order_by("pk").values_list(
            "frequency", "original_reference", "member_id", "sequence"
        )
    )  # fmt: skip
    assert versions == [("1", "", "ABC123456789", 1), ("7", "ICN1", "NEW999", 1)]
    assert (barrier("DENIED"), barrier("REJECTED")) == ("corrected_pending", "awaiting_payer")
    assert balances() == before
    with pytest.raises(ClaimFaulty, match="duplicate"):
        send_again("DENIED", people.specialist, {"member_id": "NEW777"})
    assert release(at=NOW).waiting == []


def test_an_approval_after_the_claim_went_out_elsewhere_is_refused(
    people: People, lead: User, inbox: Inbox
) -> None:
    made = send_again("DENIED", people.specialist, {"line.1.charge": "140"})
    inbox.take(
        claims_file(
            sent("DENIED", 150, frequency="7", original_reference="ICN1"),
            batch="B9",
            made="20260220",
            control=190,
        ),
        received_date=date(2026, 2, 20),
    )
    decided, (refused,) = decide([made.pk], approves=True, user=lead, at=NOW)
    assert (decided, OutboundFile.objects.count()) == ([], 0)
    assert "sent again since" in refused


def test_a_replacement_is_decided_only_by_a_later_remittance(people: People, inbox: Inbox) -> None:
    inbox.take(
        claims_file(
            sent("DENIED", 150, frequency="7", original_reference="ICN1"),
            batch="B9",
            made="20260220",
            control=190,
        ),
        received_date=date(2026, 2, 20),
    )
    refresh_stale(TODAY)
    with pytest.raises(ClaimFaulty, match="duplicate"):
        send_again("DENIED", people.specialist, MEMBER)
    inbox.take(
        remittance_file(
            paid("DENIED", 150, 0, "CO*16*150", payer_number="ICN1B"),
            trace="EFT2",
            control=602,
            payment_date="20260301",
        ),
        received_date=date(2026, 3, 2),
    )
    refresh_stale(TODAY)
    made = send_again("DENIED", people.specialist, MEMBER)
    assert made.file is not None
    assert claims_in(made.file)["DENIED"].original_reference == "ICN1B"


def test_a_new_claim_sent_on_the_day_of_the_decision_is_not_decided_by_it(
    people: People, inbox: Inbox
) -> None:
    inbox.take(
        claims_file(sent("NEWONLY", 150), batch="B9", made="20260120", control=190),
        received_date=date(2026, 1, 20),
    )
    assert not newest_versions([(claim("NEWONLY").pk, 11)])[
        claim("NEWONLY").pk, 11
    ].history.is_decided


def test_the_payers_number_may_be_typed_where_it_is_not_known(people: People) -> None:
    source = source_of(claim("DENIED").pk, 11)
    history = replace(source.version.history, payer_claim_number="")
    unknown = replace(
        source, version=replace(source.version, history=history), choice=choose(history)
    )
    ready = ready_from_typed(unknown, kind=None, typed=MEMBER, today=TODAY)
    assert (ready.kind, "ask for it" in ready.errors[0].text) == (Kind.REPLACEMENT, True)
    typed = {**MEMBER, "original_reference": "ICN99"}
    ready = ready_from_typed(unknown, kind=None, typed=typed, today=TODAY)
    assert ready.errors == ()
    assert (ready.document.frequency, ready.document.original_reference) == ("7", "ICN99")


def test_many_claims_go_out_in_one_file_and_each_refusal_is_told(people: People) -> None:
    batch = uuid4()
    readies = [
        ready_from_typed(
            source_of(claim(number).pk, 11), kind=None, typed={"payer_id": "ACME2"}, today=TODAY
        )
        for number in ("DENIED", "OTHER", "WAITING", "LARGE")
    ]
    asked = Asked("The payer has a new number.", people.specialist, NOW)
    made, refused = send_many(readies, asked=asked, batch=batch)

    assert {one.claim.number: one.state for one in made} == {
        "DENIED": State.QUEUED,
        "OTHER": State.QUEUED,
        "LARGE": State.HELD,
    }
    assert [one.source.original.number for one, _ in refused] == ["WAITING"]
    (file,) = OutboundFile.objects.all()
    assert set(claims_in(file)) == {"DENIED", "OTHER"}
    assert pyx12_errors(bytes_of(file).decode("ascii")) == []
    assert send_many(readies, asked=asked, batch=batch)[0] == made
    assert OutboundFile.objects.count() == 1
    back = withdraw(made[0].pk, user=people.specialist, at=NOW + timedelta(minutes=1))
    assert {one.claim.number for one in back} == {"DENIED", "OTHER"}


@pytest.mark.parametrize(
    "change",
    [
        "state = 'queued'",
        "edits = '[]'",
        "decided_by_id = made_by_id",
        "state = 'draft'",
        "needs = ''",
    ],
)
def test_the_database_refuses_what_skips_a_step(people: People, change: str) -> None:
    made = send_again("DENIED", people.specialist, {"line.1.charge": "140"})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE resubmission_resubmission SET {change} WHERE id = %s",
            [made.pk],
        )
