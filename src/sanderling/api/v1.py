"""The API, version 1: its operations, and its OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from sanderling.api import claims, items, shapes, tasks_calls, write_off_calls
from sanderling.api.access import PerToken, Token, allowed
from sanderling.api.middleware import PREFIX
from sanderling.api.problems import MEDIA_TYPE, say_problems

_REFUSALS: Final = {
    400: "The body is no JSON",
    401: "No token, or none that is good",
    403: "The role or the token may not",
    404: "Nothing there, or nothing that you may see",
    422: "Not understood, or refused",
    429: "Too many requests in this minute",
}

_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Api(NinjaAPI):
    """Operations are known by their own names."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of the function."""
        return operation.view_func.__name__


api = Api(
    title="Sanderling",
    version="1",
    description="Accounts-receivable follow-up: worklist, claims, activities. A token acts as its"
    " owner: it sees the owner's clients (or some of them) and may what the owner's role may."
    " Amounts are integer cents, days ISO dates, rates fractions.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api-v1",
    throttle=[PerToken()],
)
say_problems(api)
for one in (items.router, claims.router, tasks_calls.router, write_off_calls.router):
    api.add_router("", one)


@api.get("/openapi.json", include_in_schema=False, auth=allowed("claims.view"))
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja passes it
    """Answer with the OpenAPI document."""
    return HttpResponse(document(), content_type="application/json")


def operations() -> Iterator[tuple[str, Operation]]:
    """Yield each operation with its path."""
    for bound in api._get_bound_routers():  # noqa: SLF001 - ninja has no public way
        for path_text, view in bound.path_operations.items():
            for operation in view.operations:
                yield path_text, operation


def permission_of(operation: Operation) -> str:
    """Return the permission that an operation asks for."""
    (guard,) = operation.auth_callbacks
    if not isinstance(guard, Token):
        raise TypeError(operation.summary)
    return guard.permission


def _full(path_text: str) -> str:
    return PREFIX.rstrip("/") + re.sub(r"{[^}:]+:", "{", path_text)


def url_patterns() -> list[URLPattern]:
    """Return the addresses; each view says who may call it, as all views do."""
    found = []
    for path_text, view, name in _views():
        route = PREFIX.lstrip("/") + path_text.lstrip("/").replace("{", "<").replace("}", ">")
        found.append(path(route, view, name=name))
    return found


def _views() -> Iterator[tuple[str, Callable[..., HttpResponse], str]]:
    for bound in api._get_bound_routers():  # noqa: SLF001 - as above
        for path_text, path_view in bound.path_operations.items():
            view = path_view.get_view()
            permissions = {permission_of(operation) for operation in path_view.operations}
            view.required_permission = ", ".join(sorted(permissions))  # type: ignore[attr-defined]  # read by the test
            yield path_text, view, f"api-{path_view.operations[0].view_func.__name__}"


def _problem_schema(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = shapes.Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    schema["components"]["schemas"].update(found.pop("$defs", {}))
    return found


def document() -> str:
    """Return the OpenAPI document as text, the same for the same code."""
    schema: dict[str, Any] = OpenAPISchema(api, PREFIX.strip("/"))
    for path_text, operation in operations():
        said = schema["paths"].get(_full(path_text), {}).get(operation.methods[0].lower())
        if said is None:  # the document does not describe itself
            continue
        said["x-permission"] = permission_of(operation)
        for status, words in _REFUSALS.items():
            said["responses"].setdefault(status, {"description": words, "content": _PROBLEM})
    schema["components"]["schemas"]["Problem"] = _problem_schema(schema)
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
