"""276, 277, 277CA, 999 and TA1 become typed rows, field by field."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.core.x12.read.claim_files import (
    ANSWER_277CA,
    file_of,
    read_batch,
    read_sample,
    ta1_file,
)

from sanderling.core.x12.problems import Severity


def given(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what the file left out."""
    return {name: value for name, value in row.items() if value is not None}


def test_a_277ca_tells_who_speaks_of_which_claim_of_which_batch() -> None:
    tables = read_sample("acknowledged").tables

    assert tables["status_batches"].to_dicts() == [
        {
            "position": 3,
            "structure": "0085",
            "reference": "CA0001",
            "created_date": date(2026, 1, 6),
            "kind": "TH",
            "received_date": date(2026, 1, 5),
            "processed_date": date(2026, 1, 6),
            "claim_count": 2,
            "purpose": "08",
            "created_time": "0805",
        }
    ]
    first, second = tables["status_claims"].to_dicts()
    assert given(first) == {
        "claim_index": 0,
        "position": 28,
        "end_position": 32,
        "source_entity": "PR",
        "source_name": "ACME HEALTH",
        "source_id": "ACME1",
        "receiver_id": "BILLCO",
        "provider_name": "MAPLE FAMILY CLINIC",
        "provider_npi": "1234567893",
        "batch_reference": "BATCH0001",
        "trace": "PCN10001",
        "claim_number": "PCN10001",
        "payer_claim_number": "ACMEICN555",
        "clearinghouse_trace": "CHTRACE0001",
        "patient_last_name": "DOE",
        "patient_first_name": "JANE",
        "patient_id": "ABC123456789",
        "service_from_date": date(2026, 1, 2),
        "service_to_date": date(2026, 1, 2),
        "charge_cents": 25000,
    }
    assert (second["claim_number"], second["service_from_date"]) == ("PCN10002", date(2026, 1, 3))


def test_a_277ca_has_statuses_at_every_level() -> None:
    tables = read_sample("acknowledged").tables

    columns = ["claim_index", "line_index", "level", "sequence", "category", "code", "entity"]
    assert tables["statuses"].select(*columns, "action", "charge_cents", "message").rows() == [
        (-1, 0, "receiver", 1, "A1", "19", "PR", "WQ", 33000, None),
        (-1, 0, "provider", 1, "A1", "19", "PR", "WQ", 33000, None),
        (0, 0, "claim", 1, "A2", "20", "PR", "WQ", 25000, None),
        (1, 0, "claim", 1, "A7", "562", "85", "U", 8000, "WRONG NUMBER"),
        (1, 0, "claim", 2, "A7", "21", None, "U", 8000, "WRONG NUMBER"),
        (1, 1, "line", 1, "A7", "507", None, "U", None, None),
    ]
    columns = ["claim_index", "line_index", "procedure", "charge_cents", "line_control_number"]
    assert tables["status_lines"].select(columns).rows() == [(1, 1, "99212", 8000, "10002L1")]
    assert tables["quantities"].select("loop", "qualifier", "quantity").rows() == [
        ("2200B", "90", "1"),
        ("2200B", "AA", "1"),
        ("2200C", "QA", "1"),
        ("2200C", "QC", "1"),
    ]
    traces = tables["references"].rows()
    assert (-1, 0, 7, "2200A", "TRN", "ACMERCPT77") in traces
    assert (-1, 0, 12, "2200B", "TRN", "BATCH0001") in traces


def test_a_batch_rejected_at_the_receiver_has_a_status_and_no_claim() -> None:
    batch = read_sample("rejected")

    assert batch.tables["status_claims"].height == 0
    (status,) = batch.tables["statuses"].to_dicts()
    assert (status["level"], status["category"], status["action"]) == ("receiver", "A8", "U")
    assert (status["claim_index"], status["entity"]) == (-1, "41")
    assert batch.problems == []


def test_a_277_answers_several_claims_with_all_their_composites_and_lines() -> None:
    tables = read_sample("status").tables

    columns = ["claim_index", "line_index", "sequence", "category", "code", "entity"]
    assert tables["statuses"].select(columns).rows() == [
        (0, 0, 1, "F1", "65", None),
        (0, 0, 2, "F0", "3", "85"),
        (0, 0, 3, "P3", "297", None),
        (0, 0, 4, "F2", "107", None),
        (0, 1, 1, "F1", "65", None),
        (0, 2, 1, "F2", "107", None),
        (1, 0, 1, "A4", "35", None),
        (2, 0, 1, "P1", "20", None),
    ]
    first = tables["statuses"].row(0, named=True)
    assert (first["status_date"], first["charge_cents"]) == (date(2026, 1, 24), 25000)
    assert (first["paid_cents"], first["adjudication_date"]) == (7200, date(2026, 1, 19))
    assert (first["payment_date"], first["payment_trace"]) == (date(2026, 1, 20), "EFT900001")
    claims = tables["status_claims"]
    columns = ["trace", "claim_number", "patient_last_name", "patient_first_name", "charge_cents"]
    assert claims.select(columns).rows() == [
        ("OURTRACE900", "PCN10001", "DOE", "JANE", 25000),
        ("OURTRACE901", None, "DOE", "JANE", None),
        ("OURTRACE902", None, "ROE", "TIM", 8000),
    ]
    columns = ["procedure", "modifiers", "revenue_code", "charge_cents", "paid_cents", "units"]
    lines = tables["status_lines"]
    assert lines.select(*columns, "line_control_number", "service_from_date").rows() == [
        ("99213", "25", None, 15000, 7200, "1", "10001L1", date(2026, 1, 2)),
        ("0450", None, "0450", 10000, 0, "1", None, None),
    ]
    assert tables["contacts"].select("loop", "name", "number").rows() == [
        ("2100A", "HELP", "5555550188")
    ]


