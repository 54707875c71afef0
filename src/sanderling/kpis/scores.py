"""Scorecards: payers, clients, providers and teams side by side, and what changed about each.

A card is of the last months that are over; a change is a month that lies more than two standard
deviations from the twelve before it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from sanderling.core.codes.carc import title_of
from sanderling.core.kpis.definitions import BY_KEY, Definition
from sanderling.core.kpis.frames import Period, add_months
from sanderling.core.kpis.limits import FEW
from sanderling.kpis.asking import Pair, Question, Sums, added, kept, of_clients, over_time
from sanderling.kpis.models import Month

CARD_MONTHS: Final = 3
BEFORE_MONTHS: Final = 12  # by which the latest month is judged
JUDGED_FROM: Final = 6  # months before; fewer say nothing
SIGMAS: Final = 2.0
REASONS_SHOWN: Final = 5
_P50, _P90 = 0.5, 0.9

_OF_PAYERS: Final = (
    *("claims_decided", "charges", "pay_days", "prompt_rate", "denial_rate"),
    *("denial_dollar_rate", "overturn_rate", "no_response_rate", "rejection_rate"),
    *("records_request_rate", "authorization_denial_rate", "recoupment_rate"),
    *("touches_per_claim", "touches_per_1000_dollars", "appeal_success_rate", "appeal_days"),
    *("interest_captured_rate", "underpayment_rate", "payer_yield_rate"),
)
_OF_CLIENTS: Final = (
    *("claims_decided", "charges", "payments", "days_in_ar", "over_90_rate"),
    *("net_collection_rate", "denial_rate", "denial_dollar_rate", "preventable_rate"),
    *("overturn_rate", "rejection_rate", "first_pass_rate", "charge_lag_days"),
    *("bill_to_pay_days", "client_pend_rate", "touches_per_claim"),
)
_OF_PROVIDERS: Final = (
    *("claims_decided", "charges", "payments", "denial_rate", "denial_dollar_rate"),
    *("preventable_rate", "first_pass_rate", "rejection_rate", "charge_lag_days", "over_90_rate"),
)
_OF_TEAMS: Final = ("touches_per_hour", "paid_per_touch", "follow_up_rate", "qa_score_rate")
FIGURES: Final[Mapping[str, tuple[str, ...]]] = {
    "payer": _OF_PAYERS,
    "client": _OF_CLIENTS,
    "provider": _OF_PROVIDERS,
    "team": _OF_TEAMS,
}
# Not told before lines are priced: left out while nothing is.
IF_TOLD: Final = ("underpayment_rate", "payer_yield_rate")


@dataclass(frozen=True, slots=True)
class Change:
    """The latest month against those before it."""

    value: float
    mean: float
    deviation: float

    @property
    def is_up(self) -> bool:
        """Say whether the latest month is higher."""
        return self.value > self.mean


@dataclass(frozen=True, slots=True)
class Card:
    """One payer, client, provider or team: sums of the card's months, of each month, changes."""

    id: Any
    sums: Sums
    months: tuple[Sums | None, ...]
    changes: Mapping[str, Change]

    def by_month(self, one: Definition) -> tuple[float | None, ...]:
        """Return a figure by month."""
        return tuple(None if sums is None else one.value(*sums[one.key]) for sums in self.months)


@dataclass(frozen=True, slots=True)
class Cards:
    """Cards of a kind; `figures`: in order; `period`: what the sums are of."""

    who: str
    period: Period
    figures: tuple[Definition, ...]
    cards: tuple[Card, ...]


def closed(months: Sequence[Month]) -> list[Month]:
    """Return the months that are over."""
    return [one for one in months if (add_months(one.month_date, 1) - one.as_of_date).days == 1]


def cards(
    who: str,
    months: Sequence[Month],
    *,
    client_ids: tuple[int, ...] | None = None,
    payer_id: int | None = None,
) -> Cards | None:
    """Return the cards of `who` (a key of FIGURES); None: no month is over yet.

    `months`: kept ones. `payer_id`: of clients, what each has with this payer.
    """
    over = closed(months)[-(BEFORE_MONTHS + CARD_MONTHS) :]
    if not over:
        return None
    periods = tuple(Period(one.month_date, one.as_of_date) for one in over)
    question = Question(
        periods, (who,), client_ids=client_ids, payer_id=payer_id, keys=FIGURES[who]
    )
    found = kept(question)
    latest = periods[-CARD_MONTHS:]
    recent = Question(latest, (who,), keys=FIGURES[who])
    sums = {
        row.group[0]: row.sums
        for row in over_time([row for row in found if row.period in latest], recent)
    }
    monthly: dict[Any, dict[Period, Sums]] = {}
    for row in found:
        monthly.setdefault(row.group[0], {})[row.period] = row.sums
    figures = tuple(
        BY_KEY[key] for key in FIGURES[who]
        if key not in IF_TOLD or any(one[key][1] for one in sums.values())
    )  # fmt: skip
    return Cards(
        who,
        Period(latest[0].from_date, latest[-1].to_date),
        figures,
        tuple(
            _card(key, sums[key], tuple(map(monthly[key].get, periods)), figures) for key in sums
        ),
    )


