"""Fields out of pasted text; scripts and playbook for every barrier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.core.barriers.words import BARRIERS, CATEGORIES
from sanderling.core.followup.ladder import LADDER, level_title
from sanderling.core.followup.paste import parse_pasted
from sanderling.core.followup.playbook import play_for
from sanderling.core.followup.scripts import call_script

PORTAL = """Claim Number: E12345678901
Received Date: 01/08/2026   Processed 02/10/2026
Status: PAID  Payment Date 02/12/2026 Paid Amount: $1,234.56 Allowed Amount $1,500.00
Check/EFT  EFT # 9988776655
Patient responsibility $265.44"""
CALL = """Spoke with Joy M. Ref# C-20260305-17. Denied 2/20/26 CO-197, rarc N706.
ICN 20260118ABC9. Appeal by 08/18/2026."""


def test_a_portals_answer() -> None:
    assert parse_pasted(PORTAL) == {
        "payer_claim_number": "E12345678901",
        "received_date": "01/08/2026",
        "processed_date": "02/10/2026",
        "paid_date": "02/12/2026",
        "paid_cents": "1,234.56",
        "allowed_cents": "1,500.00",
        "share_cents": "265.44",
        "trace": "9988776655",
    }


def test_a_call_log() -> None:
    assert parse_pasted(CALL) == {
        "representative": "Joy M.",
        "reference": "C-20260305-17",
        "denied_date": "2/20/26",
        "reason_code": "CO-197",
        "remark_code": "N706",
        "payer_claim_number": "20260118ABC9",
        "appeal_deadline": "08/18/2026",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "paid $10.00 and paid $20.00",  # two that differ
        "the claim is in process, call back in 2 weeks",
        "we refer to your letter",
    ],
)
def test_what_is_not_clear_is_left_alone(text: str) -> None:
    assert parse_pasted(text) == {}


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    assert all(parse_pasted(text).values())


@pytest.mark.parametrize("barrier", BARRIERS)
def test_every_barrier_has_a_script_and_a_page(barrier: str) -> None:
    for category in ["", *CATEGORIES]:
        script = call_script(barrier, category)
        assert len(script) >= 2
        assert all(line.endswith("?") for line in script)
        play = play_for(barrier, category)
        assert play is not None
        assert play.steps


def test_a_newer_barrier_has_no_page_but_questions() -> None:
    assert play_for("stolen_by_magpies", "") is None
    assert call_script("stolen_by_magpies", "")


def test_the_ladder_has_seven_rungs_in_order() -> None:
    assert [rung.level for rung in LADDER] == [0, 1, 2, 3, 4, 5, 6]
    assert level_title(1) == "Level 1: Lead"
