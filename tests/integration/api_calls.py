"""Calls of the API under the web's role, as a program with a token makes them."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client as Browser
from tests.integration.pages import web_role

from sanderling.accounts.models import User
from sanderling.api.models import ApiToken
from sanderling.api.tokens import make_token

MADE = datetime(2026, 3, 5, 12, tzinfo=UTC)
PROBLEM = "application/problem+json"


class Caller:
    """Something that calls the API with a token, or with a user's session."""

    def __init__(
        self,
        user: User,
        *,
        scope: str = "write",
        clients: Collection[int] | None = None,
        by_session: bool = False,
    ) -> None:
        self.user = user
        self.token: ApiToken | None = None
        self.browser = Browser(enforce_csrf_checks=True)
        self.headers: dict[str, str] = {}
        if by_session:
            self.browser.force_login(user)
            return
        self.token, secret = make_token(
            name="test",
            owner=user,
            scope=scope,
            client_ids=clients,
            expires_at=None,
            by=user,
            at=MADE,
        )
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, **asked: object) -> HttpResponse:
        """Ask."""
        with web_role():
            return self.browser.get(f"/api/v1{path}", asked, headers=self.headers)  # type: ignore[return-value, arg-type]  # the test client's own response

    def post(self, path: str, body: object, **headers: str) -> HttpResponse:
        """Send JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with web_role():
            return self.browser.post(  # type: ignore[return-value]  # as above
                f"/api/v1{path}",
                json.dumps(body),
                content_type="application/json",
                headers={**self.headers, **sent},
            )


def data(answer: HttpResponse) -> Any:
    """Return the JSON of an answer that went well."""
    assert answer.status_code in {200, 201}, answer.content
    return json.loads(answer.content)


def refused(answer: HttpResponse, status: int) -> dict[str, Any]:
    """Return the problem document of a refusal with this status."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == PROBLEM
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == status
    assert found["detail"].endswith(".")
    return found
