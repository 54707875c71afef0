"""What claim statuses mean: stage, reason and whose data; 999 and TA1 verdicts."""

from __future__ import annotations

import polars as pl
import pytest
from tests.unit.core.codes.explained import CLIENT, PAYER, RECEIVED, rules_of

from sanderling.core.codes.names import Category, NextAction, Team
from sanderling.core.codes.statuses import (
    ACTION_OF_CLASS,
    STATUS_MEANING,
    acknowledgment_titles,
    entities,
    status_categories,
    status_codes,
    status_meaning,
    status_meanings,
)


@pytest.mark.parametrize(
    ("status", "status_class", "category", "next_action", "team"),
    [
        ("A7:164:IL", "REJECT", "eligibility", "verify_eligibility", "intake"),
        ("A7:158:QC", "REJECT", "eligibility", "verify_eligibility", "intake"),
        ("A7:562:85", "REJECT", "provider", "resubmit", "billing"),
        ("A7:24:85", "REJECT", "provider", "escalate", "credentialing"),
        ("A7:254:", "REJECT", "coding", "resubmit", "coding"),
        ("A8:507:", "REJECT", "coding", "resubmit", "coding"),
        ("A3:495:", "REJECT", "missing_information", "correct_and_rebill", "billing"),
        ("A3:21:", "REJECT", "missing_information", "resubmit", "billing"),
        ("A6:286:PR", "REJECT", "missing_information", "resubmit", "billing"),
        ("A7:54:", "REJECT", "duplicate", "check_status", "ar"),
        ("A7:126:85", "REJECT", "provider", "resubmit", "billing"),
        ("A7:126:IL", "REJECT", "eligibility", "verify_eligibility", "intake"),
        ("A7:153:PRP", "REJECT", "coordination_of_benefits", "resubmit", "billing"),
        ("A7:153:", "REJECT", "missing_information", "resubmit", "billing"),
        ("A2:20:", "ACK_OK", "other", "wait", "ar"),
        ("A0:16:AY", "ACK", "other", "wait", "ar"),
        ("A4:35:", "NOT_FOUND", "other", "resubmit", "billing"),
        ("D0:35:", "NOT_FOUND", "other", "check_status", "ar"),
        ("P1:20:", "PEND", "other", "wait", "ar"),
        ("P2:48:", "PEND", "authorization", "obtain_authorization", "authorization"),
        ("P3:297:", "ACTION", "documentation", "send_records", "ar"),
        ("R4:297:", "ACTION", "documentation", "send_records", "ar"),
        ("R4:1:", "ACTION", "documentation", "send_records", "ar"),
        ("R4:286:PR", "ACTION", "documentation", "send_records", "ar"),
        ("P4:361:", "ACTION", "coordination_of_benefits", "verify_eligibility", "intake"),
        ("R9:287:", "ACTION", "medical_necessity", "send_records", "ar"),
        ("F1:65:", "FINAL_PAID", "other", "find_payment", "posting"),
        ("F2:29:", "FINAL_DENIED", "eligibility", "verify_eligibility", "intake"),
        ("F2:84:", "FINAL_DENIED", "authorization", "obtain_authorization", "authorization"),
        ("F2:718:", "FINAL_DENIED", "timely_filing", "appeal", "ar"),
        ("F2::", "FINAL_DENIED", "other", "call_payer", "ar"),
        ("F3F:16:", "FORWARDED", "other", "wait", "ar"),
        ("F3N:1:", "FINAL", "other", "bill_secondary", "billing"),
        ("E0:0:", "INQ_ERROR", "other", "check_status", "ar"),
        ("RQ:1:", "ACTION", "missing_information", "send_records", "ar"),
        ("P1:65:", "PEND", "other", "wait", "ar"),
        ("P2:41:", "PEND", "other", "call_payer", "ar"),
        ("F2:1:", "FINAL_DENIED", "other", "find_payment", "posting"),
        ("R::", "REJECT", "missing_information", "resubmit", "billing"),
        ("A::", "ACK", "other", "wait", "ar"),
    ],
)
def test_statuses(
    status: str, status_class: str, category: str, next_action: str, team: str
) -> None:
    found = status_meaning(*status.split(":"))
    assert (found.status_class, found.category, found.next_action, found.team) == (
        status_class,
        category,
        next_action,
        team,
    )
    assert not found.is_unknown


