"""Makes, finds and revokes API tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.api.models import ApiToken, Scope
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.news.actions import notify

MARK: Final = "snd_"  # by which scanners of leaked secrets know it
PREFIX_CHARACTERS: Final = 12
NAME_CHARACTERS_MAX: Final = 100


class TokenRefused(Refusal):
    """The token cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token that a request came with; `refusal`: why it is not good any more, else empty."""

    token_id: int
    owner_id: int
    scope: str
    client_ids: list[int] | None
    refusal: str


@transaction.atomic
def make_token(
    *,
    name: str,
    owner: User,
    scope: str,
    client_ids: Collection[int] | None,
    expires_at: datetime | None,
    by: User,
    at: datetime,
) -> tuple[ApiToken, str]:
    """Make a token; return it and its secret, which nobody can see again.

    Raises:
        TokenRefused: no name, an owner who cannot log in, no client, or an end in the past.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise TokenRefused(f"give the token a name of at most {NAME_CHARACTERS_MAX} characters")
    if not owner.is_active:
        raise TokenRefused("choose an owner who may log in")
    if client_ids is not None and not client_ids:
        raise TokenRefused("choose at least one client, or all of the owner's")
    if expires_at is not None and expires_at <= at:
        raise TokenRefused("choose a last day that is still to come")
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name,
        owner=owner,
        prefix=secret[:PREFIX_CHARACTERS],
        sha256=hash_of(secret),
        scope=Scope(scope).value,
        client_ids=None if client_ids is None else sorted(set(client_ids)),
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )
    record_event(
        action="api_token.make",
        at=at,
        subject=("api_token", token.pk),
        detail={"owner": owner.pk, "scope": token.scope, "clients": len(client_ids or ())},
    )
    if owner.pk != by.pk:
        notify(
            user_ids=[owner.pk],
            kind="api.token",
            key=f"api_token:{token.pk}",
            text=f"An API token {token.prefix}… that acts as you was made.",
            at=at,
        )
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, at: datetime) -> bool:
    """Make the token worthless from now on; return False when it was already."""
    is_new = bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at))
    if is_new:
        record_event(action="api_token.revoke", at=at, subject=("api_token", token.pk))
    return is_new


def find_token(secret: str, *, at: datetime) -> FoundToken | None:
    """Return the token of this secret, None when there is none; notes that it was used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_token_of(%s, %s)", [hash_of(secret), at])
        row = cursor.fetchone()
    return FoundToken(*row) if row else None


def hash_of(secret: str) -> str:
    """Return what is kept of a secret: random secrets of 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
