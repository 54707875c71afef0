"""An office whose mirror says what a test plants: clients, payers, people, denials that set in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest
from tests.trend_books import Plant, decisions

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import ClientAssignment, User
from sanderling.clients.models import Client
from sanderling.core.trends.search import Outcomes
from sanderling.issues import actions, searching
from sanderling.payers.models import Payer

ON = 340
COMMON = 27
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def edit_of_a_payer(until: int = 10_000, clients: tuple[int, ...] = (0, 1, 2, 3)) -> Plant:
    """Payer 2 denies the common procedure of these clients with CO-4 from ON on."""
    return lambda a, d: (
        (a["payer"] == 1)
        & (a["procedure"] == COMMON)
        & pl.Series(a["client"]).is_in(clients).to_numpy()
        & (a["decided"] >= ON)
        & (a["decided"] < until)
        & (d.random(len(a["payer"])) < 0.8)
    )


class Office:
    """Clients and payers, and a mirror that says what a test plants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clients = [Client.objects.create(code=c, name=c, created_at=AT) for c in "ABCD"]
        self.payers = [
            Payer.objects.create(payer_id=f"P{n}", name=f"Payer {n}", created_at=AT)
            for n in range(1, 6)
        ]
        self.lines = pl.DataFrame()
        monkeypatch.setattr(searching, "outcomes_until", self._outcomes)
        monkeypatch.setattr(searching, "_sizes", lambda _: (4, 12_000))
        monkeypatch.setattr(actions, "bring_in_step", lambda *_, **__: False)

    def plant(self, plant: Plant | None) -> None:
        ids = {n: client.pk for n, client in enumerate(self.clients, start=1)}
        payers = {n: payer.pk for n, payer in enumerate(self.payers, start=1)}
        self.lines = decisions(seed=3, plant=plant).with_columns(
            client_id=pl.col("client_id").replace_strict(ids),
            payer_id=pl.col("payer_id").replace_strict(payers),
        )

    def _outcomes(self, *_: object) -> dict[str, Callable[[], Outcomes]]:
        claims = self.lines.with_columns(
            pl.lit("").cast(pl.Categorical).alias(name)
            for name in ("procedure", "code_family", "modifier")
        )
        return {"denial": lambda: Outcomes(claims, self.lines)}


def person(role: str, *clients: Client) -> User:
    user = create_user(
        email=f"{role}{len(clients)}@x.test", name=role, role=role,
        password="correct-horse-battery", sees_all_clients=not clients,
    )  # fmt: skip
    for client in clients:
        ClientAssignment.objects.create(user=user, client=client)
    return user
