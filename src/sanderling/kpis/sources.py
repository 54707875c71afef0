"""The book of key figures: the mirror, and from the database what the mirror has not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl
from django.db import connection

from sanderling.core.deadlines.prompt_pay import jurisdiction_of
from sanderling.core.kpis.frames import SCHEMAS, Book, book
from sanderling.mirror.files import Manifest
from sanderling.mirror.reading import manifest, scan
from sanderling.payers.models import Payer
from sanderling.postgres.frames import read_frame
from sanderling.workload.models import QualityReview
from sanderling.workload.quality import counted

CLAIMS_AT_ONCE: Final = 150_000  # bounds memory
_MIRRORED: Final = ("claims", "submissions", "payments", "ledger", "touches")
# Each with its columns in the order of its schema.
_QUERIES: Final = {
    "write_offs": """
        SELECT f.claim_id, f.client_id, w.payer_id, f.party, f.known_date, w.reason,
               CASE WHEN f.is_reversal THEN -f.amount_cents ELSE f.amount_cents END
          FROM claims_write_off f JOIN writeoffs_write_off w ON w.id = f.write_off_id
         WHERE {of}
    """,
    "provider_adjustments": """
        SELECT f.client_id, r.payer_id, f.code, f.received_date, f.amount_cents
          FROM remits_provider_adjustment f JOIN remits_remittance r ON r.id = f.remittance_id
         WHERE f.client_id IS NOT NULL AND {of}
    """,
    "appeals": """
        SELECT f.claim_id, f.client_id,
               CASE f.party WHEN 11 THEN c.payer_id WHEN 12 THEN c.secondary_payer_id
                            ELSE c.tertiary_payer_id END,
               f.sent_date, f.decided_date, f.state IN ('won', 'partly')
          FROM appeals_appeal f JOIN claims_claim c ON c.id = f.claim_id
         WHERE f.state IN ('won', 'partly', 'lost') AND f.decided_date IS NOT NULL AND {of}
    """,
    "notes": """
        SELECT f.claim_id, f.client_id, f.user_id, a.activity_date, f.minutes
          FROM followup_note f JOIN followup_standing_activity a ON a.id = f.activity_id
         WHERE f.minutes > 0 AND {of}
    """,
    "follow_ups": """
        SELECT f.claim_id, f.client_id, f.user_id, f.id, f.activity_date, f.next_date
          FROM followup_standing_activity f
         WHERE f.next_date > f.activity_date AND {of}
    """,
    "variances": """
        SELECT f.claim_id, f.client_id, f.payer_id, f.received_date,
               CASE WHEN f.is_queued AND NOT f.is_set_aside
                    THEN greatest(-f.variance_cents, 0) ELSE 0 END
          FROM pricing_line_variance f WHERE {of}
    """,
    "kept_barriers": """
        SELECT f.claim_id, f.client_id, f.payer_id, f.as_of_date, f.barrier, f.balance_cents
          FROM barriers_frozen_barrier f WHERE f.party <> 14 AND {of}
    """,
}
_STATE: Final = """
SELECT concat_ws('/',
    (SELECT count(*) FROM appeals_appeal WHERE decided_date IS NOT NULL),
    (SELECT coalesce(max(id), 0) FROM followup_note),
    (SELECT coalesce(max(id), 0) FROM workload_quality_review),
    (SELECT coalesce(max(id), 0) FROM barriers_week_end),
    (SELECT concat_ws('.', count(*), sum(variance_cents), count(*) FILTER (WHERE is_set_aside))
       FROM pricing_line_variance),
    (SELECT count(*) FROM payers_payer))
"""


def state() -> str:
    """Name what figures would be made from now: the same name, the same figures.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        return f"{manifest().generation}/{cursor.fetchone()[0]}"


def the_book(client_ids: Collection[int] | None, of: Manifest | None = None) -> Book:
    """Return the book of these clients; None: of all, for jobs and the command line.

    `of`: the state of the mirror to read, so that several books are of the same moment.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    found: dict[str, Any] = {}
    of = of or manifest()
    for name in _MIRRORED:
        found[name] = scan(name, client_ids, of=of).select(
            pl.col(column).cast(kind) for column, kind in SCHEMAS[name].items()
        )
    for name, query in _QUERIES.items():
        condition = "true" if client_ids is None else "f.client_id = ANY (%s)"
        found[name] = read_frame(
            query.format(of=condition),
            SCHEMAS[name],
            None if client_ids is None else [sorted(client_ids)],
        )
    found["payers"] = _payers()
    found["reviews"] = _reviews(client_ids)
    return book(**found)


def batches(of: Manifest, client_ids: Collection[int] | None = None) -> list[list[int]]:
    """Return the clients (of these) in batches of about CLAIMS_AT_ONCE claims; one at least."""
    sizes = (
        scan("claims", client_ids, of=of)
        .group_by("client_id")
        .agg(claims=pl.len())
        .sort("client_id")
        .collect()
    )
    found: list[list[int]] = [[]]
    so_far = 0
    for client_id, claims in sizes.iter_rows():
        if found[-1] and so_far + claims > CLAIMS_AT_ONCE:
            found.append([])
            so_far = 0
        found[-1].append(client_id)
        so_far += claims
    return found


def held(found: Book) -> Book:
    """Return the book with the mirror's tables in memory: for many figures each is read once."""
    tables = {name: getattr(found, name).collect().lazy() for name in _MIRRORED}
    return replace(found, **tables)


def _payers() -> pl.DataFrame:
    rows = [
        (one.pk, one.type, jurisdiction_of(payer_type=one.type, state=one.state))
        for one in Payer.objects.order_by("pk")
    ]
    return pl.DataFrame(rows, schema=dict(SCHEMAS["payers"]), orient="row")


def _reviews(client_ids: Collection[int] | None) -> pl.DataFrame:
    found = QualityReview.objects.all()
    if client_ids is not None:
        found = found.filter(client_id__in=client_ids)
    rows: list[tuple[int, int, int, date, int, int]] = []
    for one in found.order_by("pk"):
        good, judged = counted(one.answers)
        day = one.reviewed_at.date()
        rows.append((one.claim_id, one.client_id, one.user_id, day, good, judged))
    return pl.DataFrame(rows, schema=dict(SCHEMAS["reviews"]), orient="row")
