"""An 837 becomes typed rows, field by field."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.core.x12.read.claim_files import (
    HEAD,
    SUBSCRIBER,
    file_of,
    read_batch,
    read_sample,
    segments_of,
)

from sanderling.core.x12.read.set_837_state import (
    BILLING_WIDTH,
    CLAIM_BILLING,
    CLAIM_OWN,
    CLAIM_PATIENT,
    CLAIM_SUBSCRIBER,
    PATIENT_WIDTH,
    SUBSCRIBER_WIDTH,
)
from sanderling.core.x12.tables import TABLES_837, polars_schema


def given(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what the file left out."""
    return {name: value for name, value in row.items() if value is not None}


def test_the_blocks_of_a_claim_stand_where_the_schema_has_them() -> None:
    assert CLAIM_BILLING + BILLING_WIDTH == CLAIM_SUBSCRIBER
    assert CLAIM_SUBSCRIBER + SUBSCRIBER_WIDTH == CLAIM_PATIENT
    assert CLAIM_PATIENT + PATIENT_WIDTH == CLAIM_OWN


def test_every_table_has_its_schema_even_without_rows() -> None:
    batch = read_sample("professional")

    assert {name: dict(frame.schema) for name, frame in batch.tables.items()} == {
        name: polars_schema(schema) for name, schema in TABLES_837.items()
    }
    assert batch.is_last
    assert not batch.refused


def test_the_head_tells_who_sent_what() -> None:
    """BHT*0019*00*BATCH0001*20260105*0930*CH~ NM1*41 ... NM1*40 ..."""
    tables = read_sample("dependent").tables

    assert tables["batches"].to_dicts() == [
        {
            "position": 3,
            "reference": "BATCH0001",
            "purpose": "00",
            "created_date": date(2026, 1, 5),
            "created_time": "0930",
            "claim_kind": "CH",
            "submitter_id": "BILLCO",
            "submitter_name": "BILLCO",
            "receiver_id": "CLEARHOUSE",
            "receiver_name": "CLEARHOUSE",
            "claim_count": 2,
            "charge_total_cents": 12000,
        }
    ]
    assert tables["contacts"].select("position", "loop", "name", "qualifier", "number").rows() == [
        (6, "1000A", "EDI DESK", "TE", "5555550100"),
        (6, "1000A", "EDI DESK", "EM", "DESK@EXAMPLE.ORG"),
    ]


def test_a_professional_claim_is_read_whole() -> None:
    (claim,) = read_sample("professional").tables["claims"].to_dicts()

    assert given(claim) == {
        "claim_index": 0,
        "position": 21,
        "end_position": 41,
        "billing_position": 10,
        "billing_name": "MAPLE FAMILY CLINIC",
        "billing_npi": "1234567893",
        "billing_tin": "741234567",
        "billing_taxonomy": "207Q00000X",
        "payer_sequence": "P",
        "relationship": "18",
        "group_number": "GRP100",
        "group_name": "ACME PLAN",
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
        "service_to_date": date(2026, 1, 3),
        "clearinghouse_trace": "CHTRACE0001",
        "prior_authorization": "AUTH77",
        "principal_diagnosis": "J0190",
        "rendering_npi": "1987654328",
        "rendering_name": "SMITH, ALAN",
        "facility_npi": "1000000491",
        "facility_name": "MAPLE SURGERY",
        "line_count": 2,
        "line_charge_total_cents": 25000,
        "signature": "Y",
        "benefits_assignment": "Y",
        "release": "Y",
        "subscriber_position": 16,
        "payer_position": 20,
    }


def test_professional_lines_are_read_whole() -> None:
    lines = read_sample("professional").tables["claim_lines"].to_dicts()

    assert [given(line) for line in lines] == [
        {
            "claim_index": 0,
            "line_index": 1,
            "position": 31,
            "assigned_number": "1",
            "procedure_qualifier": "HC",
            "procedure": "99213",
            "modifiers": "25",
            "charge_cents": 15000,
            "unit": "UN",
            "quantity": "1",
            "diagnosis_pointers": "1:2",
            "service_from_date": date(2026, 1, 2),
            "service_to_date": date(2026, 1, 2),
            "line_control_number": "10001L1",
        },
        {
            "claim_index": 0,
            "line_index": 2,
            "position": 35,
            "assigned_number": "2",
            "procedure_qualifier": "HC",
            "procedure": "87880",
            "charge_cents": 10000,
            "unit": "UN",
            "quantity": "1",
            "diagnosis_pointers": "1",
            "service_from_date": date(2026, 1, 2),
            "service_to_date": date(2026, 1, 3),
            "line_control_number": "10001L2",
            "rendering_npi": "1000000004",
            "ndc": "00093310905",
        },
    ]


