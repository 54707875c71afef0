from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.unit.core.deadlines.needs import answer, last_day, needs, overrides, payers

from sanderling.core.deadlines.due import DEADLINE_SCHEMA, deadlines
from sanderling.core.deadlines.rules import rules_frame

SERVICE, THROUGH = date(2026, 1, 2), date(2026, 1, 9)
PRIMARY, REMITTANCE = date(2026, 2, 10), date(2026, 2, 20)
REQUEST, NOTICE = date(2026, 3, 1), date(2026, 3, 5)
DAYS = {
    "service_from_date": SERVICE,
    "service_to_date": THROUGH,
    "primary_remittance_date": PRIMARY,
    "remittance_date": REMITTANCE,
    "request_date": REQUEST,
    "notice_date": NOTICE,
}


def need(kind: str, payer_type: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "payer_type": payer_type, **DAYS, **more}


def test_b3_1_ninety_days_from_service() -> None:
    found = answer(need("timely_filing", "commercial"))

    assert found["deadline_date"] == date(2026, 4, 2)
    assert found["rule"] == "90 days from service, default of commercial payers"
    assert found["rule_id"] == "system:commercial:timely_filing"
    assert found["confidence"] == "M"


def test_b3_2_a_year_from_a_leap_day() -> None:
    asked = need("timely_filing", "medicare", service_from_date=date(2024, 2, 29))

    assert last_day(asked) == date(2025, 2, 28)


def test_b3_3_redetermination_counts_from_presumed_receipt() -> None:
    asked = need("appeal", "medicare", level=1, remittance_date=date(2026, 1, 20))

    assert last_day(asked) == date(2026, 5, 25)


def test_b6_16_the_next_level_counts_from_the_letter() -> None:
    letter = date(2026, 6, 30)

    assert last_day(need("appeal", "medicare", level=2, notice_date=letter)) == date(2026, 12, 27)
    assert last_day(need("appeal", "medicare", level=3, notice_date=letter)) == date(2026, 8, 29)
    assert last_day(need("appeal", "commercial", level=2, notice_date=letter)) == date(2026, 8, 29)
    assert answer(need("appeal", "medicare", level=2, notice_date=None))["deadline_date"] is None


# The design's type defaults, one line each: from 2026-01-02 (through 2026-01-09), the primary's
# remittance of 2026-02-10, remittance of 2026-02-20, request of 2026-03-01, notice of 2026-03-05.
@pytest.mark.parametrize(
    ("kind", "payer_type", "more", "expected"),
    [
        ("timely_filing", "medicare", {}, date(2027, 1, 2)),
        ("timely_filing", "medicare", {"is_institutional": True}, date(2027, 1, 9)),
        ("timely_filing", "medicare_advantage", {}, date(2027, 1, 2)),
        ("timely_filing", "medicaid", {}, date(2026, 7, 1)),
        ("timely_filing", "bcbs", {}, date(2026, 7, 1)),
        ("timely_filing", "tricare", {}, date(2027, 1, 2)),
        ("timely_filing", "va", {}, date(2026, 7, 1)),
        ("timely_filing", "workers_comp", {}, date(2027, 1, 2)),
        ("timely_filing", "auto", {}, date(2026, 2, 6)),
        ("timely_filing", "other", {}, date(2026, 4, 2)),
        ("timely_filing", "", {}, date(2026, 4, 2)),
        ("corrected_claim", "medicare", {}, date(2027, 1, 2)),
        ("corrected_claim", "medicare_advantage", {}, date(2026, 7, 1)),
        ("corrected_claim", "medicaid", {}, date(2026, 7, 1)),
        ("corrected_claim", "commercial", {}, date(2026, 7, 1)),
        ("corrected_claim", "bcbs", {}, date(2027, 1, 2)),
        ("corrected_claim", "tricare", {}, date(2026, 5, 21)),
        ("corrected_claim", "va", {}, date(2026, 5, 21)),
        ("corrected_claim", "workers_comp", {}, date(2026, 7, 1)),
        ("corrected_claim", "auto", {}, date(2026, 4, 2)),
        ("appeal", "medicare_advantage", {}, date(2026, 4, 21)),
        ("appeal", "medicaid", {"level": 1}, date(2026, 4, 21)),
        ("appeal", "commercial", {}, date(2026, 8, 19)),
        ("appeal", "bcbs", {}, date(2026, 8, 19)),
        ("appeal", "tricare", {}, date(2026, 5, 21)),
        ("appeal", "tricare", {"level": 2}, date(2026, 5, 4)),
        ("appeal", "va", {}, date(2026, 5, 21)),
        ("appeal", "workers_comp", {}, date(2026, 5, 21)),
        ("appeal", "auto", {}, date(2026, 8, 19)),
        ("appeal", "medicare", {"level": 5}, date(2026, 5, 4)),
        ("secondary_filing", "medicare", {"prior_payer_type": "commercial"}, date(2027, 1, 2)),
        ("secondary_filing", "medicaid", {"prior_payer_type": "medicare"}, date(2026, 8, 10)),
        ("secondary_filing", "medicaid", {"prior_payer_type": "commercial"}, date(2026, 5, 11)),
        ("secondary_filing", "medicaid", {}, date(2026, 5, 11)),
        ("secondary_filing", "commercial", {"prior_payer_type": "medicare"}, date(2026, 5, 11)),
        ("records", "medicare", {}, date(2026, 4, 15)),
        ("records", "bcbs", {}, date(2026, 3, 31)),
        ("takeback_dispute", "bcbs", {}, date(2026, 3, 22)),
        ("refund", "medicaid", {}, date(2026, 5, 4)),
        ("refund", "medicare_advantage", {}, date(2026, 5, 4)),
    ],
)
def test_the_defaults_of_a_type(
    kind: str, payer_type: str, more: dict[str, Any], expected: date
) -> None:
    assert last_day(need(kind, payer_type, **more)) == expected


