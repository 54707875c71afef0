"""The loop closed: what the product sends is accepted by living payers and rightly paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bench.live_office import fix_of
from tests.builders import Inbox, check_identities
from tests.integration.live_desk import NOW, Desk
from tests.live_side import DAY, SETTINGS, Side, opened, served

from sanderling.appeals.actions import approve, finish, queue_packet
from sanderling.appeals.writing import begin_appeal
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.core.resubmission.kinds import Kind as Way
from sanderling.exchange.actions import save_mailbox
from sanderling.exchange.demo_traffic import ensure_demo_traffic
from sanderling.exchange.models import Mailbox, RemoteFile, Run
from sanderling.inquiries.actions import plan_requests
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.secondary_actions import bill_next_payers
from sanderling.simulator.live.packets import Packet, wins
from sanderling.simulator.live.sftp import make_key
from sanderling.simulator.live.store import Record
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.reasons import DENIALS, LATE, NO_AUTHORIZATION

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("beginning"))


@pytest.fixture
def desk(inbox: Inbox, beginning: Path, tmp_path: Path) -> Desk:
    side = Side(beginning, tmp_path / "world")
    side.turns(1)
    for path in (side.mailbox / "out").iterdir():
        path.unlink()
    return Desk(inbox, side)


# A reason each that a claim can take away; N286 and coordination of benefits need another claim.
REASONS = [
    (category, reason)
    for category, reasons in DENIALS.items()
    for reason in reasons[:1]
    if category not in {"coordination_of_benefits", "non_covered", "benefit_limit", "timely_filing"}
]


def test_every_corrected_claim_is_accepted_and_rightly_paid(desk: Desk) -> None:
    records = desk.deny(REASONS)
    desk.know(*records)
    whole = [one for one in records if one.denial is not None and one.denial.is_whole]
    assert len(whole) >= 5
    for record in whole:
        assert desk.owed(record)[0] == {11: record.claim.charge_cents}

    for record in records:
        desk.send(record, fix_of(record))
    desk.pass_turns(6)

    verdicts = desk.side.rows("SELECT status FROM verdicts")
    assert verdicts == [("accepted",)] * (2 * len(records))
    for record in records:
        now = desk.side.record(record)
        assert now.category == "", record.denial
        product, truth = desk.owed(record)
        assert product == truth
    fetched = RemoteFile.objects.values_list("state", "status").distinct()
    assert list(fetched) == [("removed", "posted")]
    sent = OutboundFile.objects.values_list("state", "standing").distinct()
    assert list(sent) == [("sent", "accepted")]
    check_identities()


def test_a_correction_that_mends_nothing_is_denied_again_and_still_owed(desk: Desk) -> None:
    (record,) = desk.deny([("authorization", NO_AUTHORIZATION)])
    desk.know(record)

    desk.send(record, {"note": "Please look again"})
    desk.pass_turns(6)

    assert desk.side.record(record).category == "authorization"
    product, truth = desk.owed(record)
    assert product == truth == {11: record.claim.charge_cents}


@pytest.mark.slow
def test_it_holds_over_sftp_with_a_dead_line_a_full_disk_and_answers_mixed_up_and_doubled(
    desk: Desk,
) -> None:
    records = desk.deny([REASONS[0], REASONS[2]])
    desk.know(*records)
    faults = desk.side.world.faults
    faults.reordered = faults.doubled = True
    for record in records:
        desk.send(record, fix_of(record))

    with served(desk.side) as (server, port):
        desk.reach_over_sftp(server, port)
        faults.disk_is_full = True
        desk.pass_turns(1)
        faults.disk_is_full = False
        for size in (200, 1200, 300):
            desk.time += timedelta(hours=12)
            faults.drop_after_bytes = size
            desk.pass_turns(2)
        faults.drop_after_bytes = -1
        desk.time += timedelta(hours=12)
        desk.pass_turns(8)

    assert [desk.decisions(one) for one in records] == [1, 1]
    assert Run.objects.exclude(fault="").count() >= 3
    for record in records:
        product, truth = desk.owed(record)
        assert product == truth
    assert set(OutboundFile.objects.values_list("state", "standing")) == {("sent", "accepted")}
    check_identities()


def test_a_server_that_shows_another_key_gets_nothing(desk: Desk) -> None:
    (record,) = desk.deny([REASONS[0]])
    desk.know(record)
    desk.send(record, fix_of(record))

    with served(desk.side) as (server, port):
        desk.reach_over_sftp(server, port)
    make_key(server.keys.host_key)
    with served(desk.side) as (server, port):
        desk.mailbox.refresh_from_db()
        save_mailbox(desk.mailbox, values={"port": port}, at=desk.time)
        desk.pass_turns(2)

    desk.mailbox.refresh_from_db()
    assert "host key" in desk.mailbox.stopped_reason
    assert desk.side.rows("SELECT name FROM arrivals") == []
    assert OutboundFile.objects.get().state == "sending"


def test_a_void_gives_the_money_back_and_leaves_nothing_owed(desk: Desk) -> None:
    record = desk.side.records(
        lambda one: (
            one.state == "final"
            and one.payer == "UNH05"
            and not one.category
            and not one.claim.other_payers
            and one.payments[0].payment.paid_cents > 0
        )
    )[0]
    desk.know(record)

    desk.send(record, kind=Way.VOID)
    desk.pass_turns(6)

    assert desk.side.record(record).state == "voided"
    assert desk.owed(record)[0] == {}
    check_identities()


def test_a_rejected_claim_mended_is_accepted_and_paid(desk: Desk) -> None:
    payer, client, refusal = next(
        one for one in desk.side.refusals() if one[2].reason.text == "SUBSCRIBER ID NOT FOUND"
    )
    claim = refusal.claim
    provider = desk.side.records(lambda one: one.client == client)[0].provider
    desk.side.made_date = DAY - timedelta(days=60)
    desk.take(desk.side.file_837([claim], provider))
    desk.answered([claim], provider, refusal.reason)
    refresh_stale(DAY)
    record = Record(payer, client, claim.control_number, "", "", claim, provider)

    desk.send(record, {"member_id": f"{payer[:3]}123456789"})
    desk.pass_turns(6)

    product, truth = desk.owed(record)
    assert truth is not None
    assert product == truth
    assert desk.decisions(record) == 1


def test_a_claim_that_a_277_does_not_find_is_sent_as_if_for_the_first_time_and_paid(
    desk: Desk,
) -> None:
    (record,) = desk.deny([REASONS[0]])
    with desk.books() as store, store.transaction():
        store.run("DELETE FROM records WHERE number = ?", record.number)
        store.run("DELETE FROM claim_numbers WHERE number = ?", record.number)
    desk.know(replace(record, payments=()))
    assert plan_requests(at=NOW).claims == 1
    desk.pass_turns(2)
    assert Barrier.objects.get(claim_id=desk.claim(record).pk).barrier == "not_on_file"

    desk.send(record)
    desk.pass_turns(6)

    product, truth = desk.owed(record)
    assert truth is not None
    assert product == truth
    assert desk.decisions(record) == 1


def unbilled(desk: Desk) -> list[Record]:
    """Claims whose first payer has left something to a second that knows nothing of them."""
    return [
        one
        for one in desk.side.records(
            lambda one: (
                one.state == "final"
                and not one.category
                and one.claim.sequence == "P"
                and not BY_CODE[one.payer].crosses_over
                and len(one.payments) == 1
                and one.payments[0].payment.patient_cents > 0
                and len(one.claim.other_payers) == 1
            )
        )
        if len(desk.records(one)) == 1
    ]


@pytest.mark.slow
def test_a_claim_to_the_next_payer_is_accepted_and_leaves_the_patient_what_it_should(
    desk: Desk,
) -> None:
    billable = unbilled(desk)[:3]
    desk.know(*billable)
    keys = [(desk.claim(one).pk, 12) for one in billable]

    billed = bill_next_payers(keys, user=desk.asker, at=NOW)
    assert billed.refused == []
    desk.pass_turns(6)

    assert len(billable) >= 2
    verdicts = desk.side.rows("SELECT status FROM verdicts")
    assert verdicts == [("accepted",)] * (2 * len(billable))
    for record in billable:
        assert len(desk.records(record)) == 2
        product, truth = desk.owed(record)
        if truth is not None:  # else the second payer denied it
            assert product == truth
    again = bill_next_payers(keys, user=desk.asker, at=NOW)
    assert len(again.refused) == len(keys)
    check_identities()


@pytest.mark.parametrize("is_won", [True, False])
def test_an_appeal_sent_is_decided_by_truth_and_the_balance_follows(
    is_won: bool,  # noqa: FBT001 - a parameter of the test
    desk: Desk,
) -> None:
    records = desk.deny([("timely_filing", LATE)] * 12)
    record = next(one for one in records if wins(SETTINGS.seed, one, packet_of(one)) is is_won)
    desk.know(record)
    desk.letterhead(record)
    appeal = begin_appeal(claim=desk.claim(record), party=11, user=desk.asker, at=NOW)
    finish(appeal.pk, user=desk.asker, at=NOW)
    appeal.refresh_from_db()
    if appeal.state != "approved":
        approve(appeal.pk, user=desk.approver, at=NOW)

    queue_packet(appeal.pk, user=desk.asker, at=NOW)
    desk.pass_turns(8)

    assert [row[0] for row in desk.side.rows("SELECT state FROM appeals")] == [
        "overturned" if is_won else "upheld"
    ]
    product, truth = desk.owed(record)
    assert truth is not None
    assert product == truth
    assert (product == {11: record.claim.charge_cents}) is not is_won


@pytest.mark.slow
def test_a_demonstration_begins_with_a_week_of_exchange(desk: Desk) -> None:
    records = desk.deny([REASONS[0], *(one for one in REASONS if one[0] == "authorization")])
    desk.know(*records, *unbilled(desk)[:3])
    Mailbox.objects.all().delete()

    assert ensure_demo_traffic(folder=desk.side.folder, at=NOW)

    files = list(OutboundFile.objects.all())
    assert {(file.purpose, file.standing) for file in files} >= {
        ("corrected", "accepted"),
        ("corrected", "rejected"),  # the member of another card
        ("secondary", "accepted"),
    }
    assert {file.state for file in files} == {"sent"}
    assert all(file.queued_at.date() < DAY for file in files)
    assert RemoteFile.objects.filter(path__endswith=".835", state="removed").exists()
    assert not ensure_demo_traffic(folder=desk.side.folder, at=NOW)
    assert OutboundFile.objects.count() == len(files)


def packet_of(record: Record) -> Packet:
    """The appeal of a record, with its evidence."""
    return Packet("", record.payer, record.client, record.number, "appeal", 1, has_evidence=True)