def test_the_title_names_whose_data_it_is() -> None:
    assert status_meaning("A7", "562", "85").title == (
        "Rejected: information invalid; Billing provider NPI"
    )
    assert status_meaning("A7", "562", "").title.endswith("Entity NPI")
    assert status_meaning("A1", "16", "AY").title.endswith(
        "Forwarded to another entity (clearinghouse)"
    )


def test_unknown_codes_are_answered_by_their_stage_and_say_so() -> None:
    found = status_meaning("R99", "9999", "ZZ")
    assert (found.status_class, found.category, found.is_unknown) == (
        "ACTION",
        "missing_information",
        True,
    )
    assert found.title == "Unknown status category R99; unknown status 9999"
    assert status_meaning("A7", "9999", "").category == "missing_information"
    assert status_meaning("ZZ", "1", "").is_unknown


def test_error_codes_of_acknowledgments_have_titles() -> None:
    assert status_meaning("R", "025", "").title == (
        "Rejected before reading the claims: Control number was used before"
    )
    assert status_meaning("R", "4,5", "", "transaction").title.endswith(
        "Count of segments is wrong; One or more segments are in error"
    )
    # The same digit means another thing in the errors of a claim's own segments.
    assert status_meaning("R", "5", "", "claim").title.endswith("Element is too long")
    assert status_meaning("R", "I7", "", "claim").title.endswith("Loop occurs too seldom")
    assert status_meaning("R", "77", "").title.endswith("error code 77")


def test_frames_keep_their_rows_order_and_nulls() -> None:
    rows = pl.DataFrame(
        {
            "status_category": ["P1", "A7", "A7", None],
            "status_code": ["20", "562", "562", None],
            "entity": [None, "85", "IL", None],
            "answer": [4, 3, 2, 1],
        }
    )
    found = status_meanings(rows)
    assert found.select(rows.columns).equals(rows)
    assert found.columns == [*rows.columns, *STATUS_MEANING]
    assert found["category"].to_list() == ["other", "provider", "eligibility", "other"]
    assert found["is_unknown"].to_list() == [False, False, False, True]
    assert status_meanings(rows.clear()).is_empty()


def test_frames_tell_levels_apart() -> None:
    rows = pl.DataFrame(
        {
            "status_category": ["R", "R"],
            "status_code": ["5", "5"],
            "entity": ["", ""],
            "level": ["claim", "transaction"],
        }
    )
    assert status_meanings(rows)["title"].n_unique() == 2


def test_rules_override_statuses_of_their_payer() -> None:
    rows = pl.DataFrame(
        {
            "status_category": ["A7", "A7", "A7"],
            "status_code": ["9999", "9999", "562"],
            "entity": ["", "", "85"],
            "payer_id": [PAYER, PAYER + 1, PAYER],
            "payer_type": ["commercial"] * 3,
            "client_id": [CLIENT] * 3,
            "received_date": [RECEIVED] * 3,
        }
    )
    book = rules_of(
        {"payer_id": PAYER, "status_code": "9999", "category": "coding", "next_action": "resubmit"},
        {"reason_code": "562", "category": "patient"},
    )
    found = status_meanings(rows, book)
    assert found["category"].to_list() == ["coding", "missing_information", "provider"]
    assert found["is_unknown"].to_list() == [False, True, False]
    assert found["rule_id"].to_list() == [1, None, None]
    assert status_meanings(rows, rules_of())["rule_id"].to_list() == [None] * 3


def test_every_pair_of_the_tables_has_names_of_the_command_line() -> None:
    for stage in status_categories():
        for code in ["", *status_codes()]:
            for entity in ("", "85", "IL", "PRP", "PR"):
                found = status_meaning(stage, code, entity)
                assert found.category in list(Category)
                assert found.next_action in list(NextAction)
                assert found.team in list(Team)
                assert found.status_class in ACTION_OF_CLASS


def test_the_tables_are_whole() -> None:
    assert len(status_codes()) == 242  # 241 of DOMAIN 3.7 and 507
    assert len(acknowledgment_titles()) == 32 + 21 + 13 + 18
    for code in status_codes().values():
        assert code.category in list(Category), code
        assert code.next_action == "" or code.next_action in list(NextAction), code
        assert not code.is_told_by_entity or code.needs_entity, code
    assert {category for _, category in entities().values()} <= {
        "",
        "provider",
        "eligibility",
        "coordination_of_benefits",
    }
