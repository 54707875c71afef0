"""How one hospital claim is priced as a whole: case, group, days, stop-loss, outlier, transfer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sanderling.core.contracts.base_prices import escalated
from sanderling.core.contracts.reference_rates import plain, rounded_cents
from sanderling.core.contracts.terms import CaseRate, Escalator, Institutional, PerDiem

_FIRST_ROOM, _LAST_ROOM = 100, 219  # revenue codes of room and board


@dataclass(frozen=True, slots=True)
class Stay:
    """One claim of a hospital; the lists are of its lines, carved-out lines left out."""

    drg: str
    days: int | None
    discharge_status: str
    service_date: date
    charge_cents: int
    revenue_codes: list[str]
    procedures: list[str]
    units: list[int]
    base_cents: int | None  # the sum of the lines' own prices; null: one has none


@dataclass(slots=True)
class StayPrice:
    """The price of a claim; `cents` null: the method is known, but not what it needs."""

    cents: int | None
    method: str
    term: str
    flags: list[str] = field(default_factory=list)
    notes: list[tuple[str, int]] = field(default_factory=list)


def is_priced_whole(rule: Institutional | None) -> bool:
    """Tell whether claims may have a price as a whole under this rule."""
    if rule is None:
        return False
    amounts = (rule.per_diem_cents, rule.case_rate_cents, rule.drg_base_cents)
    return (
        any(amount is not None for amount in amounts)
        or bool(rule.per_diems or rule.case_rates)
        or rule.stop_loss is not None
        or rule.outlier is not None
    )


def stay_price(
    rule: Institutional, stay: Stay, escalators: tuple[Escalator, ...]
) -> StayPrice | None:
    """Return the price of the claim; None: its lines are priced one by one."""
    found = (
        _by_named_case(rule, stay, escalators)
        or _by_case(rule, stay, escalators)
        or _by_group(rule, stay, escalators)
        or _by_days(rule, stay, escalators)
    )
    is_by_line = found is None
    if found is None:
        found = StayPrice(stay.base_cents, "percent_of_charge", "line by line")
        if stay.base_cents is not None:
            found.notes.append(("sum of the lines", stay.base_cents))
    is_above = _stop_loss(rule, stay, found) or _outlier(rule, stay, found)
    return None if is_by_line and not is_above else found


def _raised(cents: int, stay: Stay, escalators: tuple[Escalator, ...]) -> int:
    return escalated(cents, escalators, None, stay.service_date)[0]


def _by_named_case(
    rule: Institutional, stay: Stay, escalators: tuple[Escalator, ...]
) -> StayPrice | None:
    for case in rule.case_rates:
        if _fits(case, stay):
            cents = _raised(case.cents, stay, escalators)
            term = f"case rate {case.name}".rstrip()
            return StayPrice(cents, "case_rate", term, notes=[(term, cents)])
    return None


def _fits(case: CaseRate, stay: Stay) -> bool:
    if not (case.revenue_codes or case.codes or case.drgs):
        return True
    return (
        stay.drg in case.drgs
        or any(code in case.codes for code in stay.procedures)
        or any(code in case.revenue_codes for code in stay.revenue_codes)
    )


def _by_case(
    rule: Institutional, stay: Stay, escalators: tuple[Escalator, ...]
) -> StayPrice | None:
    if rule.case_rate_cents is None:
        return None
    cents = _raised(rule.case_rate_cents, stay, escalators)
    return StayPrice(cents, "case_rate", "case rate", notes=[("case rate", cents)])


def _by_group(
    rule: Institutional, stay: Stay, escalators: tuple[Escalator, ...]
) -> StayPrice | None:
    if rule.drg_base_cents is None:
        return None
    group = rule.drgs.get(stay.drg)
    if group is None:
        name = stay.drg or "not stated on the claim"
        return StayPrice(None, "unpriced", f"no weight for the group ({name})")
    base = _raised(rule.drg_base_cents, stay, escalators)
    full = base * group.weight
    cents = rounded_cents(full)
    term = "base rate by weight of the group"
    price = StayPrice(cents, "drg", term)
    price.notes.append((f"group {stay.drg}: base rate at weight {plain(group.weight)}", cents))
    is_transfer = stay.discharge_status in rule.transfer_statuses
    if is_transfer and group.mean_days and stay.days is not None:
        by_day = rounded_cents(full * (stay.days + 1) / group.mean_days)
        if by_day < cents:
            price.cents = by_day
            price.flags.append("TRANSFER")
            words = f"transferred: {stay.days} + 1 of {plain(group.mean_days)} mean days"
            price.notes.append((words, by_day))
    return price


def _by_days(
    rule: Institutional, stay: Stay, escalators: tuple[Escalator, ...]
) -> StayPrice | None:
    tiers = rule.per_diems
    if rule.per_diem_cents is not None:
        tiers = (*tiers, PerDiem(rule.per_diem_cents))
    if not tiers:
        return None
    days = stay.days if stay.days is not None else _room_days(stay)
    if not days:
        return StayPrice(None, "unpriced", "days of the stay not known")
    price = StayPrice(0, "per_diem", "per diem")
    left, total = days, 0
    for codes in dict.fromkeys(tier.revenue_codes for tier in tiers if tier.revenue_codes):
        of_codes = [tier for tier in tiers if tier.revenue_codes == codes]
        there = [
            units
            for code, units in zip(stay.revenue_codes, stay.units, strict=True)
            if code in codes
        ]
        count = min(left, sum(there))
        left -= count
        total += _tier_cents(of_codes, count, stay, escalators, price)
    general = [tier for tier in tiers if not tier.revenue_codes]
    if left and not general:
        return StayPrice(None, "unpriced", "no rate for some days of the stay")
    total += _tier_cents(general, left, stay, escalators, price)
    price.cents = total
    return price


def _tier_cents(
    tiers: list[PerDiem],
    days: int,
    stay: Stay,
    escalators: tuple[Escalator, ...],
    price: StayPrice,
) -> int:
    """Return the price of so many days; each day has the latest tier that has begun."""
    total = 0
    begun = sorted(tiers, key=lambda tier: tier.from_day)
    for number, tier in enumerate(begun):
        until = begun[number + 1].from_day - 1 if number + 1 < len(begun) else days
        count = max(0, min(days, until) - tier.from_day + 1)
        if not count:
            continue
        rate = _raised(tier.cents, stay, escalators)
        total += rate * count
        price.notes.append((f"{count} days at {rate / 100:,.2f}", rate * count))
    return total


def _room_days(stay: Stay) -> int:
    pairs = zip(stay.revenue_codes, stay.units, strict=True)
    return sum(
        units for code, units in pairs if code.isdigit() and _FIRST_ROOM <= int(code) <= _LAST_ROOM
    )


def _stop_loss(rule: Institutional, stay: Stay, price: StayPrice) -> bool:
    limit = rule.stop_loss
    if limit is None or stay.charge_cents <= limit.threshold_cents:
        return False
    if limit.is_first_dollar:
        cents = rounded_cents(stay.charge_cents * limit.percent_of_charge)
        price.term = "stop-loss from the first dollar"
    elif price.cents is None:
        return False
    else:
        above = stay.charge_cents - limit.threshold_cents
        cents = price.cents + rounded_cents(above * limit.percent_of_charge)
        price.term += ", stop-loss above the threshold"
    price.cents, price.method = cents, "stop_loss"
    price.flags.append("OUTLIER")
    percent = plain(limit.percent_of_charge * 100)
    of = "all charges" if limit.is_first_dollar else "charges above the threshold"
    price.notes.append((f"stop-loss: {percent} % of {of}", cents))
    return True


def _outlier(rule: Institutional, stay: Stay, price: StayPrice) -> bool:
    limit = rule.outlier
    if limit is None or price.cents is None:
        return False
    cost = stay.charge_cents * limit.cost_to_charge
    excess = cost - price.cents - limit.fixed_loss_cents
    if excess <= 0:
        return False
    price.cents += rounded_cents(excess * limit.share)
    price.flags.append("OUTLIER")
    price.term += ", outlier"
    words = f"outlier: {plain(limit.share * 100)} % of cost above price and fixed loss"
    price.notes.append((words, price.cents))
    return True
