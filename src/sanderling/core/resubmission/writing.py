"""Writes claim documents as one 837: levels and counts made anew, usual delimiters.

Whatever errata the original named, the guide is the one that 45 CFR 162.1102 names.

The delimiters are the usual ones unless some claim's data holds one of them; then that one is
another character, which no data in the file has, so that nothing of the data changes.

Source: 837 TR3s, section 2.3 and appendix B.1.1.2.5 (delimiters); at most 5,000 claims a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sanderling.core.resubmission.document import (
    ESCAPES,
    UNESCAPE,
    ClaimDocument,
    Loop,
    Partners,
    Segment,
)
from sanderling.core.x12.write.claim import Form
from sanderling.core.x12.write.claims_837 import GUIDES
from sanderling.core.x12.write.envelope import Group, Interchange, Transaction, iter_interchange
from sanderling.core.x12.write.segments import Delimiters, clean, segment

CLAIMS_MAX: Final = 5_000  # in one transaction set: TR3 section 1.3 of each 837
_SPARE: Final = "|>!<`\\{}[]@#%;?=&$\x1d\x1c\x1f\x1e"
_FIELDS: Final = {"*": "element", ":": "component", "^": "repetition", "~": "segment"}


class FileKey(NamedTuple):
    """What claims must have in common to go into one file."""

    kind: str
    partners: Partners


class NotOneFile(ValueError):
    """The claims are not all of one kind, from one sender to one receiver."""


def file_key(document: ClaimDocument) -> FileKey:
    """Return what the claims in one file have in common."""
    return FileKey(document.kind, document.partners)


def write_claims(
    documents: Sequence[ClaimDocument],
    *,
    control_number: int,
    reference: str,
    created_at: datetime,
) -> bytes:
    """Write claims as one file with one interchange.

    `control_number` is ISA13 and GS06, `reference` BHT03.

    Raises:
        NotOneFile: see `file_key`; or there is none.
    """
    keys = {file_key(document) for document in documents}
    if len(keys) != 1:
        raise NotOneFile
    partners = keys.pop().partners
    sets = list(_transactions(documents, reference, created_at))
    interchange = Interchange(
        sender=partners.sender_id,
        receiver=partners.receiver_id,
        control_number=control_number,
        created_at=created_at,
        groups=(
            Group(
                control_number,
                sets,
                sender=partners.group_sender,
                receiver=partners.group_receiver,
            ),
        ),
        sender_qualifier=partners.sender_qualifier or "ZZ",
        receiver_qualifier=partners.receiver_qualifier or "ZZ",
        is_test=partners.is_test,
    )
    marks = _delimiters(text for one in sets for text in one.body)
    text = "".join(iter_interchange(interchange, marks))
    return text.translate(UNESCAPE).encode("utf-8")


def _delimiters(texts: Iterable[str]) -> Delimiters:
    """Choose delimiters that stand in no data."""
    seen: set[str] = set()
    for text in texts:
        seen.update(text)
    taken = [name for mark, name in _FIELDS.items() if ESCAPES[mark] in seen]
    spare = [mark for mark in _SPARE if mark not in seen]
    if len(spare) < len(taken):
        raise NotOneFile("no character is left to divide the data by")
    return Delimiters(**dict(zip(taken, spare, strict=False)))


def _transactions(
    documents: Sequence[ClaimDocument], reference: str, created_at: datetime
) -> Iterator[Transaction]:
    heads: dict[tuple[object, ...], list[ClaimDocument]] = {}
    for one in documents:
        heads.setdefault((one.purpose, one.header, one.submitter, one.receiver), []).append(one)
    number = 0
    for alike in heads.values():
        for start in range(0, len(alike), CLAIMS_MAX):
            some = alike[start : start + CLAIMS_MAX]
            number += 1
            body = list(_body(some, reference, created_at))
            guide = GUIDES[Form(some[0].kind[-1])]
            yield Transaction("837", guide, f"{number:04d}", body)


def _body(
    documents: Sequence[ClaimDocument], reference: str, created_at: datetime
) -> Iterator[str]:
    head = documents[0]
    day, time = f"{created_at:%Y%m%d}", f"{created_at:%H%M}"
    yield segment("BHT", "0019", "00", clean(reference, 50), day, time, head.purpose)
    yield from _texts(head.header)
    yield from _texts(head.submitter.walk())
    yield from _texts(head.receiver.walk())
    providers: dict[Loop, list[ClaimDocument]] = {}
    for one in documents:
        providers.setdefault(one.billing, []).append(one)
    level = 0
    for billing, claims in providers.items():
        level += 1
        provider = level
        yield segment("HL", str(provider), "", "20", "1")
        yield from _texts(billing.walk())
        for one in claims:
            level += 1
            yield segment("HL", str(level), str(provider), "22", "1" if one.patient else "0")
            yield from _texts(one.subscriber.walk())
            if one.patient:
                level += 1
                yield segment("HL", str(level), str(level - 1), "23", "0")
                yield from _texts(one.patient.walk())
            yield from _texts(one.claim.walk())


def _texts(segments: Iterable[Segment]) -> Iterator[str]:
    for one in segments:
        yield "*".join(one.elements)
