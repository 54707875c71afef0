"""Variances and patterns for the command line and the rooms above.

A past day is worked out from what had been received by then; today is read from what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from django.conf import settings
from django.db.models import QuerySet

from sanderling.claims.queries import claim_numbers
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.contracts.learned import FACTORS, LEARNED
from sanderling.core.contracts.patterns import PATTERNS
from sanderling.core.contracts.variance import FINDINGS
from sanderling.core.ledger.accounts import Account
from sanderling.payers.queries import payer_codes_by_id
from sanderling.postgres.frames import read_frame
from sanderling.pricing.comparing import History
from sanderling.pricing.models import ClaimVariance, Decision, LineVariance, Pattern
from sanderling.pricing.working import PRACTITIONERS, RESULT, price_all

COLUMNS: Final = (
    "client",
    "claim",
    "line",
    "payer_id",
    "code",
    "modifier",
    "service_date",
    "allowed_cents",
    "expected_cents",
    "variance_cents",
    "term",
    "basis",
    "confidence",
    "finding",
    "pattern",
)
# Of a claim and party, as ClaimVariance.
SHORT_CLAIMS: Final = {
    "claim_id": pl.Int64,
    "party": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "variance_cents": pl.Int64,
    "since_date": pl.Date,
    "service_date": pl.Date,
}
_KINDS: Final = {
    "bigint": pl.Int64, "integer": pl.Int64, "text": pl.String, "date": pl.Date,
    "double precision": pl.Float64, "boolean": pl.Boolean,
}  # fmt: skip
_KEPT_SCHEMA: Final = {name: _KINDS[kind] for name, kind in RESULT.items()}
_KEPT: Final = f"""
SELECT {", ".join(RESULT)} FROM pricing_line_variance
 WHERE NOT is_set_aside AND (%s::int[] IS NULL OR client_id = ANY (%s::int[]))
"""  # noqa: S608 - names of ours
# What a person set aside by the end of a day.
_ASIDE: Final = """
SELECT DISTINCT ON (payment_id, line_index) payment_id, line_index, is_set_aside
  FROM pricing_decision WHERE at < %s::date + 1 ORDER BY payment_id, line_index, id DESC
"""


def variance_rows(
    as_of: date,
    *,
    today: date,
    at: datetime,
    client_ids: list[int] | None = None,
    payer_ids: Sequence[int] | None = None,
    is_over: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield the departures that stood at the end of a day (COLUMNS), by client, claim and line.

    Those beyond tolerance that were not explained away, and those that belong to a pattern however
    small; paid short unless `is_over`.
    """
    rows = _kept(today, at, client_ids) if as_of == today else variances_on(as_of, client_ids)
    wanted = listed(rows).filter(
        (pl.col("variance_cents") > 0) if is_over else (pl.col("variance_cents") < 0)
    )
    if payer_ids is not None:
        wanted = wanted.filter(pl.col("payer_id").is_in(list(payer_ids)))
    yield from named_rows(wanted)


def listed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the departures that are listed: queued, or part of a pattern however small."""
    return rows.filter(pl.col("is_queued") | (pl.col("pattern_key") != ""))


def _kept(today: date, at: datetime, client_ids: list[int] | None) -> pl.DataFrame:
    from sanderling.pricing.actions import bring_up_to_date, follow_decisions

    bring_up_to_date(today, at=at)
    follow_decisions(today, at=at)
    return read_frame(_KEPT, _KEPT_SCHEMA, [client_ids, client_ids])


def variances_on(as_of: date, client_ids: list[int] | None) -> pl.DataFrame:
    """Return the departures of a past day (RESULT), less what was set aside by its end."""
    worked = price_all(as_of, client_ids)
    decided = read_frame(
        _ASIDE,
        {"payment_id": pl.Int64, "line_index": pl.Int64, "is_set_aside": pl.Boolean},
        [as_of],
    ).filter("is_set_aside")
    return worked.variances.join(decided, on=["payment_id", "line_index"], how="anti")


def named_rows(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield departures with the names that people use (COLUMNS), in order."""
    clients = client_codes_by_id()
    payers = payer_codes_by_id()
    named = rows.join(claim_numbers(rows["claim_id"]), on="claim_id", how="left").with_columns(
        client=pl.col("client_id").replace_strict(clients, default="", return_dtype=pl.String)
    )
    ordered = named.sort("client", "number", "line", "payment_id", "line_index")
    for row in ordered.iter_rows(named=True):
        yield {
            "client": row["client"],
            "claim": row["number"],
            "line": row["line"],
            "payer_id": payers.get(row["payer_id"], ""),
            "code": row["code"],
            "modifier": row["modifiers"],
            "service_date": row["service_date"],
            "allowed_cents": row["allowed_cents"],
            "expected_cents": row["expected_cents"],
            "variance_cents": row["variance_cents"],
            "term": row["term"],
            "basis": row["basis"],
            "confidence": row["confidence"],
            "finding": row["finding"],
            "pattern": row["pattern_key"],
        }


