"""The clock of a credit: identified by a person or the rule, due, told in time, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db import IntegrityError, connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.overpayments import return_by_date
from sanderling.core.deadlines.rules import Kind
from sanderling.core.refusal import Refusal
from sanderling.ledger.models import OpenBalance
from sanderling.news.actions import NewEvent, notify, record_events
from sanderling.payers.models import Payer
from sanderling.payers.queries import deadline_rules_frame
from sanderling.refunds.causes import causes_of
from sanderling.refunds.models import Identified, Refund, State
from sanderling.refunds.people import approvers

IDENTIFY_AFTER_DAYS: Final = 7  # a credit that stood so long is known to exist: the rule's act
ALARM_DAYS: Final = (30, 14, 0)  # days left at which an alarm goes off
TEXT_MAX: Final = 4_000
_STANDING: Final = """
SELECT b.claim_id, b.client_id, b.party, -b.balance_cents,
       greatest(b.responsible_from_date, coalesce(k.since_date, b.responsible_from_date))
  FROM ledger_open_balance b
  LEFT JOIN barriers_barrier k ON k.claim_id = b.claim_id AND k.party = b.party
 WHERE b.balance_cents < 0 AND NOT EXISTS (
       SELECT FROM refunds_identified i
        WHERE i.claim_id = b.claim_id AND i.party = b.party AND i.closed_date IS NULL)
 ORDER BY b.claim_id, b.party
