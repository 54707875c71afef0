"""The typed tables a transaction set is read into: names, columns and units.

One transaction set becomes a handful of tables. Every row knows the place it came from:
`position` is the number of its segment in the file (the first ISA is 1), so that a problem, a
page or an exhibit can point at it. Rows of one claim share `claim_index` (0, 1, ... in the order of
the transaction set; -1: before the first claim or after the last), rows of one service line share
`line_index` (1, 2, ... within the claim; 0: the claim itself).

Column types: `int`, `cents` (integer cents), `date`, `str` and `bool`. What the file leaves out is
null, except the text columns in which "absent" and "empty" mean the same; they may be null too.
A value that cannot be read as its type is null and gives a `Problem`; its segment is kept in
`other_segments`.

Sources: 835 TR3 005010X221A1, 837 TR3s 005010X222A1, X223A2, X224A2; 276/277 005010X212;
277CA 005010X214; 999 005010X231A1.
"""

from __future__ import annotations

from typing import Final

import polars as pl

TYPES: Final = {
    "int": pl.Int64,
    "cents": pl.Int64,
    "date": pl.Date,
    "str": pl.String,
    "bool": pl.Boolean,
}

Schema = dict[str, str]

# --- shared by every set ------------------------------------------------------------------------

_AT: Final[Schema] = {"claim_index": "int", "line_index": "int", "position": "int"}

REFERENCES: Final[Schema] = {**_AT, "loop": "str", "qualifier": "str", "value": "str"}
DATES: Final[Schema] = {
    **_AT,
    "loop": "str",
    "qualifier": "str",
    "from_date": "date",
    "to_date": "date",  # the same day as from_date when a single day was sent
}
AMOUNTS: Final[Schema] = {**_AT, "loop": "str", "qualifier": "str", "amount_cents": "cents"}
QUANTITIES: Final[Schema] = {**_AT, "loop": "str", "qualifier": "str", "quantity": "str"}
PARTIES: Final[Schema] = {
    **_AT,
    "loop": "str",
    "entity": "str",  # NM101 or N101: 85, 82, IL, QC, PR, PE, TT, 74, ...
    "entity_type": "str",  # NM102: 1 person, 2 organization; null for N1
    "last_name": "str",  # or the organization's name
    "first_name": "str",
    "middle_name": "str",
    "suffix": "str",
    "id_qualifier": "str",
    "identifier": "str",
    "address": "str",  # N3 elements joined by a comma and a blank
    "city": "str",
    "state": "str",
    "postal_code": "str",
    "birth_date": "date",  # DMG02
    "sex": "str",  # DMG03
    "taxonomy": "str",  # PRV03
}
CONTACTS: Final[Schema] = {
    **_AT,
    "loop": "str",
    "function": "str",  # PER01: IC, BL, CX
    "name": "str",
    "qualifier": "str",  # TE, EM, UR, FX, EX; one row per number
    "number": "str",
}
OTHER_SEGMENTS: Final[Schema] = {**_AT, "loop": "str", "text": "str"}  # nothing else reads it

SHARED: Final[dict[str, Schema]] = {
    "references": REFERENCES,
    "dates": DATES,
    "amounts": AMOUNTS,
    "quantities": QUANTITIES,
    "parties": PARTIES,
    "contacts": CONTACTS,
    "other_segments": OTHER_SEGMENTS,
}

# CAS, one row per reason triplet: in the 835, and in 837 loops 2320 (claim) and 2430 (line).
ADJUSTMENTS: Final[Schema] = {
    **_AT,
    "sequence": "int",  # 1-6, which triplet of its segment
    "coverage_index": "int",  # 837: which other payer (see coverages); null in the 835
    "group_code": "str",
    "reason_code": "str",  # as sent, blanks stripped; upper case; leading zeros removed
    "amount_cents": "cents",
    "quantity": "str",
}

# --- 835 ------------------------------------------------------------------------------------------

