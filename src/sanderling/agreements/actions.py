"""Sets what was agreed with a client: every change is a version of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.agreements.models import Agreement, Floor, HighDollarRule, Schedule, ServiceLevel
from sanderling.agreements.queries import agreement_of
from sanderling.agreements.signals import agreement_changed
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client, Tier
from sanderling.core.refusal import Refusal
from sanderling.core.service_levels import ZONE, Level

NOTE_MAX: Final = 2_000
SCHEDULES_MAX: Final = 40
PERMISSION: Final = "key_accounts.view"  # of whoever answers for a client, or owns its high dollars
_CHANGED: Final = "the agreement was changed meanwhile; reload, and set it again"


class AgreementRefused(Refusal):
    """That cannot be agreed so."""


@dataclass(frozen=True, slots=True)
class ScheduleTerms:
    """When to look at which open balances (models.Schedule)."""

    first_days: int
    repeat_days: int
    barrier: str = ""
    payer_id: int | None = None
    payer_type: str = ""
    from_age_days: int = 0
    min_cents: int = 0
    floor: str = Floor.NONE.value

    @property
    def scope(self) -> tuple[Any, ...]:
        """Return which balances it is about: one schedule for each."""
        return (
            *(self.barrier, self.payer_id, self.payer_type, self.from_age_days, self.min_cents),
        )


@dataclass(frozen=True, slots=True)
class HighDollarTerms:
    """From which amount on a balance is high-dollar (models.HighDollarRule)."""

    min_cents: int
    payer_id: int | None = None
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """All that is agreed with a client; the first three are kept with the client itself."""

    tier: str = Tier.STANDARD.value
    follow_up_days: int | None = None
    high_dollar_cents: int | None = None
    account_manager_id: int | None = None
    zone: str = ZONE
    second_review_cents: int | None = None
    levels: tuple[Level, ...] = ()  # those agreed; the rest is usual for the tier
    schedules: tuple[ScheduleTerms, ...] = ()
    high_dollar: tuple[HighDollarTerms, ...] = field(default=())


def terms_of(client: Client, version: Agreement | None = None) -> Terms:
    """Return what is agreed now; or, with a version, what it said besides the client's own."""
    holds = version or agreement_of(client.pk)
    own = Terms(client.tier, client.follow_up_days, client.high_dollar_cents)
    if holds is None:
        return own
    return Terms(
        *(own.tier, own.follow_up_days, own.high_dollar_cents, holds.account_manager_id),
        *(holds.zone, holds.second_review_cents),
        levels=tuple(
            Level(row.kind, row.count, row.unit, is_agreed=True, goal_percent=row.goal_percent)
            for row in holds.levels.order_by("kind")
        ),
        schedules=tuple(
            ScheduleTerms(
                *(row.first_days, row.repeat_days, row.barrier, row.payer_id, row.payer_type),
                *(row.from_age_days, row.min_cents, row.floor),
            )
            for row in holds.schedules.order_by("pk")
        ),
        high_dollar=tuple(
            HighDollarTerms(row.min_cents, row.payer_id, row.owner_id)
            for row in holds.high_dollar_rules.order_by("pk")
        ),
    )


@transaction.atomic
def set_agreement(
    client_id: int, terms: Terms, *, user: User | None, at: datetime, base: int, note: str = ""
) -> Agreement | None:
    """Let the terms hold from now on; terms that hold already change nothing.

    `base`: the number of the version that whoever sets them has seen, 0 where there was none.
    Running clocks keep the level under which they began.

    Raises:
        AgreementRefused: something is not possible so, or somebody else was faster.
    """
    client = Client.objects.select_for_update().filter(pk=client_id).first()
    if client is None:
        raise AgreementRefused("there is no such client")
    holds = agreement_of(client_id)
    now = terms_of(client, holds)
    if holds is not None and _plain(terms) == _plain(now):
        return holds
    if (holds.number if holds else 0) != base:
        raise AgreementRefused(_CHANGED)
    _check(client_id, terms, note)
    made = _make(client_id, terms, user=user, at=at, number=base + 1, note=note.strip())
    changed = [
        name
        for name in ("tier", "follow_up_days", "high_dollar_cents")
        if getattr(client, name) != getattr(terms, name)
    ]
    for name in changed:
        setattr(client, name, getattr(terms, name))
    if changed:
        client.save(update_fields=changed)  # a trigger audits it
    record_event(
        action="agreement.set", client_id=client_id, subject=("agreement", made.pk), at=at,
        detail={"number": made.number, "changed": changes(now, terms)},
    )  # fmt: skip
    agreement_changed.send(sender=None, client_id=client_id, at=at)
    return made


