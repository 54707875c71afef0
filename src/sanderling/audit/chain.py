"""Walks the chain of seals from its beginning and names every row that is not as it was sealed.

What can be found: an event that was changed or removed, a seal that was changed or removed, an
event that was slipped in after the seal of those around it, and an end that was cut off. The last
needs a head of the chain that somebody kept elsewhere (`heads.py`): a chain without its end is a
chain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from sanderling.audit.actions import FIRST_HASH, link_hash
from sanderling.audit.models import AuditEvent, AuditSeal

BATCH_LINKS: Final = 5_000
FINDINGS_MAX: Final = 100
# An event may be sealed after later ones when its transaction was still open then. None of ours is
# open for longer; an event that the database took so long before a seal was slipped in after it.
LATE_MAX: Final = timedelta(hours=6)
DATED_BACK: Final = timedelta(days=1)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain as it was at some time."""

    seal_id: int
    event_id: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that is not as it was. `event_id`: the event, or that of the seal."""

    event_id: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the chain found."""

    sealed: int  # seals walked
    unsealed: int  # events still waiting for a seal
    findings: tuple[Finding, ...]
    head: Head | None
    # Events that name a time more than a day before the database took them; imports may do so.
    dated_back: int = 0
    first_dated_back: int | None = None

    @property
    def is_intact(self) -> bool:
        """Whether every sealed event is as it was."""
        return not self.findings

    @property
    def bad_event_id(self) -> int | None:
        """Return the first event that is not as it was sealed."""
        return self.findings[0].event_id if self.findings else None

    @property
    def fault(self) -> str:
        """Return what is wrong with the first, empty when nothing is."""
        return self.findings[0].words if self.findings else ""


@dataclass(slots=True)
class _Walk:
    heads: dict[int, Head]
    findings: list[Finding] = field(default_factory=list)
    last: AuditSeal | None = None
    # The next link names one of these as the hash before; the second is what a changed seal was.
    expected: tuple[str, ...] = (FIRST_HASH,)
    batch_at: datetime | None = None  # of the batch that is walked
    before_at: datetime | None = None  # the latest seal of the batches before
    is_dated: bool = False  # events before were dated by the database
    sealed: int = 0
    dated_back: int = 0
    first_dated_back: int | None = None

    def find(self, event_id: int, kind: str, words: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(event_id, kind, words))


def verify_chain(*, heads: Collection[Head] = (), progress: Progress | None = None) -> ChainReport:
    """Walk the whole chain; `heads`: ends of it as they were, which it must still hold."""
    walk = _Walk({head.seal_id: head for head in heads})
    after = 0
    while True:
        links = list(AuditSeal.objects.filter(pk__gt=after).order_by("pk")[:BATCH_LINKS])
        events = AuditEvent.objects.in_bulk([link.event_id for link in links])
        for link in links:
            _step(walk, link, events.get(link.event_id))
        if links:
            after = links[-1].pk
        if progress is not None:
            progress(walk.sealed)
        if len(links) < BATCH_LINKS:
            break
    _missing_heads(walk)
    unsealed = _unsealed(walk)
    last = walk.last
    return ChainReport(
        walk.sealed,
        unsealed,
        tuple(walk.findings),
        Head(last.pk, last.event_id, last.hash, last.sealed_at) if last else None,
        walk.dated_back,
        walk.first_dated_back,
    )


def _step(walk: _Walk, link: AuditSeal, event: AuditEvent | None) -> None:
    """Compare one link with the link before and with its event."""
    walk.sealed += 1
    if walk.batch_at is not None and link.sealed_at != walk.batch_at:
        walk.before_at = max(walk.batch_at, walk.before_at or walk.batch_at)
    walk.batch_at = link.sealed_at
    head = walk.heads.pop(link.pk, None)
    if head is not None and head.hash != link.hash:
        walk.find(
            link.event_id,
            "rewritten",
            f"its seal was another on {head.at:%Y-%m-%d %H:%M}: the chain was written anew",
        )
    before = walk.expected[0]
    if len(walk.expected) > 1 and before != link.previous_hash == walk.expected[1]:
        # The next link knows the hash that the event still has: its seal is what was changed.
        assert walk.last is not None  # noqa: S101 - it is what was expected
        walk.findings = [one for one in walk.findings if one.event_id != walk.last.event_id]
        walk.find(walk.last.event_id, "seal_changed", "its seal was changed")
    if event is None:
        walk.find(link.event_id, "removed", "the event was removed")
    elif link.previous_hash not in walk.expected:
        _break(walk, link, event, before)
    elif link.hash != link_hash(link.previous_hash, event):
        walk.find(link.event_id, "changed", "the event was changed")
    walk.expected = (link.hash,)
    if event is not None:
        _dates(walk, event)
        walk.expected = (link.hash, link_hash(link.previous_hash, event))
    walk.last = link