REMITTANCES: Final[Schema] = {  # one row a transaction set
    "position": "int",
    "handling": "str",  # BPR01
    "amount_cents": "cents",  # BPR02
    "credit_debit": "str",  # BPR03
    "method": "str",  # BPR04
    "payment_date": "date",  # BPR16
    "trace": "str",  # TRN02
    "payer_trace_id": "str",  # TRN03
    "trace_suffix": "str",  # TRN04
    "production_date": "date",  # DTM*405
    "payer_name": "str",  # N1*PR
    "payer_id": "str",  # N104 of N1*PR, or REF*2U, or null
    "payee_name": "str",  # N1*PE
    "payee_npi": "str",  # N104 when N103 = XX
    "payee_tin": "str",  # N104 when N103 = FI, or REF*TJ
    # Totals of the whole transaction set, known when its last batch has been read:
    "claim_count": "int",
    "paid_total_cents": "cents",  # sum of CLP04
    "provider_adjustment_total_cents": "cents",  # sum of PLB amounts
    "gap_cents": "cents",  # BPR02 - (paid total - PLB total); 0 when it balances
}
CLAIM_PAYMENTS: Final[Schema] = {
    "claim_index": "int",
    "position": "int",  # of CLP
    "end_position": "int",  # of the claim's last segment
    "claim_number": "str",  # CLP01
    "status": "str",  # CLP02
    "charge_cents": "cents",  # CLP03
    "paid_cents": "cents",  # CLP04
    "patient_share_cents": "cents",  # CLP05
    "filing_indicator": "str",  # CLP06
    "payer_claim_number": "str",  # CLP07
    "facility_code": "str",  # CLP08
    "frequency": "str",  # CLP09
    "drg": "str",  # CLP11
    "drg_weight": "str",
    "discharge_fraction": "str",
    "patient_last_name": "str",
    "patient_first_name": "str",
    "patient_id": "str",  # NM1*QC NM109
    "insured_id": "str",  # NM1*IL NM109
    "corrected_id": "str",  # NM1*74 NM109
    "rendering_npi": "str",  # NM1*82 NM109
    "crossover_name": "str",  # NM1*TT
    "crossover_id": "str",
    "original_reference": "str",  # REF*F8
    "medical_record": "str",  # REF*EA
    "contract_class": "str",  # REF*CE
    "statement_from_date": "date",  # DTM*232
    "statement_to_date": "date",  # DTM*233
    "received_date": "date",  # DTM*050
    "provider_npi": "str",  # TS301 of the LX loop it stands in, else null
    "adjustment_total_cents": "cents",  # every CAS of claim and lines
    "gap_cents": "cents",  # CLP04 - (CLP03 - adjustments); 0 when it balances
    "line_gap_count": "int",  # lines whose SVC03 <> SVC02 - CAS
    "line_count": "int",
}
SERVICE_PAYMENTS: Final[Schema] = {
    **_AT,
    "procedure_qualifier": "str",  # SVC01-1
    "procedure": "str",  # SVC01-2
    "modifiers": "str",  # SVC01-3..6 joined by ":"; null when none
    "charge_cents": "cents",  # SVC02
    "paid_cents": "cents",  # SVC03
    "revenue_code": "str",  # SVC04, or SVC01-2 when its qualifier is NU
    "units_paid": "str",  # SVC05 as sent; null means 1
    "submitted_qualifier": "str",  # SVC06-1
    "submitted_procedure": "str",  # SVC06-2
    "submitted_modifiers": "str",
    "submitted_units": "str",  # SVC07
    "service_from_date": "date",  # DTM*472 or DTM*150
    "service_to_date": "date",  # DTM*151, or the same
    "line_control_number": "str",  # REF*6R
    "allowed_cents": "cents",  # AMT*B6
    "adjustment_total_cents": "cents",
    "gap_cents": "cents",  # SVC03 - (SVC02 - CAS)
}
REMARKS: Final[Schema] = {
    **_AT,
    "source": "str",  # HE, RX (LQ01), MIA, MOA
    "code": "str",  # RARC, upper case
}
PROVIDER_ADJUSTMENTS: Final[Schema] = {  # PLB, one row per pair
    "position": "int",
    "sequence": "int",
    "provider_id": "str",  # PLB01
    "fiscal_date": "date",  # PLB02
    "code": "str",  # PLB03-1
    "reference": "str",  # PLB03-2
    "amount_cents": "cents",  # as sent: positive reduces this payment
}

