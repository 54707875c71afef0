from __future__ import annotations

from collections import Counter

from sanderling.core.deadlines.published import PublishedLimit, published_limits
from sanderling.core.deadlines.rules import (
    AMOUNT_MAX,
    PAYER_TYPES,
    Clock,
    Confidence,
    Kind,
    Unit,
    WeekendRule,
    clocks_of,
    limits,
    system_rules,
)


def of(name: str, kind: Kind = Kind.TIMELY_FILING) -> list[PublishedLimit]:
    return [one for one in published_limits() if one.name == name and one.kind is kind]


def test_each_can_be_set_as_a_rule() -> None:
    for one in published_limits():
        assert (one.kind, one.level) in limits(), one.key
        assert one.clock in clocks_of(one.kind, one.level), one.key
        assert 1 <= one.amount <= AMOUNT_MAX[one.unit], one.key
        assert one.payer_type in PAYER_TYPES, one.key
        assert one.source, one.key


def test_keys_name_one_each() -> None:
    assert Counter(one.key for one in published_limits()).most_common(1)[0][1] == 1


def test_all_states_and_the_district_have_a_medicaid_limit() -> None:
    programs = [one for one in published_limits() if one.name.endswith(" Medicaid")]

    assert len({one.name for one in programs if one.kind is Kind.TIMELY_FILING}) == 51
    # 42 CFR 447.45(d)(1): twelve months at most.
    assert all(one.amount <= (12 if one.unit is Unit.MONTHS else 366) for one in programs)


def test_some_as_the_domain_reference_has_them() -> None:
    (texas,) = of("Texas Medicaid")
    (federal,) = of("Blue Federal Employee Program")
    (corrected,) = of("Aetna", Kind.CORRECTED_CLAIM)
    (delaware,) = of("Delaware Medicaid")

    assert (texas.amount, texas.weekend_rule) == (95, WeekendRule.NEXT_BUSINESS_DAY)
    assert (federal.amount, federal.unit) == (1, Unit.CALENDAR_YEAR_END)
    assert federal.words == (
        "Blue Federal Employee Program: timely filing to 31 December of the next year from service"
    )
    assert (corrected.amount, corrected.clock) == (180, Clock.REMITTANCE)
    assert delaware.confidence is Confidence.LOW
    assert {one.amount: one.provider_status.value for one in of("Cigna")} == {
        90: "par",
        180: "nonpar",
    }


def test_none_of_them_is_in_force_by_itself() -> None:
    names = " ".join(system_rules()["rule_id"])

    assert "Aetna" not in names
    assert system_rules()["payer_id"].null_count() == system_rules().height
