"""A claim as sent whose patient is not the subscriber."""

from __future__ import annotations

from sanderling.core.resubmission.document import ClaimDocument, Loop, Partners, segment


def with_patient(relationship: str) -> ClaimDocument:
    """Return a claim of SAM DOE, whose relationship to the subscriber JANE DOE is PAT01."""
    subscriber = Loop(
        "2010BA",
        (
            segment("NM1", "IL", "1", "DOE", "JANE", "", "", "", "MI", "ABC1"),
            segment("N3", "1 ELM ST"),
            segment("N4", "AUSTIN", "TX", "787020002"),
        ),
    )
    patient = Loop(
        "2010CA",
        (
            segment("NM1", "QC", "1", "DOE", "SAM"),
            segment("N3", "2 OAK ST"),
            segment("N4", "AUSTIN", "TX", "787020003"),
        ),
    )
    return ClaimDocument(
        kind="837P",
        partners=Partners("A", "B"),
        purpose="CH",
        header=(),
        submitter=Loop("1000A"),
        receiver=Loop("1000B"),
        billing=Loop("2000A"),
        subscriber=Loop("2000B", (), (subscriber,)),
        patient=Loop("2000C", (segment("PAT", relationship),), (patient,)),
        claim=Loop("2300", (segment("CLM", "S9", "100"),)),
    )
