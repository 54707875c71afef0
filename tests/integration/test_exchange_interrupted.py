"""A visit that is killed before or after any of its steps goes on, and leaves each file once.

The steps are counted and each is cut off in turn; the other side may take what it was left at once.
Real kills of real processes: bench/exchange_kills.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.builders import Inbox, claims_file, sent

from sanderling.claims.models import Claim, Submission
from sanderling.exchange import running
from sanderling.exchange.actions import add_mailbox
from sanderling.exchange.folder import FolderTransport
from sanderling.exchange.models import Kind, Mailbox, RemoteFile
from sanderling.exchange.releasing import release
from sanderling.exchange.running import visit
from sanderling.exchange.transport import Away, Remote
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundFile, State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 15, tzinfo=UTC)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class CutOff:
    """A folder mailbox whose nth step is cut off, before or after it is done."""

    def __init__(
        self, root: Path, cut_at: int, fault: type[BaseException], *, is_after: bool
    ) -> None:
        self.inner = FolderTransport(root)
        self.root = root
        self.left = cut_at
        self.fault = fault
        self.is_after = is_after

    def _step(self, act: Callable[[], object]) -> object:
        self.left -= 1
        if self.left == 0 and not self.is_after:
            raise self.fault("cut off")
        found = act()
        if self.left == 0:
            raise self.fault("cut off")
        return found

    def listing(self, folder: str) -> Iterator[Remote]:
        rows = self._step(lambda: list(self.inner.listing(folder)))
        return iter(rows)  # type: ignore[call-overload,no-any-return]  # a list of Remote

    def size_of(self, path: str) -> int | None:
        return self._step(lambda: self.inner.size_of(path))  # type: ignore[return-value]  # as above

    def put(self, data: bytes, path: str) -> None:
        self._step(lambda: self.inner.put(data, path))

    def rename(self, old: str, new: str) -> None:
        self._step(lambda: self.inner.rename(old, new))
        if new.startswith("out/"):
            take_at_once(self.root)

    def get(self, path: str, target: Path) -> None:
        self._step(lambda: self.inner.get(path, target))

    def remove(self, path: str) -> None:
        self._step(lambda: self.inner.remove(path))


def take_at_once(root: Path) -> None:
    """Be the other side: take what was left, and count how often each came."""
    for path in sorted((root / "out").iterdir()):
        if not path.name.startswith("."):
            number = sum(1 for one in (root / "taken").iterdir() if one.name.startswith(path.name))
            path.rename(root / "taken" / f"{path.name}.{number}")


@pytest.fixture
def box(tmp_path: Path, inbox: Inbox) -> tuple[Mailbox, Path]:
    """A mailbox, two files to be left there and one to be fetched."""
    inbox.take(claims_file(sent("A1", 150)), received_date=date(2026, 1, 5))
    claim = Claim.objects.get()
    root = tmp_path / "box"
    for name in ("out", "in", "taken"):
        (root / name).mkdir(parents=True)
    mailbox = add_mailbox(
        at=AT,
        name="Clearinghouse",
        kind=Kind.FOLDER,
        root=str(root),
        outgoing_folder="out",
        incoming_folders=["in"],
        sends=["837P"],
        after_fetch="delete",
    )
    for charge in (175, 180):
        queue_file(
            kind="837P",
            purpose="corrected",
            client_id=claim.client_id,
            payer_id=claim.payer_id,
            sender_id="S",
            receiver_id="R",
            claims=[Draft(claim.pk, 11, "A1")],
            make=lambda file, charge=charge: claims_file(  # type: ignore[misc]  # bound now
                sent("A1", charge), control=2_000 + file.pk
            ).encode(),
            user=None,
            actor="rule:1",
            at=AT,
        )
    (root / "in" / "a.837").write_text(claims_file(sent("A2", 90), control=55))
    os.utime(root / "in" / "a.837", (0, 0))
    return mailbox, root


@contextmanager
def opened(transport: CutOff) -> Iterator[CutOff]:
    yield transport


def visit_cut_off(
    mailbox: Mailbox,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    cut_at: int,
    fault: type[BaseException],
    *,
    is_after: bool,
) -> bool:
    """Visit, cut off at the nth step; say whether there was one."""
    transport = CutOff(root, cut_at, fault, is_after=is_after)
    with monkeypatch.context() as patched:
        patched.setattr(running, "open_mailbox", lambda _mailbox: opened(transport))
        with suppress(Killed):
            visit(mailbox, now=lambda: AT, pause=lambda _seconds: None)
    return transport.left <= 0


# List; get and remove the file that came; for each of two: a look, put, rename.
STEPS = 9


@pytest.mark.slow
# Before a step is after the one before it: only the first is cut off on both sides.
@pytest.mark.parametrize(
    ("cut_at", "fault", "is_after"),
    [(1, Killed, False)]
    + [(step, fault, True) for step in range(1, STEPS + 1) for fault in (Killed, Away)],
)
def test_cut_off_anywhere_each_file_is_left_once_and_fetched_once(
    box: tuple[Mailbox, Path],
    monkeypatch: pytest.MonkeyPatch,
    cut_at: int,
    fault: type[BaseException],
    *,
    is_after: bool,
) -> None:
    mailbox, root = box
    release(at=AT)

    visit_cut_off(mailbox, root, monkeypatch, cut_at, fault, is_after=is_after)
    take_at_once(root)
    later = AT + timedelta(hours=1)
    for _ in range(2):
        OutboundFile.objects.filter(state=State.SENDING).update(next_attempt_at=AT)
        visit(mailbox, now=lambda: later, pause=lambda _seconds: None)
        take_at_once(root)

    names = sorted(file.name for file in OutboundFile.objects.all())
    assert sorted(path.name for path in (root / "taken").iterdir()) == [f"{n}.0" for n in names]
    assert {file.state for file in OutboundFile.objects.all()} == {State.SENT}
    assert Submission.objects.filter(claim__number="A2").count() == 1
    assert list((root / "in").iterdir()) == []
    assert RemoteFile.objects.get().state == "removed"


def test_there_are_as_many_steps_as_are_cut_off(
    box: tuple[Mailbox, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, root = box
    release(at=AT)

    assert visit_cut_off(mailbox, root, monkeypatch, STEPS, Away, is_after=True)
    assert not visit_cut_off(mailbox, root, monkeypatch, STEPS, Away, is_after=True)
