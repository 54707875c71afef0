"""Appeals and records that reach the living world."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfWriter
from tests.live_side import Side, opened

from sanderling.simulator.live.packets import Packet, wins
from sanderling.simulator.live.store import Record


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("beginning"))


@pytest.fixture
def side(beginning: Path, tmp_path: Path) -> Side:
    side = Side(beginning, tmp_path / "world")
    side.turns(1)
    side.answers("835")
    return side


def page(*lines: str) -> bytes:
    """A PDF of one page with some lines of text, written by hand."""
    text = " ".join(f"0 -14 Td ({line}) Tj" for line in lines)
    stream = f"BT /F1 10 Tf 40 800 Td {text} ET".encode("ascii")
    fonts = b"<</Font<</F1 5 0 R>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources %s>>" % fonts,
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


def denied(side: Side) -> list[Record]:
    return side.records(
        lambda one: one.state == "final" and bool(one.category) and one.denial is not None
    )


def truth(record: Record, level: int = 1) -> bool:
    """What the payer will decide about a packet with the evidence."""
    packet = Packet("", record.payer, record.client, record.number, "appeal", level, True)
    return wins(7, record, packet)


EVIDENCE = "Exhibit 1: records and notes, authorization approval, eligibility, primary remittance"


def appeal(side: Side, record: Record, name: str) -> None:
    data = page("Appeal, first level", f"Claim number {record.icn}", EVIDENCE)
    (side.mailbox / "appeals" / name).write_bytes(data)


def log(side: Side) -> list[list[str]]:
    text = (side.mailbox / "appeals" / "log.csv").read_text("utf-8")
    return [line.split(",") for line in text.splitlines()[1:]]


@pytest.mark.parametrize("is_won", [True, False])
def test_an_appeal_is_received_at_once_and_decided_by_truth_later(
    is_won: bool,  # noqa: FBT001 - a parameter of the test
    side: Side,
) -> None:
    record = next(one for one in denied(side) if truth(one) is is_won)

    appeal(side, record, "SL000000044.pdf")
    side.turns(1)
    assert [row[6] for row in log(side)] == ["received"]
    side.turns(6)

    assert [row[6] for row in log(side)] == ["overturned" if is_won else "upheld"]
    told = [one for one in side.segments("835", "CLP") if one[1] == record.number]
    assert told[0][2] == "22"
    assert len(told) == 2 * len(record.payments)
    now = side.record(record)
    if is_won:
        assert now.category == ""
        assert now.payments[0].payment.paid_cents + now.payments[0].payment.patient_cents > 0
    else:
        assert (now.category, now.denial) == (record.category, record.denial)
    assert all(part.payment.is_balanced for part in now.payments)


def test_the_same_appeal_sent_twice_is_decided_once(side: Side) -> None:
    record = denied(side)[0]

    appeal(side, record, "SL000000044.pdf")
    appeal(side, record, "SL000000045.pdf")
    side.turns(8)

    assert len(log(side)) == 1
    told = [one for one in side.segments("835", "CLP") if one[1] == record.number]
    assert len(told) == 2 * len(record.payments)


def test_a_packet_beside_which_it_is_written_what_it_is_about_needs_no_text(side: Side) -> None:
    record = denied(side)[0]
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.write(side.mailbox / "appeals" / "SL000000044.pdf")
    told = {"control_number": record.number, "payer": record.payer, "kind": "appeal", "level": 2}
    (side.mailbox / "appeals" / "SL000000044.json").write_text(json.dumps(told))

    side.turns(2)

    (row,) = log(side)
    assert row[1:5] == [record.number, record.payer, "appeal", "2"]


def test_records_free_a_claim_that_was_held_for_them(side: Side) -> None:
    record = side.records(lambda one: one.state == "pended")[0]

    data = page("Records as requested", f"Patient account {record.number}", EVIDENCE)
    (side.mailbox / "appeals" / "SL000000046.pdf").write_bytes(data)
    side.turns(7)

    told = [one for one in side.segments("835", "CLP") if one[1] == record.number]
    assert len(told) == 1
    assert side.record(record).state == "final"


def test_a_packet_about_nothing_we_know_is_put_aside(side: Side) -> None:
    (side.mailbox / "appeals" / "SL000000047.pdf").write_bytes(page("Hello"))
    (side.mailbox / "appeals" / "SL000000048.pdf").write_bytes(b"no PDF")

    side.turns(7)

    assert side.rows("SELECT found FROM arrivals") == [("unknown claim",)] * 2
    assert not (side.mailbox / "appeals" / "log.csv").exists()
