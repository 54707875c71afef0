"""One request as a page shows it: to us with everything, to the client with what he needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sanderling.claims.models import Claim
from sanderling.core.document_kinds import document_title
from sanderling.document_requests.models import Answer, Item, ItemState, Request, Upload


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document: what it is, and how far it is."""

    item_id: int
    title: str
    state: str
    state_text: str
    reason: str
    handed_to: str
    files: tuple[Upload, ...]

    @property
    def is_wanted(self) -> bool:
        """Say whether it still is."""
        return self.state == ItemState.WANTED


@dataclass(frozen=True, slots=True)
class WantedClaim:
    """A claim and the documents wanted of it; `patient`: initials for the client's page."""

    claim_id: int
    number: str
    party: int
    task_id: int
    service_date: date | None
    patient: str
    documents: tuple[Wanted, ...]

    @property
    def is_wanted(self) -> bool:
        """Say whether any of its documents is."""
        return any(one.is_wanted for one in self.documents)


def claims_of(request: Request, *, names_patients: bool = False) -> list[WantedClaim]:
    """Return the claims of a request, those that wait first.

    The client finds a record by its own claim number, the day and initials: no more is shown by
    a link.
    """
    items = list(request.items.select_related("claim").order_by("claim__number", "pk"))
    files = _files(items)
    groups: dict[tuple[int, int, int], list[Item]] = {}
    for item in items:
        groups.setdefault((item.claim_id, item.party, item.task_id), []).append(item)
    found = [
        WantedClaim(
            claim_id=claim_id,
            number=theirs[0].claim.number,
            party=party,
            task_id=task_id,
            service_date=theirs[0].claim.service_from_date,
            patient=_patient(theirs[0].claim, names_patients=names_patients),
            documents=tuple(
                Wanted(
                    item_id=one.pk,
                    title=document_title(one.kind, one.text),
                    state=one.state,
                    state_text=ItemState(one.state).label,
                    reason=one.reason,
                    handed_to=one.handed_to,
                    files=tuple(files.get(one.pk, ())),
                )
                for one in theirs
            ),
        )
        for (claim_id, party, task_id), theirs in groups.items()
    ]
    return sorted(found, key=lambda one: not one.is_wanted)


def _files(items: Iterable[Item]) -> dict[int, list[Upload]]:
    found: dict[int, list[Upload]] = {}
    answers = Answer.objects.filter(item__in=[one.pk for one in items]).select_related("upload")
    for answer in answers.order_by("upload__at", "upload_id"):
        found.setdefault(answer.item_id, []).append(answer.upload)
    return found


def _patient(claim: Claim, *, names_patients: bool) -> str:
    first, last = claim.patient_first_name, claim.patient_last_name
    if names_patients:
        return ", ".join(part for part in (last, first) if part)
    return " ".join(f"{part[0]}." for part in (first, last) if part)
