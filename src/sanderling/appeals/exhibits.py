"""The exhibit of timely filing (proofs), as a document of a packet."""

from __future__ import annotations

from datetime import date

from sanderling.appeals.gathering import Gathered
from sanderling.appeals.pages import Enclosed
from sanderling.documents import page_count
from sanderling.proofs.exhibit import exhibit_pdf
from sanderling.proofs.lineage import best_filing, lineage


def exhibit_of(found: Gathered, *, as_of: date) -> Enclosed | None:
    """Return the exhibit of the filing that is proved best; None when nothing proves any.

    Raises:
        NoExhibit: an original of its lineage cannot be read.
    """
    filings = lineage(found.claim.pk, as_of=as_of)
    best = best_filing(filings, sequence=found.wanted.party - 10) or best_filing(filings)
    if best is None:
        return None
    pdf = exhibit_pdf(best.submission_id, as_of=as_of)
    return Enclosed("Proof of timely filing", pdf, page_count(pdf))
