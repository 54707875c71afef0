"""The portal of a demonstration: its payers' web site, worked by the adapter of plain sites."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sanderling.payers.models import Payer
from sanderling.portals.actions import save_portal
from sanderling.portals.models import Portal, PortalPayer

NAME: Final = "Tidewater payer portal (demonstration)"


def ensure_demo_portal(*, url: str, user_path: Path, password_path: Path, at: datetime) -> None:
    """Make the portal, or lead the one of before to where the counterparts listen now."""
    portal = Portal.objects.filter(name=NAME).first()
    if portal is not None:
        if portal.url != url:
            payer_ids = list(portal.payers.values_list("payer_id", flat=True))
            save_portal(portal, payer_ids=payer_ids, values={"url": url}, at=at)
        return
    taken = PortalPayer.objects.values("payer_id")
    payer_ids = list(
        Payer.objects.exclude(pk__in=taken).exclude(type="self_pay").values_list("pk", flat=True)
    )
    save_portal(
        Portal(),
        payer_ids=payer_ids,
        values={
            "name": NAME,
            "url": url,
            "adapter": "plain_site",
            "user_reference": f"file:{user_path}",
            "password_reference": f"file:{password_path}",
            "looks_per_minute": 30,
            "how_to": "Search by the payer's claim number, or member, birth and service day.",
        },
        at=at,
    )
