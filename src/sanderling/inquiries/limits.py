"""What each payer takes: as set, else the defaults of its type."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.core.inquiries.limits import Limits, Way, default_limits
from sanderling.core.refusal import Refusal
from sanderling.inquiries.models import PayerLimits
from sanderling.payers.models import Payer

_NAMES = tuple(field.name for field in fields(Limits))


class LimitsRefused(Refusal):
    """These limits cannot be."""


def limits_of_payers() -> dict[int, Limits]:
    """Return the limits of every payer."""
    found = {pk: default_limits(kind) for pk, kind in Payer.objects.values_list("pk", "type")}
    for row in PayerLimits.objects.values("payer_id", *_NAMES):
        payer_id = row.pop("payer_id")
        found[payer_id] = Limits(**{**row, "way": Way(row["way"])})
    return found


def limits_of(payer: Payer) -> tuple[Limits, bool]:
    """Return one payer's limits, and whether somebody set them."""
    row = PayerLimits.objects.filter(payer_id=payer.pk).values(*_NAMES).first()
    if row is None:
        return default_limits(payer.type), False
    return Limits(**{**row, "way": Way(row["way"])}), True


@transaction.atomic
def set_limits(payer: Payer, limits: Limits, *, at: datetime) -> bool:
    """Say what a payer takes; return whether anything changed.

    Raises:
        LimitsRefused: no hour or no day is left to ask at.
    """
    if limits.from_hour >= limits.to_hour:
        raise LimitsRefused("the last hour must be after the first")
    if not limits.weekdays:
        raise LimitsRefused("choose at least one weekday")
    before, _ = limits_of(payer)
    if before == limits:
        return False
    values = {**asdict(limits), "way": limits.way.value}
    PayerLimits.objects.update_or_create(payer_id=payer.pk, defaults={**values, "set_at": at})
    record_event(
        action="status_requests.limits",
        at=at,
        subject=("payer", payer.pk),
        detail={name: values[name] for name in _NAMES if values[name] != getattr(before, name)},
    )
    return True
