"""The factors of one line that do not depend on other lines: modifiers and who rendered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import polars as pl

from sanderling.core.contracts.base_prices import FACTOR_SCALE, HIGH, LOW, MEDIUM
from sanderling.core.contracts.frames import Schema
from sanderling.core.contracts.keys import PROFESSIONAL
from sanderling.core.contracts.reference_rates import (
    Indicator,
    Indicators,
    indicator_schedule,
    plain,
)
from sanderling.core.contracts.terms import (
    ASSISTANT,
    BILATERAL,
    CO_SURGEON,
    NP_PA,
    SOCIAL_WORKER,
    Terms,
    effective_steps,
)

FACTOR_STEPS: Final = (
    "component", "bilateral", "co_surgeon", "assistant", "np_pa", "modifiers",
)  # fmt: skip

FACTOR_COLUMNS: Final = tuple(f"by_{step}" for step in FACTOR_STEPS)

# Bits of the flags; the place in this list is the bit.
FLAG_BITS: Final = (
    "CHARGE_BELOW_CONTRACT", "LESSER_OF", "CAPITATED", "MULTIPLE_PROCEDURE", "BY_REPORT",
    "MEDICARE_DEFAULT", "NOT_STATED", "INCLUDED", "OUTLIER", "TRANSFER",
)  # fmt: skip

# Modifiers that no key of their own states: Medicare's factor, and whether it is by report.
_OTHERS: Final[dict[str, tuple[Decimal, bool]]] = {
    "22": (Decimal(1), True),
    "52": (Decimal("0.5"), True),
    "53": (Decimal("0.5"), True),
    "66": (Decimal(1), True),
    "CO": (Decimal("0.85"), False),
    "CQ": (Decimal("0.85"), False),
    "QK": (Decimal("0.5"), False),
    "QX": (Decimal("0.5"), False),
    "QY": (Decimal("0.5"), False),
}
_PARTS_OF_GLOBAL: Final = {
    "54": "intra_operative",
    "55": "post_operative",
    "56": "pre_operative",
    "78": "intra_operative",
}
_MID_LEVEL: Final = frozenset(("np", "pa", "cns"))
_COUNSELORS: Final = frozenset(("csw", "lmft", "mhc"))

_ONE: Final = Decimal(1)


def flag_bit(flag: str) -> int:
    """Return the bit of a flag."""
    return 1 << FLAG_BITS.index(flag)


@dataclass
class Factors:
    """The factors found for one key, with their words; a step without one counts 1."""

    said: Terms
    steps: tuple[str, ...]
    of: dict[str, Decimal] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    flags: int = 0
    confidence: int = HIGH

    def state(self, step: str, stated: Decimal | None, default: Decimal, words: str) -> None:
        """Take the contract's factor, else Medicare's; else note that the contract is silent."""
        if step not in self.steps:
            self.doubt("NOT_STATED", LOW)
            return
        if stated is None:
            self.doubt("MEDICARE_DEFAULT", MEDIUM)
        value = default if stated is None else stated
        self.of[step] = self.of.get(step, _ONE) * value
        told = f"{words} at {plain(value)}"
        self.words[step] = f"{self.words[step]}, {told}" if step in self.words else told

    def doubt(self, flag: str, confidence: int) -> None:
        """Note a flag and how far the price can be trusted with it."""
        self.flags |= flag_bit(flag)
        self.confidence = min(self.confidence, confidence)


_FOUND_BY: Final = (
    "contract_id", "code", "modifiers", "provider_class", "own_modifier", "setting", "method",
    "on_day",
)  # fmt: skip
_SCHEMA: Final[Schema] = {
    **dict.fromkeys(FACTOR_COLUMNS, pl.Int64),
    "factor_flags": pl.Int64,
    "factor_confidence": pl.Int8,
    "factor_term": pl.String,
    "factor_words": pl.List(pl.String),  # for each of FACTOR_STEPS
}


def with_factors(
    keys: pl.DataFrame, terms: Mapping[int, Terms], indicators: Indicators
) -> pl.DataFrame:
    """Return the keys with the factor of each step, by FACTOR_SCALE (_SCHEMA)."""
    steps = {contract_id: effective_steps(said) for contract_id, said in terms.items()}
    # The code and the day only matter where a reference schedule marks codes.
    marked = [contract_id for contract_id, said in terms.items() if indicator_schedule(said)]
    is_marked = pl.col("contract_id").is_in(marked)
    told = keys.with_columns(
        code=pl.when(is_marked).then("procedure").otherwise(pl.lit("")),
        on_day=pl.when(is_marked).then("day"),
    )
    needed = told.filter((pl.col("modifiers") != "") | (pl.col("provider_class") != ""))
    found = needed.select(_FOUND_BY).unique()
    rows = [
        _row(row, Factors(terms[row["contract_id"]], steps[row["contract_id"]]), indicators)
        for row in found.to_dicts()
    ]
    answers = pl.DataFrame(rows, schema=dict(_SCHEMA), orient="row")
    factors = pl.concat([found, answers], how="horizontal")
    joined = told.join(factors, on=list(_FOUND_BY), how="left", nulls_equal=True)
    return joined.drop("code", "on_day").with_columns(
        pl.col(FACTOR_COLUMNS).fill_null(FACTOR_SCALE),
        pl.col("factor_flags").fill_null(0),
        pl.col("factor_confidence").fill_null(HIGH),
        pl.col("factor_term").fill_null(""),
    )


def _row(row: dict[str, Any], factors: Factors, indicators: Indicators) -> tuple[Any, ...]:
    modifiers = [modifier for modifier in row["modifiers"].split(":") if modifier]
    if row["own_modifier"]:
        modifiers = [modifier for modifier in modifiers if modifier != row["own_modifier"]]
    if row["method"] in ("rate", "reference", "anesthesia", "percent_of_charge"):
        indicator = indicators.of(factors.said, row["code"], row["on_day"])
        if row["method"] != "percent_of_charge":  # such a charge is of what was done
            _what_was_done(factors, modifiers, indicator)
        _who_did_it(factors, modifiers, row["provider_class"], row["setting"], indicator)
    words = [factors.words.get(step, "") for step in FACTOR_STEPS]
    return (
        *(int(factors.of.get(step, _ONE) * FACTOR_SCALE) for step in FACTOR_STEPS),
        factors.flags,
        factors.confidence,
        ", ".join(word for word in words if word),
        words,
    )


def _what_was_done(factors: Factors, modifiers: list[str], indicator: Indicator) -> None:
    said = factors.said
    for modifier in modifiers:
        if modifier == "26":
            _component(factors, said.professional, "professional component (26)")
        elif modifier == "TC":
            _component(factors, said.technical, "technical component (TC)")
        elif modifier == "50":
            _bilateral(factors, indicator)
        elif modifier in said.modifiers:
            factors.state("modifiers", said.modifiers[modifier], _ONE, f"modifier {modifier}")
        elif modifier in _PARTS_OF_GLOBAL:
            _part_of_global(factors, modifier, indicator)
        elif modifier in _OTHERS:
            default, is_by_report = _OTHERS[modifier]
            factors.state("modifiers", None, default, f"modifier {modifier}")
            if is_by_report:
                factors.doubt("BY_REPORT", LOW)


def _component(factors: Factors, stated: Decimal | None, words: str) -> None:
    if stated is None:  # no share is known: the price is that of the whole service
        factors.doubt("NOT_STATED", LOW)
    else:
        factors.state("component", stated, _ONE, words)


def _bilateral(factors: Factors, indicator: Indicator) -> None:
    if indicator.bilateral in ("0", "2"):
        factors.state("bilateral", _ONE, _ONE, f"modifier 50, indicator {indicator.bilateral},")
    elif indicator.bilateral == "3":
        factors.state("bilateral", Decimal(2), _ONE, "modifier 50, each side in full,")
    else:
        factors.state("bilateral", factors.said.bilateral, BILATERAL, "both sides (50)")


def _part_of_global(factors: Factors, modifier: str, indicator: Indicator) -> None:
    share = getattr(indicator, _PARTS_OF_GLOBAL[modifier])
    factors.state("modifiers", share or None, _ONE, f"modifier {modifier}")
    if not share:
        factors.doubt("BY_REPORT", LOW)


def _who_did_it(
    factors: Factors, modifiers: list[str], provider_class: str, setting: int, indicator: Indicator
) -> None:
    said = factors.said
    mid_level = NP_PA if said.np_pa is None else said.np_pa
    for modifier in modifiers:
        if modifier == "62":
            factors.state("co_surgeon", said.co_surgeon, CO_SURGEON, "co-surgeon (62)")
        elif modifier in ("80", "81", "82", "AS"):
            if indicator.assistant == "1":
                factors.state("assistant", Decimal(0), _ONE, f"no assistant allowed ({modifier})")
            elif modifier == "AS":
                own = said.assistant_np_pa
                if own is None and said.assistant is not None:
                    own = said.assistant * mid_level
                factors.state("assistant", own, ASSISTANT * mid_level, "assistant (AS)")
            else:
                factors.state("assistant", said.assistant, ASSISTANT, f"assistant ({modifier})")
    if setting != PROFESSIONAL or "AS" in modifiers:
        return
    if provider_class in _MID_LEVEL:
        factors.state("np_pa", said.np_pa, NP_PA, f"rendered by {provider_class.upper()}")
    elif provider_class in _COUNSELORS:
        words = f"rendered by {provider_class.upper()}"
        factors.state("np_pa", said.social_worker, SOCIAL_WORKER, words)
