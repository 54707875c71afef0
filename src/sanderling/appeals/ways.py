"""Where payers take appeals, who writes for a client: profiles that people keep."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.appeals.models import AppealWay, Letterhead
from sanderling.core.deadlines.rules import LEVELS_MAX
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer


class ProfileRefused(Refusal):
    """The profile cannot be kept so."""


@transaction.atomic
def set_way(  # noqa: PLR0913 - the columns of a way
    payer: Payer,
    level: int,
    *,
    department: str,
    address: str,
    fax: str,
    portal_url: str,
    form_name: str,
    decision_days: int | None,
    source: str,
    user: User | None,
    at: datetime,
) -> AppealWay:
    """Keep where a payer takes appeals of a level; a trigger records who changed what.

    Raises:
        ProfileRefused: no such level, nowhere to send it, or no source.
    """
    if not 1 <= level <= LEVELS_MAX:
        raise ProfileRefused(f"there are levels 1 to {LEVELS_MAX}")
    if not any(one.strip() for one in (address, fax, portal_url)):
        raise ProfileRefused("note an address, a fax number or a portal")
    if not source.strip():
        raise ProfileRefused("say where it is written: manual, contract, letter or call")
    found, _ = AppealWay.objects.update_or_create(
        payer=payer,
        level=level,
        defaults={
            "department": department.strip(),
            "address": "\n".join(one.strip() for one in address.splitlines() if one.strip()),
            "fax": fax.strip(),
            "portal_url": portal_url.strip(),
            "form_name": form_name.strip(),
            "decision_days": decision_days,
            "source": source.strip(),
            "changed_by": user,
            "changed_at": at,
        },
    )
    return found


@transaction.atomic
def set_letterhead(client_id: int, values: dict[str, str], *, at: datetime) -> Letterhead:
    """Keep who writes for a client; `values`: the columns of Letterhead by name."""
    plain = {name: value.strip() for name, value in values.items()}
    found, _ = Letterhead.objects.update_or_create(
        client_id=client_id, defaults={**plain, "changed_at": at}
    )
    return found
