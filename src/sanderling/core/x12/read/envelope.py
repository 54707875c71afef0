"""One interchange: its groups and transaction sets, their control numbers and counts.

Segments arrive as text in which each is ended by a terminator and starts right after one. Where a
transaction set ends is found by searching for the SE segment, or for an ST, GS or GE that should
not come before it.

Source: X12.5 and X12.6 control structures; DOMAIN 2.1.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from sanderling.core.x12.batches import FileEvent, TransactionSet
from sanderling.core.x12.problems import Problem, Severity, problem_at
from sanderling.core.x12.read.cleaning import Body, body_of
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.header import Header
from sanderling.core.x12.read.kinds import (
    FUNCTIONAL_CODES,
    PURPOSES,
    Verdict,
    is_bare,
    kind_of,
)
from sanderling.core.x12.read.parts import Part, SetPart
from sanderling.core.x12.read.values import parse_date

_TAG: Final = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_KIND_WITHIN: Final = 1_000_000  # characters of an 837 without a guide in which an SV must stand
_OUTSIDE_TOLD_MAX: Final = 20  # segments in a row outside transaction sets told one by one


@dataclass(slots=True)
class _Group:
    """What a GS says, and what was counted since."""

    functional_code: str = ""
    sender_code: str = ""
    receiver_code: str = ""
    date_text: str = ""
    control_number: str = ""
    guide: str = ""
    position: int = 0
    set_count: int = 0
    set_numbers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _OpenSet:
    """A transaction set whose SE has not come."""

    transaction: TransactionSet
    refused: bool
    problems: list[Problem]
    is_first: bool = True
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class Envelope:
    """Takes the segments between ISA and IEA apart."""

    def __init__(self, header: Header, position: int, set_count: int) -> None:
        self.interchange = header.interchange
        self.delimiters = header.delimiters
        self.terminator_byte = header.delimiters.terminator.encode("latin-1")
        self.position = position  # of the last segment that was counted
        self.set_count = set_count  # in the file
        self.refused = False  # nothing after the ISA makes sense
        self._problems: list[Problem] = []  # of the text
        self._told: set[str] = set()
        self._group: _Group | None = None
        self._group_count = 0
        self._group_numbers: set[str] = set()
        self._set: _OpenSet | None = None
        self._held = ""  # an ST at the end of the text: the segment after it may be needed
        self._outside_count = 0
        self._has_lost = False  # segments stood outside transaction sets
        self._sets_before = set_count
        self._parts: list[Part] = []
        self._first = True
        self._marks: list[int] = []
        self._mark = 0

    def body_of(self, text: str) -> Body:
        """Return `text`, whole segments each with its terminator, made ready for `read`."""
        return body_of(self._held + text, self.delimiters, self.position + 1)

    def read(self, body: Body) -> list[Part]:
        """Return what `body` amounts to."""
        return self._take(body, final=False)

    def end(self, trailer: str | None, *, refused: bool) -> list[Part]:
        """Return what is left when the interchange ends; `trailer` is its IEA, if it has one."""
        parts = self._take(self.body_of(""), final=True)
        if self._set is not None:
            self._break_off()
        problems = self._close_group(None, trailer)
        if trailer is not None:
            self.position += 1
            problems += self._check_trailer(
                [text.strip() for text in trailer.split(self.delimiters.element)]
            )
        elif not refused:
            problems.append(
                self._problem(
                    "interchange_not_closed",
                    "The interchange ends without an IEA; see whether the file is complete.",
                    segment="IEA",
                )
            )
        self._flush_outside()
        if self.set_count == self._sets_before and not refused:
            problems.append(self._without_sets())
        told = [*self._problems, *problems]
        is_refused = any(problem.severity is Severity.REFUSED for problem in told)
        self._parts.append(FileEvent(self.interchange, told, is_refused))
        return parts + self._drain()

    def _without_sets(self) -> Problem:
        """Say that there was nothing to read; refused when segments stood there all the same."""
        return self._problem(
            "set_missing",
            "No transaction set begins (ST) in this interchange, so nothing of it could be read. "
            "Ask the sender for the whole interchange.",
            segment="ST",
            severity=Severity.REFUSED if self._has_lost else None,
        )

    def _drain(self) -> list[Part]:
        parts, self._parts = self._parts, []
        return parts

    def _problem(
        self,
        code: str,
        message: str,
        *,
        segment: str = "",
        element: str = "",
        severity: Severity | None = None,
    ) -> Problem:
        return problem_at(
            code,
            message,
            severity=severity,
            segment=segment,
            element=element,
            position=self.position,
        )

    def _event(self, problem: Problem, *, refused: bool = False) -> None:
        self._parts.append(FileEvent(self.interchange, [problem], refused))

    # --- segments ---------------------------------------------------------------------------------

    def _take(self, body: Body, *, final: bool) -> list[Part]:
        self._held = ""
        self.add_problems(body.problems)
        self._marks = body.marks
        self._mark = 0
        last = len(body.text) - 1
        at = 0
        while at < last and not self.refused:
            if self._set is None:
                at = self._outside_set(body.text, at, final=final)
            else:
                at = self._inside_set(body.text, at, at)
        return self._drain()

    def add_problems(self, problems: list[Problem]) -> None:
        """Note how the text deviates; each kind once an interchange, told at its end."""
        for problem in problems:
            if problem.code not in self._told:
                self._told.add(problem.code)
                self._problems.append(problem)

    def _next_mark(self, start: int) -> int:
        """Return the first mark at or after `start`, or -1; `start` never goes back."""
        while self._mark < len(self._marks) and self._marks[self._mark] < start:
            self._mark += 1
        return self._marks[self._mark] if self._mark < len(self._marks) else -1

    def _outside_set(self, body: str, at: int, *, final: bool) -> int:
        """Read the segment after the terminator at `at`; return where the next one begins."""
        end = body.index(self.delimiters.terminator, at + 1)
        segment = body[at + 1 : end]
        elements = segment.split(self.delimiters.element)
        tag = elements[0]
        if tag == "ST":
            is_whole = final or end < len(body) - 1
            if not is_whole or not (final or self._tells_kind(body, end, elements)):
                self._held = body[at + 1 :]
                return len(body) - 1
            return self._open_set(body, at, end, elements)
        self.position += 1
        if self._first and not _TAG.fullmatch(tag):
            self.refused = True
            message = (
                "What follows the ISA is no X12 segment, so that nothing of this interchange can "
                "be read; ask the sender to send it again."
            )
            self._event(self._problem("interchange_unreadable", message), refused=True)
            return end
        self._first = False
        if tag == "GS":
            self._open_group(elements)
        elif tag == "GE":
            problems = self._close_group(elements, None)
            if problems:
                self._flush_outside()
                self._parts.append(FileEvent(self.interchange, problems))
        elif tag == "TA1":
            self._acknowledgement(segment)
        else:
            self._outside(tag)
        return end

    def _service_tag(self, body: str, end: int) -> str:
        """Return the first of SV1, SV2 and SV3 after the ST that ends at `end`, in its set."""
        match = _service_pattern(self.delimiters).search(body, end, end + _KIND_WITHIN)
        return (match.group(1) or "") if match else ""

    def _tells_kind(self, body: str, end: int, elements: list[str]) -> bool:
        """Tell whether enough of the set is there to know its kind: ST01 837 exists in three."""
        named = elements[3] if len(elements) > 3 else ""  # noqa: PLR2004 (ST03)
        guide = named or (self._group.guide if self._group else "")
        if elements[1:2] != ["837"] or not is_bare(guide):
            return True
        is_long = len(body) - end > _KIND_WITHIN
        return is_long or _service_pattern(self.delimiters).search(body, end) is not None

    def _outside(self, tag: str) -> None:
        self._outside_count += 1
        self._has_lost = True
        if self._outside_count <= _OUTSIDE_TOLD_MAX:
            shown = tag if _TAG.fullmatch(tag) else ""
            message = (
                f"Segment {shown or '(not readable)'} stands outside any transaction set and was "
                "not read; see whether an ST is missing before it."
            )
            self._event(self._problem("segment_outside_set", message, segment=shown))

    def _flush_outside(self) -> None:
        count = self._outside_count - _OUTSIDE_TOLD_MAX
        self._outside_count = 0
        if count > 0:
            message = f"{count} more segments before this place stand outside any transaction set."
            self._event(self._problem("segment_outside_set", message))

    def _acknowledgement(self, segment: str) -> None:
        """A TA1 is read as a transaction set of its own."""
        self._flush_outside()
        self.set_count += 1
        transaction = self._transaction("TA1", "", [], _Group())
        text = segment + self.delimiters.terminator
        self._parts.append(
            SetPart(
                transaction,
                self.delimiters,
                segment,
                self.position,
                is_first=True,
                is_last=True,
                end_position=self.position,
                content_sha256=hashlib.sha256(text.encode()).hexdigest(),
            )
        )

    # --- groups -----------------------------------------------------------------------------------

    def _open_group(self, elements: list[str]) -> None:
        self._flush_outside()
        problems = self._close_group(None, None)
        elements += [""] * (9 - len(elements))
        self._group_count += 1
        self._group = _Group(
            functional_code=elements[1],
            sender_code=elements[2],
            receiver_code=elements[3],
            date_text=elements[4],
            control_number=elements[6],
            guide=elements[8],
            position=self.position,
        )
        if elements[6] in self._group_numbers:
            message = "GS06 occurred before in this interchange; the group may be there twice."
            problems.append(self._problem("duplicate_group", message, segment="GS", element="GS06"))
        self._group_numbers.add(elements[6])
        if problems:
            self._parts.append(FileEvent(self.interchange, problems))

    def _close_group(self, elements: list[str] | None, _trailer: str | None) -> list[Problem]:
        """Check the GE in `elements` against the open group; None when the GE is missing."""
        group, self._group = self._group, None
        if group is None:
            if elements is not None:
                self._outside("GE")
            return []
        if elements is None:
            message = "The functional group ends without a GE; see whether the file is complete."
            return [self._problem("group_not_closed", message, segment="GE")]
        elements += [""] * (3 - len(elements))
        problems = []
        if elements[1].lstrip("0") != str(group.set_count).lstrip("0"):
            message = f"GE01 says {_shown(elements[1])} transaction sets, there are "
            message += f"{group.set_count}; see whether the file is complete."
            problems.append(
                self._problem("set_count_differs", message, segment="GE", element="GE01")
            )
        if elements[2] != group.control_number:
            message = "GE02 is not the number of the group (GS06)."
            problems.append(
                self._problem("group_number_differs", message, segment="GE", element="GE02")
            )
        return problems

    def _check_trailer(self, elements: list[str]) -> list[Problem]:
        elements += [""] * (3 - len(elements))
        problems = []
        if elements[1].lstrip("0") != str(self._group_count).lstrip("0"):
            message = f"IEA01 says {_shown(elements[1])} functional groups, there are "
            message += f"{self._group_count}; see whether the file is complete."
            problems.append(
                self._problem("group_count_differs", message, segment="IEA", element="IEA01")
            )
        if elements[2] != self.interchange.control_number:
            message = "IEA02 is not the number of the interchange (ISA13)."
            problems.append(
                self._problem("interchange_number_differs", message, segment="IEA", element="IEA02")
            )
        return problems

    # --- transaction sets -------------------------------------------------------------------------

    def _open_set(self, body: str, at: int, end: int, elements: list[str]) -> int:
        self._flush_outside()
        self._first = False
        elements += [""] * (4 - len(elements))
        self.set_count += 1
        group = self._group or _Group()
        group.set_count += 1
        guide = elements[3] or group.guide
        after = body[end + 1 : body.find(self.delimiters.terminator, end + 1)]
        hint = _purpose(after.split(self.delimiters.element))
        if elements[1] == "837" and is_bare(guide):
            hint = self._service_tag(body, end)
        verdict = kind_of(elements[1], guide, self.interchange.version, hint)
        self.position += 1
        transaction = self._transaction(verdict.kind, guide, elements, group)
        problems = self._set_problems(verdict, elements, group)
        self.position -= 1
        group.set_numbers.add(elements[2])
        self._set = _OpenSet(transaction, verdict.refused, problems)
        return self._inside_set(body, at, at + 1)

    def _transaction(
        self, kind: str, guide: str, elements: list[str], group: _Group
    ) -> TransactionSet:
        return TransactionSet(
            interchange=self.interchange,
            index=self.set_count,
            kind=kind,
            guide=guide,
            functional_code=group.functional_code,
            sender_code=group.sender_code,
            receiver_code=group.receiver_code,
            group_date=parse_date(group.date_text),
            group_control_number=group.control_number,
            control_number=elements[2] if elements else "",
            position=self.position,
        )

    def _set_problems(self, verdict: Verdict, elements: list[str], group: _Group) -> list[Problem]:
        found: list[tuple[str, str, str]] = []  # code, element, message
        if verdict.code:
            found.append(
                (verdict.code, "ST01" if "set" in verdict.code else "GS08", verdict.message)
            )
        if elements[3] and group.guide and elements[3][:10] != group.guide[:10]:
            found.append(("guide_differs", "ST03", "ST03 names another guide than GS08."))
        expected = FUNCTIONAL_CODES.get(elements[1])
        if self._group is None:
            found.append(("set_outside_group", "ST", "No functional group (GS) is open here."))
        elif expected and group.functional_code != expected:
            message = f"GS01 should be {expected} for transaction set {elements[1]}."
            found.append(("functional_code_differs", "GS01", message))
        if not elements[2]:
            found.append(("set_number_missing", "ST02", "The transaction set has no number."))
        elif elements[2] in group.set_numbers:
            message = "ST02 occurred before in this group; the set may be there twice."
            found.append(("duplicate_set", "ST02", message))
        return [
            self._problem(
                code,
                message,
                segment="ST",
                element=element if element != "ST" else "",
                severity=Severity.REFUSED if verdict.refused and code == verdict.code else None,
            )
            for code, element, message in found
        ]

    def _inside_set(self, body: str, at: int, start: int) -> int:
        """Hand on the segments after the terminator at `at`, up to the end of the set.

        The end is searched for from `start`; returns the terminator before what follows.
        """
        mark = self._next_mark(start)
        if mark < 0:
            limit = len(body) - 1
            self._hand_on(body[at + 1 : limit])
            return limit
        if body.startswith("SE", mark + 1):
            after = body.index(self.delimiters.terminator, mark + 1)
            self._hand_on(body[at + 1 : after], trailer=body[mark + 1 : after])
            return after
        self._hand_on(body[at + 1 : mark])
        self._break_off()
        return mark

    def _hand_on(self, text: str, trailer: str | None = None) -> None:
        current = self._set
        if current is None or not (text or current.is_first):
            return
        terminator = self.delimiters.terminator
        part = SetPart(
            current.transaction,
            self.delimiters,
            text,
            self.position + 1,
            is_first=current.is_first,
            problems=current.problems,
            refused=current.refused,
        )
        current.is_first, current.problems = False, []
        if text:
            self.position += text.count(terminator) + 1
            current.digest.update((text + terminator).encode())
        if trailer is not None:
            part.problems += self._check_set_trailer(trailer, current.transaction)
            self._close_set(part, current)
        self._parts.append(part)

    def _close_set(self, part: SetPart, current: _OpenSet) -> None:
        part.is_last = True
        part.end_position = self.position
        part.content_sha256 = current.digest.hexdigest()
        self._set = None

    def _break_off(self) -> None:
        """Close a transaction set whose SE did not come."""
        current = self._set
        if current is None:
            return
        message = (
            f"Transaction set {current.transaction.kind or '(unknown)'} breaks off before its SE; "
            "nothing of it may be posted. Ask the sender for the whole file."
        )
        part = SetPart(
            current.transaction,
            self.delimiters,
            "",
            self.position + 1,
            is_first=current.is_first,
            problems=[*current.problems, self._problem("set_truncated", message, segment="SE")],
            refused=True,
        )
        self._close_set(part, current)
        self._parts.append(part)

    def _check_set_trailer(self, trailer: str, transaction: TransactionSet) -> list[Problem]:
        elements = trailer.split(self.delimiters.element)
        elements += [""] * (3 - len(elements))
        count = self.position - transaction.position + 1
        problems = []
        if elements[1].lstrip("0") != str(count):
            message = f"SE01 says {_shown(elements[1])} segments, there are {count}; see whether "
            message += "any is missing."
            problems.append(
                self._problem("segment_count_differs", message, segment="SE", element="SE01")
            )
        if elements[2] != transaction.control_number:
            message = "SE02 is not the number of the transaction set (ST02)."
            problems.append(
                self._problem("set_number_differs", message, segment="SE", element="SE02")
            )
        return problems


@cache
def _service_pattern(delimiters: Delimiters) -> re.Pattern[str]:
    """Return what finds the first service segment of a set (group 1), or where the set ends."""
    end, separator = re.escape(delimiters.terminator), re.escape(delimiters.element)
    return re.compile(f"{end}(?:(SV[123])|SE|ST|GE|GS|IEA){separator}")


def _purpose(elements: list[str]) -> str:
    """Return BHT06 when `elements` is a BHT, else what BHT01 stands for."""
    if elements[0] != "BHT" or len(elements) < 2:  # noqa: PLR2004 (BHT01)
        return ""
    is_told = len(elements) > 6 and elements[6]  # noqa: PLR2004 (BHT06)
    return elements[6] if is_told else PURPOSES.get(elements[1], "")


def _shown(count: str) -> str:
    """Return a count as it stands when it is one; what else stands there may be anything."""
    return count if count.isascii() and count.isdigit() and len(count) <= 10 else "no number of"  # noqa: PLR2004 (X12 counts)
