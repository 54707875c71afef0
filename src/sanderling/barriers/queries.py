"""Barriers as rows of the command line: of today from the store, of other days worked out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import polars as pl

from sanderling.barriers.actions import refresh_due, refresh_stale
from sanderling.barriers.working import barriers_on
from sanderling.claims.queries import claim_numbers
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.barriers.rows import ROWS, SILENT_DETAIL
from sanderling.ledger.spans import extend_spans
from sanderling.payers.queries import payer_codes_by_id
from sanderling.postgres.frames import read_frame
from sanderling.pricing.queries import short_claims_on, short_claims_today

COLUMNS: Final = (
    "client",
    "claim",
    "payer_id",
    "balance_cents",
    "barrier",
    "category",
    "team",
    "owner",
    "next_action",
    "next_date",
    "deadline",
    "deadline_kind",
    "expected_cents",
    "since",
)
VARIANCE_COLUMNS: Final = ("variance_cents",)
DETAIL_COLUMNS: Final = (*COLUMNS, "party", "subcategory", "detail", "reason")
PARTIES: Final = {11: "primary", 12: "secondary", 13: "tertiary", 14: "patient"}
_STORED: Final = (
    "SELECT "  # noqa: S608  (column names of ours)
    + ", ".join(f"b.{name}" for name in ROWS if name != "evidence")
    + ", '' FROM barriers_barrier b"
)
# Whoever of the team the client is assigned to; the earliest made when there are several.
_OWNERS: Final = """
SELECT a.client_id, u.role, (array_agg(u.name ORDER BY u.id))[1]
  FROM accounts_client_assignment a JOIN accounts_user u ON u.id = a.user_id AND u.is_active
 GROUP BY a.client_id, u.role
"""
_ROLE_OF_TEAM: Final = {
    "ar": "specialist",
    "posting": "specialist",
    "billing": "specialist",
    "patient": "specialist",
    "coding": "coder",
    "intake": "coder",
    "authorization": "coder",
    "client": "account_manager",
    "management": "lead",
    "contracts": "lead",
    "credentialing": "lead",
}


def owners_by_team() -> dict[str, str]:
    """Return team -> role of those who do its work."""
    return dict(_ROLE_OF_TEAM)


def bring_up_to_date(today: date) -> None:
    """Work off what waits: claims with new facts, and those whose day has come."""
    refresh_stale(today)
    refresh_due(today)


def barrier_rows(
    as_of: date,
    *,
    today: date,
    client_ids: list[int] | None = None,
    by_party: bool = False,
    with_variance: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield one row for every claim with an open balance (or every open party), by claim.

    `with_variance`: with `variance_cents`, and also claims (parties) that a payer paid short and
    wrote down itself, at balance 0.

    A claim's row carries its whole balance and the barrier of the party that comes first: the
    earliest insurer that owes, then the patient, then credits.
    """
    if as_of == today:
        bring_up_to_date(today)
        parts = iter([_stored(client_ids)])
    else:
        extend_spans()
        parts = barriers_on(as_of, client_ids, two_connections=True)
    names = _Names()
    if not with_variance:
        for part in parts:
            yield from names.rows(part if by_party else _by_claim(part), by_party=by_party)
        return
    short = short_claims_today(client_ids) if as_of == today else short_claims_on(as_of, client_ids)
    whole = _with_short(list(parts), short, by_party=by_party)
    variances = dict(
        zip(whole.select("claim_id", "party").rows(), whole["variance_cents"], strict=True)
    )
    for row in names.rows(whole, by_party=by_party, keys=True):
        yield {**row, "variance_cents": variances[row.pop("key")]}


def _stored(client_ids: list[int] | None) -> pl.DataFrame:
    if client_ids is None:
        return read_frame(_STORED, ROWS)
    return read_frame(f"{_STORED} WHERE b.client_id = ANY (%s)", ROWS, [client_ids])