TABLES_835: Final[dict[str, Schema]] = {
    "remittances": REMITTANCES,
    "claim_payments": CLAIM_PAYMENTS,
    "service_payments": SERVICE_PAYMENTS,
    "adjustments": ADJUSTMENTS,
    "remarks": REMARKS,
    "provider_adjustments": PROVIDER_ADJUSTMENTS,
    **SHARED,
}

# --- 837 professional, institutional, dental ------------------------------------------------------

BATCHES: Final[Schema] = {  # one row a transaction set
    "position": "int",
    "reference": "str",  # BHT03: comes back as TRN02 of a 277CA's receiver level
    "purpose": "str",  # BHT02
    "created_date": "date",  # BHT04
    "created_time": "str",  # BHT05
    "claim_kind": "str",  # BHT06: CH chargeable, RP encounter, 31 subrogation
    "submitter_id": "str",
    "submitter_name": "str",
    "receiver_id": "str",
    "receiver_name": "str",
    "claim_count": "int",
    "charge_total_cents": "cents",
}
CLAIMS: Final[Schema] = {
    "claim_index": "int",
    "position": "int",  # of CLM
    "end_position": "int",
    # 2010AA billing provider and 2010AB
    "billing_position": "int",
    "billing_name": "str",
    "billing_npi": "str",
    "billing_tin": "str",  # REF*EI or REF*SY
    "billing_taxonomy": "str",
    # 2000B/2010BA subscriber and 2010BB destination payer
    "payer_sequence": "str",  # SBR01: P, S, T, A-H, U
    "relationship": "str",  # SBR02, or PAT01 of the patient loop
    "group_number": "str",
    "group_name": "str",
    "msp_type": "str",  # SBR05
    "filing_indicator": "str",  # SBR09
    "payer_name": "str",
    "payer_id": "str",
    "subscriber_last_name": "str",
    "subscriber_first_name": "str",
    "subscriber_id": "str",
    # the patient: 2010CA, or the subscriber
    "patient_last_name": "str",
    "patient_first_name": "str",
    "patient_birth_date": "date",
    "patient_sex": "str",
    # 2300
    "claim_number": "str",  # CLM01
    "charge_cents": "cents",  # CLM02
    "facility_code": "str",  # CLM05-1: place of service, or the first two digits of the bill type
    "facility_qualifier": "str",  # CLM05-2: B, A
    "frequency": "str",  # CLM05-3
    "assignment": "str",  # CLM07
    "accident": "str",  # CLM11 components joined by ":"
    "delay_reason": "str",  # CLM20
    "statement_from_date": "date",  # 837I DTP*434
    "statement_to_date": "date",
    "admission_date": "date",  # DTP*435
    "service_from_date": "date",  # earliest of the lines and 434; what aging by service date uses
    "service_to_date": "date",
    "patient_paid_cents": "cents",  # AMT*F5 (837I: F3 is an estimate, in amounts)
    "original_reference": "str",  # REF*F8
    "clearinghouse_trace": "str",  # REF*D9
    "prior_authorization": "str",  # REF*G1
    "referral": "str",  # REF*9F
    "medical_record": "str",  # REF*EA
    "principal_diagnosis": "str",  # HI*ABK / BK
    "rendering_npi": "str",  # 2310B
    "rendering_name": "str",  # last, first
    "facility_npi": "str",  # service facility 2310C (P), 2310E (I)
    "facility_name": "str",
    "attending_npi": "str",  # 837I NM1*71
    "line_count": "int",
    "line_charge_total_cents": "cents",
    "signature": "str",  # CLM06
    "benefits_assignment": "str",  # CLM08
    "release": "str",  # CLM09
    # Which rows of `parties` the claim's subscriber, payer and patient are. Claims under one HL
    # share them: their rows have the claim_index of the first of these claims.
    "subscriber_position": "int",  # NM1*IL of 2010BA
    "payer_position": "int",  # NM1*PR of 2010BB
    "patient_position": "int",  # NM1*QC of 2010CA; null when the subscriber is the patient
}
CLAIM_LINES: Final[Schema] = {
    **_AT,
    "assigned_number": "str",  # LX01
    "procedure_qualifier": "str",
    "procedure": "str",
    "modifiers": "str",  # joined by ":"
    "description": "str",
    "charge_cents": "cents",
    "unit": "str",  # UN, MJ, DA
    "quantity": "str",
    "place_of_service": "str",
    "diagnosis_pointers": "str",  # as sent, ":"-joined
    "revenue_code": "str",  # SV201
    "noncovered_cents": "cents",  # SV207
    "tooth": "str",  # 837D TOO02, several joined by ","
    "service_from_date": "date",  # DTP*472; else the claim's
    "service_to_date": "date",
    "line_control_number": "str",  # REF*6R
    "rendering_npi": "str",  # 2420A, else null
    "ndc": "str",  # LIN03
}
DIAGNOSES: Final[Schema] = {  # HI, one row per composite
    **_AT,
    "sequence": "int",  # 1 = first code of the claim's HI segments of this kind
    "qualifier": "str",  # ABK, ABF, BBR, BE, BG, BH, DR, ...
    "code": "str",
    "from_date": "date",
    "to_date": "date",
    "amount_cents": "cents",  # value codes
    "present_on_admission": "str",
}
COVERAGES: Final[Schema] = {  # loop 2320, one row per other payer
    "claim_index": "int",
    "coverage_index": "int",  # 1, 2, ... within the claim
    "position": "int",
    "payer_sequence": "str",
    "relationship": "str",
    "group_number": "str",
    "group_name": "str",
    "msp_type": "str",
    "filing_indicator": "str",
    "payer_name": "str",
    "payer_id": "str",
    "subscriber_last_name": "str",
    "subscriber_first_name": "str",
    "subscriber_id": "str",
    "paid_cents": "cents",  # AMT*D
    "noncovered_cents": "cents",  # AMT*A8
    "remaining_cents": "cents",  # AMT*EAF
    "adjudication_date": "date",  # DTP*573 of 2330B
    "payer_claim_number": "str",  # REF*F8 of 2330B
}
PRIOR_PAYMENTS: Final[Schema] = {  # loop 2430, one row per SVD
    **_AT,
    "coverage_index": "int",  # by SVD01 = NM109 of 2330B; null when none fits
    "payer_id": "str",
    "paid_cents": "cents",
    "procedure": "str",
    "modifiers": "str",
    "units_paid": "str",
    "bundled_line": "str",
    "adjudication_date": "date",
    "remaining_cents": "cents",
}