def patterns_of(client_ids: Sequence[int] | None = None) -> QuerySet[Pattern]:
    """Return the patterns of these clients (None: of all one may see), the dearest first."""
    found = Pattern.objects.all()
    if client_ids is not None:
        found = found.filter(client_id__in=client_ids)
    return found.order_by("variance_cents", "pattern_key")


def variances_of_claim(claim_id: int) -> QuerySet[LineVariance]:
    """Return the departures of one claim by line, those that were explained away too."""
    return LineVariance.objects.filter(claim_id=claim_id).order_by("line", "payment_id")


def variances_of_pattern(pattern_key: str) -> QuerySet[LineVariance]:
    """Return the departures that make up a pattern."""
    return LineVariance.objects.filter(pattern_key=pattern_key).order_by("received_date", "pk")


def short_claims(client_ids: Sequence[int] | None = None) -> QuerySet[ClaimVariance]:
    """Return the claims that were paid short by enough to be worked one by one."""
    found = ClaimVariance.objects.all()
    return found if client_ids is None else found.filter(client_id__in=client_ids)


def short_claims_on(as_of: date, client_ids: list[int] | None = None) -> pl.DataFrame:
    """Return what claims had been paid short by the end of a past day (SHORT_CLAIMS).

    Worked out as `ClaimVariance` is kept for today.
    """
    rows = variances_on(as_of, client_ids).filter(
        pl.col("is_queued")
        & (pl.col("variance_cents") < 0)
        & pl.col("confidence").is_in(["high", "medium"])
    )
    return (
        rows.group_by("claim_id")
        .agg(
            pl.col("client_id", "payer_id").first(),
            pl.col("variance_cents").sum(),
            since_date=pl.col("received_date").min(),
            service_date=pl.col("service_date").min(),
        )
        .filter(pl.col("variance_cents") <= -max(settings.UNDERPAID_CLAIM_CENTS, 1))
        .with_columns(party=pl.lit(int(Account.PRIMARY), pl.Int64))
        .select(list(SHORT_CLAIMS))
        .sort("claim_id")
    )


def short_claims_today(client_ids: list[int] | None = None) -> pl.DataFrame:
    """Return the same of today, out of what is kept."""
    return read_frame(
        f"SELECT {', '.join(SHORT_CLAIMS)} FROM pricing_claim_variance"  # noqa: S608 - names of ours
        " WHERE %s::int[] IS NULL OR client_id = ANY (%s::int[]) ORDER BY claim_id",
        SHORT_CLAIMS,
        [client_ids, client_ids],
    )


def explained(variance: LineVariance) -> str:
    """Return in a sentence what a departure is."""
    return FINDINGS[variance.finding].sentence


def is_set_aside(variance: LineVariance) -> bool:
    """Tell whether a person set the variance aside, as decided last."""
    latest = (
        Decision.objects.filter(payment_id=variance.payment_id, line_index=variance.line_index)
        .order_by("-pk")
        .first()
    )
    return latest.is_set_aside if latest is not None else False


def learned_history() -> History:
    """Return what was learned last."""
    return History(
        learned=read_frame(
            f"SELECT {', '.join(LEARNED)} FROM pricing_learned_rate",  # noqa: S608 - names of ours
            LEARNED,
        ),
        factors=read_frame(
            f"SELECT {', '.join(FACTORS)} FROM pricing_learned_factor",  # noqa: S608 - as above
            FACTORS,
        ),
        practitioners=read_frame(
            f"SELECT {', '.join(PRACTITIONERS)} FROM pricing_practitioner",  # noqa: S608 - as above
            PRACTITIONERS,
        ),
    )


def known_patterns() -> pl.DataFrame:
    """Return the patterns found last (core.contracts.patterns.PATTERNS)."""
    names = ["contract_version_id" if name == "contract_id" else name for name in PATTERNS]
    columns = ", ".join(
        "array_to_string(codes, ',')" if name == "codes" else name
        for name in names
        if name != "provider_class"
    )
    schema = {
        name: pl.String if name == "codes" else kind
        for name, kind in PATTERNS.items()
        if name != "provider_class"
    }
    found = read_frame(f"SELECT {columns} FROM pricing_pattern", schema)  # noqa: S608 - as above
    return found.with_columns(
        codes=pl.col("codes").str.split(","), provider_class=pl.lit("")
    ).select(list(PATTERNS))
