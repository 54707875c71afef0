"""Work items made by hand: what the worklist shows is under test, not where items come from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.payers.models import Payer
from sanderling.worklists.asking import Asker, Question
from sanderling.worklists.built_in import BY_NAME
from sanderling.worklists.models import WorkItem

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = date(2026, 3, 5)


def make_client(code: str) -> Client:
    """Make a client."""
    return Client.objects.create(code=code, name=f"{code} Clinic", created_at=AT)


def make_payer(payer_id: str, **more: Any) -> Payer:
    """Make a payer named after its id."""
    return Payer.objects.create(payer_id=payer_id, name=f"{payer_id} HEALTH", created_at=AT, **more)


def make_user(name: str, *clients: Client, role: str = "specialist", **more: Any) -> User:
    """Make a user who may see the clients."""
    return create_user(
        email=f"{name}@x.test",
        name=name.title(),
        role=role,
        password="correct-horse-battery",
        client_ids=[client.pk for client in clients],
        **more,
    )


def put_item(client: Client, number: str, *, today: date = TODAY, **more: Any) -> WorkItem:
    """Add an item of 100.00 with an insurer, due today, that nobody owns."""
    payer: Payer | None = more.pop("payer", None)
    values = {
        "claim_id": 1_000 + WorkItem.objects.count(),
        "party": 11,
        "client_code": client.code,
        "payer_id": payer.pk if payer else None,
        "payer_name": payer.name if payer else "",
        "patient_name": "Doe, Jane",
        "service_date": today - timedelta(days=40),
        "balance_cents": 10_000,
        "barrier": "no_response",
        "next_action": "check_status",
        "team": "ar",
        "since_date": today - timedelta(days=5),
        "next_date": today,
        "effort_minutes": 10,
        "score": 1_000,
        "arrived_at": AT,
        "changed_at": AT,
    } | more
    values.setdefault(
        "search_text",
        f"{number} {values['patient_name']} {values['payer_name']}".lower().replace(",", ""),
    )
    return WorkItem.objects.create(client_id=client.pk, claim_number=number, **values)


def ask(*clients: Client, view: str = "all", user_id: int = 0, **more: Any) -> Question:
    """Return a question of somebody who may see the clients."""
    asker = Asker(user_id, ("ar",), tuple(client.pk for client in clients))
    more.setdefault("sort", BY_NAME[view].sort)
    return Question(today=more.pop("today", TODAY), asker=asker, view=BY_NAME[view], **more)
