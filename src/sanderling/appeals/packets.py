"""Makes packets: the letter, what it rests on and the enclosed documents as one PDF.

The same appeal with the same facts, documents and day gives the same bytes, so that the hash of a
packet proves what was sent. Nothing is made while a fact is missing or a required piece of
evidence is neither there nor explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sanderling.accounts.models import User
from sanderling.appeals.checklist import Checked, checklist_of
from sanderling.appeals.evidence import PDF, bytes_of
from sanderling.appeals.exhibits import exhibit_of
from sanderling.appeals.fact_sheet import facts_of
from sanderling.appeals.gathering import Gathered, Wanted, gather
from sanderling.appeals.letters import filled
from sanderling.appeals.models import (
    Appeal,
    AppealProject,
    ChecklistMark,
    Evidence,
    Packet,
    StatedFact,
)
from sanderling.appeals.packet_data import (
    addressee,
    calculation,
    claim_form,
    explanation,
    letter_part,
    sender,
    source_rows,
    title_of_appeal,
)
from sanderling.appeals.pages import Enclosed, Joined, join, picture
from sanderling.appeals.writing import AppealRefused
from sanderling.core.appeals.cases import VEHICLE_TITLES, Vehicle
from sanderling.core.appeals.facts import Fact, clean, written
from sanderling.core.appeals.template import Letter
from sanderling.documents import render
from sanderling.files.storage import keep_bytes, open_original

PAGES_MAX: Final = 1_000
NAMED_MAX: Final = 5  # missing facts that a refusal names


class NotComplete(AppealRefused):
    """A fact or a piece of evidence is missing; the text names it and how to supply it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One appeal with all that its letter and packet need."""

    appeal: Appeal
    found: Gathered
    facts: Mapping[str, Fact]
    letter: Letter
    checklist: list[Checked]
    evidence: list[Evidence]


def wanted_of(appeal: Appeal) -> Wanted:
    """Return what is gathered for an appeal."""
    decided = appeal.decision_date if appeal.level > 1 else None
    return Wanted(appeal.claim_id, appeal.party, appeal.level, appeal.payment_id, decided)


def prepare(appeals: Sequence[Appeal], *, with_documents: bool = True) -> list[Prepared]:
    """Return the appeals with facts, letter and checklist, in their order."""
    found = gather([wanted_of(one) for one in appeals], with_documents=with_documents)
    ids = [one.pk for one in appeals]
    of_these = {"appeal_id__in": ids}
    stated = _by_appeal(StatedFact.objects.select_related("user").filter(**of_these).order_by("pk"))
    marks = _by_appeal(ChecklistMark.objects.filter(**of_these).order_by("pk"))
    evidence = _by_appeal(Evidence.objects.filter(**of_these).order_by("pk"))
    prepared = []
    for one in appeals:
        known = found.get((one.claim_id, one.party))
        if known is None:
            raise AppealRefused("the claim cannot be seen any more; ask who assigns clients")
        facts = facts_of(known, appeal=one, stated=stated.get(one.pk, ()))
        documents = evidence.get(one.pk, [])
        checklist = checklist_of(one, known, facts, evidence=documents, marks=marks.get(one.pk, []))
        letter = filled(one.template_version, facts)
        prepared.append(Prepared(one, known, facts, letter, checklist, documents))
    return prepared


Part = TypeVar("Part", StatedFact, ChecklistMark, Evidence)


def _by_appeal(rows: Iterable[Part]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = {}
    for one in rows:
        found.setdefault(one.appeal_id, []).append(one)
    return found


def missing_words(one: Prepared) -> list[str]:
    """Return what keeps the packet from being made, and how to supply each; none: nothing."""
    words = [f"{kind.title}: {kind.how}" for kind in one.letter.missing]
    words += [
        f"{checked.item.title}: attach it, or say why there is none"
        for checked in one.checklist
        if checked.is_missing
    ]
    return words


def check_complete(one: Prepared) -> None:
    """Refuse to make a packet that is not complete.

    Raises:
        NotComplete: see there.
    """
    missing = missing_words(one)
    if missing:
        more = f"; and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
        raise NotComplete(f"the packet is not complete. {'; '.join(missing[:NAMED_MAX])}{more}")


def build(prepared: Sequence[Prepared], *, made_date: date, control: str, about: str) -> Joined:
    """Return one packet of one or more appeals to the same payer.

    Raises:
        NotComplete: a fact or a piece of evidence is missing.
        Refusal: a document cannot be read, or there are too many pages.
    """
    for one in prepared:
        check_complete(one)
    is_many = len(prepared) > 1
    enclosed: list[Enclosed] = []
    notes: list[str] = []
    parts = []
    for at, one in enumerate(prepared, start=1):
        suffix = f" · claim {clean(one.found.claim.number)}" if is_many else ""
        shown: dict[str, int] = {}
        for kind, document in _documents(one, made_date):
            if kind == "proof":
                shown["proof"] = len(enclosed)
            enclosed.append(document)
            notes.append(f"claim {clean(one.found.claim.number)}" if is_many else "")
        parts.append(_part(one, at, suffix, shown))
    first = prepared[0]
    data = {
        "title": VEHICLE_TITLES[first.appeal.vehicle],
        "keywords": ["appeal", f"level {first.appeal.level}", control],
        "control": control,
        "date": written(made_date),
        "about": about,
        "from": sender(first.found),
        "to": addressee(first.found),
        "documents": [
            {"title": one.title, "pages": one.pages, "note": note}
            for one, note in zip(enclosed, notes, strict=True)
        ],
        "claims_table": [_row(one, at) for at, one in enumerate(prepared, start=1)]
        if is_many
        else [],
        "asked_total": written(sum(one.appeal.asked_cents for one in prepared)),
        "parts": parts,
    }
    joined = join(render("appeals/packet", data), enclosed, control=control)
    if joined.pages > PAGES_MAX:
        raise AppealRefused(
            f"the packet has {joined.pages:,} pages, more than {PAGES_MAX:,}; enclose what matters"
        )
    return joined


def _documents(one: Prepared, made_date: date) -> list[tuple[str, Enclosed]]:
    """Return the documents behind the letter: the exhibit, then as the checklist goes."""
    found: list[tuple[str, Enclosed]] = []
    if one.appeal.with_proof:
        exhibit = exhibit_of(one.found, as_of=made_date)
        if exhibit is not None:
            found.append(("proof", exhibit))
    titles = {checked.item.key: checked.item.title for checked in one.checklist}
    order = {checked.item.key: place for place, checked in enumerate(one.checklist)}
    for document in sorted(one.evidence, key=lambda it: (order.get(it.item, len(order)), it.pk)):
        data = bytes_of(document)
        pdf = data if document.content_type == PDF else picture(data)
        title = document.title or titles.get(document.item, "Document")
        found.append(("", Enclosed(clean(title), pdf, document.pages)))
    return found


def _part(one: Prepared, at: int, suffix: str, shown: Mapping[str, int]) -> dict[str, Any]:
    is_dispute = one.appeal.vehicle == Vehicle.UNDERPAYMENT_DISPUTE
    return {
        "at": at,
        "suffix": suffix,
        "title": f"{title_of_appeal(one.appeal)}{suffix}",
        **letter_part(one.letter),
        "eob": explanation(one.found),
        "form": claim_form(one.found),
        "calculation": calculation(one.found.decision, one.facts) if is_dispute else None,
        "facts": source_rows(one.letter, shown),
    }


def _row(one: Prepared, at: int) -> dict[str, Any]:
    def said(name: str) -> str:
        return one.facts[name].text if name in one.facts else ""

    return {
        "at": at,
        "claim": said("claim_number"),
        "patient": said("patient"),
        "payer_claim": said("payer_claim_number"),
        "service": said("service_dates"),
        "asked": written(one.appeal.asked_cents),
    }


def keep_packet(
    joined: Joined,
    *,
    client_id: int,
    claim_id: int | None,
    project: AppealProject | None = None,
    user: User | None,
    at: datetime,
) -> Packet:
    """Keep a packet's bytes as an original, and its row."""
    sha256, is_encrypted = keep_bytes(joined.data)
    return Packet.objects.create(
        client_id=client_id,
        claim_id=claim_id,
        project=project,
        sha256=sha256,
        is_encrypted=is_encrypted,
        size_bytes=len(joined.data),
        pages=joined.pages,
        contents=[[title, page] for title, page in joined.contents],
        made_by=user,
        made_at=at,
    )


def packet_bytes(packet: Packet) -> bytes:
    """Return a packet's bytes.

    Raises:
        FileNotFoundError, OriginalDamaged: they are not there, or cannot be read.
    """
    with open_original(packet.sha256, is_encrypted=packet.is_encrypted) as stream:
        return stream.read()


def about_words(appeal: Appeal) -> str:
    """Return what the cover says: the way and level, no patient."""
    return f"{VEHICLE_TITLES[appeal.vehicle]}, level {appeal.level}, one claim"
