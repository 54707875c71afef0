"""What adjustments mean: the worked lines of DOMAIN B1, remarks, blocks, overrides."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.unit.core.codes.explained import (
    CLIENT,
    PAYER,
    adjustments_of,
    explained,
    remarks_of,
    rules_of,
)

from sanderling.core.codes.carc import carcs, retired
from sanderling.core.codes.codebook import EXPLANATION, default_book, explain
from sanderling.core.codes.meaning import meaning_of, rarcs
from sanderling.core.codes.names import (
    ACTION_OF_STEP,
    CATEGORY_OF_SUBCATEGORY,
    STEP_TITLES,
    SUBCATEGORY_PRIORITY,
    TEAM_OF_ABBREVIATION,
    Category,
    NextAction,
    Team,
)

# Charge, paid, adjustments, remarks of the line, remarks of the claim -> what the first means.
WORKED = {
    "B1-2 bundled": (
        (10000, 0, [("CO", "97", 10000)], ["M15"], []),
        {"nature": "D", "category": "bundling", "subcategory": "BUNDLING",
         "action_chain": "COD>F7", "next_action": "correct_and_rebill", "team": "coding",
         "remark_code": "M15"},
    ),
    "B1-5 not covered, patient liable": (
        (10000, 0, [("PR", "96", 10000)], ["N130"], []),
        {"nature": "D", "category": "non_covered", "action_chain": "CALL>BP",
         "next_action": "call_payer", "team": "ar", "is_patient_liable": True},
    ),
    "B1-6 duplicate": (
        (10000, 0, [("OA", "18", 10000)], [], []),
        {"nature": "D", "category": "duplicate", "next_action": "call_payer",
         "is_patient_liable": False, "remark_code": ""},
    ),
    "B1-9 pended": (
        (10000, 0, [("OA", "133", 10000)], [], []),
        {"nature": "W", "category": "other", "subcategory": "PENDING", "next_action": "wait"},
    ),
    "B1-11 unprocessable": (
        (18000, 0, [("CO", "16", 18000)], ["N290"], ["MA130"]),
        {"nature": "D", "category": "missing_information", "action_chain": "F1",
         "next_action": "resubmit", "team": "billing", "is_unprocessable": True,
         "is_appeal_blocked": True, "remark_code": "N290"},
    ),
    "B1-12 units cut": (
        (30000, 9600, [("CO", "151", 10000), ("CO", "45", 8000), ("PR", "2", 2400)], [], []),
        {"nature": "R", "category": "coding", "subcategory": "FREQUENCY",
         "next_action": "correct_and_rebill"},
    ),
    "B1-17 another plan holds the member": (
        (15000, 0, [("CO", "24", 15000)], [], []),
        {"nature": "D", "category": "contractual", "subcategory": "CAPITATION",
         "next_action": "bill_secondary", "team": "ar"},
    ),
    "B1-19 no authorization, peer-to-peer offered": (
        (15000, 0, [("CO", "197", 15000)], ["N939"], []),
        {"nature": "D", "category": "authorization", "next_action": "appeal",
         "team": "authorization", "remark_code": "N939"},
    ),
    "B1-20 contractual of the full charge": (
        (15000, 0, [("CO", "45", 15000)], [], []),
        {"nature": "D", "category": "contractual", "next_action": "call_payer", "team": "ar"},
    ),
    "B1-21 grace period": (
        (15000, 0, [("OA", "257", 15000)], ["N617"], []),
        {"nature": "W", "subcategory": "PENDING", "next_action": "wait", "remark_code": "N617"},
    ),
    "B1-22 unknown": (
        (15000, 0, [("XX", "999", 15000)], [], []),
        {"nature": "D", "category": "other", "subcategory": "UNKNOWN", "is_unknown": True,
         "next_action": "call_payer", "team": "ar"},
    ),
    "B2 member number missing": (
        (18000, 0, [("CO", "16", 18000)], ["N382"], []),
        {"category": "eligibility", "subcategory": "REGISTRATION", "action_chain": "INT>F1",
         "next_action": "verify_eligibility", "team": "intake"},
    ),
    "B6-7 too late": (
        (18000, 0, [("CO", "29", 18000)], [], []),
        {"category": "timely_filing", "next_action": "appeal", "recover_rate": 0.30},
    ),
    "B6-18 do not resubmit": (
        (18000, 0, [("CO", "16", 18000)], ["N290", "N938"], []),
        {"is_resubmission_blocked": True, "next_action": "wait"},
    ),
    "a full multiple-procedure reduction is a bundling denial": (
        (18000, 0, [("CO", "59", 18000)], [], []),
        {"nature": "D", "category": "bundling", "team": "coding"},
    ),
    "a part of it is posted and done": (
        (18000, 6000, [("CO", "59", 12000)], [], []),
        {"nature": "N", "category": "contractual", "next_action": ""},
    ),
    "a payer-initiated reduction is disputed": (
        (18000, 6000, [("PI", "45", 12000)], [], []),
        {"nature": "N", "next_action": "dispute_underpayment", "team": "contracts"},
    ),
    "not covered, because not eligible": (
        (18000, 0, [("CO", "96", 18000)], ["N30"], []),
        {"category": "eligibility", "next_action": "verify_eligibility", "remark_code": "N30"},
    ),
    "no appeal allowed": (
        (18000, 0, [("CO", "50", 18000)], ["N115", "MA44"], []),
        {"is_appeal_blocked": True, "action_chain": "COD>APC", "next_action": "correct_and_rebill"},
    ),
    "appeal was the only way and is closed": (
        (18000, 0, [("CO", "55", 18000)], ["N211"], []),
        {"is_appeal_blocked": True, "next_action": "transfer_to_patient"},
    ),
    "new claim instead of a replacement": (
        (18000, 0, [("CO", "4", 18000)], ["N142"], []),
        {"category": "coding", "action_chain": "COD>F1", "next_action": "resubmit",
         "team": "coding"},
    ),
    "corrected claim instead of a new one": (
        (18000, 0, [("OA", "18", 18000)], ["N380"], []),
        {"action_chain": "F7", "next_action": "correct_and_rebill"},
    ),
    "retired: the reason that follows it": (
        (18000, 0, [("CO", "62", 18000)], [], []),
        {"category": "authorization", "is_unknown": False, "next_action": "obtain_authorization"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), WORKED.values(), ids=WORKED)
def test_worked_lines(
    line: tuple[int, int, list[tuple[str, str, int]], list[str], list[str]],
    expected: dict[str, Any],
) -> None:
    charge_cents, paid_cents, codes, of_line, of_claim = line
    remarks = pl.concat([remarks_of(*of_line), remarks_of(*of_claim, line_index=0)])

    row = explained(charge_cents, paid_cents, *codes, remarks=remarks)[0]

    assert {name: row[name] for name in expected} == expected


def test_an_alert_changes_the_steps_and_never_the_category() -> None:
    for remark in rarcs().values():
        if not remark.is_alert:
            continue
        for reason in remark.reasons:
            own = carcs()[reason]
            assert meaning_of("CO", reason, "D", (remark.code,)).subcategory in {
                own.category,
                own.denied_category,
            }, remark.code


def test_the_remark_that_says_something_new_wins_over_the_one_that_repeats() -> None:
    row = explained(100, 0, ("CO", "16", 100), remarks=remarks_of("N290", "M76", "MA130"))[0]
    assert (row["remark_code"], row["category"], row["next_action"]) == (
        "M76",
        "coding",
        "resubmit",
    )


def test_the_order_of_equal_remarks_is_that_of_the_remittance() -> None:
    first = explained(100, 0, ("CO", "16", 100), remarks=remarks_of("N290", "M52"))[0]
    second = explained(100, 0, ("CO", "16", 100), remarks=remarks_of("M52", "N290"))[0]
    assert (first["remark_code"], second["remark_code"]) == ("N290", "M52")


def test_a_remark_of_another_line_says_nothing() -> None:
    row = explained(100, 0, ("CO", "16", 100), remarks=remarks_of("N382", line_index=2))[0]
    assert (row["category"], row["remark_code"]) == ("missing_information", "")


def test_a_remark_refines_only_the_reasons_it_is_listed_for() -> None:
    row = explained(100, 0, ("CO", "29", 100), remarks=remarks_of("N382"))[0]
    assert (row["category"], row["remark_code"]) == ("timely_filing", "N382")


def test_an_unnamed_reason_is_told_by_any_remark_that_is_no_alert() -> None:
    row = explained(100, 0, ("CO", "A1", 100), remarks=remarks_of("MA01", "N706"))[0]
    assert (row["category"], row["next_action"]) == ("documentation", "send_records")
    assert explained(100, 0, ("CO", "A1", 100), remarks=remarks_of("MA01"))[0]["remark_code"] == ""


def test_without_a_nature_the_table_gives_it() -> None:
    rows = adjustments_of(("CO", "45", 10), ("CO", "97", 10), ("CO", "50", 10), ("PI", "50", 10))
    natures = explain(rows, remarks_of(), default_book())["nature"].to_list()
    assert natures == ["N", "X", "D", "X"]


def test_columns_and_order_of_the_input_are_kept() -> None:
    rows = adjustments_of(("PR", "2", 5), ("CO", "16", 7), ("OA", "23", 9), ("CO", "16", 11))
    rows = rows.with_columns(position=pl.Series([40, 30, 20, 10]), nature=pl.lit("D"))
    remarks = remarks_of("N290", "N382")

    found = explain(rows, remarks, default_book())

    assert found.select(rows.columns).equals(rows)
    assert set(found.columns) == {*rows.columns, *EXPLANATION, "rule_id", "is_patient_liable"}


def test_no_rows_are_no_trouble() -> None:
    rows = adjustments_of(("CO", "45", 10)).clear()
    assert explain(rows, remarks_of(), default_book()).is_empty()
    assert explain(rows, remarks_of(), rules_of({"reason_code": "45"})).is_empty()


def test_an_override_holds_for_its_payer_only() -> None:
    rule = {"payer_id": PAYER, "reason_code": "16", "category": "coding", "next_action": "appeal",
            "team": "management", "preventable": "N"}  # fmt: skip
    here = explained(100, 0, ("CO", "16", 100), book=rules_of(rule))[0]
    there = explained(100, 0, ("CO", "16", 100), book=rules_of(rule | {"payer_id": PAYER + 1}))[0]

    assert (here["category"], here["subcategory"], here["next_action"], here["team"]) == (
        "coding",
        "CODING",
        "appeal",
        "management",
    )
    assert (here["preventable"], here["rule_id"]) == ("N", 1)
    assert (there["category"], there["rule_id"]) == ("missing_information", None)


SCOPES: list[dict[str, Any]] = [
    {},
    {"group_code": "CO"},
    {"remark_code": "N290"},
    {"payer_type": "commercial"},
    {"client_id": CLIENT},
    {"payer_id": PAYER},
    {"payer_id": PAYER, "client_id": CLIENT},
]


@pytest.mark.parametrize("more", range(1, len(SCOPES)))
def test_the_more_specific_override_wins_however_old(more: int) -> None:
    narrow = SCOPES[more] | {"reason_code": "16", "team": "client"}
    wide = [scope | {"reason_code": "16", "team": "patient"} for scope in SCOPES[:more]]
    remarks = remarks_of("N290")
    row = explained(100, 0, ("CO", "16", 100), remarks=remarks, book=rules_of(narrow, *wide))[0]
    assert (row["team"], row["rule_id"]) == ("client", 1)


def test_of_equal_overrides_the_latest_wins() -> None:
    book = rules_of(
        {"reason_code": "16", "team": "client"}, {"reason_code": "16", "team": "patient"}
    )
    assert explained(100, 0, ("CO", "16", 100), book=book)[0]["team"] == "patient"


@pytest.mark.parametrize(
    ("scope", "is_used"),
    [
        ({"group_code": "PR"}, False),
        ({"remark_code": "N29"}, False),  # N290 is not N29
        ({"remark_code": "N290"}, True),
        ({"remark_code": "MA130"}, True),  # of the claim
        ({"payer_type": "medicare"}, False),
        ({"client_id": CLIENT + 1}, False),
        ({"valid_from": date(2026, 3, 5), "valid_to": date(2026, 3, 5)}, True),
        ({"valid_from": date(2026, 3, 6)}, False),
        ({"valid_to": date(2026, 3, 4)}, False),
    ],
)
def test_an_override_holds_within_its_scope_and_days(
    scope: dict[str, Any], *, is_used: bool
) -> None:
    remarks = pl.concat([remarks_of("N290"), remarks_of("MA130", line_index=0)])
    book = rules_of(scope | {"reason_code": "16", "team": "client"})
    row = explained(100, 0, ("CO", "16", 100), remarks=remarks, book=book)[0]
    assert (row["rule_id"] is not None) is is_used


def test_a_rule_about_a_remark_holds_for_every_reason() -> None:
    of_remark = {"remark_code": "N290", "team": "client"}
    remarks = remarks_of("N290")
    book = rules_of(of_remark, {"reason_code": "16", "team": "patient"})

    refused, late = (
        explained(100, 0, ("CO", reason, 100), remarks=remarks, book=book)[0]
        for reason in ("16", "29")
    )
    other = explained(100, 0, ("CO", "29", 100), remarks=remarks_of("N382"), book=book)[0]

    # The rule that names the reason is the more specific one.
    assert (refused["team"], late["team"], other["rule_id"]) == ("patient", "client", None)


def test_rules_about_statuses_say_nothing_of_adjustments() -> None:
    book = rules_of({"status_code": "16", "team": "client"})
    assert explained(100, 0, ("CO", "16", 100), book=book)[0]["rule_id"] is None


def test_an_unknown_payer_meets_only_rules_for_all() -> None:
    rows = adjustments_of(("CO", "16", 100)).with_columns(
        payer_id=pl.lit(None, pl.Int64), nature=pl.lit("D")
    )
    for_payer = rules_of({"payer_id": PAYER, "reason_code": "16", "team": "client"})
    for_all = rules_of({"reason_code": "16", "team": "client"})
    assert explain(rows, remarks_of(), for_payer)["rule_id"].to_list() == [None]
    assert explain(rows, remarks_of(), for_all)["rule_id"].to_list() == [1]


def test_an_overridden_nature_settles_the_next_action() -> None:
    book = rules_of({"reason_code": "59", "nature": "N"})
    row = explained(100, 0, ("CO", "59", 100), book=book)[0]
    assert (row["nature"], row["category"], row["next_action"]) == ("N", "contractual", "")


def test_a_rule_makes_an_unknown_code_known() -> None:
    book = rules_of({"reason_code": "999", "category": "coding", "next_action": "appeal"})
    row = explained(100, 0, ("CO", "999", 100), book=book)[0]
    assert (row["is_unknown"], row["category"], row["next_action"]) == (False, "coding", "appeal")


def test_every_code_and_nature_has_names_of_the_command_line() -> None:
    for reason in [*carcs(), *retired(), "nobody's"]:
        for group in ("CO", "PR", "OA", "PI", "CR"):
            for nature in "NDPIWXRU":
                for remarks in ((), ("MA130",), ("N211", "N185"), ("N380",)):
                    found = meaning_of(group, reason, nature, remarks)
                    assert CATEGORY_OF_SUBCATEGORY[found.subcategory] in Category
                    assert found.team in list(Team)
                    assert found.next_action == "" or found.next_action in list(NextAction)
                    assert found.next_action or nature not in "DWXRU", (group, reason, nature)
                    assert found.next_action != NextAction.FIND_PAYMENT


def test_a_denial_without_a_way_is_never_written_off_by_posting() -> None:
    found = meaning_of("CO", "44", "D", ())
    assert (found.next_action, found.team) == ("call_payer", "ar")


def test_the_tables_use_known_names() -> None:
    assert set(STEP_TITLES) == set(ACTION_OF_STEP)
    rows = [(row.category, row.action, row.team) for row in carcs().values()]
    rows += [(row.subcategory, row.action, row.team) for row in rarcs().values()]
    for subcategory, chain, team in rows:
        assert subcategory in CATEGORY_OF_SUBCATEGORY
        assert set(chain.split(">")) <= set(ACTION_OF_STEP)
        assert team in TEAM_OF_ABBREVIATION
    for remark in rarcs().values():
        assert remark.reasons <= set(carcs()), remark.code
    for code, (_, successors) in retired().items():
        assert code not in carcs()
        assert set(successors) <= set(carcs()), code


def test_the_priority_of_reasons_ranks_every_subcategory_once() -> None:
    ranks = default_book().primary_reason_priority
    assert ranks["subcategory"].to_list() == list(SUBCATEGORY_PRIORITY)
    assert ranks["rank"].to_list() == list(range(1, ranks.height + 1))
    assert set(SUBCATEGORY_PRIORITY) == set(CATEGORY_OF_SUBCATEGORY)
    assert ranks["subcategory"].to_list()[:4] == [
        "TIMELY_FILING",
        "ELIGIBILITY",
        "REGISTRATION",
        "COB",
    ]
