"""Refusals as problem documents (RFC 9457): a status, a title, one sentence that says what to do.

No patient data: what was sent is never repeated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError

from sanderling.core.refusal import Refusal

MEDIA_TYPE: Final = "application/problem+json"
USUAL: Final = {
    400: "The request cannot be read: the body must be JSON in UTF-8.",
    401: "Send a valid token: Authorization: Bearer <token>.",
    403: "You may not do this.",
    404: "There is nothing here, or nothing that you may see.",
    405: "This address has no such method.",
    409: "Something else was changed first: read again, then decide.",
    413: "The request is too large.",
    422: "The request is not understood: see errors.",
    429: "Too many requests: wait, then go on.",
    500: "Something went wrong on our side; nothing was changed.",
}


class NotFound(Http404):
    """There is no such thing among what the user may see; the text says which kind of thing."""


def problem(
    status: int,
    detail: str = "",
    *,
    errors: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Return a problem document; `errors`: one {field, message} for each field that is wrong."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or USUAL.get(status, HTTPStatus(status).description),
    }
    if errors:
        body["errors"] = list(errors)
    answer = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    answer["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = 'Bearer realm="Sanderling"'
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def as_problem(answer: HttpResponse) -> HttpResponse:
    """Return a problem document for an error page that was not ours (no such address, a crash)."""
    return problem(answer.status_code)


def say_problems(api: NinjaAPI) -> None:
    """Let the API answer every refusal with a problem document."""

    def on_http(_request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error, Throttled):
            wait = math.ceil(error.wait or 1)
            return problem(429, headers={"Retry-After": str(wait)})
        usual = not error.message.endswith(".")  # a word of the framework's
        return problem(error.status_code, "" if usual else error.message)

    def on_missing(_request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, str(error) if isinstance(error, NotFound) else "")

    def on_invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        return problem(422, errors=[_fault(one) for one in error.errors])

    def on_refusal(_request: HttpRequest, error: Refusal) -> HttpResponse:
        text = str(error)
        faults = getattr(error, "faults", ())
        return problem(
            422,
            f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}",
            errors=[{"field": name, "message": message} for name, message in faults],
        )

    api.add_exception_handler(HttpError, on_http)  # type: ignore[arg-type]  # an instance always
    api.add_exception_handler(Http404, on_missing)  # type: ignore[arg-type]  # an instance always
    api.add_exception_handler(ValidationError, on_invalid)  # type: ignore[arg-type]  # an instance always
    api.add_exception_handler(Refusal, on_refusal)  # type: ignore[arg-type]  # an instance always


def _fault(error: dict[str, Any]) -> dict[str, str]:
    # Where: query, path or body, then the names; the names of our own parameters are left out.
    place = [str(part) for part in error["loc"] if part not in {"query", "path", "body"}]
    hidden = {"asked", "wanted"}
    return {
        "field": ".".join(part for part in place if part not in hidden) or "body",
        "message": str(error["msg"]),
    }
