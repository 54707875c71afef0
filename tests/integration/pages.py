"""A small world behind pages: two clients, their people, and a browser under the web's role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from tests.builders import (
    NPI,
    TIN,
    Inbox,
    claims_file,
    paid,
    remittance_file,
    sent,
    standing_inbox,
)
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client, ClientIdentifier, IdentifierKind

AS_OF = date(2026, 3, 5)
FOREIGN_NPI, FOREIGN_TIN = "1245319599", "751234567"
PASSWORD = "correct-horse-battery"


@contextmanager
def web_role() -> Iterator[None]:
    """Act as the web application does: under row-level security."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


@dataclass
class People:
    """Who looks at the pages."""

    specialist: User  # one client
    client_user: User  # the same client
    admin: User  # all clients
    stranger: User  # no client


def make_client(code: str, name: str, npi: str, tin: str) -> Client:
    """Make a client that files name by its NPI."""
    client = Client.objects.create(
        code=code, name=name, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    ClientIdentifier.objects.create(client=client, kind=IdentifierKind.NPI, value=npi)
    ClientIdentifier.objects.create(client=client, kind=IdentifierKind.TIN, value=tin)
    return client


def make_people(client: Client) -> People:
    """Make one user of each kind."""

    def user(name: str, role: str, *, clients: list[int], sees_all: bool = False) -> User:
        return create_user(
            email=f"{name}@x.test",
            name=name,
            role=role,
            password=PASSWORD,
            client_ids=clients,
            sees_all_clients=sees_all,
        )

    return People(
        specialist=user("specialist", "specialist", clients=[client.pk]),
        client_user=user("client_user", "client_user", clients=[client.pk]),
        admin=user("admin", "admin", clients=[], sees_all=True),
        stranger=user("stranger", "specialist", clients=[]),
    )


@remembered
def fill(inbox: Inbox) -> People:
    """Ingest claims and remittances of two clients; return people who may see one, all or none.

    MINE: A/1 1 paid and 20.00 passed to the patient; A2 replaced (150.00 to 175.00), open; A3 held,
    for it does not balance. THEIRS: B1, open.
    """
    mine = make_client("MINE", "Mine Clinic", NPI, TIN)
    make_client("THEIRS", "Their Clinic", FOREIGN_NPI, FOREIGN_TIN)
    inbox.take(
        claims_file(sent("A/1 1", 200), sent("A2", 150), sent("A3", 90), batch="B1"),
        claims_file(
            sent("B1", 310, patient="FOREIGNER*FRANK"),
            batch="B2",
            npi=FOREIGN_NPI,
            tin=FOREIGN_TIN,
            control=102,
        ),
        received_date=date(2026, 1, 5),
    )
    inbox.take(
        claims_file(
            sent("A2", 175, frequency="7", original_reference="ICN2"),
            batch="B3",
            made="20260112",
            control=103,
        ),
        received_date=date(2026, 1, 12),
    )
    inbox.take(
        remittance_file(
            paid("A/1 1", 200, 120, "CO*45*60", "PR*1*20", share=20),
            paid("A3", 90, 50, "CO*45*30"),
            plb="L6:INT*-1.25",
        ),
        received_date=date(2026, 1, 20),
    )
    return make_people(mine)


@contextmanager
def standing_world(folders: pytest.TempPathFactory) -> Iterator[None]:
    """Fill once for all tests of a module; it is gone after them."""
    with standing_inbox(folders.mktemp("world")) as inbox:
        fill(inbox)
        yield


def people_of() -> People:
    """Return the people of the standing world, as they are now."""
    names = ("specialist", "client_user", "admin", "stranger")
    return People(*(User.objects.get(email=f"{name}@x.test") for name in names))


class Visitor:
    """A logged-in user whose every request runs under the web's role."""

    def __init__(self, user: User, *, htmx: bool = False) -> None:
        self._browser = Browser(headers={"HX-Request": "true"} if htmx else None)
        self._browser.force_login(user)

    def get(self, address: str, **asked: str) -> HttpResponse:
        """Open a page."""
        with web_role():
            answer = self._browser.get(address, asked)
            if getattr(answer, "streaming", False):
                chunks = answer.streaming_content  # type: ignore[attr-defined]  # a streamed one
                return HttpResponse(b"".join(chunks), headers=dict(answer.items()))
        return answer  # type: ignore[return-value]  # the test client's own response

    def post(
        self, address: str, /, **form: str | list[int] | list[str] | SimpleUploadedFile
    ) -> HttpResponse:
        """Send a form."""
        with web_role():
            return self._browser.post(address, form)  # type: ignore[return-value]  # as above


# Random letters and digits: sooner or later they hold any short word that a test says is not there.
_TOKEN = re.compile(r"(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{64}")


def text_of(answer: HttpResponse) -> str:
    """Return the page's text, less its tokens against forged requests."""
    return _TOKEN.sub("", answer.content.decode())
