"""The door of the API: who a token is of, before row-level security is set for the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sanderling.accounts.models import User
from sanderling.api.problems import MEDIA_TYPE, as_problem, problem
from sanderling.api.tokens import FoundToken, find_token

PREFIX: Final = "/api/v1/"
_FAILED: Final = 400


class ApiDoor:
    """Lets a request with a token act as the token's owner, of the token's clients only.

    Stands between Django's authentication and `accounts.middleware.ClientIsolation`, which sets
    what is visible. Without the header the session's user is who asks. Every refusal, also of
    addresses that do not exist, is a problem document.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; 401 for a token that is none, or none any more."""
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        header = request.headers.get("Authorization")
        if header is not None:
            refused = _let_in(request, header)
            if refused is not None:
                return refused
        answer = self.get_response(request)
        if answer.status_code >= _FAILED and answer.headers.get("Content-Type") != MEDIA_TYPE:
            return as_problem(answer)
        answer["Cache-Control"] = "no-store"
        return answer


def token_of(request: HttpRequest) -> FoundToken | None:
    """Return the token that the request came with, None for a session's."""
    return getattr(request, "api_token", None)


def _let_in(request: HttpRequest, header: str) -> HttpResponse | None:
    """Make the token's owner the request's user; return the refusal when there is one."""
    scheme, _, secret = header.partition(" ")
    found = find_token(secret.strip(), at=timezone.now()) if scheme.lower() == "bearer" else None
    if found is None:
        return problem(401)
    if found.refusal:
        return problem(401, f"This token is {found.refusal}: ask an administrator for another.")
    owner = User.objects.filter(pk=found.owner_id, is_active=True).first()
    if owner is None:
        return problem(401, "The owner of this token may not log in any more.")
    request.user = owner
    request.api_token = found  # type: ignore[attr-defined]  # read by token_of
    request.client_scope = found.client_ids  # type: ignore[attr-defined]  # read by ClientIsolation
    return None