@pytest.mark.parametrize(
    ("kind", "payer_type", "level"),
    [
        ("refund", "commercial", None),
        ("appeal", "commercial", 3),
        ("timely_filing", "self_pay", None),
        ("records", "self_pay", None),
    ],
)
def test_where_no_rule_fits_there_is_no_deadline(
    kind: str, payer_type: str, level: int | None
) -> None:
    found = answer(need(kind, payer_type, level=level))

    assert found["deadline_date"] is None
    assert found["rule_id"] is None
    assert found["rule"] is None
    assert found["is_met"] is False


def test_an_unknown_clock_day_gives_the_rule_but_no_day() -> None:
    found = answer(need("secondary_filing", "commercial", primary_remittance_date=None))

    assert found["deadline_date"] is None
    assert found["rule_id"] == "system:any:secondary_filing"


def test_a_professional_claim_counts_from_its_first_day_and_an_institutional_has_one_at_least() -> (
    None
):
    without_through = {"is_institutional": True, "service_to_date": None}

    assert last_day(need("timely_filing", "commercial", is_institutional=False)) == date(2026, 4, 2)
    assert last_day(need("timely_filing", "commercial", **without_through)) == date(2026, 4, 2)


class TestPayersOwnDays:
    RULES = rules_frame(
        payers=payers(
            {"payer_id": 7, "payer_name": "UNH05", "timely_filing_days": 120, "appeal_days": 30},
            {"payer_id": 8, "payer_name": "MED01", "appeal_days": 120},
        )
    )

    def test_they_go_before_the_type(self) -> None:
        found = answer(need("timely_filing", "commercial", payer_id=7), self.RULES)

        assert found["deadline_date"] == date(2026, 5, 2)
        assert found["rule"] == "120 days from service, payer UNH05"
        assert found["rule_id"] == "payer:7:timely_filing_days"

    def test_those_not_given_leave_the_type(self) -> None:
        assert last_day(need("corrected_claim", "commercial", payer_id=7), self.RULES) == date(
            2026, 7, 1
        )

    def test_an_appeal_of_the_payers_own_days_presumes_no_receipt(self) -> None:
        assert last_day(need("appeal", "medicare", payer_id=8), self.RULES) == date(2026, 6, 20)

    def test_they_are_of_the_first_level_only(self) -> None:
        asked = need("appeal", "commercial", payer_id=7, level=2)

        assert last_day(asked, self.RULES) == date(2026, 5, 4)

    def test_filing_days_do_not_bind_a_secondary_claim(self) -> None:
        assert last_day(need("secondary_filing", "commercial", payer_id=7), self.RULES) == date(
            2026, 5, 11
        )

    def test_another_payer_is_untouched(self) -> None:
        assert last_day(need("timely_filing", "commercial", payer_id=9), self.RULES) == date(
            2026, 4, 2
        )


