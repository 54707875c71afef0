"""Where the reader of an 835 stands: the open loops, claim and line, and the rows so far.

The functions that read segments (`set_835_header`, `set_835_claims`, `set_835_lines`) change this
state and add rows. Rows go to flat lists of cells; the open claim, line and party are plain lists,
their places named by the constants below.

Source: 835 TR3 005010X221A1.
"""

from __future__ import annotations

from typing import Any, Final

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Severity, problem_at
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.rows import ABOVE_CLAIMS, Rows
from sanderling.core.x12.read.values import DAYS, MEMORY_MAX, NPI
from sanderling.core.x12.tables import (
    CLAIM_PAYMENTS,
    PARTIES,
    REMITTANCES,
    SERVICE_PAYMENTS,
    TABLES_835,
    Schema,
)

Elements = list[str]


def places(schema: Schema) -> dict[str, int]:
    """Return the place of each column in a row."""
    return {name: place for place, name in enumerate(schema)}


CLAIM: Final = places(CLAIM_PAYMENTS)
C_END: Final = CLAIM["end_position"]
C_ADJUSTMENTS: Final = CLAIM["adjustment_total_cents"]
C_GAP: Final = CLAIM["gap_cents"]
C_LINE_GAPS: Final = CLAIM["line_gap_count"]
C_LINES: Final = CLAIM["line_count"]
C_PROVIDER: Final = CLAIM["provider_npi"]
C_CHARGE: Final = CLAIM["charge_cents"]
C_PAID: Final = CLAIM["paid_cents"]
C_SHARE: Final = CLAIM["patient_share_cents"]
C_PATIENT_LAST: Final = CLAIM["patient_last_name"]
C_PATIENT_FIRST: Final = CLAIM["patient_first_name"]
C_PATIENT_ID: Final = CLAIM["patient_id"]
C_CROSSOVER_NAME: Final = CLAIM["crossover_name"]
C_CROSSOVER_ID: Final = CLAIM["crossover_id"]
CLAIM_TAIL: Final = (None,) * (len(CLAIM_PAYMENTS) - CLAIM["patient_last_name"])

_SERVICE: Final = places(SERVICE_PAYMENTS)
S_CHARGE: Final = _SERVICE["charge_cents"]
S_PAID: Final = _SERVICE["paid_cents"]
S_FROM: Final = _SERVICE["service_from_date"]
S_TO: Final = _SERVICE["service_to_date"]
S_CONTROL: Final = _SERVICE["line_control_number"]
S_ALLOWED: Final = _SERVICE["allowed_cents"]
S_ADJUSTMENTS: Final = _SERVICE["adjustment_total_cents"]
S_GAP: Final = _SERVICE["gap_cents"]

_PARTY: Final = places(PARTIES)
P_ADDRESS: Final = _PARTY["address"]
P_CITY: Final = _PARTY["city"]
P_STATE: Final = _PARTY["state"]
P_POSTAL_CODE: Final = _PARTY["postal_code"]
PARTY_TAIL: Final = (None,) * (len(PARTIES) - P_ADDRESS)

REMITTANCE: Final = places(REMITTANCES)

TRIPLETS_MAX: Final = 6

HEADER: Final = "header"
FOOTER: Final = "footer"


