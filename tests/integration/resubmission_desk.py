"""Claims of one client in every state from which they are sent again, for tests of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import transaction
from tests.builders import Inbox, claims_file, envelope, paid, remittance_file, sent
from tests.integration.pages import People, make_client, make_people
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.kinds import Kind
from sanderling.core.resubmission.reading import documents_in
from sanderling.files.storage import open_original
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.actions import Asked, send
from sanderling.resubmission.models import Resubmission

NOW: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY: Final = NOW.date()
NPI, TIN = "1234567893", "741234567"
SENT: Final = claims_file(
    *(sent(number, 150) for number in ("DENIED", "REJECTED", "WAITING", "PAID", "OTHER")),
    sent("LARGE", 9000),
    sent("NEWONLY", 150),
)


@remembered
def fill(inbox: Inbox) -> People:
    """Bring in what was sent and answered; return who works on it."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(SENT, received_date=date(2026, 1, 5))
    inbox.take(rejection("REJECTED"), received_date=date(2026, 1, 7))
    new_only = "MOA***MA130~"
    denied = paid("NEWONLY", 150, 0, "CO*16*150", payer_number="ICN7")
    inbox.take(
        remittance_file(
            paid("DENIED", 150, 0, "CO*16*150", payer_number="ICN1"),
            paid("OTHER", 150, 0, "CO*16*150", payer_number="ICN5"),
            paid("PAID", 150, 90, "CO*45*60", payer_number="ICN4"),
            paid("LARGE", 9000, 0, "CO*197*9000", payer_number="ICN6"),
            type(denied)(
                **{**_fields(denied), "body": denied.body.replace("SVC", f"{new_only}SVC", 1)}
            ),
        ),
        received_date=date(2026, 1, 20),
    )
    refresh_stale(TODAY)
    return make_people(client)


@contextmanager
def standing_desk(folders: pytest.TempPathFactory) -> Iterator[None]:
    """Fill once for all tests of a module; it is gone after them."""
    base = folders.mktemp("desk")
    (base / "in").mkdir()
    before, settings.SANDERLING_HOME = settings.SANDERLING_HOME, base / "home"
    try:
        with transaction.atomic():
            fill(Inbox(base / "in"))
            yield
            transaction.set_rollback(True)
    finally:
        settings.SANDERLING_HOME = before


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def rejection(number: str) -> str:
    """A 277CA of the clearinghouse that turns one claim away: the member ID is not known."""
    return envelope(
        "BHT*0085*08*CA1*20260106*0805*TH~HL*1**20*1~NM1*PR*2*ACME HEALTH*****PI*ACME1~"
        "TRN*1*ACMERCPT77~DTP*050*D8*20260105~DTP*009*D8*20260106~"
        "HL*2*1*21*1~NM1*41*2*BILLCO*****46*BILLCO~TRN*2*BATCH1~STC*A1:19:PR*20260106*WQ*150~"
        "HL*3*2*19*1~NM1*85*2*MAPLE FAMILY CLINIC*****XX*1234567893~TRN*1*0~"
        "STC*A1:19:PR**WQ*150~HL*4*3*PT~NM1*QC*1*DOE*JANE****MI*ABC123456789~"
        f"TRN*2*{number}~STC*A7:164:IL*20260106*U*150~DTP*472*D8*20260102~",
        kind="277",
        guide="005010X214",
        code="HN",
        made="20260106",
        control=701,
    )


def person(name: str, role: str) -> User:
    """Return somebody else who sees the client."""
    return create_user(
        email=f"{name}@x.test",
        name=name,
        role=role,
        password="correct-horse-battery",
        client_ids=[Client.objects.get(code="MINE").pk],
    )


def claim(number: str) -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def send_again(
    number: str,
    user: User | None,
    typed: dict[str, str] | None = None,
    *,
    kind: Kind | None = None,
    key: UUID | None = None,
    at: datetime = NOW,
    reason: str = "The card shows another number.",
) -> Resubmission:
    """Send a claim again, to its first payer."""
    return send(
        claim=claim(number),
        party=11,
        kind=kind,
        typed=typed or {},
        asked=Asked(reason, user, at),
        key=key or uuid4(),
    )


def bytes_of(file: OutboundFile) -> bytes:
    with open_original(file.sha256, is_encrypted=file.is_encrypted) as stream:
        return stream.read()


def claims_in(file: OutboundFile) -> dict[str, ClaimDocument]:
    return {document.number: document for document in documents_in(bytes_of(file))}