def _card(
    key: Any,  # noqa: ANN401 - an id or a word
    sums: Sums,
    months: tuple[Sums | None, ...],
    figures: Sequence[Definition],
) -> Card:
    changes = {}
    for one in figures:
        change = changed(one, [None if month is None else month[one.key] for month in months])
        if change is not None:
            changes[one.key] = change
    return Card(key, sums, months, changes)


def changed(one: Definition, pairs: Sequence[Pair | None]) -> Change | None:
    """Return how far the last month is from those before when that is unusual, else None.

    Shares of few outcomes are not judged, and what never varied is not.
    """
    last = pairs[-1] if pairs else None
    is_counted = one.is_of_counts
    if last is None or one.value(*last) is None or (is_counted and last[1] < FEW):
        return None
    judged = [pair for pair in pairs if pair is not None and (not is_counted or pair[1] >= FEW)]
    if len(judged) <= JUDGED_FROM:
        return None
    known = [value for pair in judged if (value := one.value(*pair)) is not None]
    if len(known) <= JUDGED_FROM:
        return None
    before = known[-(BEFORE_MONTHS + 1) : -1]
    if min(before) == max(before):
        return None
    mean = statistics.fmean(before)
    # statistics.stdev reckons with fractions: exact, and half a second for a thousand cards.
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in before) / (len(before) - 1))
    if abs(known[-1] - mean) <= SIGMAS * deviation:
        return None
    return Change(known[-1], mean, deviation)


def whole(found: Cards) -> Sums:
    """Return the sums over all cards."""
    total: Sums = {one.key: (0, 0) for one in found.figures}
    for card in found.cards:
        total = added(total, card.sums)
    return total


def pay_days(
    period: Period, *, client_ids: tuple[int, ...] | None = None
) -> dict[int, tuple[int, int]]:
    """Return median and P90 of the days to pay, by payer, of the claims decided in the months."""
    found = _sums_of(
        "SELECT payer_id, days, sum(claims)::bigint FROM kpis_pay_days"
        " WHERE month_date BETWEEN %(first)s AND %(last)s AND {of} GROUP BY payer_id, days"
        " ORDER BY payer_id, days",
        period,
        client_ids,
    )
    counts: dict[int, list[tuple[int, int]]] = {}
    for payer_id, days, claims in found:
        counts.setdefault(payer_id, []).append((days, claims))
    return {
        payer_id: (quantile(some, _P50), quantile(some, _P90)) for payer_id, some in counts.items()
    }


def quantile(counts: Sequence[tuple[int, int]], share: float) -> int:
    """Return the least value that at least `share` of the counted reach; `counts`: by value."""
    needed, so_far = share * sum(count for _, count in counts), 0
    for value, count in counts:
        so_far += count
        if so_far >= needed:
            return value
    return counts[-1][0]


def reasons(
    period: Period, *, payer_id: int | None = None, client_ids: tuple[int, ...] | None = None
) -> dict[int, list[dict[str, Any]]]:
    """Return why payers refused at first, by payer, the most frequent reasons first."""
    found = _sums_of(
        "SELECT payer_id, group_code, reason_code, sum(claims)::bigint, sum(denied_cents)::bigint"
        " FROM kpis_refusals WHERE month_date BETWEEN %(first)s AND %(last)s AND {of}"
        " GROUP BY payer_id, group_code, reason_code ORDER BY payer_id, 4 DESC, 5 DESC, 2, 3",
        period,
        client_ids,
    )
    listed: dict[int, list[dict[str, Any]]] = {}
    for payer, group, code, claims, cents in found:
        if payer_id is None or payer == payer_id:
            listed.setdefault(payer, []).append({
                "code": f"{group}-{code}" if group else code, "title": title_of(code),
                "claims": claims, "denied_cents": cents,
            })  # fmt: skip
    return listed


def _sums_of(
    statement: str, period: Period, client_ids: tuple[int, ...] | None
) -> list[tuple[Any, ...]]:
    params: dict[str, Any] = {"first": period.from_date, "last": period.to_date}
    of = of_clients(client_ids, params)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(of=of), params)
        return list(cursor.fetchall())