def _break(walk: _Walk, link: AuditSeal, event: AuditEvent, before: str) -> None:
    """Say why a link does not name the link before it."""
    if link.hash == link_hash(before, event):
        walk.find(link.event_id, "seal_changed", "its seal was changed")
        return
    since = walk.last.event_id if walk.last else 0
    lost = list(
        AuditEvent.objects.filter(pk__gt=since, pk__lt=link.event_id)
        .exclude(pk__in=AuditSeal.objects.values("event_id"))
        .order_by("pk")[:BATCH_LINKS]
    )
    own = before
    for one in lost:
        own = link_hash(own, one)
    if lost and own == link.previous_hash:
        for one in lost:
            walk.find(one.pk, "seal_removed", "its seal was removed")
        return
    seals = link.pk - (walk.last.pk if walk.last else 0) - 1
    words = (
        f"what was sealed between event {since} and this one was removed"
        if since
        else ("the chain does not begin here: what was sealed before was removed")
    )
    walk.find(link.event_id, "gap", f"{words} ({seals} seals are missing)" if seals else words)


def _dates(walk: _Walk, event: AuditEvent) -> None:
    """Compare when the database took the event with when others were sealed."""
    if event.recorded_at is None:
        if walk.is_dated:
            walk.find(event.pk, "slipped_in", "it was slipped in: the database did not date it")
        return
    walk.is_dated = True
    if walk.before_at is not None and event.recorded_at < walk.before_at - LATE_MAX:
        walk.find(event.pk, "slipped_in", _slipped(event.recorded_at, walk.before_at))
    if event.at < event.recorded_at - DATED_BACK:
        walk.dated_back += 1
        walk.first_dated_back = walk.first_dated_back or event.pk


def _slipped(recorded_at: datetime, sealed_at: datetime) -> str:
    return (
        f"it was slipped in: dated {recorded_at:%Y-%m-%d %H:%M}, but it was not there when"
        f" the chain was sealed on {sealed_at:%Y-%m-%d %H:%M}"
    )


def _missing_heads(walk: _Walk) -> None:
    """Say which known ends are no longer in the chain."""
    missing = sorted(walk.heads.values(), key=lambda head: head.seal_id)
    if not missing:
        return
    head, last = missing[-1], walk.last
    if last is None:
        words = "nothing is left of the chain"
    elif head.seal_id > last.pk:
        words = f"now it ends with event {last.event_id}"
    else:
        words = "that seal was removed"
    walk.find(
        head.event_id,
        "cut",
        f"the chain was cut: on {head.at:%Y-%m-%d %H:%M} it went up to this event; {words}",
    )


def _unsealed(walk: _Walk) -> int:
    """Count the events without a seal, and name those that were slipped in."""
    known = {one.event_id for one in walk.findings}
    waiting = AuditEvent.objects.exclude(pk__in=AuditSeal.objects.values("event_id"))
    count = waiting.count()
    latest = walk.batch_at
    if latest is None or not count:
        return count
    strange = Q(recorded_at__lt=latest - LATE_MAX)
    if walk.is_dated:
        strange |= Q(recorded_at__isnull=True)
    for event in waiting.filter(strange).order_by("pk")[:FINDINGS_MAX]:
        if event.pk not in known:
            words = (
                _slipped(event.recorded_at, latest)
                if event.recorded_at
                else ("it was slipped in: the database did not date it")
            )
            walk.find(event.pk, "slipped_in", words)
    return count


def standing_of(event: AuditEvent) -> tuple[AuditSeal | None, str]:
    """Return an event's seal and what is wrong with the two, empty when nothing is."""
    seal = AuditSeal.objects.filter(event_id=event.pk).first()
    if seal is None:
        return None, ""
    if seal.hash != link_hash(seal.previous_hash, event):
        return seal, "the event or its seal was changed"
    return seal, ""
