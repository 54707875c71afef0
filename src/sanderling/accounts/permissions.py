"""Which role may do what: one table, one decorator.

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

from sanderling.accounts.models import Role, User

_READ = frozenset({"aging.view", "claims.view", "clients.view", "files.view", "payers.view"})
_WORK = _READ | {"claims.work", "files.upload"}
_LEAD = _WORK | {"claims.assign", "files.replay"}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.SPECIALIST: _WORK,
    Role.LEAD: _LEAD,
    Role.ACCOUNT_MANAGER: _LEAD | {"clients.edit"},
    Role.CLIENT_USER: frozenset({"aging.view", "claims.view"}),
    Role.CODER: _WORK,
    Role.COMPLIANCE: _READ | {"audit.view"},
    Role.ADMIN: _LEAD | {"clients.edit", "payers.edit", "users.edit", "audit.view"},
}
EVERY_PERMISSION = frozenset().union(*PERMISSIONS.values())

View = Callable[..., HttpResponseBase]


def has_permission(user: object, permission: str) -> bool:
    """Say whether the user's role may do it; nobody who is not logged in or not active may.

    Raises:
        KeyError: there is no such permission (a slip of ours).
    """
    if permission not in EVERY_PERMISSION:
        raise KeyError(permission)
    return (
        isinstance(user, User) and user.is_active and permission in PERMISSIONS.get(user.role, ())
    )


def requires(permission: str) -> Callable[[View], View]:
    """Let a view run for users whose role has the permission; send strangers to the log-in page."""
    if permission not in EVERY_PERMISSION:
        raise KeyError(permission)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if not has_permission(request.user, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]  # read by the test
        return guarded

    return decorate


def _to_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the log-in page; htmx is told to leave the page, not to swap a form into it."""
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/")).url
        return answer
    return redirect_to_login(request.get_full_path())
