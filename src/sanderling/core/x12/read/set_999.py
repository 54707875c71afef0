"""Reads a 999 (implementation acknowledgement) and a TA1 (interchange acknowledgement).

In a 999 the verdict on a transaction set (IK5) comes after its errors (IK3, IK4), and the claim an
error belongs to may be told before or after the elements in error (CTX), so that the errors of a
segment are held back until the next one begins.

Source: TR3 005010X231A1 (999); X12.5, interchange acknowledgement (TA1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sanderling.core.x12.batches import TransactionSet
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read.delimiters import Delimiters
from sanderling.core.x12.read.deviations import deviation, shown_tag
from sanderling.core.x12.read.rows import ABOVE_CLAIMS, Frames, Rows
from sanderling.core.x12.read.values import parse_date
from sanderling.core.x12.tables import (
    ACK_ERRORS,
    GROUP_ACKS,
    TABLES_999,
    TABLES_TA1,
    TRANSACTION_ACKS,
)

Row = dict[str, Any]

_BLANKS: Final = [""] * 24
_SET_VERDICTS: Final = frozenset("AERMWX")  # IK501
_GROUP_VERDICTS: Final = frozenset("AEPRMWX")  # AK901
_ACCEPTED: Final = frozenset("AE")
_HAS_ELEMENT_ERRORS: Final = "8"  # IK304
_CLAIM_CONTEXT: Final = "CLM01"
_COUNT_DIGITS_MAX: Final = 9
_EPOCH: Final = 719_163  # date(1970, 1, 1).toordinal()


def _count(text: str) -> int | None:
    """Return a whole number, or None."""
    is_count = text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS_MAX
    return int(text) if is_count else None


class _Acknowledgement:
    """What both acknowledgements have in common: rows, problems, no claims."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters, rows: Rows) -> None:
        self.transaction = transaction
        self.separator = delimiters.element
        self.component = delimiters.component
        self.rows = rows

    def report(
        self,
        code: str,
        segment: str,
        position: int,
        element: str = "",
        *,
        loop: str = "",
        **values: object,
    ) -> None:
        self.rows.problems.append(
            deviation(
                code,
                segment=segment,
                position=position,
                loop=loop,
                element=element,
                claim_index=ABOVE_CLAIMS,
                values=values,
            )
        )


