"""Does the mirror say what the database says, to the cent and to the row?

Month by month and client by client: the ledger (each pair of accounts), claim payments, claims as
sent, claims and touches, counted and summed by the database itself; the mirror's own lines against
its claim payments; and what each party owes, summed from the mirror, against the open balances.

Facts that came in since the refresh are left out on both sides: claims noted as changed, and rows
of no claim that are newer than the mirror.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from sanderling.mirror.changes import changed_claims
from sanderling.mirror.files import Manifest
from sanderling.mirror.reading import scan
from sanderling.postgres.frames import read_frame

_MONTH: Final = {"month": pl.String, "client_id": pl.Int64}
# Rows of no claim have no notes of changes; new ones are told by their ids, which rise with time.
_IS_KNOWN: Final = """
 WHERE (x.claim_id IS NOT NULL OR x.id <= %s)
   AND NOT EXISTS (SELECT FROM mirror_changed_claim m WHERE m.claim_id = x.claim_id)
"""
_LEDGER: Final = f"""
SELECT to_char(x.posted_date, 'YYYY-MM'), x.client_id, x.debit, x.credit, count(*),
       sum(x.amount_cents)::bigint
  FROM ledger_entry x {_IS_KNOWN} GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants of ours
_PAYMENTS: Final = f"""
SELECT to_char(x.received_date, 'YYYY-MM'), x.client_id, count(*), sum(x.charge_cents)::bigint,
       sum(x.paid_cents)::bigint
  FROM remits_claim_payment x {_IS_KNOWN} GROUP BY 1, 2
"""  # noqa: S608 - as above
_SUBMISSIONS: Final = f"""
SELECT to_char(x.received_date, 'YYYY-MM'), x.client_id, count(*), sum(x.charge_cents)::bigint
  FROM claims_submission x {_IS_KNOWN} GROUP BY 1, 2
"""  # noqa: S608 - as above
_TOUCHES: Final = f"""
SELECT to_char(x.activity_date, 'YYYY-MM'), x.client_id, count(*)
  FROM followup_standing_activity x {_IS_KNOWN} GROUP BY 1, 2
"""  # noqa: S608 - as above
_CLAIMS: Final = """
SELECT '', x.client_id, count(*), sum(x.charge_cents)::bigint
  FROM claims_claim x
 WHERE x.has_facts
   AND NOT EXISTS (SELECT FROM mirror_changed_claim m WHERE m.claim_id = x.id)
 GROUP BY 1, 2
"""
_OPEN: Final = """
SELECT x.claim_id, x.client_id, x.party, x.balance_cents
  FROM ledger_open_balance x
 WHERE NOT EXISTS (SELECT FROM mirror_changed_claim m WHERE m.claim_id = x.claim_id)
"""
_OPEN_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "party": pl.Int64,
    "balance_cents": pl.Int64,
}
DIFFERENCES_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that the mirror and the database tell differently."""

    what: str  # "ledger 11/20", "claim payments", "open balances of party 11"
    month: str  # "2026-03"; empty where it is of all months
    client_id: int | None
    figure: str  # rows, or a column in cents
    in_mirror: int
    in_database: int

    def as_dict(self) -> dict[str, Any]:
        """Return the columns."""
        return asdict(self)


def differences(of: Manifest) -> list[Difference]:
    """Compare the mirror with the database; return what differs: nothing, when they tie.

    Within one transaction that reads one state of the database.
    """
    pending = changed_claims(of.entry_id)
    found: list[Difference] = []
    for compared in (_ledger, _payments, _submissions, _touches, _claims, _lines, _open_balances):
        found += compared(of, pending)
    return found


def _rows(of: Manifest, name: str, pending: pl.Series) -> pl.LazyFrame:
    rows = scan(name, None, of=of)
    if pending.is_empty():
        return rows
    is_pending = pl.col("claim_id").is_in(pending.implode()).fill_null(value=False)
    return rows.filter(~is_pending)


def _sums(rows: pl.LazyFrame, by: str, keys: list[str], cents: list[str]) -> pl.DataFrame:
    month = pl.col(by).dt.strftime("%Y-%m") if by else pl.lit("")
    return (
        rows.group_by(month.alias("month"), "client_id", *keys)
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col(cents).sum())
        .collect(engine="streaming")
    )


def _ledger(of: Manifest, pending: pl.Series) -> list[Difference]:
    keys = ["debit", "credit"]
    figures = ["rows", "amount_cents"]
    kinds = _MONTH | dict.fromkeys([*keys, *figures], pl.Int64)
    return list(
        _compared(
            "ledger",
            _sums(_rows(of, "ledger", pending), "posted_date", keys, ["amount_cents"]),
            read_frame(_LEDGER, kinds, [of.entry_id]),
            figures,
        )
    )


def _payments(of: Manifest, pending: pl.Series) -> list[Difference]:
    cents = ["charge_cents", "paid_cents"]
    kinds = _MONTH | dict.fromkeys(["rows", *cents], pl.Int64)
    return list(
        _compared(
            "claim payments",
            _sums(_rows(of, "payments", pending), "received_date", [], cents),
            read_frame(_PAYMENTS, kinds, [of.payment_id]),
            ["rows", *cents],
        )
    )


def _submissions(of: Manifest, pending: pl.Series) -> list[Difference]:
    kinds = _MONTH | dict.fromkeys(["rows", "charge_cents"], pl.Int64)
    return list(
        _compared(
            "claims as sent",
            _sums(_rows(of, "submissions", pending), "received_date", [], ["charge_cents"]),
            read_frame(_SUBMISSIONS, kinds, [0]),
            ["rows", "charge_cents"],
        )
    )


def _touches(of: Manifest, pending: pl.Series) -> list[Difference]:
    return list(
        _compared(
            "touches",
            _sums(_rows(of, "touches", pending), "activity_date", [], []),
            read_frame(_TOUCHES, {**_MONTH, "rows": pl.Int64}, [0]),
            ["rows"],
        )
    )


def _claims(of: Manifest, pending: pl.Series) -> list[Difference]:
    kinds = _MONTH | dict.fromkeys(["rows", "charge_cents"], pl.Int64)
    return list(
        _compared(
            "claims",
            _sums(_rows(of, "claims", pending), "", [], ["charge_cents"]),
            read_frame(_CLAIMS, kinds),
            ["rows", "charge_cents"],
        )
    )


def _lines(of: Manifest, pending: pl.Series) -> list[Difference]:
    """Compare the mirror with itself: the lines of claim payments sum to them."""
    cents = ["charge_cents", "paid_cents"]
    return list(
        _compared(
            "remittance lines against claim payments",
            _sums(_rows(of, "remit_lines", pending), "received_date", [], cents),
            _sums(_rows(of, "payments", pending), "received_date", [], cents),
            cents,
        )
    )


def open_balances(entries: pl.LazyFrame) -> pl.LazyFrame:
    """Return what each party of each claim owes after these entries of the table `ledger`.

    claim_id, client_id, party, balance_cents (never zero). Of all entries posted up to a day: what
    was owed at its end.
    """
    cents = pl.col("amount_cents")
    sides = pl.concat(
        [
            entries.select("claim_id", "client_id", party=pl.col("debit"), balance_cents=cents),
            entries.select("claim_id", "client_id", party=pl.col("credit"), balance_cents=-cents),
        ]
    )
    return (
        sides.filter(pl.col("party").is_between(11, 14), pl.col("claim_id").is_not_null())
        .group_by("claim_id", "client_id", "party")
        .agg(pl.col("balance_cents").sum())
        .filter(pl.col("balance_cents") != 0)
    )


def _open_balances(of: Manifest, pending: pl.Series) -> list[Difference]:
    """Compare what is owed claim by claim and party by party; name the clients that differ."""
    ours = open_balances(_rows(of, "ledger", pending)).collect(engine="streaming")
    theirs = read_frame(_OPEN, _OPEN_COLUMNS)
    key = ["claim_id", "client_id", "party"]
    both = ours.join(theirs, on=key, how="full", coalesce=True, suffix="_told").with_columns(
        pl.col("balance_cents", "balance_cents_told").fill_null(0)
    )
    wrong = both.filter(pl.col("balance_cents") != pl.col("balance_cents_told"))
    sums = wrong.group_by("client_id", "party").agg(
        pl.col("balance_cents", "balance_cents_told").sum(), pl.len()
    )
    found = []
    for client_id, party, mirrored, told, count in sums.sort("client_id", "party").iter_rows():
        what = f"open balances of party {party} on {count} claims"
        found.append(Difference(what, "", client_id, "balance_cents", mirrored, told))
    return found


def _compared(
    what: str, ours: pl.DataFrame, theirs: pl.DataFrame, figures: list[str]
) -> Iterator[Difference]:
    keys = [name for name in theirs.columns if name not in figures and name != "rows"]
    both = ours.join(
        theirs, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_told"
    ).sort(keys, nulls_last=True)
    accounts = keys[2:]
    for row in both.iter_rows(named=True):
        name = f"{what} {row['debit']}/{row['credit']}" if accounts else what
        for figure in figures:
            mirrored, told = row[figure] or 0, row[f"{figure}_told"] or 0
            if mirrored != told:
                yield Difference(name, row["month"] or "", row["client_id"], figure, mirrored, told)
