"""Prompt pay, the No Surprises Act and the 60-day rule."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from sanderling.core.deadlines.no_surprises import dispute_days
from sanderling.core.deadlines.overpayments import return_by_date
from sanderling.core.deadlines.prompt_pay import (
    ITEM_SCHEMA,
    PromptPay,
    jurisdiction_of,
    prompt_pay,
    prompt_pay_frame,
    prompt_pay_rules,
    rates_text,
    rule_in_force,
)

RECEIVED = date(2026, 1, 5)


def owed(jurisdiction: str, paid_date: date, net_cents: int = 100_000, **more: Any) -> PromptPay:
    found = prompt_pay(
        jurisdiction=jurisdiction,
        received_date=more.pop("received_date", RECEIVED),
        paid_date=paid_date,
        net_cents=net_cents,
        **more,
    )
    assert found is not None
    return found


class TestPromptPay:
    def test_b3_4_new_york(self) -> None:
        found = owed("NY", date(2026, 3, 6))

        assert found.due_date == date(2026, 2, 4)
        assert found.late_days == 30
        assert found.interest_cents == 986

    @pytest.mark.parametrize(
        ("jurisdiction", "words"),
        [
            ("NY", "12% a year"),
            ("DC", "18% a year to day 60, 24% to day 120, 30% after"),
            ("medicare", ""),
        ],
    )
    def test_rates_in_words(self, jurisdiction: str, words: str) -> None:
        rule = rule_in_force(jurisdiction, RECEIVED)
        assert rule is not None
        assert rates_text(rule) == words

    def test_no_rule_before_it_began(self) -> None:
        assert rule_in_force("CA", date(2025, 12, 31)) is None
        assert rule_in_force("CA", date(2026, 1, 1)) is not None

    def test_paper_has_more_days(self) -> None:
        found = owed("NY", date(2026, 3, 6), is_electronic=False)

        assert found.due_date == date(2026, 2, 19)
        assert found.interest_cents == 493  # 1,000.00 x 12 % x 15 / 365 = 4.9315

    def test_paid_on_the_last_day_owes_nothing(self) -> None:
        assert owed("NY", date(2026, 2, 4)).interest_cents == 0
        assert owed("NY", date(2026, 2, 5)).interest_cents == 33
        assert owed("NY", date(2026, 1, 20)).late_days == 0

    def test_half_a_cent_goes_up(self) -> None:
        # 73 days at 10 % are a fiftieth, so 25 cents make exactly half a cent.
        late = date(2026, 4, 18)  # 73 days after 2026-02-04
        assert owed("AZ", late, 25).interest_cents == 1
        assert owed("AZ", late, 24).interest_cents == 0

    def test_rates_that_rise_with_time_count_each_span_at_its_own(self) -> None:
        # Days 31 to 60 at 18 %, 61 to 120 at 24 %, the next 10 at 30 %.
        paid = date(2026, 5, 15)  # day 130
        assert owed("DC", paid).interest_cents == round(
            100_000 * (30 * 0.18 + 60 * 0.24 + 10 * 0.30) / 365
        )

    def test_without_a_fixed_rate_the_day_is_known_and_interest_is_not(self) -> None:
        late = owed("medicare", date(2026, 2, 14))

        assert late.due_date == date(2026, 2, 4)
        assert late.interest_cents is None
        assert owed("medicare", date(2026, 2, 4)).interest_cents == 0
        assert owed("medicare", date(2026, 2, 14), annual_rate=365).interest_cents == 100

    def test_a_rule_counts_from_its_first_day(self) -> None:
        def of(received_date: date) -> PromptPay | None:
            return prompt_pay(
                jurisdiction="CA",
                received_date=received_date,
                paid_date=date(2026, 3, 6),
                net_cents=1,
            )

        assert of(date(2025, 12, 31)) is None
        assert of(date(2026, 1, 1)) is not None

    def test_a_state_without_a_sourced_rule_has_none(self) -> None:
        assert (
            prompt_pay(jurisdiction="WY", received_date=RECEIVED, paid_date=RECEIVED, net_cents=1)
            is None
        )

    def test_money_taken_back_earns_nothing(self) -> None:
        assert owed("NY", date(2026, 3, 6), -100_000).interest_cents == 0

    def test_each_rule_names_a_source(self) -> None:
        assert all(rule.source.startswith("S") for rule in prompt_pay_rules())

    def test_whose_rule_binds(self) -> None:
        assert jurisdiction_of(payer_type="medicare", state="NY") == "medicare"
        assert jurisdiction_of(payer_type="bcbs", state="NY") == "NY"
        assert jurisdiction_of(payer_type="bcbs", state="") is None
        assert jurisdiction_of(payer_type="medicaid", state="NY") is None

    def test_the_frame_agrees_with_the_single_claim(self) -> None:
        rows: list[tuple[int, str, date | None, date, int, bool | None]] = [
            (1, "NY", RECEIVED, date(2026, 3, 6), 100_000, True),
            (2, "NY", RECEIVED, date(2026, 3, 6), 100_000, False),
            (3, "DC", RECEIVED, date(2026, 5, 15), 123_457, None),
            (4, "medicare", RECEIVED, date(2026, 3, 6), 5_000, True),
            (5, "medicare", RECEIVED, date(2026, 2, 1), 5_000, True),
            (6, "WY", RECEIVED, date(2026, 3, 6), 5_000, True),
            (7, "CA", date(2025, 6, 1), date(2026, 3, 6), 5_000, True),
            (8, "NY", None, date(2026, 3, 6), 5_000, True),
            (9, "NY", RECEIVED, date(2026, 3, 6), -5_000, True),
        ]
        found = prompt_pay_frame(pl.DataFrame(rows, schema=ITEM_SCHEMA, orient="row"))

        assert found["item_id"].to_list() == list(range(1, 10))
        for row, (_, place, received, paid, net, electronic) in zip(
            found.iter_rows(named=True), rows, strict=True
        ):
            single = (
                prompt_pay(
                    jurisdiction=place,
                    received_date=received,
                    paid_date=paid,
                    net_cents=net,
                    is_electronic=electronic is not False,
                )
                if received
                else None
            )
            if single is None:
                assert row["due_date"] is None
                assert row["interest_cents"] is None
                continue
            assert (row["due_date"], row["late_days"], row["interest_cents"]) == (
                single.due_date,
                single.late_days,
                single.interest_cents,
            )


def test_b3_5_days_of_the_no_surprises_act() -> None:
    found = dispute_days(initial_payment_date=date(2026, 1, 20))

    assert found.negotiation_start_by_date == date(2026, 3, 4)
    assert found.negotiation_end_date == date(2026, 4, 15)
    assert found.dispute_start_by_date == date(2026, 4, 21)


def test_negotiation_opened_early_ends_early() -> None:
    found = dispute_days(
        initial_payment_date=date(2026, 1, 20), negotiation_started_date=date(2026, 2, 2)
    )

    assert found.negotiation_start_by_date == date(2026, 3, 4)
    assert found.negotiation_end_date == date(2026, 3, 17)  # 16 February is a holiday


class TestOverpayments:
    IDENTIFIED = date(2026, 2, 1)

    def test_b3_7_an_investigation_stops_the_clock(self) -> None:
        assert return_by_date(
            identified_date=self.IDENTIFIED,
            investigation_started_date=self.IDENTIFIED,
            investigation_ended_date=date(2026, 5, 1),
        ) == date(2026, 6, 30)

    def test_without_one_sixty_days(self) -> None:
        assert return_by_date(identified_date=self.IDENTIFIED) == date(2026, 4, 2)

    @pytest.mark.parametrize("ended", [None, date(2026, 7, 31), date(2027, 1, 1)])
    def test_it_stops_for_180_days_at_most(self, ended: date | None) -> None:
        assert return_by_date(
            identified_date=self.IDENTIFIED,
            investigation_started_date=self.IDENTIFIED,
            investigation_ended_date=ended,
        ) == date(2026, 9, 29)

    def test_days_used_before_it_stay_used(self) -> None:
        assert return_by_date(
            identified_date=self.IDENTIFIED,
            investigation_started_date=date(2026, 2, 11),
            investigation_ended_date=date(2026, 5, 1),
        ) == date(2026, 6, 20)

    def test_one_begun_too_late_stops_nothing(self) -> None:
        assert return_by_date(
            identified_date=self.IDENTIFIED,
            investigation_started_date=date(2026, 4, 3),
            investigation_ended_date=date(2026, 5, 1),
        ) == date(2026, 4, 2)

    @pytest.mark.parametrize(
        ("started", "ended"),
        [(date(2026, 1, 31), date(2026, 5, 1)), (date(2026, 3, 1), date(2026, 2, 20))],
    )
    def test_days_in_the_wrong_order_are_refused(self, started: date, ended: date) -> None:
        with pytest.raises(ValueError, match="investigation"):
            return_by_date(
                identified_date=self.IDENTIFIED,
                investigation_started_date=started,
                investigation_ended_date=ended,
            )
