"""What is read of a remittance: the figures of DOMAIN Appendix B2, and the edge cases of 2.17."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.unit.core.x12.read.remittance_file import BODY, file_of, problems_in, sets_in

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Severity


@pytest.fixture
def remittance() -> Batch:
    return sets_in(file_of().encode())[0]


def _body(claims: str, plb: str = "", paid: str = "0") -> str:
    """Return a remittance of `paid` with `claims` and provider adjustments."""
    head = BODY.strip().partition("LX*1~")[0].replace("149.25", paid)
    return f"{head}LX*1~\n{claims.strip()}\n{plb}"


def _read(claims: str, plb: str = "", paid: str = "0") -> Batch:
    return sets_in(file_of(_body(claims, plb, paid)).encode())[0]


def test_the_payment_and_its_parties(remittance: Batch) -> None:
    row = remittance.tables["remittances"].row(0, named=True)

    assert row == {
        "position": 3,
        "handling": "I",
        "amount_cents": 14_925,
        "credit_debit": "C",
        "method": "ACH",
        "payment_date": date(2026, 1, 20),
        "trace": "EFT900001",
        "payer_trace_id": "1741112223",
        "trace_suffix": None,
        "production_date": date(2026, 1, 19),
        "payer_name": "ACME HEALTH",
        "payer_id": "ACME1",
        "payee_name": "MAPLE FAMILY CLINIC",
        "payee_npi": "1234567893",
        "payee_tin": "741234567",
        "claim_count": 6,
        "paid_total_cents": 18_800,
        "provider_adjustment_total_cents": 3_875,
        "gap_cents": 0,
    }


def test_the_claims_of_appendix_b2(remittance: Batch) -> None:
    claims = remittance.tables["claim_payments"].select(
        "claim_number",
        "status",
        "charge_cents",
        "paid_cents",
        "adjustment_total_cents",
        "gap_cents",
    )

    assert claims.rows() == [
        ("PCN10001", "1", 25_000, 7_200, 17_800, 0),
        ("PCN10002", "4", 18_000, 0, 18_000, 0),
        ("PCN09990", "22", -12_000, -8_000, -4_000, 0),
        ("PCN09990", "1", 12_000, 0, 12_000, 0),
        ("PCN10003", "19", 20_000, 9_600, 10_400, 0),
        ("PCN20001", "1", 100_000, 10_000, 90_000, 0),
    ]


def test_the_lines_and_their_adjustments(remittance: Batch) -> None:
    lines = remittance.tables["service_payments"].filter(pl.col("claim_index") == 0)

    assert lines.select(
        "line_index",
        "procedure",
        "modifiers",
        "charge_cents",
        "paid_cents",
        "service_from_date",
        "line_control_number",
        "allowed_cents",
    ).rows() == [
        (1, "99213", "25", 15_000, 7_200, date(2026, 1, 2), "10001L1", 9_000),
        (2, "87880", None, 10_000, 0, date(2026, 1, 2), "10001L2", None),
    ]
    adjustments = remittance.tables["adjustments"].filter(pl.col("claim_index") == 0)
    assert adjustments.select("line_index", "group_code", "reason_code", "amount_cents").rows() == [
        (1, "CO", "45", 6_000),
        (1, "PR", "2", 1_800),
        (2, "CO", "97", 10_000),
    ]


def test_six_triplets_in_one_segment(remittance: Batch) -> None:
    adjustments = remittance.tables["adjustments"].filter(pl.col("claim_index") == 5)

    assert adjustments.select("sequence", "reason_code", "amount_cents", "quantity").rows() == [
        (1, "45", 86_000, "1"),
        (2, "253", 1_000, None),
        (3, "94", -1_000, None),
        (4, "B10", 2_000, None),
        (5, "59", 1_000, None),
        (6, "96", 1_000, None),
    ]


def test_the_provider_adjustments_keep_their_signs(remittance: Batch) -> None:
    rows = remittance.tables["provider_adjustments"].select("code", "reference", "amount_cents")

    assert rows.rows() == [("L6", "ACMEICN557", -125), ("WO", "PCN08800 ACMEICN300", 4_000)]


def test_a_reversal_names_the_claim_it_takes_back(remittance: Batch) -> None:
    reversal = remittance.tables["claim_payments"].row(2, named=True)

    assert (reversal["status"], reversal["original_reference"]) == ("22", "ACMEICN400")


def test_the_provider_above_a_claim_is_that_of_its_lx_loop(remittance: Batch) -> None:
    assert remittance.tables["claim_payments"]["provider_npi"].to_list() == [
        *[None] * 5,
        "1234567893",
    ]


def test_remarks_from_lines_and_claims(remittance: Batch) -> None:
    remarks = remittance.tables["remarks"].select("claim_index", "line_index", "source", "code")

    assert remarks.rows() == [
        (0, 2, "HE", "M15"),
        (1, 1, "HE", "N382"),
        (4, 0, "MOA", "MA18"),
        (5, 0, "MIA", "N689"),
    ]


def test_what_no_table_holds_is_kept_as_it_came(remittance: Batch) -> None:
    kept = remittance.tables["other_segments"].select("position", "text")

    assert [text.partition("*")[0] for text in kept["text"]] == [
        "BPR", "LX", "LX", "TS3", "TS2", "MIA",
    ]  # fmt: skip
    assert kept.row(5)[1] == "MIA*2***100*N689"


def test_a_payment_of_provider_adjustments_only() -> None:
    """PLB without any CLP."""
    batch = _read("", "PLB*1234567893*20261231*CT:CAP*-100~", paid="100")

    assert not batch.refused
    assert batch.problems == []
    assert batch.tables["remittances"]["gap_cents"].to_list() == [0]


def test_a_revenue_code_stands_for_a_procedure() -> None:
    """SVC*NU:0450*10*10**0~ (units 0)"""
    batch = _read("CLP*A*1*10*10**12*I~\nNM1*QC*1*DOE~\nSVC*NU:0450*10*10**0~", paid="10")

    line = batch.tables["service_payments"].row(0, named=True)
    assert (line["revenue_code"], line["units_paid"]) == ("0450", "0")
    assert batch.problems == []


def test_a_recoded_line_has_both_procedures() -> None:
    batch = _read(
        "CLP*A*1*10*10**12*I~\nNM1*QC*1*DOE~\nSVC*HC:99214:25*10*10**1*HC:99213:25:59*2~", paid="10"
    )

    line = batch.tables["service_payments"].row(0, named=True)
    assert (line["procedure"], line["submitted_procedure"]) == ("99214", "99213")
    assert (line["submitted_modifiers"], line["submitted_units"]) == ("25:59", "2")


@pytest.mark.parametrize(
    ("sent", "read"), [("45", "45"), ("045", "45"), ("a1", "A1"), ("B7", "B7")]
)
def test_reason_codes_are_written_one_way(sent: str, read: str) -> None:
    batch = _read(f"CLP*A*1*10*0**12*I~\nCAS*CO*{sent}*10~\nNM1*QC*1*DOE~")

    assert batch.tables["adjustments"]["reason_code"].to_list() == [read]
    assert batch.problems == []


def test_split_claims_stay_apart() -> None:
    """Two CLP with one CLP01 and different CLP07."""
    claims = "".join(f"CLP*A*1*10*10**12*I{n}~\nNM1*QC*1*DOE~\n" for n in (1, 2))

    batch = _read(claims, paid="20")

    assert batch.tables["claim_payments"]["payer_claim_number"].to_list() == ["I1", "I2"]


def test_a_difference_is_told_to_the_cent_and_never_plugged() -> None:
    """SVC03 a cent more than SVC02 less CAS, at all three levels."""
    batch = _read(
        "CLP*A*1*100*60.01**12*I~\nNM1*QC*1*DOE~\nSVC*HC:99213*100*60.01**1~\nCAS*CO*45*40~",
        paid="60",
    )

    line = batch.tables["service_payments"].row(0, named=True)
    claim = batch.tables["claim_payments"].row(0, named=True)
    payment = batch.tables["remittances"].row(0, named=True)
    assert (line["gap_cents"], claim["gap_cents"], payment["gap_cents"]) == (1, 1, -1)
    assert claim["line_gap_count"] == 1
    assert [(p.code, p.severity) for p in batch.problems] == [
        ("line_out_of_balance", Severity.CLAIM),
        ("claim_out_of_balance", Severity.CLAIM),
        ("transaction_out_of_balance", Severity.REFUSED),
    ]
    assert batch.refused


def test_positions_point_at_the_segment_in_the_file(remittance: Batch) -> None:
    segments = file_of().replace("\n", "").split("~")
    tags = {
        "claim_payments": {"CLP"},
        "service_payments": {"SVC"},
        "adjustments": {"CAS"},
        "remarks": {"LQ", "MIA", "MOA"},
        "references": {"REF"},
        "dates": {"DTM"},
        "amounts": {"AMT"},
        "quantities": {"QTY"},
        "parties": {"NM1", "N1"},
        "contacts": {"PER"},
        "provider_adjustments": {"PLB"},
        "remittances": {"ST"},
    }

    for name, expected in tags.items():
        positions = remittance.tables[name]["position"].to_list()
        assert {segments[position - 1].split("*")[0] for position in positions} == expected
    ends = remittance.tables["claim_payments"]["end_position"].to_list()
    assert [segments[end - 1].split("*")[0] for end in ends] == [
        "LQ", "LQ", "REF", "AMT", "AMT", "QTY",
    ]  # fmt: skip


def test_messages_hold_no_patient_data() -> None:
    body = BODY.replace("*250*72*18*", "*250*72.5*17*").replace(
        "DOE*JANE", "DOE*JANE*X*Y*Z*1*2*3*4"
    )

    for problem in problems_in(file_of(body).encode()):
        assert "DOE" not in problem.message
        assert "JANE" not in problem.message
