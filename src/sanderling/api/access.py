"""Who may call which operation, how often, and what is kept of a write that may come twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security.base import AuthBase
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from sanderling.accounts.models import User
from sanderling.accounts.roles import EVERY_PERMISSION
from sanderling.api.middleware import token_of
from sanderling.api.models import KeptAnswer, Scope
from sanderling.audit.actions import record_event
from sanderling.audit.looks import client_address
from sanderling.web.exporting import json_value

SAFE: Final = ("GET", "HEAD")
WINDOW_SECONDS: Final = 60
KEY_CHARACTERS_MAX: Final = 200
KEPT_FOR: Final = timedelta(days=2)


class Token(AuthBase):
    """Lets an operation run for users whose role has the permission, by token or session."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, permission: str, *, is_reading: bool = False) -> None:
        """`is_reading`: a POST that changes nothing (a search), good for a read-only token."""
        if permission not in EVERY_PERMISSION:
            raise KeyError(permission)
        self.permission = permission
        self.is_reading = is_reading
        super().__init__()

    def __call__(self, request: HttpRequest) -> User:
        """Return who acts.

        Raises:
            HttpError: 401 without one, 403 when the role, the token or the form may not.
        """
        user = request.user
        if not isinstance(user, User):
            raise HttpError(401, "")
        token = token_of(request)
        if token is None and check_csrf(request) is not None:
            raise HttpError(403, "Send the CSRF token of your session, or use an API token.")
        is_write = request.method not in SAFE and not self.is_reading
        if token is not None and is_write and token.scope != Scope.WRITE:
            raise HttpError(403, "This token may read only: use one that may write.")
        if not user.may(self.permission):
            raise HttpError(403, f"Your role lacks the permission {self.permission}.")
        return user


def allowed(permission: str, *, is_reading: bool = False) -> Token:
    """Return what an operation says about who may call it: `auth=allowed("claims.view")`."""
    return Token(permission, is_reading=is_reading)


class PerToken(BaseThrottle):
    """So many requests in each minute for each token, or each person's session.

    Counted in the cache that all processes share; two requests at the same instant may count as
    one, so the limit is a little soft.
    """

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request; say whether it is within the limit."""
        token = token_of(request)
        who = f"t{token.token_id}" if token else f"u{request.user.pk}"
        key = f"api-rate:{who}:{int(_now()) // WINDOW_SECONDS}"
        if cache.add(key, 1, timeout=2 * WINDOW_SECONDS):
            return True
        try:
            count = cache.incr(key)
        except ValueError:  # it ended between the two
            return True
        return bool(count <= settings.API_RATE_PER_MINUTE)

    def wait(self) -> float:
        """Return the seconds until the next minute."""
        return WINDOW_SECONDS - _now() % WINDOW_SECONDS


def _now() -> float:
    return time.time()


def actor_of(request: HttpRequest) -> User:
    """Return the user that an operation acts as; there is one once `allowed` let it run."""
    if not isinstance(request.user, User):
        raise HttpError(401, "")
    return request.user


def looked(
    request: HttpRequest,
    action: str,
    *,
    rows: int | None = None,
    claim: tuple[int, int] | None = None,
) -> None:
    """Record a look at patient data; `claim`: (claim id, client id) when it was at one."""
    token = token_of(request)
    detail: dict[str, Any] = {"api_token": token.token_id if token else None}
    if rows is not None:
        detail["rows"] = rows
    record_event(
        action=action,
        at=timezone.now(),
        client_id=claim[1] if claim else None,
        claim_id=claim[0] if claim else None,
        subject=("claim", claim[0]) if claim else None,
        detail=detail,
        ip=client_address(request),
    )


def once(request: HttpRequest, do: Callable[[], tuple[int, dict[str, Any]]]) -> HttpResponse:
    """Do a write and answer with what it returns: a status and plain data without patients.

    With an Idempotency-Key the answer is kept in the same transaction: the same request with the
    same key again gets it without doing anything. Of two at once the second waits for the first.

    Raises:
        HttpError: the key is too long, or was used for another request.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        with transaction.atomic():
            status, answer = do()
        return _answer(status, _text(answer))
    if len(key) > KEY_CHARACTERS_MAX:
        raise HttpError(422, f"Idempotency-Key has more than {KEY_CHARACTERS_MAX} characters.")
    user, token = actor_of(request), token_of(request)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        kept, is_new = _reserve(user.pk, token.token_id if token else 0, key, fingerprint)
        if not is_new:
            if kept.request_sha256 != fingerprint:
                raise HttpError(422, "This Idempotency-Key was used for another request.")
            again = _answer(kept.status or 200, kept.answer)
            again["Idempotent-Replay"] = "true"
            return again
        status, answer = do()
        kept.status, kept.answer = status, _text(answer)
        kept.save(update_fields=["status", "answer"])
    return _answer(status, kept.answer)


def _reserve(user_id: int, token_id: int, key: str, fingerprint: str) -> tuple[KeptAnswer, bool]:
    """Return the kept answer of this key, and whether it was made just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO api_kept_answer"
            " (user_id, token_id, key, request_sha256, answer, created_at)"
            " VALUES (%s, %s, %s, %s, '', %s) ON CONFLICT DO NOTHING RETURNING id",
            [user_id, token_id, key, fingerprint, timezone.now()],
        )
        is_new = cursor.fetchone() is not None
    return KeptAnswer.objects.get(user_id=user_id, token_id=token_id, key=key), is_new


def _fingerprint(request: HttpRequest) -> str:
    text = b"\n".join([(request.method or "").encode(), request.path.encode(), request.body])
    return hashlib.sha256(text).hexdigest()


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, default=json_value, ensure_ascii=False)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


def forget_old_answers() -> int:
    """Delete kept answers that no caller repeats any more; return how many."""
    deleted, _ = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted
