"""The envelope: ISA/GS/ST with control numbers and counts, for one trading partner.

Source: X12 005010 TR3s, appendix C (ISA is 106 characters with its terminator; SE01 counts the
segments with ST and SE, GE01 the transaction sets, IEA01 the groups).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sanderling.core.x12.write.segments import Delimiters, segment, with_terminators

GUIDE_837P = "005010X222A1"
GUIDE_837I = "005010X223A2"
GUIDE_837D = "005010X224A2"
GUIDE_835 = "005010X221A1"
GUIDE_999 = "005010X231A1"
GUIDE_277CA = "005010X214"
GUIDE_STATUS = "005010X212"  # 276 and 277

_FUNCTIONAL_ID = {"837": "HC", "835": "HP", "999": "FA", "276": "HR"}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction set without ST and SE."""

    set_id: str  # ST01
    guide: str  # ST03 and GS08
    control_number: str  # ST02, unique in its group
    body: Iterable[str]  # canonical segments between ST and SE

    @property
    def functional_id(self) -> str:
        """GS01: two letters for the kind of group; both 277s share HN."""
        return _FUNCTIONAL_ID.get(self.set_id, "HN")


@dataclass(frozen=True, slots=True)
class Group:
    """One functional group: transaction sets of one kind."""

    control_number: int  # GS06
    transactions: Iterable[Transaction]  # at least one; may be a generator, read once
    sender: str = ""  # GS02; the interchange sender when empty
    receiver: str = ""  # GS03


@dataclass(frozen=True, slots=True)
class Interchange:
    """Who sends what to whom, when."""

    sender: str  # ISA06, 15 characters at most
    receiver: str  # ISA08
    control_number: int  # ISA13, 9 digits at most
    created_at: datetime  # ISA09, ISA10, GS04, GS05
    groups: tuple[Group, ...] = ()
    acknowledgements: tuple[str, ...] = ()  # TA1 segments, before the first group
    sender_qualifier: str = "ZZ"  # ISA05
    receiver_qualifier: str = "ZZ"  # ISA07
    is_test: bool = False  # ISA15
    wants_ta1: bool = False  # ISA14


def render_interchange(interchange: Interchange, delimiters: Delimiters | None = None) -> str:
    """Write one interchange as text."""
    return "".join(iter_interchange(interchange, delimiters))


def iter_interchange(
    interchange: Interchange, delimiters: Delimiters | None = None
) -> Iterator[str]:
    """Yield the text of one interchange piece by piece, a transaction set at a time."""
    marks = delimiters or Delimiters()
    yield _isa(interchange, marks)
    if interchange.acknowledgements:
        yield marks.translate(with_terminators(interchange.acknowledgements))
    for group in interchange.groups:
        yield from (marks.translate(piece) for piece in _group_pieces(group, interchange))
    number = f"{interchange.control_number:09d}"
    yield marks.translate(segment("IEA", str(len(interchange.groups)), number) + "~")


def _isa(interchange: Interchange, marks: Delimiters) -> str:
    elements = (
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        interchange.sender_qualifier,
        f"{interchange.sender:<15.15}",
        interchange.receiver_qualifier,
        f"{interchange.receiver:<15.15}",
        f"{interchange.created_at:%y%m%d}",
        f"{interchange.created_at:%H%M}",
        marks.repetition,
        "00501",
        f"{interchange.control_number:09d}",
        "1" if interchange.wants_ta1 else "0",
        "T" if interchange.is_test else "P",
        marks.component,
    )
    # Fixed width: written with the final separators, because ISA11 and ISA16 are separators.
    return marks.element.join(elements) + marks.segment + marks.line_end


def _group_pieces(group: Group, interchange: Interchange) -> Iterator[str]:
    count = 0
    for transaction in group.transactions:
        if count == 0:
            yield _group_header(group, interchange, transaction)
        count += 1
        yield transaction_text(transaction)
    if count == 0:
        raise ValueError("a functional group needs a transaction set")
    yield segment("GE", str(count), str(group.control_number)) + "~"


def _group_header(group: Group, interchange: Interchange, head: Transaction) -> str:
    header = segment(
        "GS",
        head.functional_id,
        group.sender or interchange.sender,
        group.receiver or interchange.receiver,
        f"{interchange.created_at:%Y%m%d}",
        f"{interchange.created_at:%H%M}",
        str(group.control_number),
        "X",
        head.guide,
    )
    return f"{header}~"


def transaction_text(transaction: Transaction) -> str:
    """Write one transaction set, ST to SE, as canonical text."""
    # The 835 has no ST03 (its guide is named in GS08 only).
    guide = "" if transaction.set_id == "835" else transaction.guide
    segments = [segment("ST", transaction.set_id, transaction.control_number, guide)]
    segments.extend(transaction.body)
    segments.append(segment("SE", str(len(segments) + 1), transaction.control_number))
    return with_terminators(segments)
