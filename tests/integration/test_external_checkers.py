"""What our writers and the simulator emit, judged by strangers: pyx12 and x12sdk.

pyx12 judges 837P, 837I, 835 and 999; x12sdk judges 276, 277 and the balance of the 835. No pip
checker knows 837D, 277CA or TA1: those are held against the guides' rules here.
"""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document
from tests.integration.worlds import SEEDS, MadeWorld, made_world, split
from tests.seeds import seeds
from x12sdk.io import X12ModelReader

SAMPLE_FILES = 8


@pytest.fixture(params=seeds(*SEEDS))
def made(request: pytest.FixtureRequest) -> MadeWorld:
    return made_world(request.param)


def sample(paths: list[Path], must_contain: tuple[str, ...] = ()) -> list[Path]:
    """Take files evenly, and for each text wanted the first two files that hold it."""
    step = max(1, len(paths) // SAMPLE_FILES)
    chosen = set(paths[::step])
    for wanted in must_contain:
        holding = [path for path in paths if wanted in canonical(path)]
        assert holding, wanted
        chosen.update(holding[:2])
    return sorted(chosen)


def canonical(path: Path) -> str:
    """The file with the usual separators, by our own splitter."""
    segments = list(split(path.read_text("ascii")))
    segments[0][11], segments[0][16] = "^", ":"
    return "~".join("*".join(segment) for segment in segments) + "~"


def pyx12_errors(text: str) -> list[str]:
    """Judge a file with pyx12; answer its complaints."""
    logging.disable(logging.CRITICAL)
    settings = params()
    settings.set("exclude_external_codes", "remark_code")
    report = io.StringIO()
    try:
        is_valid = x12n_document(settings, io.StringIO(text), io.StringIO(), None, None, report)
    finally:
        logging.disable(logging.NOTSET)
    if is_valid:
        return []
    return list(_complaints(json.loads(report.getvalue()))) or ["invalid, no reason given"]


def _complaints(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "errors":
                yield from (json.dumps(item) for item in value)
            else:
                yield from _complaints(value)
    elif isinstance(node, list):
        for value in node:
            yield from _complaints(value)


def test_pyx12_would_complain_about_a_broken_file(made: MadeWorld) -> None:
    text = canonical(made.paths("837p")[0])

    assert pyx12_errors(text) == []
    assert pyx12_errors(text.replace("~SV1*HC:", "~SV1*QQ:", 1))


@pytest.mark.parametrize(
    ("kind", "must_contain"),
    [
        ("837p", ("SBR*S*", "AMT*D*", "REF*F8*", "PAT*", "SVD*")),
        ("837i", ("AMT*D*", "CL1*1*", "HI*DR:", "SVD*")),
        ("999", ("AK9*A",)),
        ("835", ("*22*-", "PLB*", "BPR*H*0*C*NON", "MOA***MA01*MA18", "MIA*", "CAS*OA*23")),
    ],
)
def test_pyx12_accepts_what_the_simulator_writes(
    made: MadeWorld, kind: str, must_contain: tuple[str, ...]
) -> None:
    for path in sample(made.paths(kind), must_contain):
        # In the separators it was written with, newline terminators and pipes included.
        assert pyx12_errors(path.read_bytes().decode("ascii")) == [], path


def x12sdk_sets(path: Path, folder: Path) -> int:
    """Read a file with x12sdk, which raises on a fault; answer the count of sets."""
    # x12sdk reads nothing, and says nothing, when the terminator is a newline (X12.md).
    copy = folder / path.name
    copy.write_text(canonical(path), encoding="ascii")
    with X12ModelReader(str(copy)) as reader:
        return sum(1 for _ in reader.models())


@pytest.mark.parametrize("kind", ["276", "277"])
def test_x12sdk_accepts_status_requests_and_responses(
    made: MadeWorld, kind: str, tmp_path: Path
) -> None:
    for path in sample(made.paths(kind)):
        assert x12sdk_sets(path, tmp_path) == 1


def test_x12sdk_finds_every_835_balanced_but_the_planted(made: MadeWorld, tmp_path: Path) -> None:
    notes = json.loads((made.truth / "problems.json").read_text())["single"]
    planted = [note["payer_claim_number"] for note in notes if note["kind"] == "unbalanced_claim"]
    for path in sample(made.paths("835"), ("*22*-", "PLB*", "MIA*", "CAS*OA*23")):
        text = canonical(path)
        if not any(number in text for number in planted):
            assert x12sdk_sets(path, tmp_path) == text.count("~ST*835*")


def test_277ca_levels_and_counts_follow_the_guide(made: MadeWorld) -> None:
    for path in made.paths("277ca"):
        segments = list(split(path.read_text("ascii")))
        for body in transaction_sets(segments):
            check_277ca(body)


def transaction_sets(segments: list[list[str]]) -> list[list[list[str]]]:
    sets: list[list[list[str]]] = []
    for segment in segments:
        if segment[0] == "ST":
            sets.append([])
        if sets:
            sets[-1].append(segment)
    return sets


def check_277ca(body: list[list[str]]) -> None:
    assert body[0][3] == "005010X214"
    assert body[1][:3] == ["BHT", "0085", "08"]
    assert body[1][6] == "TH"
    levels = [segment for segment in body if segment[0] == "HL"]
    assert [int(level[1]) for level in levels] == list(range(1, len(levels) + 1))
    assert [level[3] for level in levels[:3]] == ["20", "21", "19"]
    verdicts = []
    level = ""
    counts = {"90": 0, "AA": 0, "QA": 0, "QC": 0}
    for segment in body:
        if segment[0] == "HL":
            level = segment[3]
        elif segment[0] == "STC" and level == "PT":
            verdicts.append(segment[3])
            assert segment[3] in {"WQ", "U"}
            assert segment[1].split(":")[0][0] == "A"
        elif segment[0] == "QTY":
            counts[segment[1]] += int(segment[2])
    accepted, rejected = verdicts.count("WQ"), verdicts.count("U")
    assert (counts["90"], counts["AA"]) == (accepted, rejected)
    assert (counts["QA"], counts["QC"]) == (accepted, rejected)


def test_dental_claims_follow_the_guide(made: MadeWorld) -> None:
    """837D: rules of 005010X224A2 that can be told without a map."""
    paths = made.paths("837d")
    assert paths
    for path in paths:
        segments = list(split(path.read_text("ascii")))
        assert segments[1][8] == "005010X224A2"
        names = [segment[0] for segment in segments]
        assert names.count("LX") == names.count("SV3") == names.count("DTP")
        for place, segment in enumerate(segments):
            if segment[0] == "LX":
                assert segments[place + 1][0] == "SV3"
                assert segments[place + 1][1].startswith("AD:D")
            elif segment[0] == "TOO":
                assert segment[1] == "JP"
            elif segment[0] == "CLM":
                assert segment[5].split(":")[1:] in (["B", "1"], ["B", "7"], ["B", "8"])
