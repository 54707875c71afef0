"""Every 835 of strangers that we have: read, read with warnings, or refused at the right segment.

The corpus is not part of the repository (SANDERLING_CORPUS, default ../shared/corpus). Its MANIFEST
has the verdicts of three public readers; where they contradict each other or us, `CASES` says why.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Severity
from sanderling.core.x12.read import read_bytes

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
CORPUS: Final = Path(
    os.environ.get("SANDERLING_CORPUS", str(_REPOSITORY.parent / "shared" / "corpus"))
)
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"no corpus at {CORPUS} (set SANDERLING_CORPUS)"
)


@dataclass(frozen=True, slots=True)
class Case:
    """What must be said about a file: (code, position) of all problems above a warning.

    `refused` tells for each transaction set whether it is; `warnings` are the codes of the rest.
    `why` explains each public reader whose verdict differs from ours.
    """

    claims: int
    refused: tuple[bool, ...]
    grave: tuple[tuple[str, int], ...] = ()
    warnings: frozenset[str] = frozenset()
    why: str = ""


_TEST: Final = frozenset({"test_usage"})
_SEPARATOR: Final = frozenset(
    {"component_separator_differs"}
)  # ISA16 says another than composites have
_LFH_WHY: Final = (
    "pyx12 and stupidedi reject what the guide wants and posting can do without: the mandatory "
    "PER*BL of the payer is missing, amounts have trailing zeros; the sums agree."
)
CASES: Final[dict[str, Case]] = {
    "LinuxForHealth__x12/b0d1e78ca3cc56ec.835": Case(
        2, (False,), warnings=_TEST | {"npi_invalid"}, why=_LFH_WHY
    ),
    "LinuxForHealth__x12/5468fd9851b7ec01.835": Case(
        1, (False,), warnings=_TEST | _SEPARATOR, why=_LFH_WHY
    ),
    "LinuxForHealth__x12/e443c19657ce8358.835": Case(
        2,
        (False,),
        warnings=_TEST | {"npi_invalid", "date_unreadable"},
        why=_LFH_WHY + " x12sdk does not look at the calendar: BPR16 is 20002316.",
    ),
    "LinuxForHealth__x12/ade0319303593866.835": Case(
        2, (False,), warnings=_TEST | _SEPARATOR, why=_LFH_WHY
    ),
    "LinuxForHealth__x12/6466995ccf739f6a.835": Case(
        1,
        (False,),
        grave=(("line_out_of_balance", 20),),
        warnings=_TEST | {"line_charges_differ"},
        why=_LFH_WHY + " x12sdk accepts an SVC whose charge 24599.00 stands where its code should: "
        "SVC03 is not SVC02 less the adjustments.",
    ),
    "apifocal__x12-parser/170faedf6249fe5f.835": Case(
        0,
        (True,),
        grave=(("guide_not_supported", 3),),
        warnings=_TEST
        | {"functional_code_differs", "group_number_differs", "interchange_number_differs"},
        why="Version 00401 with an invented GS: no guide; all reject it, so do we.",
    ),
    "apifocal__x12-parser/1435c84a5a7179ad.835": Case(
        0,
        (True,),
        grave=(("guide_not_supported", 3),),
        warnings=_TEST
        | {"functional_code_differs", "group_number_differs", "interchange_number_differs"},
        why="As the one before, with ^ as terminator.",
    ),
    "apifocal__x12-parser/21f5e5911efc7901.835": Case(
        0,
        (),
        grave=(("interchange_unreadable", 2),),
        warnings=_TEST | {"isa_length", "wrapped_lines", "bytes_skipped"},
        why="Java source with an ISA in a string literal; all reject it, so do we.",
    ),
    "apifocal__x12-parser/2afb23012ee586d6.835": Case(
        0,
        (),
        grave=(("interchange_unreadable", 2),),
        warnings=_TEST | {"isa_length", "wrapped_lines", "bytes_skipped", "padded_elements"},
        why="Java source with an ISA in a string literal; all reject it, so do we.",
    ),
    "apimeister__x12-types/eaccef206177b059.835": Case(
        0,
        (True,),
        grave=(("guide_not_supported", 3), ("set_truncated", 5)),
        warnings=frozenset({"interchange_number_differs", "wrapped_lines"}),
        why="Guide 004010X091A1, the body replaced by '...'.",
    ),
    "apimeister__x12-types/5b62eb43bd4931cf.835": Case(
        0,
        (True,),
        grave=(("guide_not_supported", 3),),
        warnings=_SEPARATOR | {"interchange_number_differs", "padded_elements"},
        why="Guide 004010X091A1: stupidedi knows 4010, we and pyx12 do not read it on purpose.",
    ),
    "apimeister__x12-types/be45b436709313dd.835": Case(
        2,
        (False,),
        warnings=_TEST | {"npi_invalid"},
        why="x12sdk rejects an NM1*82 with an empty name, which the guide allows.",
    ),
    "apimeister__x12-types/9f394ffa043280b0.835": Case(
        2,
        (False,),
        warnings=_TEST,
        why="x12sdk rejects an NM1*82 with an empty name, which the guide allows.",
    ),
    "apimeister__x12-types/80071c190009fabb.835": Case(1, (False,), warnings=_TEST),
    "apimeister__x12-types/eeb5be7ed1a43c30.835": Case(3, (False,), warnings=_TEST),
    "apimeister__x12-types/70252699173916ec.835": Case(2, (False,)),
    "copyleftdev__x12-python/35b9ffd1611c8e88.835": Case(
        1,
        (False,),
        warnings=frozenset({"segment_count_differs", "npi_invalid"}),
        why="All three reject SE01 (13 for 11); X12 in the wild has wrong counts, the claim "
        "balances, so it is read with a warning.",
    ),
    "moov-io__x12/c42008b203803df3.835": Case(
        2,
        (False, False),
        grave=(("claim_out_of_balance", 18),),
        warnings=frozenset({"payment_negative", "npi_invalid"}),
        why="pyx12 wants ISA11, x12sdk more; the first claim's CAS is a cent short (385.20 for "
        "385.21), which stupidedi, accepting it, does not add up.",
    ),
    "moov-io__x12/135196a33261660a.835": Case(
        1,
        (False,),
        grave=(("claim_out_of_balance", 19),),
        warnings=frozenset({"date_unreadable", "npi_invalid"}),
        why="All reject it: BPR16 is 20990080 and the claim does not balance. The transaction "
        "does, so only the claim is held.",
    ),
    "terravic__x12-to-json-parser/c0d05403c5de28ac.835": Case(
        1,
        (True,),
        grave=(("claim_out_of_balance", 14), ("required_element_missing", 26)),
        warnings=frozenset({"npi_invalid", "patient_share_differs"}),
        why="All reject it: CAS at claim and line twice, PLB03 and PLB04 run together.",
    ),
}


def _manifest() -> list[dict[str, str]]:
    with (CORPUS / "MANIFEST.tsv").open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [row for row in rows if row["transaction_set"] == "835"]


def test_every_835_of_the_manifest_has_a_case() -> None:
    assert {row["file"] for row in _manifest()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_strangers_835_is_read_or_refused_at_the_right_segment(name: str) -> None:
    case = CASES[name]

    events = read_bytes((CORPUS / name).read_bytes())

    batches = [event for event in events if isinstance(event, Batch)]
    problems = [problem for event in events for problem in event.problems]
    claims = sum(b.tables["claim_payments"].height for b in batches if b.tables)
    grave = {
        (problem.code, problem.position)
        for problem in problems
        if problem.severity is not Severity.WARNING
    }
    assert claims == case.claims
    assert tuple(batch.refused for batch in batches) == case.refused
    assert grave == set(case.grave)
    assert {p.code for p in problems if p.severity is Severity.WARNING} == case.warnings


def test_we_read_what_any_public_reader_accepts_or_say_why_not() -> None:
    for row in _manifest():
        verdicts = {row["pyx12_4.0.0"], row["x12sdk_2.2.0"], row["stupidedi_1.5.2"]}
        case = CASES[row["file"]]
        is_taken = case.refused != () and not any(case.refused) and not case.grave
        if ("accept" in verdicts) != is_taken or ("reject" in verdicts) == is_taken:
            assert case.why, row["file"]
