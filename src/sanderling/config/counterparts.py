"""The clearinghouse and payers of a demonstration: where they live, and their port."""

from __future__ import annotations

import contextlib
import socket
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from sanderling.audit.models import AuditEvent
from sanderling.config.service import Counterparts
from sanderling.exchange.demo import HOST, ensure_demo_mailboxes
from sanderling.intake.demo import counterparts_folder, world_of
from sanderling.portals.demo import ensure_demo_portal
from sanderling.simulator.live.opening import is_open, open_live
from sanderling.simulator.live.sftp import USER, ensure_keys

# The files that keep them, so that mailboxes and the portal find them again.
_PORT, _PORTAL_PORT = "port", "portal_port"


def ensure_counterparts() -> Counterparts:
    """Return them, with mailboxes that lead to them.

    A demonstration that was filled before there were any gets them now.
    """
    folder = counterparts_folder()
    if not is_open(folder):
        open_live(world_of(_day_of_filling()), folder)
    keys = ensure_keys(folder)
    port = _port(folder / _PORT)
    ensure_demo_mailboxes(
        port=port,
        user=USER,
        host_key=keys.fingerprint(),
        key_path=keys.client_key,
        at=timezone.now(),
    )
    portal_port = _port(folder / _PORTAL_PORT)
    ensure_demo_portal(
        url=f"http://{HOST}:{portal_port}/",
        user_path=keys.user,
        password_path=keys.password,
        at=timezone.now(),
    )
    return Counterparts(folder, port, settings.DEMO_TURN_SECONDS, portal_port)


def _day_of_filling() -> date:
    event = AuditEvent.objects.filter(action="demo.started").order_by("at").first()
    return event.at.date() if event is not None else timezone.now().date()


def _port(path: Path) -> int:
    """Return the port of before when it is free, else another, which is kept."""
    with contextlib.suppress(OSError, ValueError):
        kept = int(path.read_text("ascii"))
        if _is_free(kept):
            return kept
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    path.write_text(str(port), "ascii")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
