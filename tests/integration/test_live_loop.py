"""The loop closed: what the product sends is accepted by living payers and rightly paid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from bench.live_office import fix_of
from tests.builders import Inbox, check_identities
from tests.integration.live_desk import Desk
from tests.live_side import Side, opened, served

from sanderling.exchange.actions import save_mailbox
from sanderling.exchange.models import RemoteFile, Run
from sanderling.outbox.models import OutboundFile
from sanderling.simulator.live.sftp import make_key
from sanderling.simulator.reasons import DENIALS, NO_AUTHORIZATION

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
