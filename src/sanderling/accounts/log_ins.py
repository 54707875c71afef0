"""Log-ins, log-outs and failed log-ins in the audit trail; Django tells of them by signals only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from sanderling.accounts.models import User
from sanderling.web.actor import current_actor, set_actor


def connect() -> None:
    """Listen; called once, when the application starts."""
    user_logged_in.connect(_came, dispatch_uid="audit_log_in")
    user_logged_out.connect(_went, dispatch_uid="audit_log_out")
    user_login_failed.connect(_failed, dispatch_uid="audit_log_in_failed")


def _came(request: HttpRequest | None, user: User, **_: Any) -> None:  # noqa: ANN401 - a signal's
    _record("user.log_in", request, user)


def _went(request: HttpRequest | None, user: User | None, **_: Any) -> None:  # noqa: ANN401 - as above
    if user is not None:
        _record("user.log_out", request, user)


def _failed(
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **_: Any,  # noqa: ANN401 - as above
) -> None:
    """Name the person whose address was typed, if there is one; what was typed is kept nowhere."""
    typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    _record("user.log_in_failed", request, User.objects.filter(email=typed).first())


def _record(action: str, request: HttpRequest | None, user: User | None) -> None:
    from sanderling.audit.actions import record_event
    from sanderling.audit.looks import client_address

    if request is None or client_address(request) is None:  # not over the network
        return
    actor, role = current_actor()
    if action == "user.log_in" and user is not None:
        set_actor(f"user:{user.pk}", role=user.role)  # the request began as nobody's
    record_event(
        action=action,
        at=timezone.now(),
        subject=("user", user.pk) if user else None,
        ip=client_address(request),
    )
    if action == "user.log_in":
        set_actor(actor, role=role)
