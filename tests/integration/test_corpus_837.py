"""Strangers' 837 files: read, read with problems, or refused, as the MANIFEST's readers say.

Where we say otherwise, the table below gives the reason.
"""

from __future__ import annotations

from typing import Final

import pytest
from tests.integration.corpus_claims import WHY_SKIPPED, Entry, entries, outcome

from sanderling.core.x12.problems import Severity

pytestmark = pytest.mark.skipif(not entries(), reason=WHY_SKIPPED)

CLAIM_FILES: Final = tuple(entry for entry in entries() if entry.kind.startswith("837"))

_4010: Final = (
    "x12sdk has models of the 4010 guides, which no payer takes since 2012; we refuse them by name"
)
# file -> the code that must stand in our problems, and why the readers that took it are wrong.
DISAGREEMENTS: Final = {
    "LinuxForHealth__x12/9c70b8f9360a5bd9.837i": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/b874182d2aecc28e.837i": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/b87c2385e1129510.837i": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/736ed6a7b2cea184.837i": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/1fac8fd14f21c231.837i": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/87b010260747257e.837p": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/dbfbb0b32f35097a.837p": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/1c7be9a564f00ff0.837p": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/a558373171f7f74b.837p": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/b4d72f82212e23cd.837p": ("guide_not_supported", _4010),
    "LinuxForHealth__x12/4b14e19aae41afef.837p": ("guide_not_supported", _4010),
}
# Refused as a whole, with the code and the segment it is told at.
REFUSED: Final = {
    "imsweb__x12-parser/a86ffb327bf97246.837p": ("no_interchange", 0),  # starts with GS
    "copyleftdev__x12-python/a929b8f827423852.837": ("guide_missing", 2),  # no GS, no ST03
    # Its SE is glued to the "..." before it.
    "terravic__x12-to-json-parser/42d8ea053c2372d1.837p": ("set_truncated", 4),
}
# What does not count against a file here: test files, and made-up NPIs that no checker looks at.
_HARMLESS: Final = {"test_usage", "npi_invalid"}


def _ids(entry: Entry) -> str:
    return entry.file


@pytest.mark.parametrize("entry", CLAIM_FILES, ids=_ids)
def test_a_file_comes_out_as_the_manifest_says_or_for_a_written_reason(entry: Entry) -> None:
    found = outcome(entry.file)
    serious = found.codes(Severity.CLAIM, Severity.REFUSED)

    if entry.file in DISAGREEMENTS:
        code, _ = DISAGREEMENTS[entry.file]
        assert entry.is_accepted
        assert code in serious
    elif entry.is_accepted:
        assert not serious
        assert not found.is_refused
    elif entry.is_rejected:
        assert found.codes(*Severity) - _HARMLESS


@pytest.mark.parametrize("entry", CLAIM_FILES, ids=_ids)
def test_every_claim_and_set_of_a_file_is_found(entry: Entry) -> None:
    found = outcome(entry.file)

    if entry.file == "imsweb__x12-parser/a86ffb327bf97246.837p":
        assert found.batches == ()
        return
    assert len(found.batches) == entry.set_count
    if "004010" in entry.versions:
        assert found.height("claims") == 0
    else:
        assert found.height("claims") == entry.claims


@pytest.mark.parametrize("entry", CLAIM_FILES, ids=_ids)
def test_a_refused_file_says_why_at_the_right_segment(entry: Entry) -> None:
    found = outcome(entry.file)
    told = [
        (problem.code, problem.position)
        for problem in found.problems
        if problem.severity is Severity.REFUSED
    ]

    if "004010" in entry.versions:
        assert found.is_refused
        assert told == [("guide_not_supported", 3)]
    elif entry.file in REFUSED:
        assert found.is_refused
        assert told == [REFUSED[entry.file]]
    else:
        assert told == []
        assert not found.is_refused


@pytest.mark.parametrize("entry", CLAIM_FILES, ids=_ids)
def test_a_wrong_trailer_is_told(entry: Entry) -> None:
    codes = outcome(entry.file).codes(*Severity)
    if entry.file == "imsweb__x12-parser/4fc739680e91121f.837p":
        # Its ISA02 is a blank short, which the MANIFEST's envelope check did not see.
        assert "isa_length" in codes
        codes = codes - {"isa_length"}

    for check, code in {
        "SE01-count": "segment_count_differs",
        "SE02!=ST02": "set_number_differs",
        "GE01-count": "set_count_differs",
        "GE02!=GS06": "group_number_differs",
        "IEA01-count": "group_count_differs",
        "IEA02!=ISA13": "interchange_number_differs",
        "ISA-not-106": "isa_length",
    }.items():
        assert (check in entry.envelope.split(";")) == (code in codes), code
