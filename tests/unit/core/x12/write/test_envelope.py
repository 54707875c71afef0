from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sanderling.core.x12.write.envelope import (
    GUIDE_835,
    GUIDE_999,
    Group,
    Interchange,
    Transaction,
    render_interchange,
)
from sanderling.core.x12.write.segments import Delimiters

CREATED_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def interchange(*groups: Group, acknowledgements: tuple[str, ...] = ()) -> Interchange:
    return Interchange("BILLCO", "CLEARHOUSE", 101, CREATED_AT, groups, acknowledgements)


def remittance(number: str, *body: str) -> Transaction:
    return Transaction("835", GUIDE_835, number, body)


def test_isa_is_106_characters_with_its_terminator() -> None:
    text = render_interchange(interchange(Group(1, (remittance("0001", "TRN*1*X"),))))

    isa = text.split("~")[0] + "~"
    assert len(isa) == 106
    assert isa[3] == "*"
    assert isa[82] == "^"
    assert isa[104:106] == ":~"


def test_trailers_count_segments_sets_and_groups() -> None:
    one = remittance("0001", "BPR*H", "TRN*1*X")
    two = remittance("0002", "BPR*H")
    text = render_interchange(interchange(Group(7, (one, two)), Group(8, (one,))))

    segments = text.split("~")
    assert "SE*4*0001" in segments
    assert "SE*3*0002" in segments
    assert "GE*2*7" in segments
    assert "GE*1*8" in segments
    assert "IEA*2*000000101" in segments


def test_st03_is_written_except_in_the_835() -> None:
    answer = Transaction("999", GUIDE_999, "0001", ("AK1*HC*1",))
    text = render_interchange(
        interchange(Group(1, (remittance("0001", "BPR*H"),)), Group(2, (answer,)))
    )

    assert "ST*835*0001~" in text
    assert "ST*999*0001*005010X231A1~" in text
    assert "GS*HP*BILLCO*CLEARHOUSE*20260105*0930*1*X*005010X221A1~" in text


def test_ta1_stands_before_the_first_group() -> None:
    text = render_interchange(interchange(acknowledgements=("TA1*000000001*260105*0930*R*022",)))

    assert text.split("~")[1].startswith("TA1")
    assert "IEA*0*000000101" in text


def test_sets_may_come_from_a_generator_and_keep_the_count() -> None:
    sets = (remittance(f"{number:04d}", "BPR*H") for number in range(1, 4))

    assert "GE*3*1~" in render_interchange(interchange(Group(1, sets)))


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(ValueError, match="transaction set"):
        render_interchange(interchange(Group(1, ())))


def test_newline_terminators_and_pipes_reach_every_segment() -> None:
    marks = Delimiters(element="|", segment="\n")
    text = render_interchange(interchange(Group(1, (remittance("0001", "TRN*1*X"),))), marks)

    lines = text.splitlines()
    assert lines[0].startswith("ISA|00|")
    assert "TRN|1|X" in lines
    assert lines[-1] == "IEA|1|000000101"
