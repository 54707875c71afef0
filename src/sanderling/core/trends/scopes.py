"""Hypotheses: which outcomes, described by one to four things, and which events among them.

A scope is a template (payer and procedure, say) with values. Hypotheses are not listed blindly:
only what has enough recent events itself is one, which leaves out most combinations (support, as
in Apriori: what is rare stays rare with a further condition).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sanderling.core.trends.outcomes import EVENT_DIMENSIONS, TRIAL_DIMENSIONS
from sanderling.core.trends.settings import WEEK, Settings
from sanderling.core.trends.steps import Floats

Ints = NDArray[np.int64]
Template = tuple[str, ...]

# Every issue is some payer's or some client's.
OF_CLAIMS: Final[tuple[Template, ...]] = (
    ("payer_id",),
    ("client_id",),
    ("payer_id", "client_id"),
    ("payer_id", "plan"),
    ("payer_id", "form"),
    ("payer_id", "provider"),
    ("payer_id", "location"),
    ("client_id", "form"),
    ("client_id", "provider"),
    ("client_id", "location"),
    ("payer_id", "client_id", "plan"),
    ("payer_id", "client_id", "form"),
    ("payer_id", "client_id", "provider"),
    ("payer_id", "client_id", "location"),
)
# Of kinds that may rise everywhere at once by our own doing, as rejections after a change.
OF_ALL: Final[tuple[Template, ...]] = ((),)
OF_LINES: Final[tuple[Template, ...]] = (
    ("payer_id", "procedure"),
    ("payer_id", "code_family"),
    ("payer_id", "modifier"),
    ("payer_id", "procedure", "modifier"),
    ("payer_id", "plan", "procedure"),
    ("client_id", "procedure"),
    ("client_id", "code_family"),
    ("client_id", "modifier"),
    ("client_id", "procedure", "modifier"),
    ("client_id", "provider", "procedure"),
    ("payer_id", "client_id", "procedure"),
    ("payer_id", "client_id", "code_family"),
    ("payer_id", "client_id", "modifier"),
    ("payer_id", "client_id", "procedure", "modifier"),
)
# Which events: all, or those of one category, reason, or reason with remark.
Level = tuple[str, ...]
LEVELS: Final[tuple[Level, ...]] = ((), ("category",), ("carc",), ("carc", "rarc"))


@dataclass(frozen=True, slots=True)
class Coded:
    """Outcomes of one grain with their dimensions as small numbers (0: not known).

    With `modifier` an outcome stands once for each of its modifiers: `split`, rows of `rows`.
    """

    rows: pl.DataFrame  # OUTCOMES, and `week`
    codes: dict[str, Ints]
    words: dict[str, list[str]]  # of each dimension, by code
    week: Ints
    weeks: int
    events: Ints  # places of the events
    split: Ints  # for templates with a modifier: places of rows
    split_modifier: Ints
    templates: tuple[Template, ...]
    calendar: str = "day"  # of AXES: what its weeks are weeks of

    def size(self, dimension: str) -> int:
        """Return how many codes a dimension has, the unknown one among them."""
        return len(self.words[dimension])


def encode(
    frame: pl.DataFrame,
    *,
    today: date,
    templates: Sequence[Template],
    settings: Settings,
    calendar: str = "day",
) -> Coded:
    """Return the outcomes settled until `today`, within the weeks of `calendar` searched."""
    weeks = settings.weeks
    age = (pl.lit(today) - pl.col(calendar)).dt.total_days()
    rows = (
        frame.filter((pl.col("day") <= today) & (pl.col(calendar) <= today))
        .with_columns(week=weeks - 1 - age // WEEK)
        .filter(pl.col("week") >= 0)
    )
    codes: dict[str, Ints] = {}
    words: dict[str, list[str]] = {}
    for name in (*TRIAL_DIMENSIONS, *EVENT_DIMENSIONS):
        if name != "modifier":
            codes[name], words[name] = _coded(rows[name])
    place = np.arange(rows.height, dtype=np.int64)
    split = (
        pl.DataFrame({"place": place, "modifier": rows["modifier"]})
        .filter(pl.col("modifier") != "")
        .with_columns(pl.col("modifier").cast(pl.String).str.split(":"))
        .explode("modifier")
        .filter(pl.col("modifier") != "")
        .unique(maintain_order=True)
    )
    split_modifier, words["modifier"] = _coded(split["modifier"])
    return Coded(
        rows=rows,
        codes=codes,
        words=words,
        week=rows["week"].to_numpy().astype(np.int64),
        weeks=weeks,
        events=np.flatnonzero(rows["is_event"].to_numpy()),
        split=split["place"].to_numpy().astype(np.int64),
        split_modifier=split_modifier,
        templates=tuple(templates),
        calendar=calendar,
    )


def _coded(values: pl.Series) -> tuple[Ints, list[str]]:
    """Return small numbers for texts, 0 for what is not known, and the texts by number."""
    if values.dtype == pl.String:
        values = values.cast(pl.Categorical)
    each = values.unique()
    place = each.to_physical().to_list()  # of an id: itself
    said = sorted(
        (str(word), int(at))
        for word, at in zip(each.to_list(), place, strict=True)
        if word is not None and word != ""
    )
    code = np.zeros(max((at for _, at in said), default=0) + 2, dtype=np.int64)
    for number, (_, at) in enumerate(said, start=1):
        code[at] = number
    nothing = len(code) - 1
    physical = values.to_physical().fill_null(nothing).to_numpy()
    return code[np.minimum(physical, nothing)], ["", *(word for word, _ in said)]


@dataclass(slots=True)
class Keyed:
    """Places of outcomes with their key in a template; what is not described by it is left out."""

    places: Ints
    keys: Ints


def keys_of(coded: Coded, template: Template, places: Ints | None = None) -> Keyed:
    """Return the key of each outcome in the template (`places`: only of these, ascending)."""
    if "modifier" in template:
        chosen = slice(None) if places is None else np.flatnonzero(np.isin(coded.split, places))
        at = coded.split[chosen]
        modifier = coded.split_modifier[chosen]
    else:
        at = np.arange(len(coded.week), dtype=np.int64) if places is None else places
        modifier = at
    keys = np.zeros(len(at), dtype=np.int64)
    known = np.ones(len(at), dtype=bool)
    for name in template:
        code = modifier if name == "modifier" else coded.codes[name][at]
        known &= code > 0
        keys = keys * coded.size(name) + code
    return Keyed(at[known], keys[known])


def words_of(coded: Coded, names: Sequence[str], key: int) -> dict[str, str]:
    """Return the values that a key stands for."""
    found: dict[str, str] = {}
    for name in reversed(names):
        key, code = divmod(key, coded.size(name))
        found[name] = coded.words[name][code]
    return found


def event_keys(coded: Coded, level: Level, places: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the key of the events at a level, and which of them have one."""
    keys = np.zeros(len(places), dtype=np.int64)
    known = np.ones(len(places), dtype=bool)
    for name in level:
        code = coded.codes[name][places]
        known &= code > 0
        keys = keys * coded.size(name) + code
    return keys, known


