"""One client with one open claim and people who work on it, made without any file: quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import connection
from tests.integration.pages import web_role

from sanderling.accounts.models import ClientAssignment, User
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.ledger.models import OpenBalance
from sanderling.payers.models import Payer
from sanderling.worklists.models import WorkItem

AT = datetime(2026, 3, 5, 14, 2, tzinfo=UTC)
TODAY = AT.date()
CALL = {"representative": "Joy", "reference": "R17", "received_date": "1/8"}


@dataclass
class Desk:
    """Who works, and on what: claim A1 of MINE, $150.00 open at ACME HEALTH; B1 of THEIRS."""

    claim: Claim
    foreign: Claim
    payer: Payer
    specialist: User
    lead: User
    client_user: User
    admin: User  # sees all clients
    stranger: User  # sees none

    def item(self) -> WorkItem:
        return WorkItem.objects.get(claim_id=self.claim.pk)


def make_desk() -> Desk:
    """Make it; needs the database."""
    payer = Payer.objects.create(
        payer_id="ACME1", name="ACME HEALTH", type="commercial", phone="555-0100", created_at=AT
    )
    claims = []
    for code, number in (("MINE", "A1"), ("THEIRS", "B1")):
        client = Client.objects.create(code=code, name=f"{code} Clinic", created_at=AT)
        claim = Claim.objects.create(
            client=client,
            number=number,
            number_key=number,
            kind="P",
            payer=payer,
            patient_last_name="DOE",
            patient_first_name="JANE",
            member_id="ABC123",
            service_from_date=date(2026, 1, 2),
            first_billed_date=date(2026, 1, 5),
            charge_cents=15_000,
        )
        OpenBalance.objects.create(
            claim_id=claim.pk,
            client_id=client.pk,
            party=11,
            balance_cents=15_000,
            responsible_from_date=date(2026, 1, 5),
        )
        WorkItem.objects.create(
            claim_id=claim.pk,
            party=11,
            client_id=client.pk,
            payer_id=payer.pk,
            client_code=code,
            claim_number=number,
            balance_cents=15_000,
            barrier="no_response",
            next_action="check_status",
            team="ar",
            since_date=date(2026, 2, 10),
            next_date=date(2026, 2, 10),
            arrived_at=AT,
            changed_at=AT,
        )
        claims.append(claim)
    mine, foreign = claims

    def user(name: str, role: str, *clients: Client, sees_all: bool = False) -> User:
        made = User.objects.create(
            email=f"{name}@x.test", name=name, role=role, sees_all_clients=sees_all
        )
        for client in clients:
            ClientAssignment.objects.create(user=made, client=client)
        return made

    return Desk(
        claim=mine,
        foreign=foreign,
        payer=payer,
        specialist=user("specialist", "specialist", mine.client),
        lead=user("lead", "lead", mine.client),
        client_user=user("client_user", "client_user", mine.client),
        admin=user("admin", "admin", sees_all=True),
        stranger=user("stranger", "specialist"),
    )


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    """Act as the web application does for the user: under row-level security."""
    set_both = (
        "SELECT set_config('sanderling.client_ids', %s, true),"
        " set_config('sanderling.actor', %s, true)"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_clients_of(%s)::text", [user.pk])
        (clients,) = cursor.fetchone()
        cursor.execute(set_both, [clients, f"user:{user.pk}"])
    try:
        with web_role():
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(set_both, ["", ""])
