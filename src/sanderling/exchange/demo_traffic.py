"""A week of exchange for a demonstration: sent, answered, paid, turned away, late, waiting.

The people of the demonstration do it with the actions that pages use, on the days before today; the
made-up clearinghouse and payers answer in their folder, by the same visits that later go by SFTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.appeals.actions import finish, queue_packet
from sanderling.appeals.evidence import add_evidence
from sanderling.appeals.models import Appeal, Letterhead
from sanderling.appeals.packets import prepare
from sanderling.appeals.ways import set_letterhead
from sanderling.appeals.writing import begin_appeal
from sanderling.barriers.actions import refresh_stale
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.kinds import Kind as Way
from sanderling.documents.rendering import render
from sanderling.exchange.demo import ensure_folder_mailboxes
from sanderling.exchange.models import Mailbox
from sanderling.exchange.running import visit_all
from sanderling.intake.demo_notes import acting_as, claim_of, items_of
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.actions import Asked, send
from sanderling.resubmission.secondary_actions import bill_next_payers
from sanderling.resubmission.secondary_listing import READY, Narrowed, listed
from sanderling.simulator.live.arrivals import IN, MAILBOX
from sanderling.simulator.live.world import LiveWorld
from sanderling.worklists.models import WorkItem

LARGE_CENTS: Final = 500_000  # another person must approve such
DAYS: Final = 5  # business of so many days before today
_KEYS: Final = UUID("3f0f6f1e-6c1f-4c53-8a55-0d6c5b6f8e29")
# Denied for this: what is typed, and why.
_FIXES: Final[tuple[tuple[str, Mapping[str, str], str], ...]] = (
    ("authorization", {"authorization": "AU4471902"}, "The client found the authorization."),
    ("bundling", {"line.1.modifiers": "59"}, "A separate service: the note says so."),
    ("coding", {"line.1.modifiers": "25"}, "Coding reviewed the record: modifier 25."),
    (
        "documentation",
        {"attachment.type": "OZ", "attachment.way": "FX", "attachment.number": "REC20931"},
        "The payer wants records; they go by fax under this number.",
    ),
    ("eligibility", {"member_id": "XYZ999999999"}, "Read from the old card."),
    ("medical_necessity", {"diagnosis.1": "R69"}, "The record names this diagnosis."),
)


def ensure_demo_traffic(*, folder: Path, at: datetime) -> bool:
    """Play the week that is missing; say whether there was any. `folder`: of the counterparts.

    Killed in the middle it is not played again: what was sent stays sent, and goes on.
    """
    people = {
        role: User.objects.filter(role=role, is_active=True).order_by("pk").first()
        for role in (Role.SPECIALIST, Role.LEAD)
    }
    sam, lena = people[Role.SPECIALIST], people[Role.LEAD]
    if sam is None or lena is None or OutboundFile.objects.exists():
        return False
    ensure_folder_mailboxes(root=folder / MAILBOX, at=at)
    week = _Week(folder, at)
    items = _denied(sam)
    week.begin(DAYS)
    _correct(sam, items, week)
    _bill_next(sam, week, most=4)
    _appeal(sam, items, week)
    week.end()
    for ago in range(DAYS - 1, 0, -1):
        week.begin(ago)
        if ago == 2:  # noqa: PLR2004 - the day before yesterday
            _bill_next(sam, week, most=3)
        if ago == 3:  # noqa: PLR2004 - and a day before
            _lose(sam, week, folder)
        week.end()
    _ask_for_approval(sam, week)
    refresh_stale(at.date())
    return True


class _Week:
    """The clock of those days, and what happens on each."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self._world = LiveWorld(folder)
        self._last = at
        self.now = at

    def begin(self, ago: int) -> None:
        """Come to the morning of a day."""
        day = self._last.date() - timedelta(days=ago)
        self.now = datetime.combine(day, time(14), self._last.tzinfo)

    def visit(self) -> None:
        """Let the mailboxes be visited."""
        visit_all(list(Mailbox.objects.all()), now=lambda: self.now, pause=self._pause)

    def end(self) -> None:
        """Let files go, the others answer, and their answers come."""
        self.visit()
        self._world.turn(self.now.date())
        self.visit()

    def _pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def _denied(user: User) -> list[WorkItem]:
    return [one for one in items_of(user) if one.barrier == "denied" and one.party == 11]  # noqa: PLR2004 - the first payer


