"""A submission gives its claim as it was sent, out of the original."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings
from tests.builders import Inbox, claims_file, sent

from sanderling.claims.as_sent import NotAsSent, document_of, documents_of
from sanderling.claims.models import Submission
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.reading import documents_in
from sanderling.files.models import StoredFile
from sanderling.files.storage import originals_folder

FIRST = claims_file(sent("A1", 200), sent("A2", 80, patient="ROE*RICK"), batch="B1", control=1)
SECOND = claims_file(sent("A3", 90, member_id="M:9"), batch="B2", control=2)
WILD = "\n" + (FIRST + SECOND.replace(":", ">").replace("M>9", "M:9")).replace("~", "~\r\n")


def numbers() -> dict[str, int]:
    return dict(Submission.objects.values_list("claim_number", "pk"))


def expected() -> dict[str, ClaimDocument]:
    return {document.number: document for document in documents_in(WILD.encode())}


def test_claims_come_out_of_a_file_of_several_interchanges(inbox: Inbox) -> None:
    inbox.take(WILD)

    assert len(numbers()) == 3
    for number, submission_id in numbers().items():
        assert document_of(submission_id) == expected()[number]
    third = document_of(numbers()["A3"])
    assert third.subscriber.loops[0].first("NM1").get(9) == "M:9"  # type: ignore[union-attr]
    assert (third.partners.sender_id, third.partners.receiver_id) == ("CLEARHOUSE", "BILLCO")


def test_many_claims_come_in_one_call_from_encrypted_originals(
    inbox: Inbox, settings: Settings
) -> None:
    settings.FILE_KEY = "a key for this test"
    inbox.take(FIRST, SECOND)

    found = documents_of(numbers().values())

    assert {document.number for document in found.values()} == {"A1", "A2", "A3"}
    assert all(found[key].number == number for number, key in numbers().items())


def test_a_claim_whose_original_is_gone_is_refused(inbox: Inbox) -> None:
    inbox.take(FIRST)
    file = StoredFile.objects.get()
    (originals_folder() / file.sha256[:2] / file.sha256[2:4] / file.sha256).unlink()

    assert documents_of(numbers().values()) == {}
    with pytest.raises(NotAsSent, match="cannot be read at its place"):
        document_of(numbers()["A1"])
    with pytest.raises(Submission.DoesNotExist):
        document_of(999_999)
