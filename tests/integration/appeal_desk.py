"""Denied claims of one practice, and people who appeal them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from tests.builders import Inbox
from tests.integration.situations import CLIENTS, PAYERS, Desk, decided, on

from sanderling.accounts.models import ClientAssignment, User
from sanderling.appeals.models import Appeal, Letterhead
from sanderling.appeals.writing import begin_appeal
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.clients.actions import import_clients
from sanderling.clients.models import Client
from sanderling.payers.actions import import_payers

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = AT.date()


@dataclass
class AppealDesk:
    """Claims T1 to T3 denied as late (CO-29), N1 as not necessary, K1 for coding, U1 paid short."""

    inbox: Inbox
    writer: User
    lead: User
    stranger: User
    client: Client

    def claim(self, number: str) -> Claim:
        return Claim.objects.select_related("client", "payer").get(number=number)

    def begin(self, number: str = "T1", **more: Any) -> Appeal:
        more.setdefault("user", self.writer)
        more.setdefault("at", AT)
        return begin_appeal(claim=self.claim(number), party=11, **more)


def make_appeal_desk(inbox: Inbox) -> AppealDesk:
    """Take everything in; needs the database."""
    import_clients(text=CLIENTS, at=AT)
    import_payers(text=PAYERS, at=AT)
    desk = Desk()
    for number in ("T1", "T2", "T3", "N1", "K1", "U1"):
        desk.accepted(number)
    for number, reason in (("T1", "29"), ("T2", "29"), ("T3", "29"), ("N1", "50"), ("K1", "16")):
        desk.denied(number, f"CO-{reason}", *(["MA130"] if number == "K1" else []))
    desk.remit("01-30", decided("U1", [(150, 40, [("CO", "45", 50), ("PI", "59", 60)], ["N381"])]))
    desk.take_in(inbox)
    refresh_stale(TODAY)
    client = Client.objects.get(code="MAPLE")

    def user(name: str, role: str, *, sees: bool = True) -> User:
        made = User.objects.create(email=f"{name}@x.test", name=name.title(), role=role)
        if sees:
            ClientAssignment.objects.create(user=made, client=client)
        return made

    Letterhead.objects.create(
        client_id=client.pk,
        name="Maple Family Clinic",
        address="100 Main St\nAustin TX 78701",
        contact_name="Ann Lee",
        contact_phone="555-0100",
        contact_fax="555-0101",
        signer="Ann Lee",
        signer_title="Billing manager",
        changed_at=AT,
    )
    return AppealDesk(
        inbox, user("writer", "specialist"), user("lead", "lead"),
        user("stranger", "specialist", sees=False), client,
    )  # fmt: skip


@contextmanager
def standing_desk(folders: pytest.TempPathFactory) -> Iterator[AppealDesk]:
    """Fill once for all tests of a module; it is gone after them."""
    base = folders.mktemp("appeals")
    (base / "in").mkdir()
    before, settings.SANDERLING_HOME = settings.SANDERLING_HOME, base / "home"
    try:
        with transaction.atomic():
            yield make_appeal_desk(Inbox(base / "in"))
            transaction.set_rollback(True)
    finally:
        settings.SANDERLING_HOME = before


def pay_after(desk: AppealDesk, number: str, *, day: str, paid: int, reason: str = "45") -> None:
    """Let the payer decide again: it reverses the denial and pays so many dollars."""
    later = Desk(_numbers=count(5_000 + 10 * desk.claim(number).pk))
    rest = 150 - paid
    reversed_ = decided(number, [(-150, 0, [("CO", "29", -150)], [])], status="22")
    corrected = decided(number, [(150, paid, [("CO", reason, rest)] if rest else [], [])])
    later.remit(day, reversed_, corrected)
    later.take_in(desk.inbox)
    refresh_stale(on(day))
