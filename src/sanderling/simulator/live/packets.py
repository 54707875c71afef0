"""Appeals and records: what arrives in the folder `appeals`, and how it is judged.

A packet is a PDF. Which claim it is about says a file of the same name ending in .json
({"control_number": "...", "payer": "...", "kind": "appeal", "level": 1}), else the packet itself:
its text is searched for a claim number that a payer gave, then for one of ours. Chances: the
domain reference 10.4 (estimates for complete evidence; half without, half on the second level).
"""

from __future__ import annotations

import io
import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.live.store import PENDED, Record, Store

APPEAL, RECORDS = "appeal", "records"

WIN_SHARES: Final = {
    "missing_information": 0.90,
    "coordination_of_benefits": 0.75,
    "documentation": 0.75,
    "coding": 0.70,
    "provider": 0.55,
    "authorization": 0.45,
    "bundling": 0.45,
    "medical_necessity": 0.45,
    "benefit_limit": 0.40,
    "timely_filing": 0.70,
    "eligibility": 0.35,
    "non_covered": 0.20,
}
USUAL_WIN_SHARE: Final = 0.30
# Words that only a packet with the evidence for its category holds.
EVIDENCE: Final = {
    "timely_filing": ("277CA", "ACKNOWLEDG", "ACCEPTED"),
    "authorization": ("AUTHORIZATION", "APPROVAL"),
    "eligibility": ("ELIGIB", "COVERAGE", "271"),
    "coordination_of_benefits": ("PRIMARY", "EXPLANATION", "REMITTANCE"),
    "provider": ("ENROL", "APPROVAL", "EFFECTIVE"),
}
USUAL_EVIDENCE: Final = ("RECORD", "NOTE", "REPORT", "EXHIBIT", "ATTACH")
_TOKEN = re.compile(r"[A-Z0-9][A-Z0-9-]{4,}")


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it was understood."""

    file: str
    payer: str
    client: str
    number: str
    kind: str
    level: int
    has_evidence: bool


def read_packets(store: Store, path: Path, beside: Path | None) -> list[Packet]:
    """Find out which claims a packet is about, one or many; none when nobody can tell.

    `beside` is the file of the same name that says so, if one came.
    """
    text = text_of(path.read_bytes())
    told = _told(beside) if beside else {}
    return [_packet(record, path.name, text, told) for record in _find(store, text, told)]


def _packet(record: Record, name: str, text: str, told: dict[str, str]) -> Packet:
    kind = told.get("kind", "")
    if kind not in {APPEAL, RECORDS}:
        kind = RECORDS if record.state == PENDED else APPEAL
    level = told.get("level", "") or ("2" if "LEVEL 2" in text or "SECOND LEVEL" in text else "1")
    words = EVIDENCE.get(record.category, USUAL_EVIDENCE)
    return Packet(
        name,
        record.payer,
        record.client,
        record.number,
        kind,
        int(level) if level.isdigit() else 1,
        any(word in text for word in words),
    )


def text_of(data: bytes) -> str:
    """Read the text of a PDF, in capitals; nothing when it is no readable PDF."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    except (PyPdfError, ValueError, KeyError, TypeError):
        return ""
    return "\n".join(pages).upper()


def _told(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(item) for key, item in found.items()} if isinstance(found, dict) else {}


def _find(store: Store, text: str, told: dict[str, str]) -> list[Record]:
    """Find claims by the numbers payers gave them; by ours when there is none of those."""
    tokens = list(dict.fromkeys([told.get("control_number", ""), *_TOKEN.findall(text)]))
    found: dict[tuple[str, str, str], Record] = {}
    for column in ("icn", "number"):
        for token in tokens:
            for row in store.rows(
                f"SELECT DISTINCT payer, client, number FROM claim_numbers WHERE {column} = ?"  # noqa: S608 - ours
                " ORDER BY payer",
                token,
            ):
                record = store.record(row[0], row[1], row[2])
                if record is not None and told.get("payer", record.payer) == record.payer:
                    found[record.payer, record.client, record.number] = record
        if found:
            break
    # A packet also shows what other payers said: it is about what is denied, or held.
    disputed = [one for one in found.values() if one.category or one.state == PENDED]
    return disputed or list(found.values())[:1]


def wins(seed: int, record: Record, packet: Packet) -> bool:
    """Tell what the payer will decide: drawn once for a claim and level, whatever comes twice."""
    share = WIN_SHARES.get(record.category, USUAL_WIN_SHARE)
    share *= 1.0 if packet.has_evidence else 0.5
    share *= 1.0 if packet.level == 1 else 0.5
    dice = dice_for(seed, "appeal", record.payer, record.client, record.number, packet.level)
    return dice.random() < share