def _with_short(parts: list[pl.DataFrame], short: pl.DataFrame, *, by_party: bool) -> pl.DataFrame:
    """Return the rows with variance_cents, and those of claims (parties) with nothing else."""
    rows = pl.concat([part.select(list(ROWS)) for part in parts] or [pl.DataFrame(schema=ROWS)])
    rows = rows if by_party else _by_claim(rows)
    key = ["claim_id", "party"] if by_party else ["claim_id"]
    told = {
        "barrier": "underpaid",
        "category": "contractual",
        "detail": SILENT_DETAIL,
        "next_action": "dispute_underpayment",
        "team": "contracts",
        "cause": "remittance",
    }
    silent = short.join(rows, on=key, how="anti").with_columns(
        balance_cents=pl.lit(0, pl.Int64),
        next_date=pl.col("since_date"),
        **{name: pl.lit(text) for name, text in told.items()},
    )
    filled = silent.select(
        (pl.col(name) if name in silent.columns else pl.lit("" if kind == pl.String else None))
        .cast(kind)
        .alias(name)
        for name, kind in ROWS.items()
    )
    amounts = short.select(*key, "variance_cents")
    return (
        pl.concat([rows.select(list(ROWS)), filled])
        .join(amounts, on=key, how="left", maintain_order="left")
        .with_columns(pl.col("variance_cents").fill_null(0))
    )


def _by_claim(rows: pl.DataFrame) -> pl.DataFrame:
    whole = pl.col("balance_cents").sum().over("claim_id")
    return (
        rows.with_columns(whole_cents=whole, is_credit=pl.col("balance_cents") < 0)
        .sort("claim_id", "is_credit", "party")
        .unique("claim_id", keep="first", maintain_order=True)
        .with_columns(balance_cents=pl.col("whole_cents"))
        .drop("whole_cents", "is_credit")
    )


class _Names:
    """Turns keys into the names people use."""

    def __init__(self) -> None:
        self._clients = client_codes_by_id()
        self._payers = payer_codes_by_id()
        owners = read_frame(_OWNERS, {"client_id": pl.Int64, "role": pl.String, "name": pl.String})
        self._owners = {(client, role): name for client, role, name in owners.rows()}

    def rows(
        self, part: pl.DataFrame, *, by_party: bool, keys: bool = False
    ) -> Iterator[dict[str, Any]]:
        numbers = claim_numbers(part["claim_id"])
        named = part.join(numbers, on="claim_id", how="left").with_columns(
            client=pl.col("client_id").replace_strict(self._clients, default=""),
            payer=pl.col("payer_id").replace_strict(
                self._payers, default="", return_dtype=pl.String
            ),
        )
        for row in named.sort("client", "number", "party").iter_rows(named=True):
            answer = {
                "client": row["client"],
                "claim": row["number"],
                "payer_id": row["payer"] or "",
                "balance_cents": row["balance_cents"],
                "barrier": row["barrier"],
                "category": row["category"],
                "team": row["team"],
                "owner": self._owners.get(
                    (row["client_id"], _ROLE_OF_TEAM.get(row["team"], "")), row["team"]
                ),
                "next_action": row["next_action"],
                "next_date": row["next_date"],
                "deadline": row["deadline_date"],
                "deadline_kind": row["deadline_kind"],
                # Expected money needs contracts; until then nothing is claimed.
                "expected_cents": None,
                "since": row["since_date"],
            }
            if by_party:
                answer |= {
                    "party": PARTIES[row["party"]],
                    "subcategory": row["subcategory"],
                    "detail": row["detail"],
                    "reason": reason_text(row),
                }
            if keys:
                answer["key"] = (row["claim_id"], row["party"])
            yield answer


def reason_text(row: dict[str, Any]) -> str:
    """Return the code behind a barrier: `CO-16 N382`, or the status of a 277."""
    if row["reason_code"]:
        text = f"{row['group_code']}-{row['reason_code']}"
        return f"{text} {row['remark_code']}".rstrip()
    return str(row["status_code"])