def changes(before: Terms, after: Terms) -> list[str]:
    """Return the names of what two versions say differently."""
    old, new = _plain(before), _plain(after)
    return [name for name in old if old[name] != new[name]]


def _plain(terms: Terms) -> dict[str, Any]:
    """Return the terms so that order, and where a level comes from, make no difference."""
    return {
        "tier": terms.tier,
        "follow_up_days": terms.follow_up_days,
        "high_dollar_cents": terms.high_dollar_cents,
        "account_manager": terms.account_manager_id,
        "zone": terms.zone,
        "second_review_cents": terms.second_review_cents,
        "service_levels": {
            one.kind: (one.count, one.unit, one.goal_percent) for one in terms.levels
        },
        "schedules": {
            one.scope: (one.first_days, one.repeat_days, one.floor) for one in terms.schedules
        },
        "high_dollar": {one.payer_id: (one.min_cents, one.owner_id) for one in terms.high_dollar},
    }


def _check(client_id: int, terms: Terms, note: str) -> None:
    if len(note.strip()) > NOTE_MAX:
        raise AgreementRefused(f"the note is longer than {NOTE_MAX} characters")
    if terms.zone not in available_timezones():
        raise AgreementRefused("choose a time zone of the list")
    if len(terms.schedules) > SCHEDULES_MAX:
        raise AgreementRefused(f"{SCHEDULES_MAX} schedules are the most; join some of them")
    scopes = [one.scope for one in terms.schedules]
    if len(set(scopes)) < len(scopes):
        raise AgreementRefused("two schedules are about the same balances; keep one of them")
    payers = [one.payer_id for one in terms.high_dollar]
    if len(set(payers)) < len(payers):
        raise AgreementRefused("two high-dollar rules are about the same payer; keep one of them")
    people = {one.owner_id for one in terms.high_dollar} | {terms.account_manager_id}
    may = {user.pk for user in who_may(PERMISSION, client_id)}
    if people - may - {None}:
        raise AgreementRefused("choose active people who see this client")


def _make(
    client_id: int, terms: Terms, *, user: User | None, at: datetime, number: int, note: str
) -> Agreement:
    try:
        with transaction.atomic():
            made = Agreement.objects.create(
                client_id=client_id,
                number=number,
                account_manager_id=terms.account_manager_id,
                zone=terms.zone,
                second_review_cents=terms.second_review_cents,
                note=note,
                made_by=user,
                made_at=at,
            )
            part = {"agreement": made, "client_id": client_id}
            ServiceLevel.objects.bulk_create(
                ServiceLevel(
                    **part, kind=one.kind, count=one.count, unit=one.unit,
                    goal_percent=one.goal_percent,
                )
                for one in terms.levels
            )  # fmt: skip
            Schedule.objects.bulk_create(
                Schedule(
                    **part,
                    barrier=one.barrier,
                    payer_id=one.payer_id,
                    payer_type=one.payer_type,
                    from_age_days=one.from_age_days,
                    min_cents=one.min_cents,
                    first_days=one.first_days,
                    repeat_days=one.repeat_days,
                    floor=one.floor,
                )
                for one in terms.schedules
            )
            HighDollarRule.objects.bulk_create(
                HighDollarRule(
                    **part, payer_id=one.payer_id, min_cents=one.min_cents, owner_id=one.owner_id
                )
                for one in terms.high_dollar
            )
    except IntegrityError as error:
        raise AgreementRefused(
            "a number is out of its range, or the agreement was changed meanwhile; reload"
        ) from error
    return made
