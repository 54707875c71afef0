"""Claims of the simulator, the samples and strangers, written again: strangers accept them."""

from __future__ import annotations

from datetime import UTC, datetime
from json import JSONDecodeError
from pathlib import Path
from typing import Final

import pytest
from pyx12.errors import EngineError
from tests.integration.corpus_claims import CORPUS, WHY_SKIPPED, entries
from tests.integration.test_external_checkers import pyx12_errors, sample
from tests.integration.worlds import made_world

from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.reading import documents_in
from sanderling.core.resubmission.writing import FileKey, file_key, write_claims

AT: Final = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
JUDGED_MAX: Final = 8
CLAIMS_MAX: Final = 2  # of a stranger's file: pyx12 is slow
SAMPLE: Final = Path(__file__).parent / "samples" / "sample_837p.edi"


def files_of(data: bytes) -> list[tuple[list[ClaimDocument], bytes]]:
    """Write the claims of a file again, as one file or, where it must be, several."""
    by_key: dict[FileKey, list[ClaimDocument]] = {}
    for document in documents_in(data):
        by_key.setdefault(file_key(document), []).append(document)
    return [
        (
            documents,
            write_claims(documents, control_number=7, reference="SL000000007", created_at=AT),
        )
        for documents in by_key.values()
    ]


def test_the_sample_comes_out_as_it_is_but_for_its_head() -> None:
    ((_, data),) = files_of(SAMPLE.read_bytes())

    before = SAMPLE.read_text("ascii").replace("\n", "").split("~")
    after = data.decode("ascii").split("~")
    assert after[4:-4] == before[4:-4]
    assert after[0] == before[0].replace("260105*0930", "260305*1230").replace("101*0", "007*0")
    assert after[3] == "BHT*0019*00*SL000000007*20260305*1230*CH"
    assert after[-4:] == ["SE*32*0001", "GE*1*7", "IEA*1*000000007", ""]


@pytest.mark.parametrize(
    ("kind", "must_contain"),
    [("837p", ("SBR*S*", "REF*F8*", "PAT*", "SVD*")), ("837i", ("CL1*1*", "HI*DR:", "SVD*"))],
)
def test_pyx12_accepts_the_simulators_claims_when_they_are_written_again(
    kind: str, must_contain: tuple[str, ...]
) -> None:
    for path in sample(made_world(11).paths(kind), must_contain)[::6]:
        for documents, data in files_of(path.read_bytes()):
            assert documents
            assert pyx12_errors(data.decode("ascii")) == [], path


def _judged(text: str) -> list[str] | None:
    """What pyx12 complains of; None when it gives up, for it has no map or no words."""
    try:
        return pyx12_errors(text)
    except (EngineError, JSONDecodeError):
        return None


@pytest.mark.skipif(not entries(), reason=WHY_SKIPPED)
def test_pyx12_finds_no_more_in_strangers_claims_than_in_the_original() -> None:
    judged = 0
    for entry in entries():
        if entry.kind not in {"837P", "837I"} or not 0 < entry.claims < CLAIMS_MAX:
            continue
        data = (CORPUS / entry.file).read_bytes()
        before = _judged(data.decode("latin-1"))
        if before is None or not documents_in(data):
            continue
        for _, written in files_of(data):
            after = _judged(written.decode("utf-8"))
            assert after is not None
            assert set(after) <= set(before), entry.file
            judged += 1
        if judged == JUDGED_MAX:
            break
    assert judged == JUDGED_MAX


def test_each_claim_of_a_file_can_be_sent_alone() -> None:
    path = made_world(11).paths("837p")[0]
    documents = documents_in(path.read_bytes())
    for document in documents[:3]:
        data = write_claims([document], control_number=8, reference="SL8", created_at=AT)
        assert documents_in(data) == [document]
        assert pyx12_errors(data.decode("ascii")) == []
