"""Files out of the outbox: in by the same door, then to a mailbox, each exactly once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.builders import Inbox, claims_file, sent
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.claims.models import Claim, Submission
from sanderling.exchange import releasing
from sanderling.exchange.actions import add_mailbox
from sanderling.exchange.models import Kind, Mailbox, RemoteFile
from sanderling.exchange.releasing import release
from sanderling.exchange.running import visit
from sanderling.files.models import StoredFile
from sanderling.outbox.actions import Draft, OutboxRefused, approve, cancel, queue_file
from sanderling.outbox.models import OutboundFile, State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 15, tzinfo=UTC)  # a Thursday


def no_pause(_seconds: float) -> None:
    """Wait for nothing."""


def at_noon() -> datetime:
    return AT


@remembered
def filled(inbox: Inbox) -> Claim:
    """One claim, sent in January."""
    inbox.take(claims_file(sent("A1", 150)), received_date=date(2026, 1, 5))
    return Claim.objects.get()


@pytest.fixture
def claim(inbox: Inbox) -> Claim:
    return filled(inbox)


Queue = Callable[..., OutboundFile]


@pytest.fixture
def queue(claim: Claim) -> Queue:
    """Queue a corrected version of the claim; `data` replaces its bytes."""

    def put(*, data: bytes | None = None, **changes: object) -> OutboundFile:
        values: dict[str, object] = {
            "kind": "837P",
            "purpose": "corrected",
            "client_id": claim.client_id,
            "payer_id": claim.payer_id,
            "sender_id": "SENDER",
            "receiver_id": "RECEIVER",
            "claims": [Draft(claim.pk, 11, "A1")],
            "user": None,
            "actor": "rule:1",
            "at": AT,
            **changes,
        }
        return queue_file(
            make=lambda file: (
                data or claims_file(sent("A1", 175), control=1_000 + file.control_number).encode()
            ),
            **values,  # type: ignore[arg-type]  # spelled out above
        )

    return put


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder mailbox on disk."""
    for name in ("out", "in", "done"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return tmp_path / "box"


def folder_mailbox(place: Path, **changes: object) -> Mailbox:
    values: dict[str, object] = {
        "name": "Clearinghouse",
        "kind": Kind.FOLDER,
        "root": str(place),
        "outgoing_folder": "out",
        "incoming_folders": ["in"],
        "sends": ["837P", "837I", "276"],
        **changes,
    }
    return add_mailbox(at=AT, **values)


def test_a_claim_of_ours_comes_in_before_it_goes_out(queue: Queue, place: Path) -> None:
    folder_mailbox(place)
    file = queue()

    done = release(at=AT)

    file.refresh_from_db()
    assert (done.to_mailbox, file.state) == ([file.pk], State.SENDING)
    assert Submission.objects.filter(claim__number="A1").count() == 2
    assert StoredFile.objects.latest("pk").source == "outbox"
    assert file.stored_file_id == StoredFile.objects.latest("pk").pk
    assert list((place / "out").iterdir()) == []


def test_without_a_mailbox_it_waits_and_goes_when_one_comes(queue: Queue, place: Path) -> None:
    file = queue()
    assert release(at=AT).waiting == [file.pk]

    folder_mailbox(place)
    assert release(at=AT).to_mailbox == [file.pk]

    assert Submission.objects.count() == 2


def test_releasing_twice_does_it_once(queue: Queue) -> None:
    queue()
    release(at=AT)
    again = release(at=AT)

    assert (again.to_mailbox, again.waiting) == ([], [])
    assert Submission.objects.count() == 2


def test_a_kill_between_coming_in_and_its_mark_changes_nothing(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = queue()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(releasing, "mailbox_for", killed)
        with pytest.raises(KeyboardInterrupt):
            release(at=AT)
    OutboundFile.objects.filter(pk=file.pk).update(stored_file_id=None)

    assert release(at=AT).waiting == [file.pk]
    assert Submission.objects.count() == 2


def test_what_our_own_reader_does_not_take_is_not_sent(queue: Queue, place: Path) -> None:
    folder_mailbox(place)
    file = queue(data=claims_file(sent("A1", 175), control=7).replace("SE*", "XX*").encode())

    assert release(at=AT).failed == [file.pk]

    file.refresh_from_db()
    assert file.state == State.FAILED
    assert "our own reader does not take it" in file.fault
    assert list((place / "out").iterdir()) == []


def test_a_held_file_waits_for_another_person(queue: Queue) -> None:
    asker, other = (
        create_user(
            email=f"{name}@x.test",
            name=name,
            role="lead",
            password="correct-horse-battery",
            client_ids=[],
        )
        for name in ("asker", "other")
    )
    file = queue(is_held=True, user=asker, actor="")
    assert release(at=AT).waiting == []

    with pytest.raises(OutboxRefused, match="another person"):
        approve(file.pk, user=asker, at=AT)
    approve(file.pk, user=other, at=AT)

    assert release(at=AT).waiting == [file.pk]


def test_a_cancelled_file_stays_and_a_released_one_cannot_be_cancelled(queue: Queue) -> None:
    first, second = queue(), queue(kind="276")
    cancel(second.pk, at=AT)
    release(at=AT)

    with pytest.raises(OutboxRefused, match="on its way"):
        cancel(first.pk, at=AT)
    second.refresh_from_db()
    assert second.state == State.CANCELLED


def test_the_mailbox_that_names_most_of_it_takes_a_file(
    queue: Queue, place: Path, claim: Claim
) -> None:
    folder_mailbox(place, name="everybody")
    of_client = folder_mailbox(place, name="client", client_ids=[claim.client_id])
    of_payer = folder_mailbox(place, name="payer", payer_ids=[claim.payer_id])
    folder_mailbox(place, name="another", client_ids=[claim.client_id + 1])

    assert release_to(queue()) == of_payer.pk
    Mailbox.objects.filter(pk=of_payer.pk).update(is_on=False)
    assert release_to(queue()) == of_client.pk


def release_to(file: OutboundFile) -> int | None:
    release(at=AT)
    file.refresh_from_db()
    return file.mailbox_id


def test_a_visit_leaves_the_file_whole_and_fetches_what_has_come_to_rest(
    queue: Queue, place: Path
) -> None:
    mailbox = folder_mailbox(place, after_fetch="move", done_folder="done")
    file = queue()
    release(at=AT)
    answer = place / "in" / "ack ñ.837"
    answer.write_text(claims_file(sent("A2", 90), control=55))
    old = (AT - timedelta(hours=1)).timestamp()
    os.utime(answer, (old, old))

    run = visit(mailbox, now=at_noon, pause=no_pause)

    assert run is not None
    assert (run.sent, run.fetched, run.fault) == (1, 1, "")
    file.refresh_from_db()
    assert (file.state, file.sent_at) == (State.SENT, AT)
    assert [path.name for path in (place / "out").iterdir()] == [file.name]
    assert Claim.objects.filter(number="A2").exists()
    assert list((place / "in").iterdir()) == []
    assert len(list((place / "done").iterdir())) == 1
    assert (file.receipt_due_date, file.acceptance_due_date) == (date(2026, 3, 6), date(2026, 3, 9))


def test_a_file_that_still_grows_is_left_until_it_rests(queue: Queue, place: Path) -> None:
    mailbox = folder_mailbox(place)
    growing = place / "in" / "a.837"
    growing.write_bytes(b"ISA")
    os.utime(growing, (AT.timestamp(), AT.timestamp()))
    clock = Clock()

    first = visit(mailbox, now=clock.now, pause=no_pause)
    growing.write_text(claims_file(sent("A2", 90), control=55))
    os.utime(growing, (AT.timestamp() + 5, AT.timestamp() + 5))
    clock.at += timedelta(seconds=20)
    second = visit(mailbox, now=clock.now, pause=no_pause)
    clock.at += timedelta(seconds=20)
    third = visit(mailbox, now=clock.now, pause=no_pause)

    assert first is not None
    assert second is not None
    assert third is not None
    assert [(one.fetched, one.resting) for one in (first, second, third)] == [
        (0, 1),
        (0, 1),
        (1, 0),
    ]
    assert growing.exists()  # the mailbox says: leave it there


class Clock:
    """Time that passes only when told."""

    at = AT

    def now(self) -> datetime:
        return self.at


def test_left_files_are_not_fetched_again(queue: Queue, place: Path) -> None:
    mailbox = folder_mailbox(place)
    path = place / "in" / "a.837"
    path.write_text(claims_file(sent("A2", 90), control=55))
    os.utime(path, (0, 0))

    runs = [visit(mailbox, now=at_noon, pause=no_pause) for _ in range(2)]

    assert [run.fetched for run in runs if run] == [1, 0]
    assert RemoteFile.objects.get().status == "posted"


def test_packed_files_are_refused_with_the_reason(queue: Queue, place: Path) -> None:
    mailbox = folder_mailbox(place, after_fetch="delete")
    (place / "in" / "a.zip").write_bytes(b"PK")

    visit(mailbox, now=at_noon, pause=no_pause)

    row = RemoteFile.objects.get()
    assert (row.state, (place / "in" / "a.zip").exists()) == ("refused", True)
    assert "plain over SFTP" in row.fault


def test_a_missing_folder_stops_the_mailbox_and_loses_nothing(queue: Queue, place: Path) -> None:
    mailbox = folder_mailbox(place, outgoing_folder="gone")
    file = queue()
    release(at=AT)

    run = visit(mailbox, now=at_noon, pause=no_pause)

    assert run is not None
    mailbox.refresh_from_db()
    assert mailbox.stopped_at == AT
    file.refresh_from_db()
    assert (file.state, run.sent) == (State.SENDING, 0)
