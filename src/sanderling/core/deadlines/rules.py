"""Deadline rules: what limits a filing, a correction, an appeal, an answer, a dispute or a refund.

A rule says how long, in which unit, counted from which day (its clock), for whom and when. Rules
come from three places and are merged into one frame, the narrowest scope ranked lowest:

    0  the payer, for one client (a contract)     a rule that a person set
    1  the payer                                  a rule that a person set
    2  the payer's own day counts                 payers import
    3  the payer's type, for one client           a rule that a person set
    4  the payer's type                           a rule that a person set
    5  the payer's type, after one other type     rules.csv (secondary claims)
    6  the payer's type                           rules.csv
    7  any insurer                                rules.csv

Within a rank the rule that starts later wins, then the one made later. Effective days are those of
the rule's own clock: a limit of 2026 counts for services (or remittances) of 2026.
Source: DOMAIN 4.1 to 4.5; the type defaults are the design's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

import polars as pl


class Kind(StrEnum):
    """What a deadline limits."""

    TIMELY_FILING = "timely_filing"
    SECONDARY_FILING = "secondary_filing"
    CORRECTED_CLAIM = "corrected_claim"
    APPEAL = "appeal"
    RECORDS = "records"
    TAKEBACK_DISPUTE = "takeback_dispute"
    REFUND = "refund"


class Unit(StrEnum):
    """What an amount counts. CALENDAR_YEAR_END: 31 December, `amount` years after the clock's."""

    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    CALENDAR_YEAR_END = "calendar_year_end"


class Clock(StrEnum):
    """The day a limit counts from.

    SERVICE_FROM first day of service; SERVICE_TO the same, but the statement's through date of an
    institutional claim; PRIMARY_REMITTANCE payment date of the payer before; REMITTANCE payment
    date of the decision; REMITTANCE_RECEIPT that date and five days of presumed mail; REQUEST date
    of the request for records; NOTICE date of a letter or of what else opens the limit.
    """

    SERVICE_FROM = "service_from"
    SERVICE_TO = "service_to"
    PRIMARY_REMITTANCE = "primary_remittance"
    REMITTANCE = "remittance"
    REMITTANCE_RECEIPT = "remittance_receipt"
    REQUEST = "request"
    NOTICE = "notice"


class ReceiptRule(StrEnum):
    """What must happen by the last day: the payer has it, or it was sent."""

    RECEIVED = "received"
    SENT = "sent"


class WeekendRule(StrEnum):
    """Whether a last day that is no business day moves to the next one."""

    NONE = "none"
    NEXT_BUSINESS_DAY = "next_business_day"


class ProviderStatus(StrEnum):
    """Whom a rule binds: providers in the payer's network, out of it, or both."""

    PAR = "par"
    NONPAR = "nonpar"
    ANY = "any"


