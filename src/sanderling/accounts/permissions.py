"""The decorator that every view has: who may see it.

A view says `@requires("claims.view")`; a test walks all addresses and fails for a view that says
nothing. Which clients' data a user sees is another matter, kept by row-level security.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from sanderling.accounts.models import User
from sanderling.accounts.roles import EVERY_PERMISSION

View = Callable[..., HttpResponseBase]


def requires(permission: str) -> Callable[[View], View]:
    """Let a view run for users whose role has the permission; send strangers to the log-in page."""
    if permission not in EVERY_PERMISSION:
        raise KeyError(permission)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if not request.user.may(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]  # read by the test
        return guarded

    return decorate


def person_of(request: HttpRequest) -> User:
    """Return who asks, within a view that `requires` guards: it lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


def _to_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the log-in page; htmx is told to leave the page, not to swap a form into it."""
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/")).url
        return answer
    return redirect_to_login(request.get_full_path())
