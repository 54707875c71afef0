"""Makes reports: works the numbers out for all clients asked for together, and freezes them.

Only for jobs and commands: it reads with the rights of the installation. A report that stands for
the same definition, client and days is returned and not made again, so that a run that was killed
goes on where it stopped. One run at a time.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.ledger.spans import extend_spans
from sanderling.mirror.actions import refresh
from sanderling.postgres.locks import Lock, session_lock
from sanderling.reports.blocks import KINDS, made, refuse_block
from sanderling.reports.book import Book, Part, Span, Tell
from sanderling.reports.models import Behind, Definition, Report, State
from sanderling.reports.shapes import LAYOUT, Block

DAYS_MAX: Final = 366


class NoReport(Refusal):
    """What was asked cannot be made into a report."""


def span_of(*, from_date: date, to_date: date, as_of: date, today: date) -> Span:
    """Return the days of a report.

    Raises:
        NoReport: days out of order, or a day that is not over: its numbers could still change.
    """
    if from_date > to_date:
        raise NoReport("the first day is after the last")
    if (to_date - from_date).days >= DAYS_MAX:
        raise NoReport("a report is over a year at most")
    if as_of < to_date:
        raise NoReport("the day it stands at is before the last day of the report")
    if as_of >= today:
        raise NoReport(f"the day is not over; choose {today - timedelta(days=1)} or before")
    return Span(from_date, to_date, as_of)


def new_book(
    span: Span, client_ids: Sequence[int] | None, *, at: datetime, tell: Tell = lambda _: None
) -> Book:
    """Return the book of these clients (None: of all), with the mirror and spans brought in step.

    Raises:
        MirrorBusy: the mirror is being refreshed by another process.
    """
    tell("the mirror")
    extend_spans()
    refresh(at.date(), at)
    return Book(span, None if client_ids is None else sorted(client_ids), tell)


def make_reports(  # noqa: PLR0913 - what a report is of
    definition: Definition,
    *,
    client_ids: Sequence[int],
    from_date: date,
    to_date: date,
    as_of: date,
    by: User | None,
    at: datetime,
    provider: str = "",
    tell: Tell = lambda _: None,
    book: Book | None = None,
) -> list[Report]:
    """Make a definition's reports of these clients; return them, those that stood before too.

    `book`: one of the same days and clients, so that several definitions share it.

    Raises:
        NoReport: days that cannot be, a client that there is not, or a definition of another one.
        BadBlocks: a block cannot be told for one provider.
    """
    span = span_of(from_date=from_date, to_date=to_date, as_of=as_of, today=at.date())
    clients = _clients(definition, client_ids)
    refuse_provider(definition, provider)
    with session_lock(Lock.REPORTS, waits=True):
        there = {one.client_id: one for one in _standing(definition, span, provider, clients)}
        missing = [client for client in clients if client.pk not in there]
        if missing and book is None:
            # The whole book costs little more than many clients of it.
            book = new_book(span, [one.pk for one in missing], at=at, tell=tell)
        for client in missing:
            assert book is not None  # noqa: S101 - made above
            tell(f"{client.code}")
            found = made(Part(book, client.pk, client.code, provider), definition.blocks)
            there[client.pk] = _frozen(definition, client, span, provider, found, by=by, at=at)
    return [there[client.pk] for client in clients]


def _clients(definition: Definition, client_ids: Sequence[int]) -> list[Client]:
    found = list(Client.objects.filter(pk__in=client_ids).order_by("code"))
    if len(found) != len(set(client_ids)) or not found:
        raise NoReport("there is no such client")
    if definition.client_id is not None and {one.pk for one in found} != {definition.client_id}:
        raise NoReport("this composition is of another client; copy it")
    if definition.is_archived:
        raise NoReport("this composition is archived")
    return found


def refuse_provider(definition: Definition, provider: str) -> None:
    """Refuse a composition that cannot be told for one provider.

    Raises:
        BadBlocks: one of its blocks.
    """
    for one in definition.blocks:
        if provider:
            refuse_block(KINDS[one["kind"]])


def _standing(
    definition: Definition, span: Span, provider: str, clients: Iterable[Client]
) -> Iterable[Report]:
    return Report.objects.filter(
        definition=definition,
        client__in=list(clients),
        provider=provider,
        from_date=span.from_date,
        to_date=span.to_date,
        as_of_date=span.as_of,
    ).exclude(state=State.WITHDRAWN)


def numbers_of(client: Client, found: Sequence[Block]) -> dict[str, Any]:
    """Return what is frozen of the blocks."""
    return {
        "layout": LAYOUT,
        "client": client.code,
        "client_name": client.name,
        "blocks": [block.json() for block in found],
    }


def hash_of(numbers: dict[str, Any]) -> str:
    """Return the SHA-256 of numbers in canonical JSON."""
    text = json.dumps(numbers, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def _frozen(
    definition: Definition,
    client: Client,
    span: Span,
    provider: str,
    found: Sequence[Block],
    *,
    by: User | None,
    at: datetime,
) -> Report:
    numbers = numbers_of(client, found)
    report = Report.objects.create(
        definition=definition,
        client=client,
        provider=provider,
        title=definition.name,
        audience=definition.audience,
        blocks=definition.blocks,
        from_date=span.from_date,
        to_date=span.to_date,
        as_of_date=span.as_of,
        numbers=numbers,
        numbers_hash=hash_of(numbers),
        made_by=by,
        made_at=at,
    )
    Behind.objects.bulk_create(
        Behind(
            report=report,
            client_id=client.pk,
            place=place,
            row_count=block.rows.height,
            rows=_packed(block),
        )
        for place, block in enumerate(found)
        if block.rows is not None
    )
    record_event(
        action="report.make",
        at=at,
        client_id=client.pk,
        subject=("report", report.pk),
        detail={"definition": definition.pk, "hash": report.numbers_hash},
    )
    return report


def _packed(block: Block) -> bytes:
    assert block.rows is not None  # noqa: S101 - asked before
    buffer = io.BytesIO()
    block.rows.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