class Confidence(StrEnum):
    """How sure the source is. LOW is shown as "default, unverified"."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


PAYER_TYPES: Final = (
    "medicare",
    "medicare_advantage",
    "medicaid",
    "commercial",
    "bcbs",
    "tricare",
    "va",
    "workers_comp",
    "auto",
    "self_pay",
    "other",
)
TYPE_NAMES: Final = {
    "medicare": "Medicare",
    "medicare_advantage": "Medicare Advantage",
    "medicaid": "Medicaid",
    "commercial": "commercial payers",
    "bcbs": "Blue plans",
    "tricare": "TRICARE",
    "va": "VA",
    "workers_comp": "workers' compensation",
    "auto": "auto insurers",
    "self_pay": "self-pay",
    "other": "other payers",
}
LEVELS_MAX: Final = 5
# The clocks that a rule of a kind may have, the usual one first. Appeals beyond the first level
# answer a decision: they count from its notice.
KIND_CLOCKS: Final[dict[Kind, tuple[Clock, ...]]] = {
    Kind.TIMELY_FILING: (Clock.SERVICE_TO, Clock.SERVICE_FROM),
    Kind.SECONDARY_FILING: (Clock.PRIMARY_REMITTANCE, Clock.SERVICE_TO, Clock.SERVICE_FROM),
    Kind.CORRECTED_CLAIM: (
        Clock.SERVICE_TO,
        Clock.SERVICE_FROM,
        Clock.REMITTANCE,
        Clock.REMITTANCE_RECEIPT,
    ),
    Kind.APPEAL: (Clock.REMITTANCE, Clock.REMITTANCE_RECEIPT),
    Kind.RECORDS: (Clock.REQUEST,),
    Kind.TAKEBACK_DISPUTE: (Clock.REMITTANCE, Clock.REMITTANCE_RECEIPT),
    Kind.REFUND: (Clock.NOTICE,),
}
AMOUNT_MAX: Final[dict[Unit, int]] = {
    Unit.CALENDAR_DAYS: 3650,
    Unit.BUSINESS_DAYS: 2500,
    Unit.MONTHS: 120,
    Unit.CALENDAR_YEAR_END: 10,
}
# Ranks of the scopes, narrowest first; see the module's text.
PAYER_AND_CLIENT, PAYER, PAYER_COLUMNS, TYPE_AND_CLIENT, TYPE = range(5)
SYSTEM_AFTER_TYPE, SYSTEM_TYPE, SYSTEM_ANY = range(5, 8)

RULE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "rule_id": pl.String(),
    "scope_rank": pl.Int32(),
    "payer_id": pl.Int64(),
    "client_id": pl.Int64(),
    "payer_type": pl.String(),
    "prior_payer_type": pl.String(),
    "kind": pl.String(),
    "level": pl.Int32(),
    "amount": pl.Int32(),
    "unit": pl.String(),
    "clock": pl.String(),
    "receipt_rule": pl.String(),
    "weekend_rule": pl.String(),
    "provider_status": pl.String(),
    "effective_from_date": pl.Date(),
    "effective_to_date": pl.Date(),
    "source": pl.String(),
    "confidence": pl.String(),
    "rule": pl.String(),
}
# What a caller gives for rules that people set. `scope_name` is the payer's id or the client's code
# as a person knows it, for the label.
OVERRIDE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "rule_number": pl.Int64(),
    "payer_id": pl.Int64(),
    "client_id": pl.Int64(),
    "payer_type": pl.String(),
    "prior_payer_type": pl.String(),
    "kind": pl.String(),
    "level": pl.Int32(),
    "amount": pl.Int32(),
    "unit": pl.String(),
    "clock": pl.String(),
    "receipt_rule": pl.String(),
    "weekend_rule": pl.String(),
    "provider_status": pl.String(),
    "effective_from_date": pl.Date(),
    "effective_to_date": pl.Date(),
    "source": pl.String(),
    "confidence": pl.String(),
    "payer_name": pl.String(),
    "client_name": pl.String(),
}
PAYER_SCHEMA: Final[dict[str, pl.DataType]] = {
    "payer_id": pl.Int64(),
    "payer_name": pl.String(),
    "timely_filing_days": pl.Int32(),
    "corrected_claim_days": pl.Int32(),
    "appeal_days": pl.Int32(),
}


@dataclass(frozen=True, slots=True)
class PayerColumn:
    """What one day count of a payer (payers import) limits."""

    name: str
    kind: Kind
    level: int
    clock: Clock


# No presumed receipt here: whoever gives a payer's own days means the days, not a statute.
PAYER_DAY_COLUMNS: Final = (
    PayerColumn("timely_filing_days", Kind.TIMELY_FILING, 0, Clock.SERVICE_TO),
    PayerColumn("corrected_claim_days", Kind.CORRECTED_CLAIM, 0, Clock.SERVICE_TO),
    PayerColumn("appeal_days", Kind.APPEAL, 1, Clock.REMITTANCE),
)


def clocks_of(kind: Kind, level: int) -> tuple[Clock, ...]:
    """Return the clocks that a rule may have, the usual one first."""
    return (Clock.NOTICE,) if kind is Kind.APPEAL and level > 1 else KIND_CLOCKS[kind]


def limit_name(kind: Kind, level: int) -> str:
    """Return what is limited in words, such as "Appeal, level 2"."""
    name = kind.value.replace("_", " ").capitalize()
    return f"{name}, level {level}" if level else name


def limits() -> tuple[tuple[Kind, int], ...]:
    """Return everything that can have a deadline: kinds, and appeals by level (others: 0)."""
    return tuple(
        (kind, level)
        for kind in Kind
        for level in (range(1, LEVELS_MAX + 1) if kind is Kind.APPEAL else (0,))
    )


UNIT_WORDS: Final = {
    Unit.CALENDAR_DAYS: ("day", "days"),
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.MONTHS: ("month", "months"),
}
CLOCK_WORDS: Final = {
    Clock.SERVICE_FROM: "first service day",
    Clock.SERVICE_TO: "service",
    Clock.PRIMARY_REMITTANCE: "the remittance of the payer before",
    Clock.REMITTANCE: "the remittance",
    Clock.REMITTANCE_RECEIPT: "receipt of the remittance (5 days presumed)",
    Clock.REQUEST: "the request",
    Clock.NOTICE: "the notice",
}


def span_words(amount: int, unit: str) -> str:
    """Return how long a limit is in words, such as "90 days"."""
    if unit == Unit.CALENDAR_YEAR_END:
        years = {0: "", 1: " of the next year"}.get(amount, f" {amount} years on")
        return f"to 31 December{years}"
    one, many = UNIT_WORDS[Unit(unit)]
    return f"{amount} {one if amount == 1 else many}"


def limit_words(kind: Kind, amount: int, unit: str, clock: str) -> str:
    """Return a limit in words, such as "90 days from service"."""
    is_credit = kind is Kind.REFUND and clock == Clock.NOTICE
    start = "the day the credit arose" if is_credit else CLOCK_WORDS[Clock(clock)]
    return f"{span_words(amount, unit)} from {start}"


def _scope_words(row: Mapping[str, object]) -> str:
    """Return for whom a rule is, such as "payer UNH05, client ACME"."""
    rank = row["scope_rank"]
    if rank == SYSTEM_ANY:
        return "default"
    kind = TYPE_NAMES.get(str(row["payer_type"]), str(row["payer_type"]))
    prior = row["prior_payer_type"]
    after = f" after {TYPE_NAMES.get(str(prior), str(prior))}" if prior else ""
    if rank in {SYSTEM_AFTER_TYPE, SYSTEM_TYPE}:
        return f"default of {kind}{after}"
    who = f"payer {row['payer_name']}" if row["payer_id"] is not None else kind
    client = f", client {row['client_name']}" if row["client_id"] is not None else ""
    return f"{who}{after}{client}"


def _label(row: Mapping[str, object]) -> str:
    """Return what a person reads of a rule: the limit and for whom it is."""
    kind, amount = Kind(str(row["kind"])), int(str(row["amount"]))
    limit = limit_words(kind, amount, str(row["unit"]), str(row["clock"]))
    return f"{limit}, {_scope_words(row)}"


def _with_labels(rules: pl.DataFrame) -> pl.DataFrame:
    labels = [_label(row) for row in rules.iter_rows(named=True)]
    labelled = rules.with_columns(pl.Series("rule", labels, dtype=pl.String))
    return labelled.select(pl.col(name).cast(kind) for name, kind in RULE_SCHEMA.items())


@cache
def system_rules() -> pl.DataFrame:
    """Return the seeds of rules.csv in the columns of RULE_SCHEMA.

    Raises:
        ValueError: a row names a kind, unit, clock or type that does not exist.
    """
    source = resources.files(__package__).joinpath("rules.csv")
    # Everything as text first: a typed reader would guess at columns that are empty so far.
    text = pl.read_csv(source.read_bytes(), infer_schema=False)
    _check_words(text)
    rules = text.with_columns(
        pl.col("level").cast(pl.Int32).fill_null(0),
        pl.col("amount").cast(pl.Int32),
        effective_from_date=pl.col("effective_from").str.to_date("%Y-%m-%d"),
        effective_to_date=pl.col("effective_to").str.to_date("%Y-%m-%d"),
        payer_id=pl.lit(None, pl.Int64),
        client_id=pl.lit(None, pl.Int64),
        payer_name=pl.lit(None, pl.String),
        client_name=pl.lit(None, pl.String),
        scope_rank=pl.when(pl.col("payer_type").is_null())
        .then(SYSTEM_ANY)
        .when(pl.col("prior_payer_type").is_null())
        .then(SYSTEM_TYPE)
        .otherwise(SYSTEM_AFTER_TYPE),
    ).with_columns(
        rule_id=pl.concat_str(
            pl.lit("system"),
            pl.col("payer_type").fill_null("any"),
            pl.col("prior_payer_type"),
            pl.col("kind"),
            pl.when(pl.col("level") > 0).then(pl.col("level").cast(pl.String)),
            separator=":",
            ignore_nulls=True,
        )
    )
    return _with_labels(rules)


WORDS: Final[dict[str, frozenset[str]]] = {
    "kind": frozenset(Kind),
    "unit": frozenset(Unit),
    "clock": frozenset(Clock),
    "receipt_rule": frozenset(ReceiptRule),
    "weekend_rule": frozenset(WeekendRule),
    "provider_status": frozenset(ProviderStatus),
    "confidence": frozenset(Confidence),
    "payer_type": frozenset(PAYER_TYPES),
    "prior_payer_type": frozenset(PAYER_TYPES),
}


def _check_words(rules: pl.DataFrame) -> None:
    """Raise ValueError for a word that no rule may use."""
    for column, known in WORDS.items():
        strange = set(rules[column].drop_nulls()) - known
        if strange:
            raise ValueError(f"deadline rules: {column} cannot be {', '.join(sorted(strange))}")


def _payer_rules(payers: pl.DataFrame) -> pl.DataFrame:
    """Return the rules that payers' own day counts make."""
    parts = [
        payers.filter(pl.col(column.name).is_not_null()).select(
            "payer_id",
            "payer_name",
            rule_id=pl.format("payer:{}:{}", "payer_id", pl.lit(column.name)),
            scope_rank=pl.lit(PAYER_COLUMNS),
            client_id=pl.lit(None, pl.Int64),
            client_name=pl.lit(None, pl.String),
            payer_type=pl.lit(None, pl.String),
            prior_payer_type=pl.lit(None, pl.String),
            kind=pl.lit(column.kind.value),
            level=pl.lit(column.level),
            amount=pl.col(column.name),
            unit=pl.lit(Unit.CALENDAR_DAYS.value),
            clock=pl.lit(column.clock.value),
            receipt_rule=pl.lit(ReceiptRule.RECEIVED.value),
            weekend_rule=pl.lit(WeekendRule.NONE.value),
            provider_status=pl.lit(ProviderStatus.ANY.value),
            effective_from_date=pl.lit(None, pl.Date),
            effective_to_date=pl.lit(None, pl.Date),
            source=pl.lit("payers import"),
            confidence=pl.lit(Confidence.HIGH.value),
        )
        for column in PAYER_DAY_COLUMNS
    ]
    return _with_labels(pl.concat(parts))


