"""A claim made ready to be sent again: its version, its way, what is corrected, what is wrong.

Nothing is written here: an editor, a preview and the sending itself all see the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from sanderling.claims.as_sent import documents_of
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.checks import Finding, find_faults, words_of
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.edits import Edit, StaleEdit, apply_edits, read_edits
from sanderling.core.resubmission.kinds import Choice, Kind, as_kind, choose
from sanderling.core.resubmission.places import dollars
from sanderling.core.resubmission.writing import FileKey, file_key
from sanderling.resubmission.history import Version, newest_versions
from sanderling.resubmission.signals import Of, warnings_of

_NEVER_SENT: Final = (
    "this claim was never sent from here to that payer; send it from the billing system"
)
_UNREADABLE: Final = (
    "the file that the claim was sent in cannot be read at its place; send it from the "
    "billing system instead"
)


class ResubmissionRefused(Refusal):
    """The claim cannot be sent again so."""


class ClaimFaulty(ResubmissionRefused):
    """Something in the claim is wrong; `findings` stand beside their fields."""

    def __init__(self, findings: Sequence[Finding], first: str) -> None:
        super().__init__(first[:1].lower() + first[1:].removesuffix("."))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Source:
    """The version of a claim that is corrected, as it was sent, and how it may be sent again."""

    version: Version
    original: ClaimDocument
    choice: Choice


@dataclass(frozen=True, slots=True)
class Ready:
    """A claim as it would go out."""

    source: Source
    kind: Kind
    edits: tuple[Edit, ...]
    document: ClaimDocument
    findings: tuple[Finding, ...] = field(default=())

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it here."""
        return tuple(finding for finding in self.findings if finding.is_error)

    @property
    def changes(self) -> tuple[Edit, ...]:
        """Return the corrections with what follows from them: frequency, reference, total."""
        return (*self.edits, *_following(self.source.original, self.document, self.edits))

    @property
    def key(self) -> FileKey:
        """Return what claims in one file have in common."""
        return file_key(self.document)

    def refuse(self) -> None:
        """Refuse to send what is wrong.

        Raises:
            ClaimFaulty: there are errors.
        """
        if self.errors:
            raise ClaimFaulty(self.findings, words_of(self.document, self.errors[0]))


def sources_of(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Source | str]:
    """Return for each (claim, party) the version to correct, or the sentence why there is none."""
    asked = list(dict.fromkeys(wanted))
    versions = newest_versions(asked)
    documents = documents_of(version.submission_id for version in versions.values())
    found: dict[tuple[int, int], Source | str] = {}
    for one in asked:
        version = versions.get(one)
        if version is None:
            found[one] = _NEVER_SENT
        elif version.submission_id not in documents:
            found[one] = _UNREADABLE
        else:
            original = documents[version.submission_id]
            found[one] = Source(version, original, choose(version.history))
    return found


def source_of(claim_id: int, party: int) -> Source:
    """Return the version to correct of one claim.

    Raises:
        ResubmissionRefused: there is none, or it cannot be read.
    """
    found = sources_of([(claim_id, party)])[claim_id, party]
    if isinstance(found, str):
        raise ResubmissionRefused(found)
    return found


def ready_from_typed(
    source: Source, *, kind: Kind | None, typed: Mapping[str, str], today: date
) -> Ready:
    """Return the claim as what was typed would make it; wrong values are among the findings."""
    asked = read_edits(source.original, typed)
    faults = tuple(Finding(path, text) for path, text in asked.faults.items())
    return _ready(source, kind=kind, edits=asked.edits, faults=faults, today=today)


def ready_from_edits(source: Source, *, kind: Kind, edits: Sequence[Edit], today: date) -> Ready:
    """Return the claim as stored corrections make it.

    Raises:
        ResubmissionRefused: they were made on another version of it.
    """
    try:
        return _ready(source, kind=kind, edits=tuple(edits), faults=(), today=today)
    except StaleEdit as stale:
        raise ResubmissionRefused(
            "the claim has been sent again since this was asked for; correct what went out last"
        ) from stale


def _ready(
    source: Source,
    *,
    kind: Kind | None,
    edits: tuple[Edit, ...],
    faults: tuple[Finding, ...],
    today: date,
) -> Ready:
    choice, history = source.choice, source.version.history
    given = next((edit.new for edit in edits if edit.path == "original_reference"), None)
    if given and not history.payer_claim_number:  # a person knows the number that was missing
        choice = choose(replace(history, payer_claim_number=given))
    wanted = kind or choice.kind
    way = wanted or (Kind.REPLACEMENT if history.is_decided else Kind.FIRST)
    findings = list(faults)
    if wanted is None:
        findings.append(Finding("", choice.why))
    elif wanted in choice.refused and not _is_other_payers(source, wanted, edits):
        findings.append(Finding("", choice.refused[wanted]))
    if way is Kind.VOID and any(edit.path != "condition_codes" for edit in edits):
        findings.append(
            Finding("", "A void repeats the claim as it was sent; correct it in a new one after.")
        )
    corrected = apply_edits(source.original, edits)
    document = as_kind(corrected, way, history, typed_number=given)
    if given and document.frequency == "1":
        findings.append(
            Finding("original_reference", "A new claim names no earlier one; empty this.")
        )
    findings += find_faults(
        document, original=source.original, kind=way, history=history, today=today
    )
    if way is not Kind.VOID:
        findings += warnings_of(_of(source, edits), document)
    if not edits and way is Kind.REPLACEMENT:
        findings.append(Finding("", "Nothing is corrected: the payer would decide just as before."))
    elif not edits and way is Kind.FIRST and history.is_rejected:
        findings.append(
            Finding("", "Nothing is corrected: it may be rejected again.", is_error=False)
        )
    ordered = sorted(findings, key=lambda finding: not finding.is_error)
    return Ready(source, way, edits, document, tuple(dict.fromkeys(ordered)))


def _of(source: Source, edits: Sequence[Edit]) -> Of:
    """Return whose claim it is; to another payer than before it goes to one that is not known."""
    version = source.version
    changes_payer = any(edit.path == "payer_id" for edit in edits)
    return Of(version.claim_id, version.client_id, None if changes_payer else version.payer_id)


def _is_other_payers(source: Source, kind: Kind, edits: Sequence[Edit]) -> bool:
    """Say whether a decided claim goes to another payer, for which it is a new one."""
    changes_payer = any(edit.path == "payer_id" for edit in edits)
    return kind is Kind.FIRST and changes_payer and source.version.history.is_decided


def _following(
    original: ClaimDocument, document: ClaimDocument, edits: Sequence[Edit]
) -> list[Edit]:
    """Return what changes by itself: how it is sent, the payer's number, the total."""
    pairs = [
        ("frequency", "Frequency", original.frequency, document.frequency),
        ("", "Total charge", dollars(original.charge_cents), dollars(document.charge_cents)),
    ]
    if all(edit.path != "original_reference" for edit in edits):
        pairs.insert(
            1,
            (
                "original_reference",
                "Payer's claim number",
                original.original_reference,
                document.original_reference,
            ),
        )
    return [Edit(path, label, old, new) for path, label, old, new in pairs if old != new]