def test_parties_keep_their_loops_addresses_and_taxonomies() -> None:
    parties = read_sample("professional").tables["parties"]

    assert parties.select("claim_index", "line_index", "position", "loop", "entity").rows() == [
        (-1, 0, 5, "1000A", "41"),
        (-1, 0, 7, "1000B", "40"),
        (-1, 0, 10, "2010AA", "85"),
        (0, 0, 16, "2010BA", "IL"),
        (0, 0, 20, "2010BB", "PR"),
        (0, 0, 26, "2310B", "82"),
        (0, 0, 28, "2310C", "77"),
        (0, 2, 41, "2420A", "82"),
    ]
    assert given(parties.row(2, named=True)) == {
        "claim_index": -1,
        "line_index": 0,
        "position": 10,
        "loop": "2010AA",
        "entity": "85",
        "entity_type": "2",
        "last_name": "MAPLE FAMILY CLINIC",
        "id_qualifier": "XX",
        "identifier": "1234567893",
        "address": "100 MAIN ST, SUITE 2",
        "city": "AUSTIN",
        "state": "TX",
        "postal_code": "787010001",
        "taxonomy": "207Q00000X",
    }
    subscriber = parties.row(3, named=True)
    assert (subscriber["middle_name"], subscriber["suffix"]) == ("Q", "JR")
    assert (subscriber["birth_date"], subscriber["sex"]) == (date(1980, 2, 14), "F")
    assert parties.row(5, named=True)["taxonomy"] == "207Q00000X"
    assert parties.row(6, named=True)["address"] == "5 OAK AVE"


def test_references_dates_and_other_segments_keep_their_places() -> None:
    tables = read_sample("professional").tables

    assert tables["references"].rows() == [
        (-1, 0, 13, "2010AA", "EI", "741234567"),
        (0, 0, 23, "2300", "D9", "CHTRACE0001"),
        (0, 0, 24, "2300", "G1", "AUTH77"),
        (0, 1, 34, "2400", "6R", "10001L1"),
        (0, 2, 38, "2400", "6R", "10001L2"),
    ]
    assert tables["dates"].rows() == [
        (0, 0, 22, "2300", "431", date(2025, 12, 30), date(2025, 12, 30)),
        (0, 1, 33, "2400", "472", date(2026, 1, 2), date(2026, 1, 2)),
        (0, 2, 37, "2400", "472", date(2026, 1, 2), date(2026, 1, 3)),
    ]
    assert tables["other_segments"].rows() == [(0, 2, 40, "2410", "CTP****2*UN")]
    assert tables["diagnoses"].select("sequence", "qualifier", "code").rows() == [
        (1, "ABK", "J0190"),
        (2, "ABF", "R509"),
    ]


def test_a_dependent_is_the_patient_and_two_claims_share_the_levels() -> None:
    """HL*2*1*22*1~ NM1*IL*1*DOE*JANE ... HL*3*2*23*0~ PAT*19~ NM1*QC*1*DOE*TIM~ CLM CLM"""
    claims = read_sample("dependent").tables["claims"]

    columns = ["claim_number", "relationship", "subscriber_first_name", "patient_first_name"]
    assert claims.select(*columns, "patient_birth_date", "patient_sex", "frequency").rows() == [
        ("PCN20001", "19", "JANE", "TIM", date(2015, 6, 1), "M", "1"),
        ("PCN20002", "19", "JANE", "TIM", date(2015, 6, 1), "M", "7"),
    ]
    assert claims["original_reference"].to_list() == [None, "ICN77"]
    assert claims["subscriber_position"].to_list() == [16, 16]
    assert claims["patient_position"].to_list() == [20, 20]
    assert claims["end_position"].to_list() == [28, 34]


