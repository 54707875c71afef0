"""Asks the worker for reports, for one made again, or for a preview; does what was asked.

A page asks in its own session, for clients that it sees; the worker makes what was asked for those
clients and no others. What is there already is not made twice, so a job may run again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.reports.blocks import checked, made
from sanderling.reports.book import Part
from sanderling.reports.comparing import make_again
from sanderling.reports.making import (
    NoReport,
    make_reports,
    new_book,
    numbers_of,
    refuse_provider,
    span_of,
)
from sanderling.reports.models import Definition, Making, MakingState, Report
from sanderling.reports.tasks import defer_makings

logger = logging.getLogger(__name__)
BROKEN = "Something went wrong here: the worker's log says what. It can be asked for again."


def ask_for_reports(
    definition: Definition,
    *,
    client_ids: Sequence[int],
    from_date: date,
    to_date: date,
    as_of: date,
    by: User,
    at: datetime,
    provider: str = "",
) -> Making:
    """Ask for the reports of these clients.

    Raises:
        NoReport: days that cannot be, or no clients.
        BadBlocks: a block cannot be told for one provider.
    """
    span_of(from_date=from_date, to_date=to_date, as_of=as_of, today=at.date())
    refuse_provider(definition, provider)
    wanted = sorted(set(client_ids))
    if not wanted:
        raise NoReport("choose a client")
    if definition.client_id is not None and wanted != [definition.client_id]:
        raise NoReport("this composition is of another client; copy it")
    return _asked(
        definition=definition, client_ids=wanted, provider=provider, from_date=from_date,
        to_date=to_date, as_of_date=as_of, asked_by=by, asked_at=at,
    )  # fmt: skip


def ask_again(report: Report, *, by: User, at: datetime) -> Making:
    """Ask for a report to be worked out again and compared."""
    return _asked(
        report=report, definition=report.definition, client_ids=[report.client_id],
        provider=report.provider, from_date=report.from_date, to_date=report.to_date,
        as_of_date=report.as_of_date, asked_by=by, asked_at=at,
    )  # fmt: skip


def ask_preview(
    blocks: object,
    *,
    client_id: int,
    from_date: date,
    to_date: date,
    as_of: date,
    by: User,
    at: datetime,
) -> Making:
    """Ask what a composition says about a client; nothing but the answer is kept.

    Raises:
        NoReport: days that cannot be.
        BadBlocks: no composition.
    """
    span_of(from_date=from_date, to_date=to_date, as_of=as_of, today=at.date())
    return _asked(
        blocks=checked(blocks), client_ids=[client_id], from_date=from_date, to_date=to_date,
        as_of_date=as_of, asked_by=by, asked_at=at,
    )  # fmt: skip


@transaction.atomic
def _asked(**what: Any) -> Making:  # noqa: ANN401 - fields of a Making
    making = Making.objects.create(**what)
    record_event(
        action="report.ask",
        at=making.asked_at,
        subject=("making", making.pk),
        detail={"clients": len(making.client_ids)},
    )
    defer_makings()
    return making


def do_waiting(*, at: datetime) -> int:
    """Make what waits, the oldest first; return how much was asked for. For the worker."""
    count = 0
    while making := Making.objects.filter(state=MakingState.WAITING).order_by("pk").first():
        _do(making, at)
        count += 1
    return count


def _do(making: Making, at: datetime) -> None:
    def tell(words: str) -> None:
        Making.objects.filter(pk=making.pk).update(progress=words)

    try:
        if making.report is not None:
            make_again(making.report, by=making.asked_by, at=at, tell=tell)
        elif making.blocks is not None:
            making.preview = _previewed(making, at, tell)
        else:
            assert making.definition is not None  # noqa: S101 - one of the three
            make_reports(
                making.definition, client_ids=making.client_ids, from_date=making.from_date,
                to_date=making.to_date, as_of=making.as_of_date, by=making.asked_by, at=at,
                provider=making.provider, tell=tell,
            )  # fmt: skip
    except Refusal as refusal:
        making.state, making.problem = MakingState.FAILED, refusal.sentence
    except Exception:
        logger.exception("reports: making %s", making.pk)
        making.state, making.problem = MakingState.FAILED, BROKEN
    else:
        making.state = MakingState.DONE
    making.progress = ""
    making.save(update_fields=["state", "problem", "preview", "progress"])


def _previewed(making: Making, at: datetime, tell: Any) -> dict[str, Any]:  # noqa: ANN401
    span = span_of(
        from_date=making.from_date,
        to_date=making.to_date,
        as_of=making.as_of_date,
        today=at.date(),
    )
    client = Client.objects.get(pk=making.client_ids[0])
    book = new_book(span, [client.pk], at=at, tell=tell)
    return numbers_of(client, made(Part(book, client.pk, client.code), making.blocks or []))