TABLES_837: Final[dict[str, Schema]] = {
    "batches": BATCHES,
    "claims": CLAIMS,
    "claim_lines": CLAIM_LINES,
    "diagnoses": DIAGNOSES,
    "coverages": COVERAGES,
    "prior_payments": PRIOR_PAYMENTS,
    "adjustments": ADJUSTMENTS,
    **SHARED,
}

# --- answers: 999, TA1, 277CA, 277, and our own 276 -----------------------------------------------

INTERCHANGE_ACKS: Final[Schema] = {  # TA1
    "position": "int",
    "control_number": "str",  # ISA13 of the interchange it answers
    "sent_date": "date",
    "sent_time": "str",
    "status": "str",  # A, E, R
    "note": "str",  # 000, ...
}
GROUP_ACKS: Final[Schema] = {  # 999 AK1 and AK9
    "position": "int",
    "functional_code": "str",  # AK101
    "group_control_number": "str",  # AK102
    "version": "str",  # AK103
    "status": "str",  # AK901
    "included_count": "int",
    "received_count": "int",
    "accepted_count": "int",
}
TRANSACTION_ACKS: Final[Schema] = {  # 999 AK2 and IK5
    "position": "int",
    "group_control_number": "str",
    "transaction_kind": "str",  # AK201
    "control_number": "str",  # AK202
    "status": "str",  # IK501: A, E, R, M, W, X
    "codes": "str",  # IK502..06 joined by ","
    "version": "str",  # AK203
}
ACK_ERRORS: Final[Schema] = {  # 999 IK3 and IK4: one row an error
    "position": "int",
    "group_control_number": "str",
    "control_number": "str",
    "segment": "str",
    "segment_position": "int",
    "loop": "str",
    "segment_code": "str",  # IK304
    "claim_number": "str",  # from CTX CLM01:value
    "element_position": "str",  # IK401; null for a segment error
    "element_reference": "str",
    "element_code": "str",  # IK403
    "bad_value": "str",
}
STATUSES: Final[Schema] = {  # 277 and 277CA: one row per STC composite (STC01, 10, 11)
    "claim_index": "int",  # -1 above the claim level
    "line_index": "int",
    "position": "int",
    "level": "str",  # source, receiver, provider, claim, line
    "sequence": "int",  # 1 for STC01, 2 for STC10, 3 for STC11; further STC go on counting
    "category": "str",  # A1, F0, ...
    "code": "str",
    "entity": "str",
    "status_date": "date",  # STC02
    "action": "str",  # STC03: WQ, U
    "charge_cents": "cents",  # STC04
    "paid_cents": "cents",  # STC05
    "adjudication_date": "date",  # STC06
    "payment_date": "date",  # STC08
    "payment_trace": "str",  # STC09
    "message": "str",  # STC12
}
STATUS_CLAIMS: Final[Schema] = {  # 277, 277CA and 276: one row a claim (loop 2200D/E)
    "claim_index": "int",
    "position": "int",
    "end_position": "int",
    "source_entity": "str",  # NM101 of level 20: PR payer, AY clearinghouse
    "source_name": "str",
    "source_id": "str",
    "receiver_id": "str",
    "provider_name": "str",
    "provider_npi": "str",
    "batch_reference": "str",  # TRN02 of level 21 (277CA)
    "trace": "str",  # TRN02 of the claim: CLM01 in a 277CA, our trace in a 277
    "claim_number": "str",  # REF*EJ, or the trace in a 277CA
    "payer_claim_number": "str",  # REF*1K
    "clearinghouse_trace": "str",  # REF*D9
    "bill_type": "str",  # REF*BLT
    "patient_last_name": "str",
    "patient_first_name": "str",
    "patient_id": "str",
    "patient_birth_date": "date",
    "service_from_date": "date",  # DTP*472
    "service_to_date": "date",
    "charge_cents": "cents",  # AMT*T3 (276) or STC04
}
STATUS_LINES: Final[Schema] = {  # 277, 277CA and 276: one row an SVC (loop 2220D/E)
    **_AT,
    "procedure_qualifier": "str",  # SVC01-1
    "procedure": "str",
    "modifiers": "str",  # joined by ":"
    "charge_cents": "cents",  # SVC02
    "paid_cents": "cents",  # SVC03
    "revenue_code": "str",  # SVC04, or SVC01-2 when its qualifier is NU
    "units": "str",  # SVC07 as sent
    "line_control_number": "str",  # REF*FJ
    "service_from_date": "date",  # DTP*472
    "service_to_date": "date",
}
STATUS_BATCHES: Final[Schema] = {  # 277, 277CA and 276: one row a transaction set
    "position": "int",
    "structure": "str",  # BHT01
    "reference": "str",  # BHT03
    "created_date": "date",
    "kind": "str",  # BHT06: DG, TH, RQ
    "received_date": "date",  # DTP*050
    "processed_date": "date",  # DTP*009
    "claim_count": "int",
    "purpose": "str",  # BHT02
    "created_time": "str",  # BHT05
}

TABLES_999: Final[dict[str, Schema]] = {
    "group_acks": GROUP_ACKS,
    "transaction_acks": TRANSACTION_ACKS,
    "ack_errors": ACK_ERRORS,
    "other_segments": OTHER_SEGMENTS,
}
TABLES_TA1: Final[dict[str, Schema]] = {"interchange_acks": INTERCHANGE_ACKS}
TABLES_277: Final[dict[str, Schema]] = {
    "status_batches": STATUS_BATCHES,
    "status_claims": STATUS_CLAIMS,
    "status_lines": STATUS_LINES,
    "statuses": STATUSES,
    **SHARED,
}

TABLES: Final[dict[str, dict[str, Schema]]] = {
    "835": TABLES_835,
    "837P": TABLES_837,
    "837I": TABLES_837,
    "837D": TABLES_837,
    "999": TABLES_999,
    "TA1": TABLES_TA1,
    "277": TABLES_277,
    "277CA": TABLES_277,
    "276": TABLES_277,
}


def polars_schema(schema: Schema) -> dict[str, type[pl.DataType]]:
    """Return `schema` with Polars types."""
    return {name: TYPES[kind] for name, kind in schema.items()}
