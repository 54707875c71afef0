"""Remembers whether this database was filled with a demonstration."""

from __future__ import annotations

from typing import Literal

from django.db import connection
from django.utils import timezone

from sanderling.audit.actions import record_event
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client

DemoState = Literal["empty", "started", "filled", "foreign"]


def demo_state() -> DemoState:
    """Return how far a demonstration got; "foreign" when there is data of another origin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # a clear failure here rather than in the midst
    seen = set(
        AuditEvent.objects.filter(action__in=["demo.started", "demo.filled"]).values_list(
            "action", flat=True
        )
    )
    if "demo.filled" in seen:
        return "filled"
    if "demo.started" in seen:
        return "started"
    return "foreign" if Client.objects.exists() else "empty"


def mark_demo(state: Literal["started", "filled"]) -> None:
    """Write down that the filling has started or is done."""
    record_event(action=f"demo.{state}", at=timezone.now())