def event_keys_count(coded: Coded, level: Level) -> int:
    """Return a number that all keys of the level are below."""
    count = 1
    for name in level:
        count *= coded.size(name)
    return count


def has_level(coded: Coded, level: Level) -> bool:
    """Say whether any event is known so finely."""
    return not level or len(coded.words[level[-1]]) > 1


@dataclass(slots=True)
class Hypotheses:
    """The hypotheses of one template and level, with their weekly counts."""

    template: Template
    level: Level
    scopes: Ints  # key of each
    event_keys: Ints
    outcomes: Floats = field(repr=False)  # [hypothesis, week]
    events: Floats = field(repr=False)
    base: Floats = field(repr=False)  # how often such events are among all outcomes


def hypotheses(coded: Coded, settings: Settings) -> list[Hypotheses]:
    """Return every hypothesis with enough recent events, by template and level."""
    found: list[Hypotheses] = []
    is_event = coded.rows["is_event"].to_numpy()
    for template in coded.templates:
        keyed = keys_of(coded, template)
        hit = is_event[keyed.places]
        places, keys = keyed.places[hit], keyed.keys[hit]
        drafts = [_supported(coded, level, places, keys, settings) for level in LEVELS]
        scopes = np.unique(np.concatenate([draft[0] for draft in drafts]))
        if not len(scopes):
            continue
        outcomes = _weekly(scopes, keyed.keys, coded.week[keyed.places], coded.weeks)
        for level, (scope, event) in zip(LEVELS, drafts, strict=True):
            if not len(scope):
                continue
            found.append(
                Hypotheses(
                    template,
                    level,
                    scope,
                    event,
                    outcomes[np.searchsorted(scopes, scope)],
                    events_weekly(coded, level, scope, event, places, keys),
                    _base(coded, level, event),
                )
            )
    return found


def _supported(
    coded: Coded, level: Level, places: Ints, keys: Ints, settings: Settings
) -> tuple[Ints, Ints]:
    """Return scope and event key of what has enough recent events, in order of their keys."""
    if not has_level(coded, level):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    recent = coded.week[places] >= coded.weeks - settings.recent_weeks
    event, known = event_keys(coded, level, places[recent])
    width = event_keys_count(coded, level)
    pairs, counts = np.unique(keys[recent][known] * width + event[known], return_counts=True)
    kept = pairs[counts >= settings.events_recent_min]
    return kept // width, kept % width


def _base(coded: Coded, level: Level, events: Ints) -> Floats:
    """Return the share of all outcomes that are events of these keys, never quite 0 or 1."""
    key, known = event_keys(coded, level, coded.events)
    keys, counts = np.unique(key[known], return_counts=True)
    share = (counts[np.searchsorted(keys, events)] + 0.5) / (len(coded.week) + 1.0)
    return np.asarray(share, dtype=np.float64)


def events_weekly(
    coded: Coded, level: Level, scopes: Ints, events: Ints, places: Ints, keys: Ints
) -> Floats:
    """Return the weekly counts of the events at `places` with `keys`, for each hypothesis."""
    width = event_keys_count(coded, level)
    event, known = event_keys(coded, level, places)
    return _weekly(
        scopes * width + events,
        keys[known] * width + event[known],
        coded.week[places[known]],
        coded.weeks,
    )


def _weekly(wanted: Ints, keys: Ints, week: Ints, weeks: int) -> Floats:
    """Count by week how often each of `wanted` (any order, no doubles) is among `keys`."""
    order = np.argsort(wanted, kind="stable")
    ranked = wanted[order]
    at = np.minimum(np.searchsorted(ranked, keys), max(len(ranked) - 1, 0))
    hit = ranked[at] == keys if len(ranked) else np.zeros(len(keys), dtype=bool)
    counts = np.bincount(order[at[hit]] * weeks + week[hit], minlength=len(wanted) * weeks)
    return counts.reshape(len(wanted), weeks).astype(np.float64)
