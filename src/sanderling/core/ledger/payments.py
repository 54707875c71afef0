"""Claim payments: cash, write-downs and what passes to the next party.

Source: DOMAIN 1.3, 2.6, 2.7, 5.4. A payer after the first reports what came before it as OA-23 and
may repeat reductions already written down; it writes down only what exceeds them, and nothing while
the earlier payer's answer is unknown.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.ledger import effects, reversals
from sanderling.core.ledger.accounts import Account, Kind, write_down_target
from sanderling.core.ledger.facts import ENTRIES, ClaimFacts
from sanderling.core.ledger.lines import match_lines

PRIOR_PAYER_REASON: Final = "23"
PAYER_INITIATED_GROUP: Final = "PI"
SEQUENCE_BY_STATUS: Final = {"1": 1, "19": 1, "2": 2, "20": 2, "3": 3, "21": 3}
_FORWARDING_STATUSES: Final = ["19", "20", "21"]
_LAST_SEQUENCE: Final = 3
_RECEIVABLE_BASE: Final = 10  # Account.PRIMARY is 10 + sequence 1, and so on


def ordered_payments(facts: ClaimFacts) -> pl.DataFrame:
    """Return the claim payments in the order they were decided, reversals paired.

    Adds payment_order, reverses_payment_id, is_orphan; fills sequence (a reversal takes that of
    what it reverses); a reversal of a held payment, or of nothing, is held.
    """
    ordered = (
        facts.payments.with_columns(
            payment_date=pl.coalesce("payment_date", "received_date"),
            sequence=pl.coalesce(
                pl.col("status").replace_strict(
                    SEQUENCE_BY_STATUS, default=None, return_dtype=pl.Int64
                ),
                "sequence",
            ),
        )
        .sort("claim_id", "payment_date", "order_key", "position")
        .with_row_index("payment_order")
    )
    pairs = reversals.pair_reversals(ordered)
    paired = ordered.join(pairs, on="payment_id", how="left").with_columns(
        pl.col("is_orphan").fill_null(value=False)
    )
    original = ordered.select(
        pl.col("payment_id").alias("reverses_payment_id"),
        pl.col("sequence").alias("original_sequence"),
        pl.col("is_held").alias("original_is_held"),
    )
    return (
        paired.join(original, on="reverses_payment_id", how="left")
        .with_columns(
            sequence=pl.coalesce("original_sequence", "sequence", pl.lit(1)),
            is_held=pl.col("is_held")
            | pl.col("is_orphan")
            | pl.col("original_is_held").fill_null(value=False),
        )
        .drop("original_sequence", "original_is_held")
        .sort("payment_order")
    )


def payment_entries(
    facts: ClaimFacts, payments: pl.DataFrame, claim_lines: pl.DataFrame, earlier: pl.DataFrame
) -> pl.DataFrame:
    """Return the entries of all claim payments.

    `payments` as ordered_payments returns them; `claim_lines` the claims' current lines; `earlier`:
    claim_id, prior_cents, what payers settled before the ones whose remittances we have.
    """
    held = payments.filter("is_held")
    standing, effect_rows = standing_payments(facts, payments)
    line_of = match_lines(
        facts.payment_lines.join(standing.select("payment_id", "claim_id"), on="payment_id"),
        claim_lines,
    )
    cash = _cash(facts, standing, line_of)
    moved = _moves(facts, standing, payments, effect_rows, line_of, cash, earlier)
    direct = pl.concat([cash, moved])
    return pl.concat(
        [
            direct.select(list(ENTRIES)),
            _taken_back(direct, payments),
            _suspense(held),
        ]
    )


def standing_payments(
    facts: ClaimFacts, payments: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the claim payments that are posted by their own figures, and their effects.

    Left out are what is held, what only takes another back, what is priced and not paid, and
    decisions of zero that a later one replaced. Those that were taken back are among them.
    """
    priced_only = (pl.col("status") == reversals.PRICING_ONLY_STATUS) & (pl.col("paid_cents") == 0)
    standing = payments.filter(
        ~pl.col("is_held"), pl.col("reverses_payment_id").is_null(), ~priced_only
    )
    effect_rows = _effect_rows(facts, standing)
    replaced = reversals.replaced_payments(
        _never_reversed(standing, payments), effect_rows.filter(pl.col("effect") != effects.NOTHING)
    )
    return (
        standing.join(replaced, on="payment_id", how="anti"),
        effect_rows.join(replaced, on="payment_id", how="anti"),
    )


