"""Makes, opens and revokes links.

A link's address ends in a token: random bytes and a signature over them and the purpose. Nothing
but the hash of the token is kept, so that who reads the database cannot open anything; a token that
was altered, or made for another purpose, fails before the database is asked. Why a link is refused
is said to nobody: expired, altered, used up, revoked and never made look the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.links.models import Link, Purpose
from sanderling.web.addresses import full_address

DAYS_MAX: Final = 366
_RANDOM_BYTES: Final = 24
_SIGNATURE_BYTES: Final = 18
TOKEN_CHARACTERS: Final = 56  # base64 of both, without padding


class LinkRefused(Refusal):
    """The link opens nothing, or not any more; its text never says why."""

    def __init__(self) -> None:
        super().__init__("this link cannot be used (any more): ask for a new one")


class LinkImpossible(Refusal):
    """A link cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that is good: what it opens, and whose data it shows."""

    link_id: int
    purpose: str
    subject_id: int
    client_id: int
    expires_at: datetime


@transaction.atomic
def make_link(
    *,
    purpose: str,
    subject_id: int,
    client_id: int,
    expires_at: datetime,
    at: datetime,
    uses_max: int | None = None,
    by: User | None = None,
) -> str:
    """Make a link and return its whole address, which nobody can see again.

    A second call makes a second link; links made before stay good (`revoke_links` ends them).

    Raises:
        LinkImpossible: it would end in the past or in more than a year.
    """
    if not at < expires_at <= at + timedelta(days=DAYS_MAX):
        raise LinkImpossible(f"a link ends after now and within {DAYS_MAX} days")
    token = _new_token(Purpose(purpose).value)
    made = Link.objects.create(
        purpose=purpose,
        subject_id=subject_id,
        client_id=client_id,
        sha256=_hash_of(token),
        made_by=by,
        made_at=at,
        expires_at=expires_at,
        uses_max=uses_max,
    )
    record_event(
        action="link.make",
        at=at,
        client_id=client_id,
        subject=("link", made.pk),
        detail={"purpose": purpose, "of": subject_id},
    )
    return full_address(f"/l/{purpose}/{token}/")


def opened(token: str, *, purpose: str, at: datetime, counts: bool = False) -> OpenedLink:
    """Return what a link opens, and note that it was opened; `counts`: this is one of its uses.

    Looking at a page should not count (mail scanners follow links); what the link is for does.
    Good before any client is visible: the database answers for this one link only.

    Raises:
        LinkRefused: no link of this purpose, or expired, revoked, used up.
    """
    if not _is_signed(token, purpose):
        raise LinkRefused
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM links_open(%s, %s, %s, %s)", [purpose, _hash_of(token), at, counts]
        )
        row = cursor.fetchone()
    if row is None:
        raise LinkRefused
    return OpenedLink(row[0], purpose, *row[1:])


@transaction.atomic
def revoke_links(*, purpose: str, subject_id: int, at: datetime) -> int:
    """End all links to something; return how many were still good. Twice is harmless."""
    good = Link.objects.filter(
        purpose=purpose, subject_id=subject_id, revoked_at=None, expires_at__gt=at
    )
    ended = list(good.values_list("pk", "client_id"))
    Link.objects.filter(pk__in=[pk for pk, _ in ended]).update(revoked_at=at)
    for pk, client_id in ended:
        record_event(action="link.revoke", at=at, client_id=client_id, subject=("link", pk))
    return len(ended)


def _new_token(purpose: str) -> str:
    random = secrets.token_bytes(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(random + _signature(random, purpose)).decode()


def _is_signed(token: str, purpose: str) -> bool:
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return False
    try:
        whole = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    random, signature = whole[:_RANDOM_BYTES], whole[_RANDOM_BYTES:]
    return hmac.compare_digest(signature, _signature(random, purpose))


def _signature(random: bytes, purpose: str) -> bytes:
    key = hashlib.sha256(b"sanderling links\0" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, purpose.encode() + b"\0" + random, "sha256")[:_SIGNATURE_BYTES]


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
