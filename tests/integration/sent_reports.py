"""Reports for tests of approval and delivery, with few made-up numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.reports.making import hash_of
from sanderling.reports.models import Definition, Report
from sanderling.reports.shapes import Block, column, figure, row, table

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def client(code: str = "MINE") -> Client:
    """Return a client."""
    found, _ = Client.objects.get_or_create(
        code=code, defaults={"name": f"{code} Clinic", "created_at": AT}
    )
    return found


def person(name: str, role: str, *of: Client) -> User:
    """Return a user of a role; without clients, one who sees all."""
    return create_user(
        email=f"{name}@x.test", name=name.capitalize(), role=role, password="long-enough-pass",
        client_ids=[one.pk for one in of], sees_all_clients=not of,
    )  # fmt: skip


def blocks(*, names_claims: bool) -> list[dict[str, Any]]:
    """Return a block of one figure, and one of one claim."""
    headline = Block(
        "headline", "At a glance", figures=[figure("cash", "Cash in", "cents", 12_345)]
    )
    top = Block(
        "top_claims",
        "The largest open claims",
        tables=[
            table("top", "", [column("claim", "Claim"), column("cents", "Owed", "cents")],
                  [row({"claim": "SECRET-77", "cents": 5_000},
                       link={"page": "claim-page", "claim_id": 77})])
        ],
    )  # fmt: skip
    return [one.json() for one in ([headline, top] if names_claims else [headline])]


def report(of: Client, *, names_claims: bool = False, **more: Any) -> Report:
    """Return a draft of February."""
    found = blocks(names_claims=names_claims)
    numbers = {"layout": 1, "client": of.code, "client_name": of.name, "blocks": found}
    values: dict[str, Any] = {
        "definition": Definition.objects.get(preset="executive"),
        "client": of,
        "title": "Executive summary",
        "audience": "executive",
        "blocks": [{"kind": one["kind"]} for one in found],
        "from_date": date(2026, 2, 1),
        "to_date": date(2026, 2, 28),
        "as_of_date": date(2026, 2, 28),
        "numbers": numbers,
        "numbers_hash": hash_of(numbers),
        "made_at": AT,
    }
    return Report.objects.create(**{**values, **more})
