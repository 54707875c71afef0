"""Asks for look-ups, takes them back, and keeps what is known of portals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.accounts.secrets import SecretMissing, check_reference
from sanderling.audit.actions import record_claim_events, record_event
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.refusal import Refusal
from sanderling.portals.adapters import adapters
from sanderling.portals.models import Lookup, Portal, PortalPayer, State
from sanderling.worklists.models import WorkItem

LOOKUPS_MAX: Final = 1_000  # asked for at once
WAITING: Final = (State.QUEUED, State.LOOKING)


class PortalRefused(Refusal):
    """The portal or the look-up cannot be as asked."""


@dataclass(slots=True)
class Asked:
    """What became of a wish to look claims up: how many wait now, and who cannot, by reason."""

    queued: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # claim, why


@transaction.atomic
def queue_lookups(item_ids: Sequence[int], *, user: User, at: datetime) -> Asked:
    """Queue a look-up of each work item; those that cannot be are refused by name.

    Asking again while one waits changes nothing.

    Raises:
        PortalRefused: nothing chosen, or too much at once.
    """
    wanted = list(dict.fromkeys(item_ids))
    if not wanted:
        raise PortalRefused("no claim is chosen; tick some on the worklist first")
    if len(wanted) > LOOKUPS_MAX:
        raise PortalRefused(f"more than {LOOKUPS_MAX:,} claims at once; choose fewer")
    portals = {
        entry.payer_id: entry.portal for entry in PortalPayer.objects.select_related("portal").all()
    }
    asked = Asked()
    made: list[Lookup] = []
    for item in WorkItem.objects.filter(pk__in=wanted).order_by("claim_id", "party"):
        portal = portals.get(item.payer_id) if item.payer_id else None
        if (why := _why_not(item, portal)) or portal is None:
            asked.refused.append((f"{item.client_code} {item.claim_number}", why))
            continue
        lookup = _queue(item, portal, user=user, at=at)
        if lookup is None:
            asked.refused.append((f"{item.client_code} {item.claim_number}", "waits already"))
        else:
            made.append(lookup)
    asked.queued = len(made)
    record_claim_events(
        action="portal_lookup.ask",
        at=at,
        claims=[(one.client_id, one.claim_id, one.pk) for one in made],
        subject_kind="portal_lookup",
        detail={},
    )
    return asked


def _why_not(item: WorkItem, portal: Portal | None) -> str:
    if item.party == PATIENT:
        return "the patient owes it: no portal knows that"
    if portal is None:
        return "its payer has no portal here; add one on the payer's page"
    if not portal.is_on:
        return f"look-ups in {portal.name} are switched off"
    if not portal.adapter:
        return f"{portal.name} is worked by hand; open it and write the note"
    return ""


def _queue(item: WorkItem, portal: Portal, *, user: User, at: datetime) -> Lookup | None:
    try:
        with transaction.atomic():
            return Lookup.objects.create(
                portal=portal,
                claim_id=item.claim_id,
                client_id=item.client_id,
                party=item.party,
                asked_by=user,
                asked_at=at,
            )
    except IntegrityError:
        if Lookup.objects.filter(
            claim_id=item.claim_id, party=item.party, state__in=WAITING
        ).exists():
            return None
        raise


@transaction.atomic
def cancel_lookups(lookup_ids: Sequence[int], *, at: datetime) -> int:
    """Take back what nobody has begun; return how many."""
    rows = list(Lookup.objects.select_for_update().filter(pk__in=lookup_ids, state=State.QUEUED))
    Lookup.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.CANCELLED, ended_at=at
    )
    record_claim_events(
        action="portal_lookup.cancel",
        at=at,
        claims=[(row.client_id, row.claim_id, row.pk) for row in rows],
        subject_kind="portal_lookup",
        detail={},
    )
    return len(rows)


@transaction.atomic
def save_portal(
    portal: Portal, *, payer_ids: Sequence[int], values: dict[str, Any], at: datetime
) -> Portal:
    """Keep a portal and the payers it speaks for; a new one when it has no id yet.

    Raises:
        PortalRefused: no place of the web, no such adapter, a payer that another portal has, or a
            credential that is no reference.
    """
    for name, value in values.items():
        setattr(portal, name, value)
    _check(portal)
    is_new = portal.pk is None
    try:
        with transaction.atomic():
            portal.save()
    except IntegrityError:
        raise PortalRefused(f"a portal named {portal.name} is there already") from None
    taken = PortalPayer.objects.filter(payer_id__in=payer_ids).exclude(portal=portal)
    if other := taken.select_related("portal", "payer").first():
        raise PortalRefused(f"{other.payer.name} is looked up in {other.portal.name} already")
    PortalPayer.objects.filter(portal=portal).exclude(payer_id__in=payer_ids).delete()
    known = set(PortalPayer.objects.filter(portal=portal).values_list("payer_id", flat=True))
    PortalPayer.objects.bulk_create(
        [PortalPayer(portal=portal, payer_id=one) for one in payer_ids if one not in known]
    )
    record_event(
        action="portal.add" if is_new else "portal.change",
        at=at,
        subject=("portal", portal.pk),
        detail={"payers": len(payer_ids), "adapter": portal.adapter},
    )
    return portal


def _check(portal: Portal) -> None:
    if not portal.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise PortalRefused("the address must begin with https://")
    if portal.adapter and portal.adapter not in adapters():
        raise PortalRefused("there is no such adapter; choose one, or none for work by hand")
    for reference in (portal.user_reference, portal.password_reference):
        if reference:
            try:
                check_reference(reference)
            except SecretMissing as error:
                raise PortalRefused(str(error)) from None
    if portal.adapter and not (portal.user_reference and portal.password_reference):
        raise PortalRefused("an adapter logs in: say where user name and password are")


@transaction.atomic
def start_again(portal_id: int, *, at: datetime) -> Portal:
    """Let look-ups go on in a portal that had stopped."""
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    portal.stopped_at, portal.stopped_reason = None, ""
    portal.save(update_fields=["stopped_at", "stopped_reason"])
    record_event(action="portal.start_again", at=at, subject=("portal", portal.pk))
    return portal
