"""Work items of two clients, and the people who work them, for tests of the workbench."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.builders import NPI, TIN, Inbox, claims_file, rows, sent, standing_inbox
from tests.integration.pages import FOREIGN_NPI, FOREIGN_TIN, PASSWORD, make_client
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.clients.models import Client
from sanderling.worklists.models import WorkItem

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)  # a Thursday
TODAY = date(2026, 3, 5)
WORK_COLUMNS = (
    *("assignee_id", "assigned_at", "follow_up_date", "is_pended", "escalation_level"),
    *("is_flagged", "tags", "project_id"),
)


@dataclass
class Workers:
    """Who works."""

    mine: Client
    theirs: Client
    sam: User  # a specialist of MINE
    kim: User  # a specialist of MINE
    far: User  # a specialist of THEIRS
    lead: User  # of all clients


@remembered
def fill_items(inbox: Inbox, numbers: Iterable[str] = ("A1", "A2", "A3", "A4")) -> Workers:
    """Bring in open claims of MINE by number, and B1 of THEIRS; return the people."""
    mine = make_client("MINE", "Mine Clinic", NPI, TIN)
    theirs = make_client("THEIRS", "Their Clinic", FOREIGN_NPI, FOREIGN_TIN)
    inbox.take(
        claims_file(*(sent(number, 150) for number in numbers)),
        claims_file(sent("B1", 310), npi=FOREIGN_NPI, tin=FOREIGN_TIN, control=102, batch="B2"),
        received_date=date(2026, 1, 5),
    )
    refresh_stale(TODAY)

    def user(name: str, role: str, clients: list[int], *, sees_all: bool = False) -> User:
        return create_user(
            email=f"{name.lower()}@x.test",
            name=name,
            role=role,
            password=PASSWORD,
            client_ids=clients,
            sees_all_clients=sees_all,
        )

    return Workers(
        mine=mine,
        theirs=theirs,
        sam=user("Sam", "specialist", [mine.pk]),
        kim=user("Kim", "specialist", [mine.pk]),
        far=user("Far", "specialist", [theirs.pk]),
        lead=user("Lena", "lead", [], sees_all=True),
    )


def item(number: str) -> WorkItem:
    """Return the item of a claim with one open party."""
    return WorkItem.objects.get(claim_number=number)


def ids(*numbers: str) -> list[int]:
    """Return the items of claims."""
    return [item(number).pk for number in numbers]


def work_of(*numbers: str) -> list[tuple[Any, ...]]:
    """Return what people set on the items of claims."""
    return list(
        WorkItem.objects.filter(claim_number__in=numbers)
        .order_by("claim_id", "party")
        .values_list(*WORK_COLUMNS)
    )


def count(table: str) -> int:
    """Return the number of rows of a table."""
    return int(rows(f"SELECT count(*) FROM {table}")[0][0])


@contextmanager
def kept_world(folder: Path) -> Iterator[Workers]:
    """Fill an empty database for the tests of one module, each of which changes it for itself."""
    with standing_inbox(folder) as inbox:
        yield fill_items(inbox)


@contextmanager
def shared_world(folders: pytest.TempPathFactory) -> Iterator[Path]:
    """Fill once for all tests of a module, which each take back what they did; give its folder."""
    base = folders.mktemp("world")
    with kept_world(base):
        yield base


def workers_of() -> Workers:
    """Return the people of the shared world, as they are now."""
    sam, kim, far, lead = (
        User.objects.get(email=f"{name}@x.test") for name in ("sam", "kim", "far", "lena")
    )
    return Workers(
        Client.objects.get(code="MINE"), Client.objects.get(code="THEIRS"), sam, kim, far, lead
    )
