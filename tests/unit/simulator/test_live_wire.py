"""The living world reads files as a stranger does, and survives whatever happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.live_side import DAY, SETTINGS, Side, corrected, opened

from sanderling.core.x12.write.claim import Claim, ClaimLine
from sanderling.core.x12.write.claim_status import StatusClaim
from sanderling.core.x12.write.parties import Provider
from sanderling.simulator.live.claims import cents, read_claims
from sanderling.simulator.live.codec import dump, load
from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.front_end import at_clearinghouse
from sanderling.simulator.live.reading import NotAnInterchange, read_interchange
from sanderling.simulator.live.store import Record
from sanderling.simulator.live.syntax import check_set
from sanderling.simulator.live.world import LiveWorld, NoLiveWorld
from sanderling.simulator.office import SentSet
from sanderling.simulator.world import World

# What an 837 does not carry, or a payer does not look at.
UNREAD = {"institutional", "medical_record", "other_payers", "rendering", "subscriber", "lines"}


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("beginning"))


@pytest.fixture
def side(beginning: Path, tmp_path: Path) -> Side:
    side = Side(beginning, tmp_path / "world")
    side.turns(1)
    for kind in ("835", "277ca", "999"):
        side.answers(kind)
    return side


def settled(side: Side) -> Record:
    return side.records(
        lambda one: one.state == "final" and one.payer == "UNH05" and not one.category
    )[0]


def test_every_837_of_a_world_is_sound_and_reads_back_to_its_claims() -> None:
    world = World(replace(SETTINGS, claims=250))
    before: dict[tuple[int, str, str, str], Claim] = {}
    receive = world._clearinghouse.receive

    def note(sent: SentSet, day: date) -> None:
        for submission in sent.submissions:
            claim = submission.claim
            key = (claim.control_number, claim.payer.identifier, claim.frequency.value)
            before[(sent.interchange, *key)] = claim
        receive(sent, day)

    world._clearinghouse.receive = note  # type: ignore[method-assign]
    count = 0
    for offset in range(SETTINGS.days):
        day = SETTINGS.start_date + timedelta(days=offset)
        for file in world.advance(day):
            if not file.kind.startswith("837"):
                continue
            received = read_interchange(file.text)
            assert received.fault == ""
            for item in received.groups[0].sets:
                assert check_set(item).code == "A"
                for found in read_claims(item):
                    key = (found.number, found.claim.payer.identifier, found.frequency)
                    claim = before[(received.control_number, *key)]
                    for one in fields(Claim):
                        if one.name not in UNREAD:
                            assert getattr(found.claim, one.name) == getattr(claim, one.name)
                    assert [_told(line) for line in found.claim.lines] == [
                        _told(line) for line in claim.lines
                    ]
                    assert at_clearinghouse(found, "SOMEBODY", day) is None
                    count += 1
    assert count > 200


def _told(line: ClaimLine) -> tuple[object, ...]:
    """What a payer reads of a line; CAS comes group by group."""
    prior = [
        (one.payer_id, one.paid_cents, one.adjudicated_date, set(one.adjustments))
        for one in line.adjudications
    ]
    return line.code, line.charge_cents, line.modifiers, line.units, line.control_number, prior


@given(st.integers(-(10**12), 10**12))
def test_an_amount_is_read_to_the_cent(amount: int) -> None:
    from sanderling.core.x12.write.segments import amount as written

    assert cents(written(amount)) == amount


def test_what_is_kept_reads_back_the_same(side: Side) -> None:
    records = side.records(lambda _one: True)

    assert len(records) > 400
    assert [load(Record, dump(one)) for one in records] == records


def test_a_control_number_that_came_before_is_refused_and_nothing_is_decided_twice(
    side: Side,
) -> None:
    record = settled(side)
    text = side.file_837([corrected(record)], record.provider)

    side.send(text)
    side.turns(1)
    side.send(text, "again.837")
    side.turns(5)

    (refusal,) = side.answers("ta1")
    assert "TA1*000000901*261128*0930*R*025~" in refusal
    assert len(side.rows("SELECT id FROM decisions WHERE number = ?", record.number)) == 1
    assert [one[1] for one in side.segments("835", "CLP")].count(record.number) == 2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.995])
def test_a_file_cut_short_is_refused_and_the_whole_one_is_taken_after_it(
    share: float, side: Side
) -> None:
    record = settled(side)
    text = side.file_837([corrected(record)], record.provider)

    side.send(text[: int(len(text) * share)])
    side.turns(2)
    (refusal,) = side.answers("ta1")
    assert "*R*023~" in refusal
    side.send(text)
    side.turns(5)

    assert side.answers("ta1") == []
    told = [one[2] for one in side.segments("835", "CLP") if one[1] == record.number]
    assert told == ["22", "1"]


def test_what_is_no_interchange_is_put_aside(side: Side) -> None:
    side.send("Dear Sirs, please find our claims attached.", "letter.837")
    side.send("", "empty.837")

    side.turns(2)

    assert side.rows("SELECT found FROM arrivals ORDER BY name") == [("unreadable",)] * 2
    assert side.answers("ta1") == side.answers("999") == []
    with pytest.raises(NotAnInterchange):
        read_interchange("ISA*00")


@pytest.mark.parametrize(
    ("spoil", "segment", "element"),
    [
        (("~SBR*P*", "~SBR*X*"), "SBR", "IK4*1**7*X"),
        (("*Y*A*Y*Y~", "*Y*Q*Y*Y~"), "CLM", "IK4*7**7*Q"),
        (("~DTP*472*D8*2026", "~DTP*472*D8*2O26"), "DTP", "IK4*3**8*"),
        (("~HI*ABK:", "~HI*ABK:$"), "HI", "IK4*1:2**7*"),
        (("~NM1*PR*2*", "~REF*G2*"), "NM1", ""),
        (("~LX*1~", "~XX*1~"), "XX", ""),
    ],
)
def test_what_is_wrong_in_a_set_is_named_in_the_999_and_no_claim_goes_further(
    spoil: tuple[str, str], segment: str, element: str, side: Side
) -> None:
    record = settled(side)
    text = side.file_837([corrected(record)], record.provider)
    assert spoil[0] in text

    side.send(text.replace(*spoil, 1))
    side.turns(5)

    (answer,) = side.answers("999")
    assert f"~IK3*{segment}*" in answer
    assert element in answer
    assert "~IK5*R*5~AK9*R*1*1*0~" in answer
    assert side.answers("277ca") == []
    assert side.record(record) == record


@pytest.mark.parametrize(
    ("spoil", "code"), [(("~SE*", "~SE*9"), "4"), (("*005010X222A1~BHT", "*005010X999~BHT"), "1")]
)
def test_a_set_that_does_not_count_its_segments_or_has_no_known_guide_is_refused(
    spoil: tuple[str, str], code: str, side: Side
) -> None:
    record = settled(side)

    side.send(side.file_837([corrected(record)], record.provider).replace(*spoil, 1))
    side.turns(2)

    (answer,) = side.answers("999")
    assert f"~IK5*R*{code}~" in answer


# Status.


def asked(record: Record, trace: str, **changes: object) -> StatusClaim:
    claim = record.claim
    base = StatusClaim(
        trace=trace,
        control_number=claim.control_number,
        charge_cents=claim.charge_cents,
        subscriber=claim.subscriber,
        member_id=claim.member_id,
        service_from_date=claim.service_date,
        service_to_date=claim.service_date,
        patient=claim.patient,
        payer_claim_number=record.icn,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def reply(side: Side, record: Record, payer: str = "", **changes: object) -> str:
    """STC01 of the answer to one question, asked at once and by file: both say the same."""
    is_stranger = changes.pop("is_stranger", False)
    claim = asked(record, "TRACE1", **changes)
    provider = Provider("NOBODY", "1000000004") if is_stranger else record.provider
    text = side.file_276([claim], provider, payer or record.payer)
    at_once = side.world.status_answer(text, DAY)
    side.send(text, f"SL{side.number:09d}.276")
    side.turns(2)
    (by_file,) = side.answers("277")
    stc = []
    for answer in (at_once, by_file):
        (found,) = [
            one[1].replace(item.marks.component, ":")
            for group in read_interchange(answer).groups
            for item in group.sets
            for one in item.segments
            if one[0] == "STC"
        ]
        stc.append(found)
    assert stc[0] == stc[1]
    return stc[0]


STANDINGS: list[tuple[str, Callable[[Record], bool]]] = [
    ("F1:65", lambda one: one.state == "final" and not one.category and one.payer == "GRM06"),
    ("F2:1", lambda one: one.state == "final" and one.category == "eligibility"),
    ("P1:20", lambda one: one.state == "silent"),
    ("R4:297", lambda one: one.state == "pended"),
]


@pytest.mark.parametrize(("expected", "wanted"), STANDINGS)
def test_a_277_says_what_is_on_file(
    expected: str, wanted: Callable[[Record], bool], side: Side
) -> None:
    assert reply(side, side.records(wanted)[0]) == expected


def test_a_277_finds_nothing_or_says_what_is_wrong_with_the_question(side: Side) -> None:
    record = settled(side)

    unknown = {"control_number": "NOSUCH1", "payer_claim_number": ""}
    assert reply(side, record, **unknown) == "D0:35"
    assert reply(side, record, payer="NOPAY") == "E0:153:PR"
    assert reply(side, record, is_stranger=True) == "E0:562:1P"
    nothing = {"control_number": "", "payer_claim_number": "", "member_id": ""}
    assert reply(side, record, **nothing) == "E0:164:IL"


def test_a_claim_is_found_by_who_when_and_how_much(side: Side) -> None:
    record = settled(side)

    assert reply(side, record, control_number="", payer_claim_number="") == "F1:65"


# Whatever happens.


def test_a_turn_that_is_interrupted_happens_wholly_the_next_time(
    beginning: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, struck = Side(beginning, tmp_path / "a"), Side(beginning, tmp_path / "b")
    places = ("_pay", "_write_out", "_at_payer", "_at_clearinghouse", "_decide")

    def fall(*_arguments: object) -> None:
        raise KeyboardInterrupt

    for number, side in enumerate((plain, struck)):
        record = settled(side)
        side.send_claim(record, corrected(record))
        for _ in range(6):
            if number:
                for place in places:
                    with monkeypatch.context() as patch:
                        patch.setattr(LiveWorld, place, fall)
                        try:
                            side.turns(1)
                        except KeyboardInterrupt:
                            continue
                        break
                else:
                    side.turns(1)
            else:
                side.turns(1)
    told = [
        sorted((path.name, path.read_bytes()) for path in (side.mailbox / "out").iterdir())
        for side in (plain, struck)
    ]
    assert told[0] == told[1]


def test_answers_out_of_order_and_twice_say_the_same(beginning: Path, tmp_path: Path) -> None:
    plain = Side(beginning, tmp_path / "a")
    wild = Side(beginning, tmp_path / "b", Faults(reordered=True, doubled=True))

    said = []
    for side in (plain, wild):
        record = settled(side)
        side.send_claim(record, corrected(record))
        side.turns(10)
        names = [path.name for path in (side.mailbox / "out").iterdir()]
        bodies = {
            tuple(segment for item in group.sets for segment in item.segments)
            for path in (side.mailbox / "out").iterdir()
            for group in read_interchange(path.read_text("ascii")).groups
        }
        said.append((len(names), bodies))

    assert said[1][0] == 2 * said[0][0]
    assert said[1][1] == said[0][1]


def test_files_still_being_sent_are_left_alone(side: Side) -> None:
    record = settled(side)
    text = side.file_837([corrected(record)], record.provider)
    side.send(text, ".SL1.837.part")
    side.send(text, "SL1.837")

    first = side.world.turn(DAY, frozenset({"/in/SL1.837"}))
    second = side.world.turn(DAY)

    assert (first.taken, second.taken) == ((), ("SL1.837",))
    assert (side.mailbox / "in" / ".SL1.837.part").exists()


def test_there_is_no_world_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(NoLiveWorld):
        LiveWorld(tmp_path)
