"""The words of the originals, and a chain of hashes over a lineage that is checked against them.

Each link's seal hashes the seal before it, what the link is, the file's SHA-256, the place and the
segment as it stands there. So a printed seal names a whole lineage up to a link: whoever has the
originals can work it out again. What arrives later adds links behind it and leaves it as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sanderling.files.segments import Segment, read_segments
from sanderling.files.storage import CHUNK_BYTES, OriginalDamaged, open_original
from sanderling.proofs.lineage import Filing
from sanderling.proofs.links import Link

AROUND: Final = 40  # segments before and after that an excerpt is looked for in
EXCERPT_MAX: Final = 10
_NAMES: Final = {
    "837": ("CLM",),
    "TA1": ("TA1",),
    "999": ("AK2", "IK3", "IK4", "IK5"),
    "277CA": ("STC",),
    "277": ("STC",),
    "835": ("CLP",),
}
# An excerpt begins at one of the first and ends before one of the second: within one claim.
_BEGINS: Final = {
    "837": ("CLM",), "TA1": ("TA1",), "999": ("AK2",), "277CA": ("TRN",), "277": ("TRN",),
    "835": ("CLP",),
}  # fmt: skip
_ENDS: Final = {
    "837": ("LX", "HL", "NM1", "SBR", "SE"),
    "TA1": ("GS", "IEA", "TA1"),
    "999": ("AK2", "AK9"),
    "277CA": ("TRN", "HL", "SVC", "SE"),
    "277": ("TRN", "HL", "SVC", "SE"),
    "835": ("CLP", "SVC", "LX", "SE", "PLB"),
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A link with its segment, its surroundings within the claim, and the seal up to it."""

    link: Link
    segment: str
    excerpt: tuple[tuple[int, str], ...]  # position, text
    seal: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a lineage against its originals found wrong."""

    link: Link
    text: str


def sealed(filings: Iterable[Filing]) -> list[Sealed]:
    """Return all links of a claim's filings in order, with their words and seals.

    Raises:
        OriginalDamaged, FileNotFoundError: an original cannot be read.
    """
    links = sorted(
        {link: None for filing in filings for link in filing.links}, key=lambda one: one.order
    )
    windows = _windows(links)
    found: list[Sealed] = []
    seal = ""
    for link in links:
        around = windows[link]
        segment = around[link.position].text if link.position in around else ""
        seal = _seal(seal, link, segment)
        found.append(Sealed(link, segment, _excerpt(link, around), seal))
    return found


def check(filings: Sequence[Filing]) -> list[Finding]:
    """Compare every link with its original: the file's hash, the segment, the claim it names."""
    findings: list[Finding] = []
    links = {link: None for filing in filings for link in filing.links}
    whole = {link.file_sha256: link for link in links}
    faulty = {sha256: text for sha256, link in whole.items() if (text := _file_fault(link))}
    for link in links:
        if link.file_sha256 in faulty:
            findings.append(Finding(link, faulty[link.file_sha256]))
            continue
        segment = _windows([link])[link].get(link.position)
        if text := _segment_fault(link, segment):
            findings.append(Finding(link, text))
    return findings


def _seal(before: str, link: Link, segment: str) -> str:
    parts = [before, link.kind, link.file_sha256, link.position, segment]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def _file_fault(link: Link) -> str:
    """Say what is wrong with the original of a link, nothing when it is as it came."""
    digest = hashlib.sha256()
    try:
        with open_original(link.file_sha256, is_encrypted=link.is_encrypted) as stream:
            while data := stream.read(CHUNK_BYTES):
                digest.update(data)
    except FileNotFoundError:
        return "the original is not there"
    except OriginalDamaged:
        return "the original does not decrypt"
    return "" if digest.hexdigest() == link.file_sha256 else "the original was changed"


def _segment_fault(link: Link, segment: Segment | None) -> str:
    if segment is None or segment.name not in _NAMES[link.kind]:
        return f"segment {link.position} is not what was read there"
    if link.kind in ("837", "835"):
        values = segment.text.split(segment.delimiters.element)
        if len(values) < 2 or values[1].strip() != link.claim_number:  # noqa: PLR2004 - CLM01
            return f"segment {link.position} names another claim"
    return ""


def _windows(links: Iterable[Link]) -> dict[Link, dict[int, Segment]]:
    """Return for each link the segments around it, each file read once."""
    by_file: dict[str, list[Link]] = {}
    for link in links:
        by_file.setdefault(link.file_sha256, []).append(link)
    found: dict[Link, dict[int, Segment]] = {}
    for of_file in by_file.values():
        first = max(1, min(link.position for link in of_file) - AROUND)
        last = max(link.position for link in of_file) + AROUND
        wanted = {
            at for link in of_file for at in range(link.position - AROUND, link.position + AROUND)
        }
        one = of_file[0]
        with open_original(one.file_sha256, is_encrypted=one.is_encrypted) as stream:
            segments = {
                each.position: each
                for each in read_segments(stream.read, first=first, last=last)
                if each.position in wanted
            }
        found |= dict.fromkeys(of_file, segments)
    return found


def _excerpt(link: Link, around: dict[int, Segment]) -> tuple[tuple[int, str], ...]:
    """Return the segments of a link that speak of this claim and no other."""
    if link.position not in around:
        return ()
    first = link.position
    while around[first].name not in _BEGINS[link.kind]:
        if first - 1 not in around or first <= link.position - AROUND:
            first = link.position
            break
        first -= 1
    chosen = [around[first]]
    at = first + 1
    while at in around and len(chosen) < EXCERPT_MAX:
        if at > link.position and around[at].name in _ENDS[link.kind]:
            break
        chosen.append(around[at])
        at += 1
    return tuple((one.position, one.text) for one in chosen)
