"""What the pages of proofs show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sanderling.files.queries import file_ids
from sanderling.files.storage import OriginalDamaged
from sanderling.proofs.chain import check, sealed
from sanderling.proofs.lineage import Filing, best_filing, lineage

_PLACES: Final = {1: "primary", 2: "secondary", 3: "tertiary"}


def summary(claim_id: int, *, as_of: date) -> list[dict[str, Any]]:
    """Return for each payer billed its best proof, for the claim's page."""
    filings = lineage(claim_id, as_of=as_of)
    shown = []
    for place in sorted({filing.sent.sequence or 1 for filing in filings}):
        of_place = [one for one in filings if (one.sent.sequence or 1) == place]
        best = best_filing(of_place) or of_place[-1]
        shown.append(
            {
                "place": _PLACES.get(place, "later"),
                "verdict": best.verdict,
                "proof": best.best,
                "limit": best.limit,
                "state": state(best),
                "submission_id": best.submission_id,
                "count": len(of_place),
            }
        )
    return shown


def state(filing: Filing) -> str:
    """Return a word for a filing's standing: in_time, late, unknown (no limit), none (no proof)."""
    if filing.best is None:
        return "none"
    return {True: "in_time", False: "late", None: "unknown"}[filing.best.is_inside]


def full(claim_id: int, *, as_of: date, sees_files: bool, checks: bool) -> dict[str, Any]:
    """Return all filings of a claim with their links, seals and, when asked, what a check found."""
    filings = lineage(claim_id, as_of=as_of)
    trouble, seals = "", {}
    try:
        seals = {one.link: one for one in sealed(filings)}
    except (OriginalDamaged, FileNotFoundError):
        trouble = "An original of this lineage cannot be read; its seals cannot be worked out."
    findings = check(filings) if checks else []
    hashes = {link.file_sha256 for filing in filings for link in filing.links}
    files = file_ids(hashes) if sees_files else {}
    return {
        "filings": [_filing(filing, seals, files) for filing in filings],
        "best": best_filing(filings),
        "trouble": trouble,
        "is_checked": checks,
        "findings": findings,
        "file_count": len(hashes),
        "link_count": sum(len(filing.links) for filing in filings),
    }


def rows(filings: Sequence[Filing], seals: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return a row for each link, for the command line."""
    return [
        {
            "submission": number,
            "date": link.day,
            "received_date": link.received_date,
            "kind": link.kind,
            "source": link.source,
            "codes": link.codes,
            "text": link.says,
            "strength": next((p.words for p in filing.proofs if p.link == link), ""),
            "deadline": filing.limit.deadline_date,
            "file_name": link.file_name,
            "file_sha256": link.file_sha256,
            "position": link.position,
            "seal": seals[link].seal if link in seals else "",
        }
        for number, filing in enumerate(filings, start=1)
        for link in filing.links
    ]


def _filing(filing: Filing, seals: dict[Any, Any], files: dict[str, int]) -> dict[str, Any]:
    proved = {proof.link: proof for proof in filing.proofs}
    best = filing.best
    return {
        "filing": filing,
        "state": state(filing),
        "place": _PLACES.get(filing.sent.sequence or 1, "later"),
        "links": [
            {
                "link": link,
                "proof": proved.get(link),
                "is_best": best is not None and best.link == link,
                "file_id": files.get(link.file_sha256),
                "sealed": seals.get(link),
            }
            for link in filing.links
        ],
    }
