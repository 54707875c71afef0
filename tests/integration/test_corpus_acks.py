"""Strangers' 276, 277, 277CA and 999 files: read, or read with problems, as the MANIFEST says.

Where we say otherwise, the table below gives the reason. The corpus has no TA1.
"""

from __future__ import annotations

from typing import Final

import pytest
from tests.integration.corpus_claims import WHY_SKIPPED, Entry, entries, outcome

from sanderling.core.x12.problems import Severity

pytestmark = pytest.mark.skipif(not entries(), reason=WHY_SKIPPED)

ANSWERS: Final = tuple(
    entry for entry in entries() if entry.kind in {"276", "277", "277CA", "277DRA", "999", "275"}
)
# Rejected by stupidedi, taken by x12sdk, and by us without a serious problem.
READ_DESPITE_A_REJECTION: Final = {
    "LinuxForHealth__x12/58c0d23b54ba0b7d.277": "",
    "imsweb__x12-parser/3211743a2ee84e02.277": "interchange_number_differs",
    "apimeister__x12-types/3cd2b94ea1a0d5ee.277": "",
    # pyx12 wants levels in a 277CA that the guide leaves out; stupidedi takes both.
    "imsweb__x12-parser/39c172ca24c07ac7.277ca": "",
    "imsweb__x12-parser/f6ba09e017eee6f9.277ca": "",
}
NOT_READ_HERE: Final = {"275": "set_not_supported", "277DRA": "guide_not_supported"}
_HARMLESS: Final = {"test_usage", "npi_invalid"}


def _ids(entry: Entry) -> str:
    return entry.file


@pytest.mark.parametrize("entry", ANSWERS, ids=_ids)
def test_an_answer_comes_out_as_the_manifest_says(entry: Entry) -> None:
    found = outcome(entry.file)
    codes = found.codes(*Severity) - _HARMLESS

    if entry.kind in NOT_READ_HERE:
        assert found.is_refused
        assert NOT_READ_HERE[entry.kind] in codes
    elif entry.is_accepted:
        assert not codes
    elif entry.is_rejected:
        assert codes
    else:
        expected = READ_DESPITE_A_REJECTION[entry.file]
        assert codes == ({expected} if expected else set())


@pytest.mark.parametrize("entry", ANSWERS, ids=_ids)
def test_an_answer_of_a_kind_we_read_is_never_refused(entry: Entry) -> None:
    found = outcome(entry.file)

    assert len(found.batches) == entry.set_count
    if entry.kind not in NOT_READ_HERE:
        assert [batch.transaction.kind for batch in found.batches] == [entry.kind]
        assert not found.is_refused
        assert not found.codes(Severity.REFUSED)


def test_the_claims_and_statuses_of_known_files_are_all_there() -> None:
    counts = {
        entry.file.split("/")[1]: (
            outcome(entry.file).height("status_claims"),
            outcome(entry.file).height("statuses"),
            outcome(entry.file).height("status_lines"),
        )
        for entry in ANSWERS
        if entry.kind in {"276", "277", "277CA"}
    }

    assert counts["23d360d5c22785b0.276"] == (3, 0, 1)
    assert counts["21a29566c7f0da9e.277"] == (3, 4, 1)
    assert counts["04b5107e4050f59b.277"] == (0, 1, 0)  # E0 at the receiver's level, no claim
    assert counts["39c172ca24c07ac7.277ca"] == (1, 2, 0)
    assert counts["f6ba09e017eee6f9.277ca"] == (1, 2, 0)


def test_a_rejected_set_of_a_999_names_its_segment() -> None:
    found = outcome("imsweb__x12-parser/fe8bf470b69c4058.999")

    (batch,) = found.batches
    assert batch.tables["transaction_acks"]["status"].to_list() == ["R"]
    columns = ("segment", "segment_position", "segment_code")
    assert batch.tables["ack_errors"].select(columns).rows() == [("NM", 17, "1")]