def _asked(user: User, week: _Week, reason: str) -> Asked:
    return Asked(reason, user, week.now)


def _correct(user: User, items: list[WorkItem], week: _Week) -> None:
    """Send a correction for each reason there is; take the claims off the list."""
    for category, typed, reason in _FIXES:
        for item in [one for one in items if one.category == category][:3]:
            is_large = item.charge_cents >= LARGE_CENTS
            if not is_large and _try_to_send(user, item, typed, reason, week):
                items.remove(item)
                break


def _try_to_send(
    user: User, item: WorkItem, typed: Mapping[str, str], reason: str, week: _Week
) -> bool:
    try:
        with acting_as(user), transaction.atomic():
            send(
                claim=claim_of(item),
                party=item.party,
                kind=None,
                typed=typed,
                asked=_asked(user, week, reason),
                key=uuid5(_KEYS, f"{item.claim_id}-{item.party}"),
            )
    except Refusal:  # not every claim may be sent again: the next one
        return False
    return True


def _bill_next(user: User, week: _Week, *, most: int) -> None:
    rows = listed(READY, Narrowed(None, None), today=week.now.date(), limit=most)
    keys = [(int(row["claim_id"]), int(row["party"])) for row in rows]
    if keys:
        with acting_as(user):
            bill_next_payers(keys, user=user, at=week.now)


def _appeal(user: User, items: Iterable[WorkItem], week: _Week) -> None:
    """Send the first appeal for which everything is at hand, or a record is all that lacks."""
    _write_letterheads(week.now)
    for item in sorted(items, key=lambda one: one.category != "documentation")[:8]:
        try:
            with acting_as(user), transaction.atomic():
                appeal = begin_appeal(
                    claim=claim_of(item), party=item.party, user=user, at=week.now
                )
                _attach_records(appeal, item, user, week)
                finish(appeal.pk, user=user, at=week.now)
                queue_packet(appeal.pk, user=user, at=week.now)
        except Refusal:  # a fact is missing, or another way is the right one: the next claim
            continue
        return


def _attach_records(appeal: Appeal, item: WorkItem, user: User, week: _Week) -> None:
    (prepared,) = prepare([appeal])
    for checked in prepared.checklist:
        if checked.is_missing:
            note = {
                "client": item.client_code,
                "account": item.claim_number,
                "day": f"{item.service_date:%B %d, %Y}" if item.service_date else "",
            }
            add_evidence(
                appeal.pk,
                data=render("exchange/demo_note", note),
                name="note.pdf",
                title="Progress note",
                item=checked.item.key,
                user=user,
                at=week.now,
            )


def _write_letterheads(at: datetime) -> None:
    for client in Client.objects.exclude(pk__in=Letterhead.objects.values("client_id")).order_by(
        "pk"
    ):
        values = {
            "name": client.name,
            "address": "100 Main St\nAshton OH 43302",
            "contact_name": "Ann Lee",
            "contact_phone": "555-555-0100",
            "contact_fax": "555-555-0101",
            "signer": "Ann Lee",
            "signer_title": "Billing manager",
        }
        set_letterhead(client.pk, values, at=at)


def _lose(user: User, week: _Week, folder: Path) -> None:
    """Send a claim that the clearinghouse mislays: its acknowledgment will be late."""
    _bill_next(user, week, most=1)
    week.visit()
    for path in (folder / MAILBOX / IN).glob("*.837"):
        path.unlink()


def _ask_for_approval(user: User, week: _Week) -> None:
    """Ask for a void: another person must approve it."""
    week.begin(0)
    paid = [
        one
        for one in items_of(user)
        if one.barrier in ("underpaid", "paid_unposted", "overpaid", "credit") and one.party == 11  # noqa: PLR2004
    ]
    for item in paid[:5]:
        try:
            with acting_as(user), transaction.atomic():
                send(
                    claim=claim_of(item),
                    party=item.party,
                    kind=Way.VOID,
                    typed={},
                    asked=_asked(user, week, "Billed for the wrong patient."),
                    key=uuid5(_KEYS, f"void-{item.claim_id}"),
                )
        except Refusal:  # a payer that takes none: the next claim
            continue
        return
