"""Asks payers for the status of claims: files into the outbox, never twice for a claim and day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

import polars as pl
from django.db import connection, transaction
from django.db.models import Count

from sanderling.core.inquiries.limits import Limits
from sanderling.inquiries.due import Due, Sorted, due_requests, sort_due
from sanderling.inquiries.limits import limits_of_payers
from sanderling.inquiries.models import Channel, StatusRequest
from sanderling.inquiries.rendering import Asked, claims_sent, request_bytes, trace_of
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundFile, Purpose
from sanderling.postgres.frames import copy_frame
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.worklists.inquiries import mark_written

KIND: Final = "276"
_NEW_IDS: Final = (
    "SELECT nextval(pg_get_serial_sequence('inquiries_status_request', 'id'))"
    " FROM generate_series(1, %s)"
)
_PAYER_NUMBERS: Final = """
SELECT DISTINCT ON (claim_id) claim_id, payer_claim_number FROM (
    SELECT claim_id, payer_claim_number, received_date, id FROM claims_answer
     WHERE claim_id = ANY (%(claims)s) AND payer_claim_number <> ''
) told ORDER BY claim_id, received_date DESC, id DESC
"""
_COLUMNS: Final = {
    "id": pl.Int64,
    "file_id": pl.Int64,
    "client_id": pl.Int64,
    "claim_id": pl.Int64,
    "party": pl.Int64,
    "payer_id": pl.Int64,
    "submission_id": pl.Int64,
    "payer_claim_number": pl.String,
    "channel": pl.String,
    "asked_by": pl.String,
    "asked_at": pl.String,
    "asked_date": pl.Date,
    "tries": pl.Int64,
    "state": pl.String,
    "fault": pl.String,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run did: the files queued, and the claims due that were not asked about."""

    files: tuple[OutboundFile, ...]
    sorted: Sorted

    @property
    def claims(self) -> int:
        """How many claims the files ask about."""
        return sum(file.claim_count for file in self.files)


@transaction.atomic
def plan_requests(*, at: datetime) -> Planned:
    """Queue a 276 for the claims due now, by client and payer; what a run has asked is asked.

    Two at once do it one after the other; killed in between, nothing of it has happened.
    """
    hold_lock(Lock.STATUS_REQUESTS)
    limits = limits_of_payers()
    due = due_requests(at.date(), limits)
    sorted_due = sort_due(due, limits, asked_on(at.date()), at=at)
    numbers = payer_numbers([one.claim_id for one in sorted_due.now])
    files = [
        _queue(group, numbers, channel=channel, at=at)
        for channel, group in _files_of(sorted_due.now, limits)
    ]
    done = [*sorted_due.now, *sorted_due.covered]
    mark_written([one.inquiry_id for one in done if one.inquiry_id is not None], at=at)
    return Planned(tuple(files), sorted_due)


def asked_on(day: date) -> dict[int, int]:
    """Return how many requests each payer was asked on a day, as far as the session sees."""
    found = StatusRequest.objects.filter(asked_date=day).values_list("payer_id")
    return dict(found.annotate(Count("pk")).order_by())


def _files_of(
    due: Sequence[Due], limits: dict[int, Limits]
) -> Iterable[tuple[Channel, Sequence[Due]]]:
    """Yield the claims of each file: of one client, payer and pair of trading partners."""
    ordered = sorted(
        due, key=lambda one: (one.client_id, one.payer_id, one.sender_id, one.receiver_id)
    )
    for (_, payer_id, _, _), group in groupby(
        ordered, key=lambda one: (one.client_id, one.payer_id, one.sender_id, one.receiver_id)
    ):
        claims, rule = list(group), limits[payer_id]
        size = rule.claims_a_file if rule.takes_batches else 1
        channel = Channel.BATCH if rule.takes_batches else Channel.REAL_TIME
        for start in range(0, len(claims), size):
            yield channel, claims[start : start + size]


def _queue(
    claims: Sequence[Due], numbers: dict[int, str], *, channel: Channel, at: datetime
) -> OutboundFile:
    first = claims[0]
    ids = new_ids(len(claims))
    asked = [
        Asked(trace_of(pk), one.submission_id, numbers.get(one.claim_id, ""))
        for pk, one in zip(ids, claims, strict=True)
    ]
    sent = claims_sent([one.submission_id for one in claims])
    actors = {one.asked_by for one in claims}
    file = queue_file(
        kind=KIND,
        purpose=Purpose.STATUS,
        client_id=first.client_id,
        payer_id=first.payer_id,
        sender_id=first.sender_id,
        receiver_id=first.receiver_id,
        claims=[
            Draft(one.claim_id, one.party, question.trace)
            for one, question in zip(claims, asked, strict=True)
        ],
        make=lambda row: request_bytes(row, asked, sent),
        user=None,
        actor=actors.pop() if len(actors) == 1 else "schedule",
        at=at,
    )
    copy_frame("inquiries_status_request", _rows(file, claims, ids, asked, channel, at))
    return file


def _rows(
    file: OutboundFile,
    claims: Sequence[Due],
    ids: Sequence[int],
    asked: Sequence[Asked],
    channel: Channel,
    at: datetime,
) -> pl.DataFrame:
    rows = [
        (
            *(pk, file.pk, one.client_id, one.claim_id, one.party, one.payer_id),
            *(one.submission_id, question.payer_claim_number, channel.value, one.asked_by),
            *(at.isoformat(), at.date(), one.tries, "asked", ""),
        )
        for pk, one, question in zip(ids, claims, asked, strict=True)
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def new_ids(count: int) -> list[int]:
    """Return ids of requests to be made: their traces stand in the file before they are kept."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW_IDS, [count])
        return [pk for (pk,) in cursor.fetchall()]


def payer_numbers(claim_ids: list[int]) -> dict[int, str]:
    """Return the number under which the payer knows each claim, where it has told one."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYER_NUMBERS, {"claims": claim_ids})
        return dict(cursor.fetchall())