def _override_rules(overrides: pl.DataFrame) -> pl.DataFrame:
    """Return the rules that people set, ranked by their scope, the latest made first."""
    _check_words(overrides)
    of_payer, of_client = pl.col("payer_id").is_not_null(), pl.col("client_id").is_not_null()
    ranked = overrides.with_columns(
        pl.col("level").fill_null(0),
        rule_id=pl.format("rule:{}", "rule_number"),
        scope_rank=pl.when(of_payer & of_client)
        .then(PAYER_AND_CLIENT)
        .when(of_payer)
        .then(PAYER)
        .when(of_client)
        .then(TYPE_AND_CLIENT)
        .otherwise(TYPE),
    ).sort("rule_number", descending=True)
    return _with_labels(ranked)


def rules_frame(
    *, payers: pl.DataFrame | None = None, overrides: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return all rules in the columns of RULE_SCHEMA, those that win first.

    `payers` has the columns of PAYER_SCHEMA, `overrides` those of OVERRIDE_SCHEMA: the rules that
    stand, without those superseded. One row per rule; the order is the precedence that `deadlines`
    applies among the rules whose scope fits.

    Raises:
        ValueError: an override names a kind, unit, clock or type that does not exist.
    """
    parts = [system_rules()]
    if payers is not None and payers.height:
        parts.append(_payer_rules(payers))
    if overrides is not None and overrides.height:
        parts.append(_override_rules(overrides))
    return pl.concat(parts).sort(
        # Later starts first; a rule without a start is the oldest. Among equals the order of the
        # parts stays: the latest made first.
        pl.col("scope_rank"),
        pl.col("prior_payer_type").is_null(),
        -pl.col("effective_from_date").fill_null(date.min).dt.epoch("d"),
        maintain_order=True,
    )