"""


class ClockRefused(Refusal):
    """The clock cannot be set so."""


@transaction.atomic
def identify(
    *, claim: Claim, party: int, user: User | None, at: datetime, day: date | None = None,
    note: str = "",
) -> Identified:  # fmt: skip
    """Say that a credit is an overpayment: its clock starts. Said again it changes nothing.

    `day`: when it was known, at the latest today; without `user` the rule says so.

    Raises:
        ClockRefused: nothing is in credit there, a day to come, too long a note.
    """
    day, note = day or at.date(), note.strip()
    standing = Identified.objects.filter(claim=claim, party=party, closed_date=None).first()
    if standing:
        return standing
    if day > at.date():
        raise ClockRefused("a credit is not identified on a day to come")
    if len(note) > TEXT_MAX:
        raise ClockRefused(f"a text has at most {TEXT_MAX} characters; shorten it")
    balance = OpenBalance.objects.filter(claim_id=claim.pk, party=party).first()
    if balance is None or balance.balance_cents >= 0:
        raise ClockRefused("nothing is in credit there")
    try:
        with transaction.atomic():
            made = Identified.objects.create(
                claim=claim,
                client_id=claim.client_id,
                party=party,
                payer_id=claim.payer_id_of(party),
                amount_cents=-balance.balance_cents,
                identified_date=day,
                identified_by=user,
                identified_at=at,
                note=note,
            )
    except IntegrityError:  # somebody was quicker
        return Identified.objects.get(claim=claim, party=party, closed_date=None)
    _record(made, "identify", at=at, by="person" if user else "rule", day=day.isoformat())
    _events("credit.identified", [made], at=at, days_left=None)
    return made


@transaction.atomic
def investigate(
    identified_id: int, *, started: date, ended: date | None, at: datetime
) -> Identified:
    """Say that a timely investigation of related overpayments stops the clock, or has ended.

    Raises:
        ClockRefused: the credit is gone, or the days make no sense.
    """
    found = Identified.objects.select_for_update().filter(pk=identified_id).first()
    if found is None or found.closed_date:
        raise ClockRefused("the credit is gone; there is no clock to stop")
    if started < found.identified_date or (ended and ended < started):
        raise ClockRefused("an investigation begins after its reason and ends after its beginning")
    if started > at.date() or (ended and ended > at.date()):
        raise ClockRefused("an investigation is not noted for a day to come")
    found.investigation_started_date, found.investigation_ended_date = started, ended
    found.told_days = None
    found.save(
        update_fields=["investigation_started_date", "investigation_ended_date", "told_days"]
    )
    _record(found, "investigate", at=at, started=started.isoformat())
    return found


def due_dates(rows: Sequence[Identified]) -> dict[int, date]:
    """Return the last day to give each credit back, by key.

    By the payer's refund rule where there is one (60 days for Medicare and Medicaid), else 60 days
    as for those; an investigation moves it by the days it stopped the clock.
    """
    payers = Payer.objects.in_bulk({row.payer_id for row in rows if row.payer_id})
    needs = [_need(row, payers) for row in rows]
    rules = deadline_rules_frame(payer_ids=list(payers))
    ruled = deadlines(pl.DataFrame(needs, schema=NEED_SCHEMA), rules)["deadline_date"].to_list()
    found = {}
    for row, day in zip(rows, ruled, strict=True):
        plain = return_by_date(identified_date=row.identified_date)
        moved = return_by_date(
            identified_date=row.identified_date,
            investigation_started_date=row.investigation_started_date,
            investigation_ended_date=row.investigation_ended_date,
        )
        found[row.pk] = (day or plain) + (moved - plain)
    return found


def watch(*, at: datetime) -> Mapping[str, int]:
    """Do what a day brings: identify by the rule, close, settle takebacks, raise alarms."""
    return {
        "closed": _close(at),
        "settled": _settle(at),
        "identified": _identify_standing(at),
        "alarms": _tell_due(at),
    }


def _need(row: Identified, payers: Mapping[int, Payer]) -> dict[str, Any]:
    payer = payers.get(row.payer_id or 0)
    return dict.fromkeys(NEED_SCHEMA) | {
        "item_id": row.pk,
        "kind": Kind.REFUND.value,
        "payer_id": row.payer_id,
        "payer_type": payer.type if payer else None,
        "client_id": row.client_id,
        "notice_date": row.identified_date,
    }


def _identify_standing(at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        rows = cursor.fetchall()
    old = [row for row in rows if row[4] + timedelta(days=IDENTIFY_AFTER_DAYS) <= at.date()]
    causes = causes_of([(row[0], row[2]) for row in old])
    # What is left of a credit after its money went back is reductions: nothing is to be returned.
    old = [row for row in old if causes[row[0], row[2]].refundable_cents != 0]
    claims = Claim.objects.in_bulk({row[0] for row in old})
    for claim_id, _, party, _, since in old:
        day = min(since + timedelta(days=IDENTIFY_AFTER_DAYS), at.date())
        identify(claim=claims[claim_id], party=party, user=None, at=at, day=day)
    return len(old)


@transaction.atomic
def _close(at: datetime) -> int:
    """End the clocks of credits that are gone, or whose money went back."""
    running = list(Identified.objects.select_for_update(skip_locked=True).filter(closed_date=None))
    ids = {row.claim_id for row in running}
    standing = set(
        OpenBalance.objects.filter(claim_id__in=ids, balance_cents__lt=0).values_list(
            "claim_id", "party"
        )
    )
    causes = causes_of([(row.claim_id, row.party) for row in running])
    gone = [
        row
        for row in running
        if (row.claim_id, row.party) not in standing
        or causes[row.claim_id, row.party].refundable_cents == 0
    ]
    for row in gone:
        row.closed_date = at.date()
        row.save(update_fields=["closed_date"])
        _record(row, "close", at=at)
    return len(gone)


@transaction.atomic
def _settle(at: datetime) -> int:
    """Settle refunds by takeback whose credit the payer has taken back."""
    waiting = Refund.objects.select_for_update(skip_locked=True).filter(
        state=State.APPROVED, method="takeback"
    )
    done = 0
    for one in waiting:
        credit = OpenBalance.objects.filter(claim_id=one.claim_id, party=one.party).first()
        if credit is None or credit.balance_cents >= 0:
            one.state, one.posted_at = State.SETTLED, at
            one.save(update_fields=["state", "posted_at"])
            record_event(
                action="refund.settle", at=at, client_id=one.client_id, claim_id=one.claim_id,
                subject=("refund", one.pk),
            )  # fmt: skip
            done += 1
    return done


@transaction.atomic
def _tell_due(at: datetime) -> int:
    """Raise the alarm of each threshold that a credit has come to, each once."""
    rows = list(
        Identified.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("claim", "claim__client")
        .filter(closed_date=None)
    )
    due = due_dates(rows)
    told = 0
    for row in rows:
        left = (due[row.pk] - at.date()).days
        reached = [days for days in ALARM_DAYS if left <= days]
        if not reached or (row.told_days is not None and row.told_days <= min(reached)):
            continue
        row.told_days = min(reached)
        row.save(update_fields=["told_days"])
        _events("credit.due", [row], at=at, days_left=left)
        _notify(row, left, at=at)
        told += 1
    return told


def _notify(row: Identified, left: int, *, at: datetime) -> None:
    name = f"{row.claim.client.code} {row.claim.number}"
    when = f"is due in {left} days" if left > 0 else "is due today" if left == 0 else "is overdue"
    notify(
        user_ids=[user.pk for user in approvers(row.client_id)],
        kind="credit",
        key=f"credit:{row.pk}:{row.told_days}",
        text=f"{name}: an overpayment {when}",
        at=at,
        url="/credits/",
        client_id=row.client_id,
        claim_id=row.claim_id,
        amount_cents=row.amount_cents,
    )


def _events(kind: str, rows: Sequence[Identified], *, at: datetime, days_left: int | None) -> None:
    record_events(
        [
            NewEvent(
                kind, row.client_id, row.claim_id, row.party, row.payer_id,
                detail={"amount_cents": row.amount_cents, "days_left": days_left},
            )
            for row in rows
        ],
        at=at,
    )  # fmt: skip


def _record(row: Identified, verb: str, *, at: datetime, **detail: object) -> None:
    record_event(
        action=f"credit.{verb}",
        at=at,
        client_id=row.client_id,
        claim_id=row.claim_id,
        subject=("credit", row.pk),
        detail=dict(detail),
    )