class Reader999:
    """A `SetReader` of 999s."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._base = _Acknowledgement(transaction, delimiters, Rows(TABLES_999))
        self._rows = self._base.rows
        self._report = self._base.report
        self._loop = ""
        self._group: Row | None = None
        self._set: Row | None = None
        self._segment: Row | None = None  # the IK3 in hand
        self._elements: list[Row] = []  # and its IK4
        self._verdicts: list[str] = []
        self._next_position = transaction.position
        self._handlers: dict[str, Callable[[list[str], int], None]] = {
            "ST": self._nothing,
            "SE": self._end,
            "AK1": self._open_group,
            "AK2": self._open_set,
            "IK3": self._open_segment,
            "CTX": self._context,
            "IK4": self._element,
            "IK5": self._close_set,
            "AK9": self._close_group,
        }

    def feed(self, segments: list[str], position: int) -> None:
        """Read consecutive segments; `position` is the number of the first."""
        for segment in segments:
            elements = segment.split(self._base.separator)
            handler = self._handlers.get(elements[0])
            if handler is None:
                self._report("segment_unknown", shown_tag(elements[0]), position, loop=self._loop)
                self._keep(elements, position)
            else:
                handler(elements, position)
            position += 1
        self._next_position = position

    def closed_claims(self) -> int:
        """Return 0: an acknowledgement has no claims."""
        return 0

    def take(self) -> tuple[Frames, list[Problem]]:
        """Return the rows that are complete."""
        return self._rows.take_closed(0)

    def finish(self) -> tuple[Frames, list[Problem], bool]:
        """Return what is left, and whether it answers anything at all."""
        self._end([], self._next_position)
        is_refused = self._group is None
        if is_refused:
            self._report("acknowledgement_unreadable", "AK1", self._base.transaction.position)
        elif "status" not in self._group_row():
            position = self._group_row()["position"]
            self._report("verdict_missing", "AK9", position)
        if self._group is not None:
            self._rows.cells["group_acks"].extend(self._group.get(name) for name in GROUP_ACKS)
            self._group = None
        frames, problems = self._rows.take_all()
        return frames, problems, is_refused

    def _group_row(self) -> Row:
        return self._group if self._group is not None else {}

    def _keep(self, elements: list[str], position: int) -> None:
        text = self._base.separator.join(elements)
        self._rows.cells["other_segments"].extend((ABOVE_CLAIMS, 0, position, self._loop, text))

    def _misplaced(self, elements: list[str], position: int) -> None:
        self._report("segment_out_of_place", elements[0], position, loop=self._loop)
        self._keep(elements, position)

    def _keep_rest(self, elements: list[str], position: int, known: int) -> None:
        if any(elements[known + 1 :]):
            self._keep(elements, position)
            self._report("element_not_in_guide", elements[0], position, loop=self._loop)

    def _nothing(self, elements: list[str], position: int) -> None:
        """Pass over a segment that the envelope has read already."""

    def _end(self, _elements: list[str], _position: int) -> None:
        self._flush_segment()
        self._flush_set()
        self._loop = ""

    # --- group ------------------------------------------------------------------------------------

    def _open_group(self, elements: list[str], position: int) -> None:
        if self._group is not None:
            self._misplaced(elements, position)
            return
        e = elements + _BLANKS
        self._group = {
            "position": position,
            "functional_code": e[1] or None,
            "group_control_number": e[2] or None,
            "version": e[3] or None,
        }
        if not e[2]:
            self._report("required_element_missing", "AK1", position, "AK102")
        self._keep_rest(elements, position, 3)

    def _close_group(self, elements: list[str], position: int) -> None:
        self._end([], position)
        if self._group is None or "status" in self._group:
            self._misplaced(elements, position)
            return
        e = elements + _BLANKS
        counts = [_count(text) for text in e[2:5]]
        self._group |= {
            "status": e[1] or None,
            "included_count": counts[0],
            "received_count": counts[1],
            "accepted_count": counts[2],
        }
        if any(count is None for count in counts):
            number = 2 + counts.index(None)
            self._report("count_unreadable", "AK9", position, f"AK9{number:02}")
            self._keep(elements, position)
        if e[1] not in _GROUP_VERDICTS:
            self._report("verdict_unknown", "AK9", position, "AK901", value=e[1][:4])
        self._check_counts(position, e[1], counts)
        if any(elements[5:]):
            self._keep(elements, position)  # AK905 to AK909: codes of the group's own errors

    def _check_counts(self, position: int, verdict: str, counts: list[int | None]) -> None:
        """Hold AK9 against the sets that were answered one by one.

        A 999 may leave out the sets it accepts, so that fewer than counted are no fault.
        """
        _, received, accepted = counts
        answered = len(self._verdicts)
        rejected = sum(code not in _ACCEPTED for code in self._verdicts)
        if received is not None and answered > received:
            self._report(
                "acknowledged_count_differs",
                "AK9",
                position,
                "AK903",
                value=received,
                count=answered,
            )
        if received is not None and accepted is not None and received - accepted < rejected:
            self._report(
                "acknowledged_count_differs",
                "AK9",
                position,
                "AK904",
                value=accepted,
                count=received - rejected,
            )
        is_contradicted = (verdict == "A" and rejected) or (verdict == "R" and rejected < answered)
        if is_contradicted:
            self._report("verdict_contradicts", "AK9", position, "AK901", value=verdict)

    # --- transaction sets -------------------------------------------------------------------------

    def _open_set(self, elements: list[str], position: int) -> None:
        self._end([], position)
        self._loop = "2000"
        e = elements + _BLANKS
        self._set = {
            "position": position,
            "group_control_number": self._group_row().get("group_control_number"),
            "transaction_kind": e[1] or None,
            "control_number": e[2] or None,
            "version": e[3] or None,
        }
        if self._group is None:
            self._report("segment_out_of_place", "AK2", position, loop="")
        if not e[2]:
            self._report("required_element_missing", "AK2", position, "AK202", loop="2000")
        self._keep_rest(elements, position, 3)

    def _close_set(self, elements: list[str], position: int) -> None:
        self._flush_segment()
        if self._set is None or "status" in self._set:
            self._misplaced(elements, position)
            return
        e = elements + _BLANKS
        self._set["status"] = e[1] or None
        self._set["codes"] = ",".join(filter(None, e[2:7])) or None
        if e[1] not in _SET_VERDICTS:
            self._report("verdict_unknown", "IK5", position, "IK501", value=e[1][:4], loop="2000")
        self._verdicts.append(e[1])
        self._keep_rest(elements, position, 6)
        self._flush_set()

    def _flush_set(self) -> None:
        row, self._set = self._set, None
        if row is None:
            return
        if "status" not in row:
            self._report("verdict_missing", "IK5", row["position"], loop="2000")
        self._rows.cells["transaction_acks"].extend(row.get(name) for name in TRANSACTION_ACKS)

    # --- errors -----------------------------------------------------------------------------------

    def _open_segment(self, elements: list[str], position: int) -> None:
        self._flush_segment()
        if self._set is None:
            self._misplaced(elements, position)
            return
        self._loop = "2100"
        e = elements + _BLANKS
        place = _count(e[2])
        self._segment = {
            "position": position,
            "group_control_number": self._set["group_control_number"],
            "control_number": self._set["control_number"],
            "segment": e[1] or None,
            "segment_position": place,
            "loop": e[3] or None,
            "segment_code": e[4] or None,
        }
        if place is None:
            self._report("count_unreadable", "IK3", position, "IK302", loop="2100")
            self._keep(elements, position)
        self._keep_rest(elements, position, 4)

    def _context(self, elements: list[str], position: int) -> None:
        """Read a CTX: CTX01 `CLM01:number` names the claim; other contexts are kept."""
        if self._segment is None:
            self._misplaced(elements, position)
            return
        e = elements + _BLANKS
        name, _, value = e[1].partition(self._base.component)
        if name == _CLAIM_CONTEXT and value and "claim_number" not in self._segment:
            self._segment["claim_number"] = value
            if any(elements[2:]):
                self._keep(elements, position)
        else:
            self._keep(elements, position)

    def _element(self, elements: list[str], position: int) -> None:
        if self._segment is None:
            self._misplaced(elements, position)
            return
        self._loop = "2110"
        e = elements + _BLANKS
        self._elements.append(
            {
                "position": position,
                "element_position": e[1] or None,
                "element_reference": e[2] or None,
                "element_code": e[3] or None,
                "bad_value": e[4] or None,
            }
        )
        if not e[3]:
            self._report("required_element_missing", "IK4", position, "IK403", loop="2110")
        self._keep_rest(elements, position, 4)

    def _flush_segment(self) -> None:
        """Add the errors of the segment in hand: its own, unless it only has element errors."""
        segment, elements = self._segment, self._elements
        self._segment, self._elements = None, []
        if segment is None:
            return
        rows = [{**segment, **element} for element in elements]
        if not rows or segment["segment_code"] != _HAS_ELEMENT_ERRORS:
            rows.insert(0, segment)
        for row in rows:
            self._rows.cells["ack_errors"].extend(row.get(name) for name in ACK_ERRORS)
        self._loop = "2000"


class ReaderTA1:
    """A `SetReader` of a TA1: one segment outside any transaction set."""

    def __init__(self, transaction: TransactionSet, delimiters: Delimiters) -> None:
        self._base = _Acknowledgement(transaction, delimiters, Rows(TABLES_TA1))
        self._is_read = False

    def feed(self, segments: list[str], position: int) -> None:
        """Read the TA1."""
        for segment in segments:
            elements = segment.split(self._base.separator)
            if elements[0] == "TA1":
                self._acknowledgement(elements, position)
            position += 1

    def closed_claims(self) -> int:
        """Return 0: an acknowledgement has no claims."""
        return 0

    def take(self) -> tuple[Frames, list[Problem]]:
        """Return the rows that are complete."""
        return self._base.rows.take_closed(0)

    def finish(self) -> tuple[Frames, list[Problem], bool]:
        """Return what is left, and whether it answers anything at all."""
        if not self._is_read:
            position = self._base.transaction.position
            self._base.report("acknowledgement_unreadable", "TA1", position)
        frames, problems = self._base.rows.take_all()
        return frames, problems, not self._is_read

    def _acknowledgement(self, elements: list[str], position: int) -> None:
        self._is_read = True
        e = elements + _BLANKS
        sent_date = parse_date(e[2])
        if sent_date is None:
            self._base.report("date_unreadable", "TA1", position, "TA102")
        if not e[1]:
            self._base.report("required_element_missing", "TA1", position, "TA101")
        if e[4] not in {"A", "E", "R"}:
            self._base.report("verdict_unknown", "TA1", position, "TA104", value=e[4][:4])
        elif (e[4] == "A") != (e[5] == "000"):
            self._base.report("verdict_contradicts", "TA1", position, "TA105", value=e[5][:4])
        if any(elements[6:]):
            self._base.report("element_not_in_guide", "TA1", position)
        self._base.rows.cells["interchange_acks"].extend(
            (
                position,
                e[1] or None,
                None if sent_date is None else sent_date.toordinal() - _EPOCH,
                e[3] or None,
                e[4] or None,
                e[5] or None,
            )
        )
