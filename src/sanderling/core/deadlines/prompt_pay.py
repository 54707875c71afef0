"""Prompt pay: by when a payer must pay a clean claim, and the interest when it does not.

A jurisdiction is a state's code (fully insured plans) or "medicare". Self-funded ERISA plans stand
outside the states' laws: the caller must not ask for them. Only rules with a source are listed.
Source: DOMAIN 4.6.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

DAYS_A_YEAR: Final = 365
# Rates are in hundredths of a percent: 12 percent a year is 1200.
RATE_UNIT: Final = 10_000
DAYS_MAX: Final = 1_000_000
STATE_RULED_TYPES: Final = frozenset({"commercial", "bcbs"})
_STATES: Final = (
    "AL AK AZ AR CA CO CT DC DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ"
    " NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES: Final = tuple(_STATES.split())

ITEM_SCHEMA: Final[dict[str, pl.DataType]] = {
    "item_id": pl.Int64(),
    "jurisdiction": pl.String(),
    "received_date": pl.Date(),
    "paid_date": pl.Date(),
    "net_cents": pl.Int64(),
    "is_electronic": pl.Boolean(),
}
PROMPT_PAY_SCHEMA: Final[dict[str, pl.DataType]] = {
    "item_id": pl.Int64(),
    "due_date": pl.Date(),
    "late_days": pl.Int64(),
    "interest_cents": pl.Int64(),
    "source": pl.String(),
    "confidence": pl.String(),
}


@dataclass(frozen=True, slots=True)
class RateBand:
    """A yearly rate, in hundredths of a percent, up to so many days after receipt."""

    until_days: int
    annual_rate: int


@dataclass(frozen=True, slots=True)
class PromptPayRule:
    """One jurisdiction's rule. No bands: the rate is not fixed, and interest is not known."""

    jurisdiction: str
    days_electronic: int
    days_paper: int
    bands: tuple[RateBand, ...]
    effective_from_date: date | None
    effective_to_date: date | None
    source: str
    confidence: str
    note: str

    def is_in_force(self, day: date) -> bool:
        """Say whether the rule holds for a claim received on a day."""
        begins, ends = self.effective_from_date, self.effective_to_date
        return (begins is None or begins <= day) and (ends is None or day <= ends)


@dataclass(frozen=True, slots=True)
class PromptPay:
    """When a claim was due and what its delay costs. Interest is None when no rate is known."""

    due_date: date
    late_days: int
    interest_cents: int | None
    rule: PromptPayRule


@cache
def prompt_pay_rules() -> tuple[PromptPayRule, ...]:
    """Return the rules of prompt_pay.csv."""
    source = resources.files(__package__).joinpath("prompt_pay.csv")
    with source.open(encoding="utf-8") as lines:
        return tuple(
            PromptPayRule(
                jurisdiction=row["jurisdiction"],
                days_electronic=int(row["days_electronic"]),
                days_paper=int(row["days_paper"]),
                bands=tuple(_band(text) for text in row["rate_bands"].split()),
                effective_from_date=_day(row["effective_from"]),
                effective_to_date=_day(row["effective_to"]),
                source=row["source"],
                confidence=row["confidence"],
                note=row["note"],
            )
            for row in csv.DictReader(lines)
        )


def _band(text: str) -> RateBand:
    until, rate = text.split(":")
    return RateBand(DAYS_MAX if until == "*" else int(until), int(rate))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def jurisdiction_of(*, payer_type: str, state: str) -> str | None:
    """Return whose prompt-pay rule binds a payer of this type, or None when none is sourced."""
    if payer_type == "medicare":
        return "medicare"
    return state if payer_type in STATE_RULED_TYPES and state else None


def jurisdiction_name(jurisdiction: str) -> str:
    """Return what a jurisdiction is called: NY, Medicare."""
    return "Medicare" if jurisdiction == "medicare" else jurisdiction


def prompt_pay(
    *,
    jurisdiction: str,
    received_date: date,
    paid_date: date,
    net_cents: int,
    is_electronic: bool = True,
    annual_rate: int | None = None,
) -> PromptPay | None:
    """Return when a claim was due and its interest if paid on `paid_date`; None without a rule.

    For a claim not paid yet give the day of the question. `annual_rate`, in hundredths of a
    percent, takes the place of the rule's own. Interest is net x rate x days late / 365, half a
    cent up; on a net payment of zero or less there is none.
    """
    rule = rule_in_force(jurisdiction, received_date)
    if rule is None:
        return None
    days = rule.days_electronic if is_electronic else rule.days_paper
    due_date = received_date + timedelta(days=days)
    late_days = max((paid_date - due_date).days, 0)
    bands = rule.bands if annual_rate is None else (RateBand(DAYS_MAX, annual_rate),)
    interest = None if late_days and not bands else _interest(net_cents, days, late_days, bands)
    return PromptPay(due_date, late_days, interest, rule)


def rule_in_force(jurisdiction: str, received_date: date) -> PromptPayRule | None:
    """Return the rule for claims that a payer received on a day, None when none is sourced."""
    for rule in prompt_pay_rules():
        if rule.jurisdiction == jurisdiction and rule.is_in_force(received_date):
            return rule
    return None


