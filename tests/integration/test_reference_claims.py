"""The sample files of the design's appendix A (837P, 999, 277CA, 276, 277), field by field.

They lie with the corpus, outside the repository; the tests are skipped where they do not.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from tests.integration.corpus_claims import CORPUS

from sanderling.core.x12.batches import Batch, FileEvent
from sanderling.core.x12.read import read_bytes

SAMPLES: Final = CORPUS.parent / "reference" / "edi"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no samples at {SAMPLES}")


def sample(name: str) -> Batch:
    """Return the one transaction set of a sample, whose only fault is that it is a test."""
    parts = read_bytes(Path(SAMPLES / name).read_bytes())
    problems = [problem.code for part in parts for problem in part.problems]
    assert problems == ["test_usage"]
    assert any(isinstance(part, FileEvent) for part in parts)
    (batch,) = [part for part in parts if isinstance(part, Batch)]
    return batch


def given(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what the file left out."""
    return {name: value for name, value in row.items() if value is not None}


def test_the_837p_sample() -> None:
    batch = sample("sample_837p.edi")

    transaction = batch.transaction
    assert (transaction.kind, transaction.guide) == ("837P", "005010X222A1")
    assert (transaction.group_control_number, transaction.control_number) == ("101", "0001")
    assert batch.end_position == 34
    (claim,) = batch.tables["claims"].to_dicts()
    assert given(claim) == {
        "claim_index": 0,
        "position": 21,
        "end_position": 33,
        "billing_position": 10,
        "billing_name": "MAPLE FAMILY CLINIC",
        "billing_npi": "1234567893",
        "billing_tin": "741234567",
        "billing_taxonomy": "207Q00000X",
        "payer_sequence": "P",
        "relationship": "18",
        "group_number": "GRP100",
        "filing_indicator": "CI",
        "payer_name": "ACME HEALTH",
        "payer_id": "ACME1",
        "subscriber_last_name": "DOE",
        "subscriber_first_name": "JANE",
        "subscriber_id": "ABC123456789",
        "patient_last_name": "DOE",
        "patient_first_name": "JANE",
        "patient_birth_date": date(1980, 2, 14),
        "patient_sex": "F",
        "claim_number": "PCN10001",
        "charge_cents": 25000,
        "facility_code": "11",
        "facility_qualifier": "B",
        "frequency": "1",
        "assignment": "A",
        "service_from_date": date(2026, 1, 2),
        "service_to_date": date(2026, 1, 2),
        "clearinghouse_trace": "CHTRACE0001",
        "principal_diagnosis": "J0190",
        "rendering_npi": "1987654328",
        "rendering_name": "SMITH, ALAN",
        "line_count": 2,
        "line_charge_total_cents": 25000,
        "signature": "Y",
        "benefits_assignment": "Y",
        "release": "Y",
        "subscriber_position": 16,
        "payer_position": 20,
    }
    columns = ("procedure", "modifiers", "charge_cents", "quantity", "diagnosis_pointers")
    lines = batch.tables["claim_lines"]
    assert lines.select("position", *columns, "line_control_number").rows() == [
        (26, "99213", "25", 15000, "1", "1:2", "10001L1"),
        (30, "87880", None, 10000, "1", "1", "10001L2"),
    ]
    assert batch.tables["diagnoses"]["code"].to_list() == ["J0190", "R509"]
    assert batch.tables["other_segments"].height == 0


def test_the_999_sample() -> None:
    tables = sample("sample_999.edi").tables

    assert tables["group_acks"].rows() == [(4, "HC", "101", "005010X222A1", "A", 1, 1, 1)]
    assert tables["transaction_acks"].rows() == [
        (5, "101", "837", "0001", "A", None, "005010X222A1")
    ]
    assert tables["ack_errors"].height == 0


def test_the_277ca_sample() -> None:
    tables = sample("sample_277ca.edi").tables

    (claim,) = tables["status_claims"].to_dicts()
    assert (claim["batch_reference"], claim["claim_number"]) == ("BATCH0001", "PCN10001")
    assert (claim["payer_claim_number"], claim["clearinghouse_trace"]) == (
        "ACMEICN555",
        "CHTRACE0001",
    )
    columns = ("level", "category", "code", "entity", "status_date", "action", "charge_cents")
    assert tables["statuses"].select(columns).rows() == [
        ("receiver", "A1", "19", "PR", date(2026, 1, 6), "WQ", 25000),
        ("provider", "A1", "19", "PR", None, "WQ", 25000),
        ("claim", "A2", "20", "PR", date(2026, 1, 6), "WQ", 25000),
    ]
    (batch,) = tables["status_batches"].to_dicts()
    assert (batch["received_date"], batch["processed_date"]) == (
        date(2026, 1, 5),
        date(2026, 1, 6),
    )


def test_the_276_sample() -> None:
    (claim,) = sample("sample_276.edi").tables["status_claims"].to_dicts()

    assert (claim["trace"], claim["claim_number"]) == ("OURTRACE900", "PCN10001")
    assert (claim["payer_claim_number"], claim["charge_cents"]) == ("ACMEICN555", 25000)
    assert claim["patient_birth_date"] == date(1980, 2, 14)
    assert claim["service_from_date"] == claim["service_to_date"] == date(2026, 1, 2)


def test_the_277_sample() -> None:
    tables = sample("sample_277.edi").tables

    (claim,) = tables["status_claims"].to_dicts()
    assert (claim["trace"], claim["claim_number"]) == ("OURTRACE900", "PCN10001")
    (status,) = tables["statuses"].to_dicts()
    assert (status["category"], status["code"], status["charge_cents"]) == ("P3", "297", 25000)
    assert status["status_date"] == date(2026, 1, 24)
