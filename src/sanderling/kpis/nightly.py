"""The nightly sums: all months anew from the mirror, in one transaction.

Run twice it writes the same. A closed month that differs from what was kept is restated: the sums
are the new ones, and what each client's figure was is kept as a restatement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from sanderling.barriers.models import WeekEnd
from sanderling.core.kpis.bases import Bases
from sanderling.core.kpis.definitions import BY_KEY, DEFINITIONS
from sanderling.core.kpis.formulas import CELL_KEYS, NOBODY, ROWS, bases, rows
from sanderling.core.kpis.frames import UNKNOWN_PAYER, Period, add_months, month_start, months
from sanderling.kpis.models import EVERY_CLIENT, Grain, Month, Restatement
from sanderling.kpis.sources import batches, held, state, the_book
from sanderling.mirror.actions import refresh
from sanderling.mirror.files import Manifest
from sanderling.mirror.reading import manifest, scan
from sanderling.postgres.frames import copy_frame, keep_frame
from sanderling.postgres.locks import Lock, hold_lock

MONTHS_KEPT: Final = 24  # before the one that goes on
SLOTS: Final = len(DEFINITIONS)
# Told by barriers kept for nine weeks only: what was known of an older month stays.
KEPT_ONLY: Final = ("no_response_rate", "client_pend_rate")
# As found today, whatever month: a change of these is no restatement.
UNSTEADY: Final = (*KEPT_ONLY, "underpayment_rate", "payer_yield_rate")
_SPLIT: Final = {
    Grain.CLIENT: (),
    Grain.PAYER: ("payer_id",),
    Grain.PROVIDER: ("provider",),
    Grain.LOCATION: ("location",),
    Grain.PERSON: ("user_id",),
}
_COLUMNS: Final = {
    "month_date": "date",
    "client_id": "integer",
    "grain": "smallint",
    "payer_id": "integer",
    "provider": "text",
    "location": "text",
    "user_id": "integer",
    "numerators": "bigint[]",
    "denominators": "bigint[]",
}
# Tables that are summed over clients beside the cells: what tells rows apart, what is summed.
_SUMMED_UP: Final = (
    ("kpis_pay_days", "month_date, payer_id, days", ("claims",)),
    (
        "kpis_refusals",
        "month_date, payer_id, group_code, reason_code",
        ("claims", "denied_cents"),
    ),
)
_KEEP: Final = """
UPDATE kpis_new t
   SET numerators[{place}] = o.numerators[{place}], denominators[{place}] = o.denominators[{place}]
  FROM kpis_cell o
 WHERE (o.month_date, o.client_id, o.grain, o.payer_id, o.provider, o.location, o.user_id)
     = (t.month_date, t.client_id, t.grain, t.payer_id, t.provider, t.location, t.user_id)
   AND o.denominators[{place}] <> 0 AND cardinality(o.numerators) = {slots}
   AND t.month_date <> ALL (%s)
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a run did; `restated`: closed months that are not as they were."""

    months: int
    cells: int
    restated: tuple[date, ...]


def are_missing(today: date) -> bool:
    """Say whether something is posted of which there are no sums, or none since yesterday."""
    latest = Month.objects.order_by("-month_date").first()
    if latest is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM ledger_entry WHERE claim_id IS NOT NULL)")
            return bool(cursor.fetchone()[0])
    return (today - latest.as_of_date).days > 1


def refresh_sums(*, today: date, at: datetime) -> Made:
    """Bring the mirror in step, then make the sums of the last months anew.

    Raises:
        MirrorBusy: the mirror is being refreshed by another process.
    """
    refresh(today, at)
    return make_sums(today=today, at=at)


@transaction.atomic
def make_sums(*, today: date, at: datetime) -> Made:
    """Make the sums of the last months anew from the mirror as it is.

    Raises:
        MirrorMissing: the mirror was never made.
    """
    hold_lock(Lock.KEY_FIGURES)
    of = manifest()
    first = _first_month(of, today)
    if first is None:
        return Made(0, 0, ())
    periods = months(first, today, as_of=today)
    starts = [month_start(one.from_date) for one in periods]
    made = _summed(periods, starts, of)
    keep_frame("kpis_new", _COLUMNS, made.cells)
    _keep_old(starts)
    restated = _note_restated(at)
    with connection.cursor() as cursor:
        for table in ("kpis_cell", "kpis_pay_days", "kpis_refusals"):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        names = ", ".join(_COLUMNS)
        cursor.execute(
            f"INSERT INTO kpis_cell ({names}) SELECT {names} FROM kpis_new"  # noqa: S608 - ours
            " ORDER BY grain, month_date, client_id"
        )
    copy_frame("kpis_pay_days", made.pay_days)
    copy_frame("kpis_refusals", made.refusals)
    _sum_up()
    _note_months(periods, at, restated)
    return Made(len(starts), made.cells.height, restated)


def _sum_up() -> None:
    """Add what all clients sum to, for who sees them all."""
    arrays = ", ".join(
        f"ARRAY[{', '.join(f'sum({name}[{place}])::bigint' for place in range(1, SLOTS + 1))}]"
        for name in ("numerators", "denominators")
    )
    keys = "month_date, grain, payer_id, provider, location, user_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO kpis_cell (client_id, {keys}, numerators, denominators)"  # noqa: S608 - ours
            f" SELECT %s, {keys}, {arrays} FROM kpis_cell GROUP BY {keys}"
            " ORDER BY grain, month_date",
            [EVERY_CLIENT],
        )
        for table, keys, sums in _SUMMED_UP:
            summed = ", ".join(f"sum({name})" for name in sums)
            cursor.execute(
                f"INSERT INTO {table} (client_id, {keys}, {', '.join(sums)})"  # noqa: S608 - ours
                f" SELECT %s, {keys}, {summed} FROM {table} GROUP BY {keys}",
                [EVERY_CLIENT],
            )
        cursor.execute("ANALYZE kpis_cell, kpis_pay_days, kpis_refusals")


@dataclass(frozen=True, slots=True)
class _Summed:
    cells: pl.DataFrame
    pay_days: pl.DataFrame
    refusals: pl.DataFrame


def _summed(periods: Sequence[Period], starts: list[date], state_of: Manifest) -> _Summed:
    """Return the sums of all clients, worked out some clients at a time, which bounds memory."""
    cells, days, refused = [], [], []
    for clients in batches(state_of):
        of = bases(held(the_book(clients, state_of)), periods)
        cells.append(_cells(of, starts))
        days.append(_pay_days(of, starts))
        refused.append(_refusals(of, starts))
    return _Summed(pl.concat(cells), pl.concat(days), pl.concat(refused))


def _first_month(of: Manifest, today: date) -> date | None:
    posted = scan("ledger", None, of=of).filter(pl.col("claim_id").is_not_null())
    first: date | None = posted.select(pl.col("posted_date").min()).collect().item()
    if first is None or first > today:
        return None
    return max(month_start(first), add_months(month_start(today), -MONTHS_KEPT))


def _cells(of: Bases, starts: list[date]) -> pl.DataFrame:
    """Return the cells of all grains with their arrays as PostgreSQL reads them."""
    parts: dict[Grain, list[pl.DataFrame]] = {grain: [] for grain in Grain}
    for one in DEFINITIONS:
        leaves = (
            rows(of, one.key)
            .group_by(CELL_KEYS)
            .agg(pl.col("numerator", "denominator").sum())
            .collect()
        )
        for grain, split in _SPLIT.items():
            some = leaves.filter(pl.col("user_id") != NOBODY) if grain == Grain.PERSON else leaves
            parts[grain].append(
                some.group_by("period", "client_id", *split)
                .agg(pl.col("numerator", "denominator").sum())
                .with_columns(slot=pl.lit(one.slot, pl.Int32))
            )
    return pl.concat([_arrays(grain, pl.concat(some), starts) for grain, some in parts.items()])


def _arrays(grain: Grain, tall: pl.DataFrame, starts: list[date]) -> pl.DataFrame:
    split = _SPLIT[grain]
    keys = ["period", "client_id", *split]
    wide = tall.pivot("slot", index=keys, values=["numerator", "denominator"])
    for name in ("numerator", "denominator"):
        missing = [s for s in range(SLOTS) if f"{name}_{s}" not in wide.columns]
        wide = wide.with_columns(pl.lit(0, pl.Int64).alias(f"{name}_{s}") for s in missing)
    defaults = {"payer_id": UNKNOWN_PAYER, "provider": "", "location": "", "user_id": NOBODY}
    return wide.select(
        pl.col("period")
        .replace_strict(list(range(len(starts))), starts, return_dtype=pl.Date)
        .alias("month_date"),
        pl.col("client_id"),
        pl.lit(int(grain), pl.Int64).alias("grain"),
        *(
            pl.col(name) if name in split else pl.lit(value, ROWS[name]).alias(name)
            for name, value in defaults.items()
        ),
        *(_array(name).alias(f"{name}s") for name in ("numerator", "denominator")),
    )


def _array(name: str) -> pl.Expr:
    numbers = [pl.col(f"{name}_{slot}").fill_null(0).cast(pl.String) for slot in range(SLOTS)]
    return pl.concat_str([pl.lit("{"), pl.concat_str(numbers, separator=","), pl.lit("}")])


def _keep_old(starts: list[date]) -> None:
    """Take over what only kept barriers told, of months for which none are kept any more."""
    told = {month_start(day) for day in WeekEnd.objects.values_list("as_of_date", flat=True)}
    with connection.cursor() as cursor:
        for key in KEPT_ONLY:
            place = BY_KEY[key].slot + 1
            cursor.execute(
                _KEEP.format(place=place, slots=SLOTS),
                [[start for start in starts if start in told]],
            )


def _note_restated(at: datetime) -> tuple[date, ...]:
    """Keep what differs of closed months; return those months."""
    closed = [
        one.month_date
        for one in Month.objects.all()
        if one.as_of_date >= add_months(one.month_date, 1) - timedelta(days=1)
    ]
    was, now = _by_client("kpis_cell", closed), _by_client("kpis_new", closed)
    nothing = ([0] * SLOTS, [0] * SLOTS)
    found = []
    for key in sorted({*was, *now}):
        old, new = was.get(key, nothing), now.get(key, nothing)
        if len(old[0]) != SLOTS or old == new:
            continue
        for one in DEFINITIONS:
            before = old[0][one.slot], old[1][one.slot]
            after = new[0][one.slot], new[1][one.slot]
            if before != after and one.key not in UNSTEADY:
                found.append(Restatement(
                    month_date=key[0], client_id=key[1], key=one.key, found_at=at,
                    was_numerator=before[0], was_denominator=before[1],
                    numerator=after[0], denominator=after[1],
                ))  # fmt: skip
    Restatement.objects.bulk_create(found)
    return tuple(sorted({one.month_date for one in found}))


def _by_client(table: str, closed: list[date]) -> dict[tuple[date, int], tuple[Any, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT month_date, client_id, numerators, denominators FROM {table}"  # noqa: S608
            " WHERE grain = %s AND month_date = ANY (%s) AND client_id <> %s",
            [int(Grain.CLIENT), closed, EVERY_CLIENT],
        )
        return {(month, client): (above, below) for month, client, above, below in cursor}


def _note_months(periods: Sequence[Period], at: datetime, restated: tuple[date, ...]) -> None:
    before = {one.month_date: one.restated_at for one in Month.objects.all()}
    now = state()
    Month.objects.all().delete()
    Month.objects.bulk_create(
        Month(
            month_date=period.from_date,
            as_of_date=period.to_date,
            computed_at=at,
            restated_at=at if period.from_date in restated else before.get(period.from_date),
            state=now,
        )
        for period in periods
    )


def _pay_days(of: Bases, starts: list[date]) -> pl.DataFrame:
    return (
        rows(of, "pay_days")
        .group_by("period", "client_id", "payer_id", days="numerator")
        .agg(claims=pl.col("denominator").sum())
        .collect()
        .pipe(_dated, starts)
    )


def _refusals(of: Bases, starts: list[date]) -> pl.DataFrame:
    return (
        of.denials.lazy()
        .join(of.in_period, on="day")
        .group_by(
            "period",
            "client_id",
            pl.col("payer_id").fill_null(UNKNOWN_PAYER),
            pl.col("group_code", "reason_code").fill_null(""),
        )
        .agg(claims=pl.len(), denied_cents=pl.col("denied_cents").sum())
        .collect()
        .pipe(_dated, starts)
    )


def _dated(found: pl.DataFrame, starts: list[date]) -> pl.DataFrame:
    numbers = list(range(len(starts)))
    day = pl.col("period").replace_strict(numbers, starts, return_dtype=pl.Date)
    return found.with_columns(month_date=day).drop("period")