def _never_reversed(standing: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    reversed_ids = payments.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    return standing.join(reversed_ids, on="payment_id", how="anti")


def _effect_rows(facts: ClaimFacts, standing: pl.DataFrame) -> pl.DataFrame:
    columns = ["payment_id", "line_index", "charge_cents", "paid_cents"]
    claims = standing.with_columns(line_index=pl.lit(0, pl.Int64)).select(columns)
    lines = facts.payment_lines.join(standing, on="payment_id", how="semi").select(columns)
    rows = facts.adjustments.join(standing, on="payment_id", how="semi").filter(
        pl.col("amount_cents") != 0
    )
    return effects.adjustment_effects(rows, pl.concat([claims, lines]))


def _cash(facts: ClaimFacts, standing: pl.DataFrame, line_of: pl.DataFrame) -> pl.DataFrame:
    """Return payment entries by line; what the lines do not carry stands on the claim.

    Beside the entry columns the frame keeps payment_id and sequence.
    """
    head = standing.select(
        "payment_id",
        "claim_id",
        "transaction_id",
        pl.col("position").alias("claim_position"),
        "sequence",
        pl.col("paid_cents").alias("claim_paid_cents"),
        "payment_date",
        "received_date",
    )
    by_line = (
        facts.payment_lines.select("payment_id", "line_index", "position", "paid_cents")
        .join(head, on="payment_id")
        .join(line_of, on=["payment_id", "line_index"])
        .with_columns(part=pl.lit(0, pl.Int64))
    )
    carried = by_line.group_by("payment_id").agg(carried_cents=pl.col("paid_cents").sum())
    rest = (
        head.join(carried, on="payment_id", how="left")
        .with_columns(
            paid_cents=pl.col("claim_paid_cents") - pl.col("carried_cents").fill_null(0),
            line=pl.lit(0, pl.Int64),
            position=pl.col("claim_position"),
            part=pl.lit(0, pl.Int64),
        )
        .select("payment_id", *_ENTRY_SOURCE, "paid_cents")
    )
    rows = pl.concat([by_line.select(rest.columns), rest]).filter(pl.col("paid_cents") != 0)
    return _entries(
        rows,
        kind=pl.lit(int(Kind.INSURANCE_PAYMENT)),
        debit=pl.lit(int(Account.CASH)),
        credit=pl.col("sequence") + _RECEIVABLE_BASE,
        amount=pl.col("paid_cents"),
    )


_ENTRY_SOURCE: Final = [
    "claim_id",
    "transaction_id",
    "position",
    "part",
    "line",
    "sequence",
    "payment_date",
    "received_date",
]


def _entries(
    rows: pl.DataFrame, *, kind: pl.Expr, debit: pl.Expr, credit: pl.Expr, amount: pl.Expr
) -> pl.DataFrame:
    has_reason = "group_code" in rows.columns
    return rows.select(
        "claim_id",
        "transaction_id",
        "position",
        "part",
        "line",
        kind.cast(pl.Int64).alias("kind"),
        debit.cast(pl.Int64).alias("debit"),
        credit.cast(pl.Int64).alias("credit"),
        amount.alias("amount_cents"),
        (pl.col("group_code") if has_reason else pl.lit(None, pl.String)).alias("group_code"),
        (pl.col("reason_code") if has_reason else pl.lit(None, pl.String)).alias("reason_code"),
        pl.col("payment_date").alias("effective_date"),
        "received_date",
        "payment_id",
        "sequence",
    )


def _moves(
    facts: ClaimFacts,
    standing: pl.DataFrame,
    payments: pl.DataFrame,
    effect_rows: pl.DataFrame,
    line_of: pl.DataFrame,
    cash: pl.DataFrame,
    earlier: pl.DataFrame,
) -> pl.DataFrame:
    """Return write-downs and transfers, payer after payer."""
    head = standing.select(
        "payment_id", "claim_id", "transaction_id", "sequence", "payment_date", "received_date"
    )
    rows = (
        effect_rows.join(head, on="payment_id")
        .join(line_of, on=["payment_id", "line_index"], how="left")
        .with_columns(pl.col("line").fill_null(0))
    )
    reversed_ids = payments.select(pl.col("reverses_payment_id").alias("payment_id")).drop_nulls()
    parts = [_write_downs(rows.filter(pl.col("sequence") == 1), pl.col("amount_cents"))]
    for sequence in range(2, _LAST_SEQUENCE + 1):
        of_payer = rows.filter(pl.col("sequence") == sequence)
        if of_payer.is_empty():
            continue
        settled = pl.concat([cash, *parts]).filter(
            pl.col("sequence") < sequence, pl.col("kind") != int(Kind.TRANSFER)
        )
        settled = pl.concat(
            [
                settled.select("payment_id", "claim_id", "line", "amount_cents"),
                _disputed(rows.filter(pl.col("sequence") < sequence)),
            ]
        ).join(reversed_ids, on="payment_id", how="anti")
        parts.append(_capped_write_downs(of_payer, settled, earlier))
    parts.append(_transfers(facts, payments, rows))
    return pl.concat(parts)


def _disputed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what earlier payers cut without a contract: it stays open with them.

    A later payer that repeats such a cut as its own reduction has nothing to reduce.
    """
    return rows.filter(
        pl.col("group_code") == PAYER_INITIATED_GROUP,
        pl.col("effect") == effects.NOTHING,
        pl.col("nature").is_in(["N", "R"]),
    ).select("payment_id", "claim_id", "line", "amount_cents")


def _write_downs(rows: pl.DataFrame, amount: pl.Expr) -> pl.DataFrame:
    chosen = rows.filter(pl.col("effect") == effects.WRITE_DOWN)
    codes = chosen["reason_code"].unique().to_list()
    accounts = {code: int(write_down_target(code)[0]) for code in codes}
    kinds = {code: int(write_down_target(code)[1]) for code in codes}
    reason = pl.col("reason_code")
    return _entries(
        chosen,
        kind=reason.replace_strict(kinds, default=int(Kind.CONTRACTUAL), return_dtype=pl.Int64),
        debit=reason.replace_strict(
            accounts, default=int(Account.CONTRACTUAL), return_dtype=pl.Int64
        ),
        credit=pl.col("sequence") + _RECEIVABLE_BASE,
        amount=amount,
    ).filter(pl.col("amount_cents") != 0)


def _capped_write_downs(
    rows: pl.DataFrame, settled: pl.DataFrame, earlier: pl.DataFrame
) -> pl.DataFrame:
    """Return a later payer's write-downs: only what exceeds what earlier payers settled.

    Compared line by line where the earlier payers answered by line, else over the whole claim. The
    payer's own figures say how much of the charge it regards as gone before it: OA-23 and its own
    reductions; what was paid and written down before is taken off that.
    """
    by_claim = pl.concat(
        [
            settled.filter(pl.col("line") == 0).select("claim_id"),
            earlier.select("claim_id"),
        ]
    ).unique()
    known = pl.concat([settled.select("claim_id"), earlier.select("claim_id")]).unique()
    rows = rows.join(known, on="claim_id", how="semi")
    rows = rows.join(by_claim.with_columns(is_whole=pl.lit(value=True)), on="claim_id", how="left")
    scope = pl.when(pl.col("is_whole").fill_null(value=False)).then(pl.lit(-1)).otherwise("line")
    rows = rows.with_columns(scope=scope.cast(pl.Int64)).sort("payment_id", "position", "part")
    by_line = settled.select("claim_id", pl.col("line").alias("scope"), "amount_cents")
    whole = pl.concat(
        [
            settled.select("claim_id", pl.lit(-1, pl.Int64).alias("scope"), "amount_cents"),
            earlier.select(
                "claim_id",
                pl.lit(-1, pl.Int64).alias("scope"),
                pl.col("prior_cents").alias("amount_cents"),
            ),
        ]
    )
    before = (
        pl.concat([by_line, whole])
        .group_by("claim_id", "scope")
        .agg(before_cents=pl.col("amount_cents").sum())
    )
    is_prior = (pl.col("group_code") == "OA") & (pl.col("reason_code") == PRIOR_PAYER_REASON)
    is_reduction = pl.col("effect") == effects.WRITE_DOWN
    own = pl.when(is_reduction).then("amount_cents").otherwise(0)
    group = ["payment_id", "scope"]
    with_room = (
        rows.join(before, on=["claim_id", "scope"], how="left")
        .with_columns(own_cents=own)
        .with_columns(
            room_cents=(
                pl.when(is_prior | is_reduction).then("amount_cents").otherwise(0).sum().over(group)
                - pl.col("before_cents").fill_null(0)
            ).clip(lower_bound=0),
            used_before=pl.col("own_cents").cum_sum().over(group) - pl.col("own_cents"),
        )
    )
    fitting = pl.min_horizontal(
        "own_cents", (pl.col("room_cents") - pl.col("used_before")).clip(lower_bound=0)
    )
    return _write_downs(with_room, fitting)


def _transfers(facts: ClaimFacts, payments: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the moves of the patient's share to the next payer on the claim, else the patient."""
    shares = rows.filter(pl.col("effect").is_in([effects.PASS_ON, effects.TO_PATIENT]))
    next_party = _next_parties(facts, payments)
    shares = shares.join(next_party, on=["claim_id", "sequence"], how="left")
    patient = pl.lit(int(Account.PATIENT), pl.Int64)
    target = (
        pl.when(pl.col("effect") == effects.TO_PATIENT)
        .then(patient)
        .otherwise(pl.coalesce("next_account", patient))
    )
    return _entries(
        shares,
        kind=pl.lit(int(Kind.TRANSFER)),
        debit=target,
        credit=pl.col("sequence") + _RECEIVABLE_BASE,
        amount=pl.col("amount_cents"),
    )


def _next_parties(facts: ClaimFacts, payments: pl.DataFrame) -> pl.DataFrame:
    """Return claim_id, sequence, next_account for payers that have another payer after them."""
    forwarded = payments.filter(
        "is_forwarded" | pl.col("status").is_in(_FORWARDING_STATUSES)
    ).select("claim_id", pl.col("sequence") + 1)
    answered = payments.filter(~pl.col("is_held")).select("claim_id", "sequence")
    known = (
        pl.concat([facts.coverages.select("claim_id", "sequence"), forwarded, answered])
        .filter(pl.col("sequence").is_between(1, _LAST_SEQUENCE))
        .unique()
    )
    return (
        known.join(known, on="claim_id", suffix="_next")
        .filter(pl.col("sequence_next") > pl.col("sequence"))
        .group_by("claim_id", "sequence")
        .agg(next_account=pl.col("sequence_next").min() + _RECEIVABLE_BASE)
    )


def _taken_back(direct: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of reversals: the negative of what each reverses, entry by entry."""
    undoing = payments.filter(
        pl.col("reverses_payment_id").is_not_null(), ~pl.col("is_held")
    ).select(
        pl.col("reverses_payment_id").alias("payment_id"),
        pl.col("transaction_id").alias("undoing_transaction_id"),
        pl.col("position").alias("undoing_position"),
        pl.col("payment_date").alias("undoing_date"),
        pl.col("received_date").alias("undoing_received_date"),
    )
    return (
        direct.join(undoing, on="payment_id")
        .sort("undoing_transaction_id", "undoing_position", "position", "part", "kind", "line")
        .with_columns(
            part=pl.int_range(1, pl.len() + 1).over("undoing_transaction_id", "undoing_position"),
            transaction_id=pl.col("undoing_transaction_id"),
            position=pl.col("undoing_position"),
            amount_cents=-pl.col("amount_cents"),
            effective_date=pl.col("undoing_date"),
            received_date=pl.col("undoing_received_date"),
        )
        .select(list(ENTRIES))
    )


def _suspense(held: pl.DataFrame) -> pl.DataFrame:
    """Return the entries that keep held claim payments visible, unposted."""
    rows = held.filter(pl.col("paid_cents") != 0).with_columns(
        line=pl.lit(0, pl.Int64), part=pl.lit(0, pl.Int64)
    )
    return _entries(
        rows,
        kind=pl.lit(int(Kind.SUSPENSE)),
        debit=pl.lit(int(Account.CASH)),
        credit=pl.lit(int(Account.SUSPENSE)),
        amount=pl.col("paid_cents"),
    ).select(list(ENTRIES))
