"""Which claim a claim payment is about, when its number alone does not say.

Points of agreement between a claim payment and the claims that could be meant. A pair counts when
it reaches the minimum and no other claim comes within the margin; otherwise the claim payment
stands for a claim of its own until a better candidate arrives.

Source: DOMAIN 2.16, scores as suggested there; ours: numbers cut short or lengthened on the way,
and that a number of another kind speaks against the pair.
"""

from __future__ import annotations

from typing import Final

import polars as pl

NUMBER_POINTS: Final = 60
SAME_SPELLING_POINTS: Final = 10  # two claims may differ in leading zeros only
PAYER_NUMBER_POINTS: Final = 40
PREFIX_POINTS: Final = 30
MEMBER_POINTS: Final = 15
SERVICE_DATE_POINTS: Final = 15
CHARGE_POINTS: Final = 15
NAME_POINTS: Final = 10
PAYER_POINTS: Final = 5
MINIMUM_POINTS: Final = 55
MARGIN_POINTS: Final = 20
PREFIX_LENGTH_MIN: Final = 5
# Another number altogether: the same patient, day and charge may well be another claim.
OTHER_NUMBER_POINTS: Final = -20


def match_payments(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return payment (its row), claim_id, match_method, match_points of the payments that match.

    `pairs`: one row per payment and candidate claim, with claim_number, number_key, same_number,
    payer_claim_number, original_reference, patient_id, patient_last_name, patient_first_name,
    service_from_date, charge_cents, payer_key and the claim's columns under the same names with
    `_claim`; `knows_payer_number`: the claim is known by the payer's number.
    """
    if pairs.is_empty():
        return pl.DataFrame(
            schema={
                "payment": pl.Int64,
                "claim_id": pl.Int64,
                "match_method": pl.String,
                "match_points": pl.Int64,
            }
        )
    scored = pairs.with_columns(match_points=_points())
    ranked = scored.sort("payment", "match_points", "claim_id", descending=[False, True, False])
    best = ranked.group_by("payment", maintain_order=True).agg(
        pl.col("claim_id").first(),
        pl.col("match_points").first(),
        pl.col("same_number").first(),
        runner_up=pl.col("match_points").get(1, null_on_oob=True).fill_null(-MARGIN_POINTS),
    )
    is_clear = pl.col("match_points") - pl.col("runner_up") >= MARGIN_POINTS
    return (
        best.filter(pl.col("same_number") | ((pl.col("match_points") >= MINIMUM_POINTS) & is_clear))
        .with_columns(
            match_method=pl.when("same_number").then(pl.lit("number")).otherwise(pl.lit("score"))
        )
        .select("payment", "claim_id", "match_method", "match_points")
    )


def _points() -> pl.Expr:
    key, other = pl.col("number_key"), pl.col("number_key_claim")
    long_enough = pl.min_horizontal(key.str.len_chars(), other.str.len_chars()) >= PREFIX_LENGTH_MIN
    is_prefix = long_enough & (
        key.str.starts_with(other)
        | key.str.ends_with(other)
        | other.str.starts_with(key)
        | other.str.ends_with(key)
    )
    is_other = (key != "") & (other != "") & ~is_prefix & ~pl.col("same_number")
    same_name = (pl.col("patient_last_name") == pl.col("patient_last_name_claim")) & (
        pl.col("patient_first_name").str.head(1) == pl.col("patient_first_name_claim").str.head(1)
    )
    return (
        _worth("same_number", NUMBER_POINTS)
        + _same("claim_number", "claim_number_claim", SAME_SPELLING_POINTS)
        + _worth("knows_payer_number", PAYER_NUMBER_POINTS)
        + pl.when(is_prefix & ~pl.col("same_number")).then(PREFIX_POINTS).otherwise(0)
        + pl.when(is_other).then(OTHER_NUMBER_POINTS).otherwise(0)
        + _same("patient_id", "member_id_claim", MEMBER_POINTS)
        + _same("service_from_date", "service_from_date_claim", SERVICE_DATE_POINTS)
        + pl.when(pl.col("charge_cents").abs() == pl.col("charge_cents_claim"))
        .then(CHARGE_POINTS)
        .otherwise(0)
        + pl.when(same_name.fill_null(value=False)).then(NAME_POINTS).otherwise(0)
        + _same("payer_key", "payer_key_claim", PAYER_POINTS)
    ).cast(pl.Int64)


def _worth(column: str, points: int) -> pl.Expr:
    return pl.when(pl.col(column).fill_null(value=False)).then(points).otherwise(0)


def _same(column: str, other: str, points: int) -> pl.Expr:
    same = pl.col(column) == pl.col(other)
    is_told = pl.col(column).cast(pl.String).fill_null("") != ""
    return pl.when((same & is_told).fill_null(value=False)).then(points).otherwise(0)