def test_what_another_payer_paid_and_adjusted_is_kept_per_line() -> None:
    tables = read_sample("secondary").tables

    (coverage,) = tables["coverages"].to_dicts()
    assert given(coverage) == {
        "claim_index": 0,
        "coverage_index": 1,
        "position": 21,
        "payer_sequence": "P",
        "relationship": "18",
        "group_number": "GRP100",
        "filing_indicator": "CI",
        "payer_name": "ACME HEALTH",
        "payer_id": "ACME1",
        "subscriber_last_name": "LOW",
        "subscriber_first_name": "LEE",
        "subscriber_id": "ABC000000003",
        "paid_cents": 10600,
        "remaining_cents": 3400,
        "adjudication_date": date(2026, 1, 19),
        "payer_claim_number": "ACMEICN557",
    }
    assert tables["prior_payments"].rows() == [
        (0, 1, 34, 1, "ACME1", 9600, "99214", "25", "1", None, date(2026, 1, 19), 2400),
        (0, 2, 42, 1, "ACME1", 2000, "36415", None, "1", "1", date(2026, 1, 19), None),
    ]
    assert tables["adjustments"].rows() == [
        (0, 0, 22, 1, 1, "CO", "253", 1000, None),
        (0, 1, 35, 1, 1, "CO", "45", 7000, "1"),
        (0, 1, 35, 2, 1, "CO", "97", 1000, None),
        (0, 1, 36, 1, 1, "PR", "2", 2400, None),
        (0, 2, 43, 1, 1, "PR", "1", 1000, None),
    ]


def test_six_triplets_of_one_segment_are_six_adjustments() -> None:
    """CAS*OA*1*1**2*2**3*3**4*4**5*5**006*-6*9~"""
    body = HEAD + SUBSCRIBER + "CLM*A*9***11:B:1*Y*A*Y*Y~HI*ABK:I10~SBR*P*18*******CI~"
    body += "CAS*OA*1*1**2*2**3*3**4*4**5*5**a006*-6*9~NM1*PR*2*X*****PI*P1~"
    body += "LX*1~SV1*HC:1*9*UN*1***1~DTP*472*D8*20260101~"

    adjustments = read_batch(file_of("837P", body)).tables["adjustments"]

    columns = ["sequence", "reason_code", "amount_cents", "quantity"]
    assert adjustments.select(columns).rows() == [
        (1, "1", 100, None),
        (2, "2", 200, None),
        (3, "3", 300, None),
        (4, "4", 400, None),
        (5, "5", 500, None),
        (6, "A006", -600, "9"),
    ]


def test_an_institutional_claim_has_its_stay_codes_and_revenue() -> None:
    tables = read_sample("institutional").tables

    (claim,) = tables["claims"].to_dicts()
    assert (claim["facility_code"], claim["facility_qualifier"]) == ("11", "A")
    assert claim["statement_from_date"] == claim["service_from_date"] == date(2026, 1, 1)
    assert claim["statement_to_date"] == claim["service_to_date"] == date(2026, 1, 4)
    assert claim["admission_date"] == date(2026, 1, 1)
    assert claim["attending_npi"] == "1987654328"
    assert claim["medical_record"] == "MRN5"
    columns = ["sequence", "qualifier", "code", "from_date", "to_date", "amount_cents"]
    assert tables["diagnoses"].select(*columns, "present_on_admission").rows() == [
        (1, "ABK", "K3580", None, None, None, "Y"),
        (1, "ABJ", "R1031", None, None, None, None),
        (2, "ABF", "I10", None, None, None, "Y"),
        (3, "ABF", "E119", None, None, None, "N"),
        (1, "DR", "343", None, None, None, None),
        (1, "BBR", "0DTJ4ZZ", date(2026, 1, 2), date(2026, 1, 2), None, None),
        (1, "BH", "11", date(2025, 12, 31), date(2025, 12, 31), None, None),
        (1, "BI", "71", date(2025, 12, 1), date(2025, 12, 5), None, None),
        (1, "BE", "80", None, None, 300, None),
        (2, "BE", "A1", None, None, 140800, None),
        (1, "BG", "C5", None, None, None, None),
    ]
    lines = tables["claim_lines"]
    columns = ["revenue_code", "procedure", "charge_cents", "unit", "quantity", "noncovered_cents"]
    assert lines.select(columns).rows() == [
        ("0120", None, 60000, "DA", "3", 5000),
        ("0300", "85025", 30000, "UN", "2", None),
    ]
    kept = tables["other_segments"]["text"].to_list()
    assert kept == ["DTP*096*TM*1130", "DTP*435*DT*202601010915", "CL1*1*7*01"]


