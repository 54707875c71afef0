"""What the search reads: outcomes, one row for each chance that something could go wrong.

A denial search reads decisions, a rejection search claims as sent, and so on. A row is an outcome
(it counts in the denominator) and may be an event (it counts in the numerator too). Only settled
outcomes are rows: what the payer has not answered yet is none, so that it cannot look like a fall.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

# Texts are few and repeat: kept once each (a string of its own for each row is four times as much).
Text: Final = pl.Categorical
# What an outcome may be described by before it is known how it ended. Text: "" when not known.
TRIAL_DIMENSIONS: Final = (
    *("client_id", "payer_id", "plan", "form", "location", "provider"),
    *("procedure", "code_family", "modifier"),
)
# What only an event has.
EVENT_DIMENSIONS: Final = ("category", "carc", "rarc")

OUTCOMES: Final[Schema] = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "plan": Text,
    "form": Text,  # P, I, D
    "location": Text,
    "provider": Text,  # NPI
    "procedure": Text,  # only of lines
    "code_family": Text,
    "modifier": Text,  # joined by ":"; an outcome counts for each of them
    "day": pl.Date,  # when the outcome was settled, on the payer's calendar
    "service_date": pl.Date,  # null: not known
    "sent_date": pl.Date,  # null: not known
    "is_event": pl.Boolean,
    "cents": pl.Int64,  # what the event holds back; 0 when it is none
    "is_open": pl.Boolean,  # the claim of the event still waits for that money
    "category": Text,  # of the event, else ""
    "carc": Text,  # group and reason, CO-4; of a rejection category and status, A7:21
    "rarc": Text,
}

# The days on which a cause may have set in: what the payer decided since, what was served since,
# what was sent since. The one in which the step is sharpest is taken.
AXES: Final = ("day", "service_date", "sent_date")


def empty() -> pl.DataFrame:
    """Return no outcomes."""
    return pl.DataFrame(schema=dict(OUTCOMES))


def complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with all columns of OUTCOMES, missing ones empty."""
    missing = [
        pl.lit("" if kind == Text else None, dtype=pl.String if kind == Text else kind).alias(name)
        for name, kind in OUTCOMES.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(
        [pl.col(name).cast(kind) for name, kind in OUTCOMES.items()]
    )


# CPT by its chapters as billers speak of them, (first code, last code, name); HCPCS by letter.
_FAMILIES: Final = (
    ("00100", "01999", "anesthesia"),
    ("10004", "19499", "skin"),
    ("20100", "29999", "musculoskeletal"),
    ("30000", "32999", "respiratory"),
    ("33016", "39599", "cardiovascular"),
    ("40490", "49999", "digestive"),
    ("50010", "58999", "urinary_genital"),
    ("59000", "59899", "maternity"),
    ("60000", "64999", "nervous"),
    ("65091", "69990", "eye_ear"),
    ("70010", "76499", "radiology"),
    ("76506", "76999", "ultrasound"),
    ("77001", "79999", "radiology_other"),
    ("80047", "89398", "laboratory"),
    ("90281", "90759", "vaccines"),
    ("90785", "90899", "psychiatry"),
    ("90901", "96999", "medicine"),
    ("97010", "97799", "therapy"),
    ("97802", "99091", "medicine_other"),
    ("99202", "99215", "office_visits"),
    ("99217", "99239", "hospital_visits"),
    ("99242", "99255", "consultations"),
    ("99281", "99288", "emergency_visits"),
    ("99291", "99499", "other_visits"),
)


def code_family(procedure: pl.Expr) -> pl.Expr:
    """Return the family of a procedure code: a chapter of CPT, or the letter of HCPCS Level II."""
    number = procedure.str.slice(0, 5)
    found = pl.lit("")
    for low, high, name in _FAMILIES:
        found = pl.when((number >= low) & (number <= high)).then(pl.lit(name)).otherwise(found)
    letter = pl.lit("HCPCS ") + procedure.str.slice(0, 1)
    return pl.when(procedure.str.contains(r"^[A-Z]\d{4}")).then(letter).otherwise(found)