class TestPrecedence:
    ROWS = (
        {"rule_number": 1, "kind": "timely_filing", "payer_type": "commercial", "amount": 50},
        {
            "rule_number": 2,
            "kind": "timely_filing",
            "payer_type": "commercial",
            "client_id": 3,
            "amount": 40,
        },
        {"rule_number": 3, "kind": "timely_filing", "payer_id": 7, "amount": 20},
        {"rule_number": 4, "kind": "timely_filing", "payer_id": 7, "client_id": 3, "amount": 10},
    )
    PAYERS = payers({"payer_id": 7, "payer_name": "UNH05", "timely_filing_days": 30})

    @pytest.mark.parametrize(
        ("left_out", "amount"),
        [
            (set(), 10),
            ({4}, 20),
            ({4, 3}, 30),
            ({4, 3, "payer"}, 40),
            ({4, 3, "payer", 2}, 50),
            ({4, 3, "payer", 2, 1}, 90),
        ],
    )
    def test_the_narrower_scope_wins(self, left_out: set[int | str], amount: int) -> None:
        rules = rules_frame(
            payers=None if "payer" in left_out else self.PAYERS,
            overrides=overrides(*(row for row in self.ROWS if row["rule_number"] not in left_out)),
        )

        found = answer(need("timely_filing", "commercial", payer_id=7, client_id=3), rules)

        assert (found["deadline_date"] - SERVICE).days == amount

    def test_a_clients_rule_does_not_bind_another_client(self) -> None:
        rules = rules_frame(overrides=overrides(*self.ROWS))

        found = answer(need("timely_filing", "commercial", payer_id=7, client_id=4), rules)

        assert found["rule_id"] == "rule:3"
        assert found["rule"] == "20 days from service, payer UNH05"

    def test_a_contracts_label_names_the_client(self) -> None:
        rules = rules_frame(overrides=overrides(*self.ROWS))

        found = answer(need("timely_filing", "commercial", payer_id=7, client_id=3), rules)

        assert found["rule"] == "10 days from service, payer UNH05, client ACME"

    def test_a_rule_for_an_order_of_payers_goes_before_one_for_any_order(self) -> None:
        base = {"kind": "secondary_filing", "payer_id": 7, "clock": "primary_remittance"}
        rules = rules_frame(
            overrides=overrides(
                {**base, "rule_number": 1, "amount": 60, "prior_payer_type": "medicare"},
                {**base, "rule_number": 2, "amount": 45},
            )
        )
        after = need("secondary_filing", "medicaid", payer_id=7, prior_payer_type="medicare")
        other = need("secondary_filing", "medicaid", payer_id=7, prior_payer_type="bcbs")

        assert answer(after, rules)["rule_id"] == "rule:1"
        assert answer(other, rules)["rule_id"] == "rule:2"

    def test_a_rule_for_providers_out_of_network_leaves_those_in_it(self) -> None:
        rules = rules_frame(
            overrides=overrides(
                {
                    "kind": "timely_filing",
                    "payer_id": 7,
                    "amount": 180,
                    "provider_status": "nonpar",
                }
            )
        )
        asked = needs(
            need("timely_filing", "commercial", payer_id=7),
            need("timely_filing", "commercial", payer_id=7),
        ).with_columns(provider_status=pl.Series(["nonpar", None]))

        assert deadlines(asked, rules)["deadline_date"].to_list() == [
            date(2026, 7, 1),
            date(2026, 4, 2),
        ]


class TestDatedRules:
    RULES = rules_frame(
        overrides=overrides(
            {
                "rule_number": 1,
                "kind": "timely_filing",
                "payer_id": 7,
                "amount": 180,
                "effective_to_date": date(2025, 12, 31),
            },
            {
                "rule_number": 2,
                "kind": "timely_filing",
                "payer_id": 7,
                "amount": 120,
                "effective_from_date": date(2026, 1, 1),
                "effective_to_date": date(2026, 6, 30),
            },
            {
                "rule_number": 3,
                "kind": "appeal",
                "level": 1,
                "payer_id": 7,
                "amount": 45,
                "clock": "remittance",
                "effective_from_date": date(2026, 1, 1),
            },
        )
    )

    @pytest.mark.parametrize(
        ("service_date", "rule_id"),
        [
            (date(2025, 12, 31), "rule:1"),
            (date(2026, 1, 1), "rule:2"),
            (date(2026, 6, 30), "rule:2"),
            (date(2026, 7, 1), "system:commercial:timely_filing"),
        ],
    )
    def test_the_service_day_says_which_holds(self, service_date: date, rule_id: str) -> None:
        asked = need("timely_filing", "commercial", payer_id=7, service_from_date=service_date)

        assert answer(asked, self.RULES)["rule_id"] == rule_id

    def test_an_appeal_rule_is_dated_by_the_remittance(self) -> None:
        early = need("appeal", "commercial", payer_id=7, remittance_date=date(2025, 12, 31))
        late = need("appeal", "commercial", payer_id=7, remittance_date=date(2026, 1, 1))

        assert last_day(early, self.RULES) == date(2026, 6, 29)
        assert last_day(late, self.RULES) == date(2026, 2, 15)

    def test_with_no_day_known_the_rule_without_an_end_holds(self) -> None:
        appeal = need("appeal", "commercial", payer_id=7, remittance_date=None)
        filing = need("timely_filing", "commercial", payer_id=7, service_from_date=None)

        assert answer(appeal, self.RULES)["rule_id"] == "rule:3"
        assert answer(filing, self.RULES)["rule_id"] == "system:commercial:timely_filing"

    def test_of_two_that_hold_the_later_start_wins_then_the_later_made(self) -> None:
        base = {"kind": "timely_filing", "payer_id": 7}
        first = date(2025, 1, 1)
        rules = rules_frame(
            overrides=overrides(
                {**base, "rule_number": 1, "amount": 10, "effective_from_date": first},
                {**base, "rule_number": 2, "amount": 20, "effective_from_date": first},
                {**base, "rule_number": 3, "amount": 30},
            )
        )

        found = answer(need("timely_filing", "commercial", payer_id=7), rules)

        assert found["rule_id"] == "rule:2"


