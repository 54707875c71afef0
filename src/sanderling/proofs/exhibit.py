"""The exhibit: one page that shows when a claim was filed, for an appeal or a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sanderling.claims.models import Submission
from sanderling.core.refusal import Refusal
from sanderling.documents import render
from sanderling.files.storage import OriginalDamaged
from sanderling.payers.models import Payer
from sanderling.proofs.chain import Sealed, sealed
from sanderling.proofs.lineage import Filing, Proof, lineage

TIMELINE_MAX: Final = 9  # what one page holds; the rest is counted
SEGMENT_MAX: Final = 160  # characters of a segment in the excerpt


class NoExhibit(Refusal):
    """There is nothing to show."""


def exhibit_pdf(submission_id: int, *, as_of: date) -> bytes:
    """Return the page for one claim as sent, with what was known on a day. Always the same bytes.

    Raises:
        NoExhibit: no such submission for the one who asks, nothing that proves it, or an original
            that cannot be read.
    """
    return render("proofs/exhibit", exhibit_data(submission_id, as_of=as_of))


def exhibit_data(submission_id: int, *, as_of: date) -> dict[str, Any]:
    """Return what the page says."""
    sent = Submission.objects.select_related("claim__client").filter(pk=submission_id).first()
    filings = lineage(sent.claim_id, as_of=as_of) if sent else []
    filing = next((one for one in filings if one.submission_id == submission_id), None)
    if sent is None or filing is None:
        raise NoExhibit("there is no such claim as sent")
    if filing.best is None:
        raise NoExhibit("nothing on hand proves that this claim was received by anybody")
    try:
        chain = sealed(filings)
    except (OriginalDamaged, FileNotFoundError) as error:
        raise NoExhibit(
            "an original of its lineage cannot be read; run sanderling proof"
        ) from error
    return {
        **_claim(sent),
        "as_of": as_of.isoformat(),
        "verdict": filing.verdict,
        "limit": _limit(filing),
        "proof": _proof(filing.best, chain),
        "timeline": _timeline(filing, chain),
        "more": max(0, len(filing.links) - TIMELINE_MAX),
        "seal": next(one.seal for one in reversed(chain) if one.link in filing.links),
    }


def _claim(sent: Submission) -> dict[str, Any]:
    first, last = sent.service_from_date, sent.service_to_date
    payer = Payer.objects.filter(pk=sent.payer_id or 0).values_list("name", flat=True).first()
    return {
        "sender": {
            "name": sent.billing_name or sent.claim.client.name,
            "lines": [f"NPI {sent.billing_npi}" if sent.billing_npi else ""],
        },
        "patient": ", ".join(
            one for one in (sent.patient_last_name, sent.patient_first_name) if one
        ),
        "birth": sent.patient_birth_date.isoformat() if sent.patient_birth_date else None,
        "member": sent.member_id,
        "number": sent.claim_number,
        "payer": sent.payer_name or payer or "",
        "payer_code": sent.payer_code,
        "service_from": first.isoformat() if first else None,
        "service_to": last.isoformat() if last and last != first else None,
        "charge_cents": sent.charge_cents,
    }


def _limit(filing: Filing) -> dict[str, Any] | None:
    last = filing.limit.deadline_date
    return {"date": last.isoformat(), "rule": filing.limit.rule} if last else None


def _proof(best: Proof, chain: Sequence[Sealed]) -> dict[str, Any]:
    link = best.link
    found = next(one for one in chain if one.link == link)
    return {
        "evidence": best.evidence,
        "words": best.words,
        "date": best.proof_date.isoformat(),
        "source": link.source,
        "codes": link.codes,
        "says": link.says,
        "message": link.message if link.kind in ("277CA", "277") else "",
        "payer_number": link.payer_claim_number,
        "trace": link.clearinghouse_trace,
        "charge_cents": link.charge_cents,
        "file_name": link.file_name,
        "sha256": link.file_sha256,
        "received": link.received_date.isoformat(),
        "excerpt": [
            {"position": place, "text": text[:SEGMENT_MAX], "is_it": place == link.position}
            for place, text in found.excerpt
        ],
    }


def _timeline(filing: Filing, chain: Sequence[Sealed]) -> list[dict[str, Any]]:
    in_order = [one.link for one in chain if one.link in filing.links][:TIMELINE_MAX]
    return [
        {
            "day": link.day.isoformat(),
            "received": link.received_date.isoformat(),
            "kind": link.kind,
            "source": link.source,
            "says": " ".join(
                part for part in (link.says, link.codes and f"({link.codes})") if part
            ),
            "position": link.position,
            "sha256": link.file_sha256[:12],
            "control": "/".join(
                one for one in (link.interchange_number, link.group_number, link.set_number) if one
            ),
        }
        for link in in_order
    ]