def rates_text(rule: PromptPayRule) -> str:
    """Return the yearly rates in words, by days since receipt; "" when the rate is not fixed.

    "12% a year"; "18% a year to day 60, 24% to day 120, 30% after".
    """
    if not rule.bands:
        return ""
    first, *more = rule.bands
    found = [f"{_percent(first)} a year" + (f" to day {first.until_days}" if more else "")]
    found += [
        f"{_percent(band)} " + ("after" if band is more[-1] else f"to day {band.until_days}")
        for band in more
    ]
    return ", ".join(found)


def _percent(band: RateBand) -> str:
    whole, rest = divmod(band.annual_rate, RATE_UNIT // 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%" if rest else f"{whole}%"


def _interest(net_cents: int, days: int, late_days: int, bands: tuple[RateBand, ...]) -> int:
    """Return the interest of `late_days` after day `days`, each band's days at its rate."""
    rate_days, done = 0, days
    for band in bands:
        upto = min(days + late_days, band.until_days)
        rate_days += max(upto - done, 0) * band.annual_rate
        done = max(done, upto)
    whole = DAYS_A_YEAR * RATE_UNIT
    return (2 * max(net_cents, 0) * rate_days + whole) // (2 * whole)


def prompt_pay_frame(items: pl.DataFrame) -> pl.DataFrame:
    """Return `prompt_pay` of many claims, in order, in the columns of PROMPT_PAY_SCHEMA.

    `items` has the columns of ITEM_SCHEMA; `is_electronic` null counts as electronic. Everything
    but the id is null where no rule is in force or the day of receipt is unknown; while the day of
    payment is, there is a due date only.
    """
    asked = items.select(pl.col(name).cast(kind) for name, kind in ITEM_SCHEMA.items())
    rules = _rules_frame()
    received = pl.col("received_date")
    fitting = (
        asked.with_row_index("row")
        .join(rules, on="jurisdiction", how="inner")
        .filter(
            received.is_not_null(),
            (pl.col("effective_from_date") <= received).fill_null(value=True),
            (pl.col("effective_to_date") >= received).fill_null(value=True),
        )
        .unique("row", keep="first", maintain_order=True)
        .with_columns(
            days=pl.when(pl.col("is_electronic").fill_null(value=True))
            .then("days_electronic")
            .otherwise("days_paper")
        )
        .with_columns(due_date=received + pl.duration(days="days"))
        .with_columns(late_days=(pl.col("paid_date") - pl.col("due_date")).dt.total_days().clip(0))
        .with_columns(interest_cents=_interest_column())
    )
    return (
        asked.with_row_index("row")
        .select("row", "item_id")
        .join(fitting.drop("item_id"), on="row", how="left", maintain_order="left")
        .select(pl.col(name).cast(kind) for name, kind in PROMPT_PAY_SCHEMA.items())
    )


def _rules_frame() -> pl.DataFrame:
    """Return one row per rule: its bands side by side, missing ones at rate 0 from the end on."""
    rules = prompt_pay_rules()
    most = _bands_max()
    rows = [
        {
            "jurisdiction": rule.jurisdiction,
            "days_electronic": rule.days_electronic,
            "days_paper": rule.days_paper,
            "effective_from_date": rule.effective_from_date,
            "effective_to_date": rule.effective_to_date,
            "source": rule.source,
            "confidence": rule.confidence,
            "has_rate": bool(rule.bands),
            **{
                f"{name}_{place}": value
                for place in range(most)
                for name, value in _band_columns(rule.bands, place)
            },
        }
        for rule in rules
    ]
    dates = {"effective_from_date": pl.Date(), "effective_to_date": pl.Date()}
    return pl.DataFrame(rows, schema_overrides=dates, infer_schema_length=None)


def _bands_max() -> int:
    return max(len(rule.bands) for rule in prompt_pay_rules())


def _band_columns(bands: tuple[RateBand, ...], place: int) -> tuple[tuple[str, int], ...]:
    band = bands[place] if place < len(bands) else RateBand(DAYS_MAX, 0)
    return ("until", band.until_days), ("rate", band.annual_rate)


def _interest_column() -> pl.Expr:
    """Return `_interest` as a column; null where the claim is late and the rule has no rate."""
    until = pl.col("days") + pl.col("late_days")
    rate_days, done = pl.lit(0, pl.Int64), pl.col("days").cast(pl.Int64)
    for place in range(_bands_max()):
        upto = pl.min_horizontal(until, pl.col(f"until_{place}"))
        rate_days += (upto - done).clip(0) * pl.col(f"rate_{place}")
        done = pl.max_horizontal(done, upto)
    whole = DAYS_A_YEAR * RATE_UNIT
    interest = (2 * pl.col("net_cents").clip(0) * rate_days + whole) // (2 * whole)
    # Horizontal minima pass over nulls, so an unknown day must be asked for by name.
    is_known = pl.col("late_days").is_not_null() & (pl.col("has_rate") | (pl.col("late_days") == 0))
    return pl.when(is_known).then(interest)