def test_our_own_276_reads_back() -> None:
    tables = read_sample("request").tables

    (claim,) = tables["status_claims"].to_dicts()
    assert given(claim) == {
        "claim_index": 0,
        "position": 14,
        "end_position": 22,
        "source_entity": "PR",
        "source_name": "ACME HEALTH",
        "source_id": "ACME1",
        "receiver_id": "BILLCO",
        "provider_name": "MAPLE FAMILY CLINIC",
        "provider_npi": "1234567893",
        "trace": "OURTRACE900",
        "claim_number": "PCN10001",
        "payer_claim_number": "ACMEICN555",
        "bill_type": "111",
        "patient_last_name": "DOE",
        "patient_first_name": "JANE",
        "patient_id": "ABC123456789",
        "patient_birth_date": date(1980, 2, 14),
        "service_from_date": date(2026, 1, 2),
        "service_to_date": date(2026, 1, 3),
        "charge_cents": 25000,
    }
    (line,) = tables["status_lines"].to_dicts()
    assert (line["procedure"], line["charge_cents"], line["line_control_number"]) == (
        "99213",
        15000,
        "10001L1",
    )


def test_a_999_tells_verdicts_and_the_claim_of_each_error() -> None:
    """IK3 with IK4s and several CTX; IK3 with its own error; IK5*R*5~ IK5*A~ AK9*P*2*2*1~"""
    tables = read_sample("implementation").tables

    assert tables["group_acks"].rows() == [(4, "HC", "101", "005010X222A1", "P", 2, 2, 1)]
    assert tables["transaction_acks"].rows() == [
        (5, "101", "837", "0001", "R", "5", "005010X222A1"),
        (15, "101", "837", "0002", "A", None, "005010X222A1"),
    ]
    columns = ["segment", "segment_position", "loop", "segment_code", "claim_number"]
    errors = tables["ack_errors"]
    assert errors.select("position", "control_number", *columns).rows() == [
        (8, "0001", "CLM", 22, "2300", "8", "PCN10001"),
        (10, "0001", "CLM", 22, "2300", "8", "PCN10001"),
        (11, "0001", "REF", 24, "2300", "3", "PCN10002"),
    ]
    columns = ["element_position", "element_reference", "element_code", "bad_value"]
    assert errors.select(columns).rows() == [
        ("2", "782", "1", None),
        ("5:3", "1325", "7", "Z"),
        (None, None, None, None),
    ]
    assert tables["other_segments"]["position"].to_list() == [9, 12]


def test_a_ta1_is_a_transaction_set_of_its_own() -> None:
    batch = read_batch(ta1_file("TA1*000000101*260105*0930*R*025"))

    assert batch.transaction.kind == "TA1"
    assert batch.problems == []
    assert batch.tables["interchange_acks"].rows() == [
        (2, "000000101", date(2026, 1, 5), "0930", "R", "025")
    ]


def test_a_ta1_that_contradicts_itself_is_told() -> None:
    batch = read_batch(ta1_file("TA1*000000101*261305*0930*A*025"))

    found = [(problem.code, problem.element, problem.position) for problem in batch.problems]
    assert found == [("date_unreadable", "TA102", 2), ("verdict_contradicts", "TA105", 2)]
    assert batch.tables["interchange_acks"].rows() == [(2, "000000101", None, "0930", "A", "025")]
    assert not batch.refused


def test_a_277ca_with_the_levels_of_a_277_is_read_with_a_warning() -> None:
    body = ANSWER_277CA.replace("HL*4*3*PT", "HL*4*3*22")

    batch = read_batch(file_of("277CA", body))

    assert batch.tables["status_claims"]["claim_number"].to_list() == ["PCN10001", "PCN10002"]
    (problem,) = batch.problems
    assert (problem.code, problem.element, problem.severity) == (
        "code_unknown",
        "HL03",
        Severity.WARNING,
    )
