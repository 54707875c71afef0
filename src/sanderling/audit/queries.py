"""Reads the audit trail: checks the chain, lists events."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from sanderling.audit.actions import FIRST_HASH, link_hash
from sanderling.audit.models import AuditEvent, AuditSeal

BATCH_LINKS = 5_000


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the chain found."""

    sealed: int  # links that are right
    unsealed: int  # events still waiting for a link
    bad_event_id: int | None  # the first event that is not as it was sealed
    fault: str  # what is wrong with it, empty when nothing is

    @property
    def is_intact(self) -> bool:
        """Whether every sealed event is as it was."""
        return self.bad_event_id is None


def verify_chain() -> ChainReport:
    """Walk the chain from its beginning and stop at the first bad row."""
    previous, after, right = FIRST_HASH, 0, 0
    while True:
        links = list(AuditSeal.objects.filter(pk__gt=after).order_by("pk")[:BATCH_LINKS])
        events = AuditEvent.objects.in_bulk([link.event_id for link in links])
        for link in links:
            fault = _fault(link, events.get(link.event_id), previous)
            if fault:
                return ChainReport(right, _unsealed(), link.event_id, fault)
            previous, after, right = link.hash, link.pk, right + 1
        if len(links) < BATCH_LINKS:
            return ChainReport(right, _unsealed(), None, "")


def _fault(link: AuditSeal, event: AuditEvent | None, previous: str) -> str:
    if link.previous_hash != previous:
        return "a link before it was removed or changed"
    if event is None:
        return "the event was removed"
    if link.hash != link_hash(previous, event):
        return "the event was changed"
    return ""


def _unsealed() -> int:
    total = AuditEvent.objects.count()
    return max(0, total - AuditSeal.objects.count())


def found_events(*, text: str, action: str, actor: str) -> QuerySet[AuditEvent]:
    """Return the events that fit, latest first; empty arguments fit all.

    `text` is looked for in subject and action; a number also means a claim's key.
    """
    events = AuditEvent.objects.order_by("-pk")
    if action:
        events = events.filter(action__startswith=action)
    if actor:
        events = events.filter(actor=actor)
    if text:
        wanted = Q(subject_id=text) | Q(subject_kind=text) | Q(action__icontains=text)
        if text.isdigit() and len(text) < 18:  # noqa: PLR2004 - fits a bigint
            wanted |= Q(claim_id=int(text))
        events = events.filter(wanted)
    return events