def test_a_dental_line_has_its_teeth_and_the_claims_date() -> None:
    tables = read_sample("dental").tables

    lines = tables["claim_lines"]
    columns = ["procedure_qualifier", "procedure", "charge_cents", "quantity", "tooth"]
    assert lines.select(*columns, "service_from_date").rows() == [
        ("AD", "D2150", 10000, "1", "12,13", date(2026, 1, 6)),
        ("AD", "D1110", 5000, "1", None, date(2026, 1, 7)),
    ]
    assert tables["other_segments"]["text"].to_list() == [
        "DN2*8*E****JP",
        "SV3*AD:D2150*100***I*1",
        "TOO*JP*12*M:O",
    ]


def test_several_billing_providers_in_one_transaction_set_keep_their_claims() -> None:
    """HL*1**20 NM1*85 A ... CLM; HL*3**20 NM1*85 B ... CLM"""
    claim = "CLM*{0}*10***11:B:1*Y*A*Y*Y~HI*ABK:I10~LX*1~SV1*HC:1*10*UN*1***1~DTP*472*D8*20260101~"
    body = HEAD + SUBSCRIBER + claim.format("ONE")
    body += "HL*3**20*1~NM1*85*1*OAK*OLGA****XX*1987654328~N3*1 A~N4*WACO*TX*76701~REF*SY*999~"
    body += SUBSCRIBER.replace("HL*2*1*22", "HL*4*3*22").replace("ACME1", "ACME2")
    body += claim.format("TWO")

    batch = read_batch(file_of("837P", body))

    assert batch.problems == []
    columns = ["claim_index", "claim_number", "billing_npi", "billing_name", "billing_tin"]
    assert batch.tables["claims"].select(*columns, "billing_taxonomy", "payer_id").rows() == [
        (0, "ONE", "1234567893", "MAPLE FAMILY CLINIC", "741234567", "207Q00000X", "ACME1"),
        (1, "TWO", "1987654328", "OAK, OLGA", "999", None, "ACME2"),
    ]


def test_other_delimiters_read_the_same() -> None:
    kind, body = "837P", HEAD + SUBSCRIBER
    body += "CLM*A*10***11:B:1*Y*A*Y*Y~HI*ABK:I10*ABF:E119~LX*1~SV1*HC:1:25:59*10*UN*1***1:2~"
    body += "DTP*472*D8*20260101~"
    text = "".join(f"{segment}~" for segment in segments_of(kind, body))
    other = text.translate(str.maketrans("*:~", "|>\n"))

    one, two = read_batch(text.encode()), read_batch(other.encode())

    assert one.problems == two.problems == []
    for name, frame in one.tables.items():
        assert frame.equals(two.tables[name]), name
    assert two.tables["claim_lines"]["diagnosis_pointers"].to_list() == ["1:2"]


def test_a_usual_line_read_in_one_go_is_like_any_other() -> None:
    """The second 99213 line is a usual one: its procedure was seen before."""
    line = "LX*{0}~SV1*HC:99213:25*10*UN*1***1~DTP*472*D8*2026010{0}~REF*6R*L{0}~"
    body = HEAD + SUBSCRIBER + "CLM*A*30***11:B:1*Y*A*Y*Y~HI*ABK:I10~"
    body += "NM1*82*1*SMITH*ALAN****XX*1987654328~"
    body += line.format(1) + line.format(2) + line.format(3)

    batch = read_batch(file_of("837P", body))

    assert batch.problems == []
    columns = ["line_index", "position", "procedure", "modifiers", "charge_cents", "unit"]
    lines = batch.tables["claim_lines"]
    assert lines.select(*columns, "service_to_date", "line_control_number").rows() == [
        (1, 24, "99213", "25", 1000, "UN", date(2026, 1, 1), "L1"),
        (2, 28, "99213", "25", 1000, "UN", date(2026, 1, 2), "L2"),
        (3, 32, "99213", "25", 1000, "UN", date(2026, 1, 3), "L3"),
    ]
    assert batch.tables["dates"]["position"].to_list() == [26, 30, 34]
    assert batch.tables["references"]["position"].to_list() == [13, 27, 31, 35]
    assert batch.tables["parties"]["loop"].to_list()[-1] == "2310B"