class State:
    """Where the reader of one 835 stands."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self.transaction = transaction
        self.delimiters = delimiters
        self.separator = delimiters.element
        self.terminator = delimiters.terminator
        self.component = delimiters.component
        self.rows = Rows(TABLES_835)
        self.problems = self.rows.problems
        cells = self.rows.cells
        self.adjustments = cells["adjustments"]
        self.amounts = cells["amounts"]
        self.claim_payments = cells["claim_payments"]
        self.contacts = cells["contacts"]
        self.dates = cells["dates"]
        self.other_segments = cells["other_segments"]
        self.parties = cells["parties"]
        self.provider_adjustments = cells["provider_adjustments"]
        self.quantities = cells["quantities"]
        self.references = cells["references"]
        self.remarks = cells["remarks"]
        self.service_payments = cells["service_payments"]
        self.loop = HEADER
        self.index = ABOVE_CLAIMS  # claim_index of the rows to come
        self.line_index = 0
        self.claim: list[Any] | None = None
        self.line: list[Any] | None = None
        self.party: list[Any] | None = None
        self.claim_adjustments = 0  # of the open claim, lines included
        self.line_adjustments = 0
        self.patient_adjustments = 0  # group PR
        self.line_charges = 0
        self.claim_lines_read = True  # whether every SVC02 of the claim could be read
        self.line_gaps = 0
        self.patient_seen = False
        self.provider_npi: str | None = None  # TS301
        self.claim_count = 0
        self.untaken = 0
        self.last_position = transaction.position
        self.remittance: list[Any] = [None] * len(REMITTANCES)
        self.remittance[0] = transaction.position
        self.paid_total = 0
        self.provider_total = 0
        self.refused = False
        self.seen: set[str] = set()  # BPR, TRN, N1*PR, N1*PE
        self.memory: dict[str, tuple[str | None, str | None, str | None, bool]] = {}

    def problem(
        self,
        code: str,
        message: str,
        tag: str,
        position: int,
        *,
        element: str = "",
        severity: Severity | None = None,
    ) -> None:
        """Tell a problem of the open loop; one that refuses is remembered."""
        problem = problem_at(
            code,
            message,
            severity=severity,
            segment=tag,
            position=position,
            loop=self.loop,
            element=element,
            claim_index=self.index,
        )
        self.problems.append(problem)
        self.refused = self.refused or problem.severity is Severity.REFUSED

    def keep(self, elements: Elements, position: int) -> None:
        """Keep the whole text of a segment that the tables do not hold whole."""
        self.other_segments += (
            self.index,
            self.line_index,
            position,
            self.loop,
            self.separator.join(elements),
        )

    def surplus(self, elements: Elements, position: int, known: int, guide: int) -> None:
        """Keep a segment with elements after the `known` that the tables hold."""
        if not any(elements[known + 1 :]):
            return
        self.keep(elements, position)
        if any(elements[guide + 1 :]):
            tag = elements[0]
            message = f"{tag} has more than {guide} elements; the segment was kept as it is."
            self.problem("element_not_in_guide", message, tag, position)

    def tell_surplus(self, elements: Elements, position: int, guide: int) -> None:
        """Tell that a segment has more elements than the `guide` gives it."""
        if any(elements[guide + 1 :]):
            tag = elements[0]
            message = f"{tag} has more than {guide} elements; the segment was kept as it is."
            self.problem("element_not_in_guide", message, tag, position)

    def misplaced(
        self, elements: Elements, position: int, *, severity: Severity | None = None
    ) -> None:
        """Keep a segment that does not belong in the open loop, and tell it."""
        tag = elements[0]
        self.keep(elements, position)
        message = f"{tag} does not belong in loop {self.loop}; it was kept as it is."
        self.problem("segment_out_of_place", message, tag, position, severity=severity)

    def repeated(self, elements: Elements, position: int) -> None:
        """Keep a segment that may stand here once, and tell it."""
        tag = elements[0]
        self.keep(elements, position)
        message = f"{tag} stands here a second time; the first one counts, this one was kept."
        self.problem("segment_repeated", message, tag, position)

    def once(self, key: str, elements: Elements, position: int, severity: Severity) -> bool:
        """Tell whether this is the first `key`, in the header; another one is kept and told."""
        tag = elements[0]
        if key in self.seen:
            self.keep(elements, position)
            message = f"{key} stands here a second time; the first one counts."
            self.problem("segment_repeated", message, tag, position, severity=severity)
            return False
        if self.loop not in (HEADER, "1000A", "1000B"):
            message = f"{key} stands after the header; it was read all the same."
            self.problem("segment_out_of_place", message, tag, position)
        self.seen.add(key)
        return True

    def odd_pair(self, elements: Elements, position: int, guide: int) -> None:
        """Tell what is missing or too much in a segment of qualifier and value."""
        tag = elements[0]
        for number in (1, 2):
            if len(elements) <= number or not elements[number]:
                element = f"{tag}{number:02}"
                message = f"{element} is empty and the guide requires it."
                self.problem("required_element_missing", message, tag, position, element=element)
        self.surplus(elements, position, 2, guide)

    def bad_amount(
        self, elements: Elements, number: int, position: int, severity: Severity | None = None
    ) -> None:
        """Tell that element `number` is no amount, when there is anything in it."""
        tag = elements[0]
        element = f"{tag}{number:02}"
        if len(elements) > number and elements[number]:
            self.keep(elements, position)
            message = (
                f"{element} is not an amount in dollars and cents; ask the payer to correct it."
            )
            self.problem(
                "amount_unreadable", message, tag, position, element=element, severity=severity
            )
        else:
            message = f"{element} is empty and the guide requires it; ask the payer to correct it."
            self.problem(
                "required_element_missing",
                message,
                tag,
                position,
                element=element,
                severity=severity or Severity.CLAIM,
            )

    def day(self, elements: Elements, number: int, position: int) -> int | None:
        """Return the day in element `number`; one that cannot be read is told and kept."""
        text = elements[number] if len(elements) > number else ""
        day = DAYS[text] if text else None
        if day is None and text:
            tag = elements[0]
            self.keep(elements, position)
            message = f"{tag}{number:02} is no day of the calendar (CCYYMMDD); it was left out."
            self.problem("date_unreadable", message, tag, position, element=f"{tag}{number:02}")
        return day

    def check_npi(self, text: str, tag: str, element: str, position: int) -> None:
        """Tell an identifier that is no NPI though it should be."""
        if not NPI[text]:
            message = f"{element} is no valid NPI: ten digits of which the last is a check digit."
            self.problem("npi_invalid", message, tag, position, element=element)

    def composite(self, text: str) -> tuple[str | None, str | None, str | None, bool]:
        """Return qualifier, code, modifiers of a procedure composite, and whether there is more."""
        known = self.memory.get(text)
        if known is not None:
            return known
        parts = text.split(self.component)
        parts += [""] * (6 - len(parts))
        modifiers = ":".join(part for part in parts[2:6] if part)
        if len(self.memory) >= MEMORY_MAX:
            self.memory.clear()
        value = (parts[0] or None, parts[1] or None, modifiers or None, any(parts[6:]))
        self.memory[text] = value
        return value

    def open_party(
        self,
        position: int,
        entity: str,
        entity_type: str | None,
        name: str | None,
        names: tuple[str | None, str | None, str | None],
        qualifier: str | None,
        identifier: str | None,
    ) -> None:
        """Begin a row of a party; N3 and N4 may add to it."""
        self.party = [
            self.index,
            self.line_index,
            position,
            self.loop,
            entity or None,
            entity_type,
            name or None,
            *names,
            qualifier or None,
            identifier or None,
            *PARTY_TAIL,
        ]

    def close_party(self) -> None:
        """Add the open party to its table."""
        if self.party is not None:
            self.parties += self.party
            self.party = None


def money(cents: int) -> str:
    """Return cents as dollars, for a message."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
