"""Where a reader of an 837 stands: the open levels, claim, other payer and service line.

The functions that read segments (`set_837_levels`, `set_837_claim`, `set_837_coverage`,
`set_837_lines`) change this state and add rows. Open claims, lines and other payers are plain lists
of cells in the order of their table's columns, because they are filled segment by segment and there
are millions of them; the constants below name the places.

Source: 837 TR3s 005010X222A1, 005010X223A2 and 005010X224A2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read.deviations import deviation
from sanderling.core.x12.read.rows import ABOVE_CLAIMS, Rows
from sanderling.core.x12.tables import (
    CLAIM_LINES,
    CLAIMS,
    COVERAGES,
    PARTIES,
    PRIOR_PAYMENTS,
    TABLES_837,
    Schema,
)

Row = list[Any]


def places(schema: Schema) -> dict[str, int]:
    """Return the place of each column in a row."""
    return {name: place for place, name in enumerate(schema)}


# --- contexts: what is open -----------------------------------------------------------------------

HEAD: Final = "head"  # 1000A, 1000B
BILLING: Final = "billing"  # HL level 20
SUBSCRIBER: Final = "subscriber"  # HL level 22
PATIENT: Final = "patient"  # HL level 23
CLAIM: Final = "claim"  # 2300, 2310
OTHER_PAYER: Final = "other_payer"  # 2320, 2330
LINE: Final = "line"  # 2400 to 2440

# --- places in rows -------------------------------------------------------------------------------

_PARTY = places(PARTIES)
PARTY_LAST_NAME: Final = _PARTY["last_name"]
PARTY_FIRST_NAME: Final = _PARTY["first_name"]
PARTY_ID_QUALIFIER: Final = _PARTY["id_qualifier"]
PARTY_IDENTIFIER: Final = _PARTY["identifier"]
PARTY_POSITION: Final = _PARTY["position"]
PARTY_ADDRESS: Final = _PARTY["address"]
PARTY_CITY: Final = _PARTY["city"]
PARTY_POSTAL_CODE: Final = _PARTY["postal_code"]
PARTY_BIRTH_DATE: Final = _PARTY["birth_date"]
PARTY_SEX: Final = _PARTY["sex"]
PARTY_TAXONOMY: Final = _PARTY["taxonomy"]

# The billing provider's columns stand together in a claim's row, and so do the subscriber's and the
# patient's; `Levels` hold them until a CLM copies them.
BILLING_POSITION: Final = 0
BILLING_NAME: Final = 1
BILLING_NPI: Final = 2
BILLING_TIN: Final = 3
BILLING_TAXONOMY: Final = 4
BILLING_WIDTH: Final = 5

SUBSCRIBER_PAYER_SEQUENCE: Final = 0
SUBSCRIBER_RELATIONSHIP: Final = 1
SUBSCRIBER_PAYER_NAME: Final = 6
SUBSCRIBER_PAYER_ID: Final = 7
SUBSCRIBER_LAST_NAME: Final = 8
SUBSCRIBER_FIRST_NAME: Final = 9
SUBSCRIBER_ID: Final = 10
SUBSCRIBER_WIDTH: Final = 11

PATIENT_LAST_NAME: Final = 0
PATIENT_FIRST_NAME: Final = 1
PATIENT_BIRTH_DATE: Final = 2
PATIENT_SEX: Final = 3
PATIENT_WIDTH: Final = 4

_CLAIM = places(CLAIMS)
CLAIM_WIDTH: Final = len(_CLAIM)
CLAIM_INDEX: Final = _CLAIM["claim_index"]
CLAIM_POSITION: Final = _CLAIM["position"]
CLAIM_END_POSITION: Final = _CLAIM["end_position"]
CLAIM_RELATIONSHIP: Final = _CLAIM["relationship"]
CLAIM_NUMBER: Final = _CLAIM["claim_number"]
CLAIM_CHARGE: Final = _CLAIM["charge_cents"]
CLAIM_FREQUENCY: Final = _CLAIM["frequency"]
CLAIM_STATEMENT_FROM: Final = _CLAIM["statement_from_date"]
CLAIM_STATEMENT_TO: Final = _CLAIM["statement_to_date"]
CLAIM_ADMISSION: Final = _CLAIM["admission_date"]
CLAIM_SERVICE_FROM: Final = _CLAIM["service_from_date"]
CLAIM_SERVICE_TO: Final = _CLAIM["service_to_date"]
CLAIM_PATIENT_PAID: Final = _CLAIM["patient_paid_cents"]
CLAIM_ORIGINAL_REFERENCE: Final = _CLAIM["original_reference"]
CLAIM_PRINCIPAL_DIAGNOSIS: Final = _CLAIM["principal_diagnosis"]
CLAIM_RENDERING_NPI: Final = _CLAIM["rendering_npi"]
CLAIM_RENDERING_NAME: Final = _CLAIM["rendering_name"]
CLAIM_FACILITY_NPI: Final = _CLAIM["facility_npi"]
CLAIM_FACILITY_NAME: Final = _CLAIM["facility_name"]
CLAIM_ATTENDING_NPI: Final = _CLAIM["attending_npi"]
CLAIM_LINE_COUNT: Final = _CLAIM["line_count"]
CLAIM_LINE_TOTAL: Final = _CLAIM["line_charge_total_cents"]
CLAIM_SIGNATURE: Final = _CLAIM["signature"]
CLAIM_REFERENCES: Final = {
    "F8": CLAIM_ORIGINAL_REFERENCE,
    "D9": _CLAIM["clearinghouse_trace"],
    "G1": _CLAIM["prior_authorization"],
    "9F": _CLAIM["referral"],
    "EA": _CLAIM["medical_record"],
}
# Where the blocks above start in a claim's row; `test_set_837_state` holds them to the schema.
CLAIM_BILLING: Final = _CLAIM["billing_position"]
CLAIM_SUBSCRIBER: Final = _CLAIM["payer_sequence"]
CLAIM_PATIENT: Final = _CLAIM["patient_last_name"]
CLAIM_OWN: Final = _CLAIM["claim_number"]

_LINE = places(CLAIM_LINES)
LINE_WIDTH: Final = len(_LINE)
LINE_INDEX: Final = _LINE["line_index"]
LINE_POSITION: Final = _LINE["position"]
LINE_ASSIGNED: Final = _LINE["assigned_number"]
LINE_SERVICE: Final = _LINE["procedure_qualifier"]  # the first column an SV segment fills
LINE_CHARGE: Final = _LINE["charge_cents"]
LINE_POINTERS: Final = _LINE["diagnosis_pointers"]
LINE_TOOTH: Final = _LINE["tooth"]
LINE_SERVICE_FROM: Final = _LINE["service_from_date"]
LINE_SERVICE_TO: Final = _LINE["service_to_date"]
LINE_CONTROL_NUMBER: Final = _LINE["line_control_number"]
LINE_RENDERING_NPI: Final = _LINE["rendering_npi"]
LINE_NDC: Final = _LINE["ndc"]

_COVERAGE = places(COVERAGES)
COVERAGE_WIDTH: Final = len(_COVERAGE)
COVERAGE_POSITION: Final = _COVERAGE["position"]
COVERAGE_PAYER_NAME: Final = _COVERAGE["payer_name"]
COVERAGE_PAYER_ID: Final = _COVERAGE["payer_id"]
COVERAGE_LAST_NAME: Final = _COVERAGE["subscriber_last_name"]
COVERAGE_FIRST_NAME: Final = _COVERAGE["subscriber_first_name"]
COVERAGE_SUBSCRIBER_ID: Final = _COVERAGE["subscriber_id"]
COVERAGE_PAID: Final = _COVERAGE["paid_cents"]
COVERAGE_NONCOVERED: Final = _COVERAGE["noncovered_cents"]
COVERAGE_ADJUDICATION: Final = _COVERAGE["adjudication_date"]
COVERAGE_PAYER_CLAIM_NUMBER: Final = _COVERAGE["payer_claim_number"]
COVERAGE_AMOUNTS: Final = {
    "D": COVERAGE_PAID,
    "A8": COVERAGE_NONCOVERED,
    "EAF": _COVERAGE["remaining_cents"],
}

_PRIOR = places(PRIOR_PAYMENTS)
PRIOR_LINE_INDEX: Final = _PRIOR["line_index"]
PRIOR_POSITION: Final = _PRIOR["position"]
PRIOR_COVERAGE: Final = _PRIOR["coverage_index"]
PRIOR_PAYER_ID: Final = _PRIOR["payer_id"]
PRIOR_PAID: Final = _PRIOR["paid_cents"]
PRIOR_ADJUDICATION: Final = _PRIOR["adjudication_date"]
PRIOR_REMAINING: Final = _PRIOR["remaining_cents"]


class State:
    """All that is known between two segments of one 837."""

    __slots__ = (
        "adjustments",
        "amounts",
        "batch",
        "billing",
        "claim",
        "claim_count",
        "claim_lines",
        "claims",
        "component",
        "context",
        "control_numbers",
        "coverage",
        "coverage_adjusted_cents",
        "coverages",
        "dates",
        "diagnoses",
        "diagnosis_counts",
        "entities",
        "grammar",
        "handlers",
        "has_levels",
        "is_in_doubt",
        "kind",
        "level_numbers",
        "level_position",
        "line_number_start",
        "lines",
        "loop",
        "next_level",
        "open_child",
        "open_level",
        "other",
        "parties",
        "party",
        "patient",
        "patient_position",
        "payer_position",
        "pending",
        "pending_taxonomy",
        "places_of_service",
        "prior_adjusted_cents",
        "priors",
        "procedures",
        "references",
        "relationship",
        "row_claim",
        "row_line",
        "rows",
        "separator",
        "service_date_start",
        "service_start",
        "subscriber",
        "subscriber_birth_date",
        "subscriber_position",
        "subscriber_sex",
        "total_cents",
    )

    def __init__(  # noqa: PLR0915 - a list of fields
        self, grammar: Grammar, separator: str, component: str
    ) -> None:
        self.grammar = grammar
        self.kind = grammar.kind
        self.separator = separator
        self.component = component
        self.service_start = f"SV1{separator}"
        self.service_date_start = separator.join(("DTP", "472", "D8", ""))
        self.line_number_start = separator.join(("REF", "6R", ""))
        self.rows = Rows(TABLES_837)
        cells = self.rows.cells
        self.references = cells["references"].extend
        self.dates = cells["dates"].extend
        self.amounts = cells["amounts"].extend
        self.adjustments = cells["adjustments"].extend
        self.diagnoses = cells["diagnoses"].extend
        self.parties = cells["parties"].extend
        self.other = cells["other_segments"].extend
        self.claims = cells["claims"].extend
        self.claim_lines = cells["claim_lines"].extend

        self.enter("", HEAD)
        self.row_claim = ABOVE_CLAIMS  # claim_index of the rows added now
        self.row_line = 0
        self.claim_count = 0  # closed claims, so also the index of the open or coming one
        self.total_cents = 0
        self.batch: dict[str, Any] = {}

        self.next_level = 1  # the HL01 that comes next
        self.open_level = ""  # HL03 of the HL last read
        self.open_child = ""  # its HL04
        self.level_position = 0
        self.level_numbers: dict[str, str] = {}  # HL03 -> HL01 of the open HLs
        self.has_levels = False  # all that a claim needs above it was found there
        self.is_in_doubt = False  # claims below the open levels may be someone else's

        self.billing: Row = [None] * BILLING_WIDTH
        self.pending_taxonomy: str | None = None
        # SBR, PAT and PRV whose values no row has taken yet, with the claim index and the loop.
        self.pending: list[tuple[int, int, str, list[str]]] = []
        self.subscriber: Row = [None] * SUBSCRIBER_WIDTH
        self.subscriber_birth_date: int | None = None
        self.subscriber_sex: str | None = None
        self.subscriber_position: int | None = None
        self.payer_position: int | None = None
        self.patient: Row | None = None
        self.patient_position: int | None = None
        self.relationship: str | None = None  # PAT01 of the patient's level
        self.party: Row | None = None

        self.claim: Row | None = None
        self.lines: list[Row] = []
        self.coverages: list[Row] = []
        self.coverage: Row | None = None
        self.coverage_adjusted_cents: list[int] = []  # CAS of 2320, beside `coverages`
        self.priors: list[Row] = []
        self.prior_adjusted_cents: list[int] = []  # CAS of 2430, beside `priors`
        self.diagnosis_counts: dict[str, int] = {}
        self.control_numbers: set[str] = set()  # REF*6R of the open claim

        # Composites repeat endlessly: what they are made of is remembered.
        self.procedures: dict[str, tuple[str | None, str | None, str | None, str | None]] = {}
        self.places_of_service: dict[str, tuple[str | None, str | None, str | None]] = {}

    def enter(self, loop: str, context: str) -> None:
        """Go on in `loop`: its segments and the parties of `context` are expected."""
        self.loop = loop
        self.context = context
        self.handlers = self.grammar.loops[loop]
        self.entities = self.grammar.entities[context]

    def keep(self, elements: list[str], position: int) -> None:
        """Add the segment to the other segments, as it stands."""
        self.other(
            (self.row_claim, self.row_line, position, self.loop, self.separator.join(elements))
        )

    def keep_pending(self) -> None:
        """Add the segments of levels that ended without a claim to the other segments."""
        for row_claim, position, loop, elements in self.pending:
            self.other((row_claim, 0, position, loop, self.separator.join(elements)))
        self.pending = []

    def report(
        self,
        code: str,
        segment: str,
        position: int,
        element: str = "",
        *,
        loop: str | None = None,
        severity: Severity | None = None,
        **values: str | int | None,
    ) -> None:
        """Add the problem `code`; `values` fill its sentence."""
        self.rows.problems.append(
            deviation(
                code,
                segment=segment,
                position=position,
                loop=self.loop if loop is None else loop,
                element=element,
                claim_index=self.row_claim,
                severity=severity,
                values=values,
            )
        )


Handler = Callable[[State, list[str], int], None]
PartyHandler = Callable[[State, Row], None]
Entity = tuple[str, dict[str, Handler], PartyHandler | None]
"""What an NM1 of one entity opens: its loop, the segments of that loop, what else it fills."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Which segments and parties one kind of 837 has where."""

    kind: str  # 837P, 837I, 837D
    service: str  # the segment that holds a line's service: SV1, SV2, SV3
    loops: dict[str, dict[str, Handler]]  # loop -> segment -> what reads it
    entities: dict[str, dict[str, Entity]]  # context -> NM101 -> what it opens
    line_handlers: dict[str, Handler]  # of loop 2400
    line_entities: dict[str, Entity]