class TestUnits:
    @staticmethod
    def of(amount: int, unit: str, start: date, weekend_rule: str = "none") -> date | None:
        rules = rules_frame(
            overrides=overrides(
                {
                    "kind": "timely_filing",
                    "payer_type": "commercial",
                    "amount": amount,
                    "unit": unit,
                    "weekend_rule": weekend_rule,
                }
            )
        )
        return last_day(need("timely_filing", "commercial", service_from_date=start), rules)

    def test_business_days_skip_weekends_and_holidays(self) -> None:
        assert self.of(30, "business_days", date(2026, 1, 20)) == date(2026, 3, 4)

    def test_the_end_of_the_next_year(self) -> None:
        assert self.of(1, "calendar_year_end", date(2026, 3, 4)) == date(2027, 12, 31)

    def test_months_end_on_the_last_day_when_the_day_is_missing(self) -> None:
        assert self.of(1, "months", date(2026, 1, 31)) == date(2026, 2, 28)
        assert self.of(13, "months", date(2026, 12, 31)) == date(2028, 1, 31)

    def test_a_last_day_on_a_weekend_stays_unless_the_rule_moves_it(self) -> None:
        friday = date(2026, 5, 22)  # Monday after is Memorial Day

        assert self.of(1, "calendar_days", friday) == date(2026, 5, 23)
        assert self.of(1, "calendar_days", friday, "next_business_day") == date(2026, 5, 26)
        assert self.of(4, "calendar_days", friday, "next_business_day") == date(2026, 5, 26)


class TestMet:
    @pytest.mark.parametrize(
        ("accepted_date", "is_met"),
        [(date(2026, 4, 2), True), (date(2026, 4, 3), False), (None, False)],
    )
    def test_an_acceptance_inside_the_limit_meets_it(
        self,
        accepted_date: date | None,
        is_met: bool,  # noqa: FBT001
    ) -> None:
        asked = need("timely_filing", "commercial", accepted_date=accepted_date)

        assert answer(asked)["is_met"] is is_met

    def test_only_timely_filing_is_met_so(self) -> None:
        asked = need("corrected_claim", "commercial", accepted_date=SERVICE)

        assert answer(asked)["is_met"] is False


def test_rows_keep_their_order_and_number() -> None:
    rules = TestDatedRules.RULES
    asked = needs(
        need("timely_filing", "commercial", payer_id=7, item_id=5),
        need("refund", "commercial", item_id=1),
        need("records", "va", item_id=5),
        need("timely_filing", "commercial", item_id=2, service_from_date=date(2025, 1, 1)),
    )

    found = deadlines(asked, rules)

    assert found["item_id"].to_list() == [5, 1, 5, 2]
    assert found["rule_id"].to_list() == [
        "rule:2",
        None,
        "system:any:records",
        "system:commercial:timely_filing",
    ]


def test_no_needs_give_no_rows() -> None:
    found = deadlines(needs(), rules_frame())

    assert found.height == 0
    assert dict(found.schema) == DEADLINE_SCHEMA


def test_a_missing_column_is_refused() -> None:
    asked = needs(need("refund", "medicare")).drop("notice_date")

    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="notice_date"):
        deadlines(asked, rules_frame())


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        deadlines(needs(need("filing", "medicare")), rules_frame())
