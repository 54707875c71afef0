"""The living world decides corrected, void, repeated and secondary claims rightly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.live_side import DAY, Side, corrected, opened

from sanderling.core.x12.write.claim import Claim, Frequency, LineAdjudication, OtherPayer
from sanderling.simulator.live.reading import Segment
from sanderling.simulator.live.store import Record
from sanderling.simulator.payers import BY_CODE


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("beginning"))


@pytest.fixture
def side(beginning: Path, tmp_path: Path) -> Side:
    side = Side(beginning, tmp_path / "world")
    side.turns(1)  # what was due on this day anyway
    for kind in ("835", "277ca", "999"):
        side.answers(kind)
    return side


def denied(side: Side, category: str) -> Record:
    return side.records(
        lambda one: (
            one.state == "final"
            and one.category == category
            and BY_CODE[one.payer].takes_replacements
            and one.claim.sequence == "P"
            and one.denial is not None
            and not any(part.payment.paid_cents for part in one.payments)
        )
    )[0]


def anew(claim: Claim, **changes: object) -> Claim:
    """The claim as an original."""
    plain = {"frequency": Frequency.ORIGINAL, "original_reference": ""}
    return replace(claim, **plain, **changes)  # type: ignore[arg-type]


def paid(side: Side, payer: str = "UNH05") -> Record:
    return side.records(
        lambda one: (
            one.state == "final"
            and one.payer == payer
            and not one.category
            and len(one.payments) == 1
            and one.payments[0].payment.paid_cents > 0
            and len(one.claim.lines) > 1
        )
    )[0]


def verdicts(side: Side, number: str) -> list[str]:
    """STC01 and STC03 of a claim, clearinghouse first."""
    found = []
    for text in sorted(
        side.answers("277ca"), key=lambda one: "NM1*AY" not in one.replace("|", "*")
    ):
        pieces = text.split(text[105])
        mark = text[3]
        for place, piece in enumerate(pieces):
            if piece.strip() == f"TRN{mark}2{mark}{number}":
                stc = pieces[place + 1].strip().replace(text[104], ":").split(mark)
                found.append(f"{stc[1]} {stc[3]}")
    return found


def payments(side: Side, number: str) -> list[Segment]:
    """CLP segments of a claim."""
    return [one for one in side.segments("835", "CLP") if one[1] == number]


def test_a_correction_that_mends_the_reason_is_paid_after_a_reversal(side: Side) -> None:
    record = denied(side, "authorization")

    side.send_claim(record, corrected(record, authorization="AU7654321"))
    side.turns(5)

    assert verdicts(side, record.number)[0] == "A1:19:AY WQ"
    reversal, correction = payments(side, record.number)
    charge = f"{record.claim.charge_cents / 100:g}"
    assert reversal[2:5] == ("22", f"-{charge}", "0")
    assert correction[2:4] == ("1", charge)
    now = side.record(record)
    assert now.category == ""
    payment = now.payments[0].payment
    assert payment.is_balanced
    allowed = sum(line.allowed_cents or 0 for line in payment.lines)
    assert payment.paid_cents + payment.patient_cents == allowed > 0


def test_a_correction_that_changes_something_else_is_denied_again(side: Side) -> None:
    record = denied(side, "authorization")

    side.send_claim(record, corrected(record, note="PLEASE LOOK AGAIN"))
    side.turns(5)

    assert [one[2] for one in payments(side, record.number)] == ["22", "1"]
    now = side.record(record)
    assert (now.category, now.denial) == (record.category, record.denial)
    assert now.payments[0].payment.paid_cents == 0
    assert now.icn != record.icn


def test_a_replacement_of_a_paid_claim_takes_back_and_pays_what_is_right_now(side: Side) -> None:
    record = paid(side)
    first = record.claim.lines[0]
    dearer = replace(first, charge_cents=first.charge_cents + 10_000)

    side.send_claim(record, corrected(record, lines=(dearer, *record.claim.lines[1:])))
    side.turns(5)

    reversal, correction = payments(side, record.number)
    old = record.payments[0].payment
    assert reversal[4] == f"-{old.paid_cents / 100:.2f}".rstrip("0").rstrip(".")
    assert correction[3] == f"{(record.claim.charge_cents + 10_000) / 100:g}"
    assert side.record(record).payments[0].payment.is_balanced


def test_a_void_takes_the_payment_back_and_nothing_follows(side: Side) -> None:
    record = paid(side)

    side.send_claim(
        record,
        replace(record.claim, frequency=Frequency.VOID, original_reference=record.icn),
    )
    side.turns(5)

    assert [one[2] for one in payments(side, record.number)] == ["22"]
    assert side.record(record).state == "voided"
    forward = side.rows("SELECT cents FROM debts")
    assert sum(int(row[0]) for row in forward) <= record.payments[0].payment.paid_cents


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"original_reference": ""}, "A6:464 U"),
        ({"original_reference": "NOSUCHNUMBER"}, "A3:464 U"),
        ({"frequency": Frequency.VOID, "lines": 1}, "A8:178 U"),
    ],
)
def test_a_replacement_or_void_that_does_not_fit_the_file_is_rejected(
    change: dict[str, object], expected: str, side: Side
) -> None:
    record = paid(side)
    claim = corrected(record)
    if "lines" in change:
        change = {**change, "lines": claim.lines[:1]}
    is_bare = change.pop("original_reference", None) == ""
    text_claim = replace(claim, **change)  # type: ignore[arg-type]
    text = side.file_837([text_claim], record.provider)
    if is_bare:
        text = text.replace(f"REF*F8*{record.icn}~", "REF*9F*X~")
    elif expected == "A3:464 U":
        text = text.replace(f"REF*F8*{record.icn}~", "REF*F8*NOSUCHNUMBER~")

    side.send(text)
    side.turns(5)

    assert verdicts(side, record.number)[-1] == expected
    assert payments(side, record.number) == []
    assert side.record(record) == record


def test_a_replacement_of_what_is_not_final_is_rejected_and_so_is_one_under_an_old_number(
    side: Side,
) -> None:
    record = denied(side, "eligibility")
    first = corrected(record, member_id=f"{record.payer[:3]}000111222")
    side.send_claim(record, first)
    side.turns(3)
    assert verdicts(side, record.number)[-1].startswith("A2:20")

    side.send_claim(record, first)
    side.turns(3)

    assert verdicts(side, record.number)[-1] == "A3:495 U"
    side.turns(3)
    side.send_claim(record, first)
    side.turns(3)
    assert verdicts(side, record.number)[-1] == "A3:495 U"
    assert [one[2] for one in payments(side, record.number)] == ["22", "1"]


def test_a_paid_claim_sent_again_is_a_duplicate_and_a_denied_one_is_not(side: Side) -> None:
    good, bad = paid(side), denied(side, "authorization")

    side.send_claim(good, anew(good.claim))
    side.send_claim(bad, anew(bad.claim, authorization="AU7654321"))
    side.turns(5)

    assert verdicts(side, good.number)[-1] == "A3:54 U"
    assert payments(side, good.number) == []
    assert side.record(bad).category == ""
    assert side.record(bad).payments[0].payment.paid_cents > 0


def test_a_rejected_claim_is_rejected_again_until_its_reason_is_gone(side: Side) -> None:
    payer, _client, refusal = next(
        one for one in side.refusals() if one[2].reason.text == "SUBSCRIBER ID NOT FOUND"
    )
    provider = side.records(lambda one: one.client == _client)[0].provider
    claim = refusal.claim

    side.send(side.file_837([claim], provider))
    side.turns(5)
    assert verdicts(side, claim.control_number)[-1] == "A7:164:IL U"

    side.send(side.file_837([replace(claim, member_id=f"{payer[:3]}123456789")], provider))
    side.turns(5)
    assert verdicts(side, claim.control_number)[-1].startswith("A2:20")
    assert len(payments(side, claim.control_number)) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"member_id": "WRONG1"}, "A7:164:IL U"),
        ({"payer": "NOPAY"}, "A7:153:PR U"),
    ],
)
def test_a_wrong_member_or_payer_is_rejected(
    change: dict[str, str], expected: str, side: Side
) -> None:
    record = paid(side)
    claim = replace(record.claim, control_number="FRESH0001")
    if "payer" in change:
        claim = replace(claim, payer=replace(claim.payer, identifier=change["payer"]))
    else:
        claim = replace(claim, member_id=change["member_id"])

    side.send_claim(record, claim)
    side.turns(5)

    assert verdicts(side, "FRESH0001")[-1] == expected


def secondary_claim(primary: Record, payer: str, member: str) -> Claim:
    """The next payer's claim after what the first one paid."""
    payment = primary.payments[0].payment
    first = primary.claim
    lines = tuple(
        replace(
            line,
            adjudications=(
                LineAdjudication(
                    primary.payer, part.paid_cents, DAY, part.code, part.adjustments,
                    part.modifiers, part.units,
                ),
            ),
        )
        for line, part in zip(first.lines, payment.lines, strict=True)
    )  # fmt: skip
    other = OtherPayer(
        "P", first.payer, first.subscriber, first.member_id, first.filing_indicator,
        paid_cents=payment.paid_cents, adjustments=payment.adjustments,
    )  # fmt: skip
    return replace(
        first, payer=BY_CODE[payer].on_claim, sequence="S", member_id=member,
        filing_indicator="CI", lines=lines, other_payers=(other,), group_number="",
    )  # fmt: skip


def owing(side: Side) -> Record:
    return side.records(
        lambda one: (
            one.state == "final"
            and one.payer == "MADV2"
            and not one.category
            and len(one.payments) == 1
            and one.payments[0].payment.patient_cents > 0
            and bool(one.payments[0].payment.lines)
            and not one.claim.other_payers
        )
    )[0]


def test_a_secondary_claim_is_paid_from_what_the_first_payer_left(side: Side) -> None:
    primary = owing(side)

    side.send_claim(primary, secondary_claim(primary, "PSC11", "PSC000000001"))
    side.turns(5)

    (told,) = payments(side, primary.number)
    assert told[2] == "2"
    payment = (
        side.records(lambda one: one.payer == "PSC11" and one.number == primary.number)[0]
        .payments[0]
        .payment
    )
    left = primary.payments[0].payment.patient_cents
    assert payment.is_balanced
    assert payment.paid_cents + payment.patient_cents == left
    before = primary.payments[0].payment.paid_cents
    taken = sum(
        item.amount_cents
        for line in payment.lines
        for item in line.adjustments
        if (item.group, item.code) in {("OA", "23"), ("CO", "45")}
    )
    assert taken == primary.claim.charge_cents - left >= before


def test_a_secondary_claim_whose_first_payer_does_not_balance_is_rejected(side: Side) -> None:
    primary = owing(side)
    claim = secondary_claim(primary, "PSC11", "PSC000000001")
    other = claim.other_payers[0]
    wrong = replace(claim, other_payers=(replace(other, paid_cents=(other.paid_cents or 0) + 1),))

    side.send(side.file_837([wrong], primary.provider, is_checked=False))
    side.turns(5)

    assert verdicts(side, primary.number) == ["A3:400:PR U"]
    assert payments(side, primary.number) == []


def test_medicare_forwards_a_claim_and_the_next_payer_answers_by_itself(side: Side) -> None:
    crossing = side.records(
        lambda one: (
            one.payer == "MCR01"
            and one.state == "final"
            and not one.category
            and any(other.payer.identifier == "SSL10" for other in one.claim.other_payers)
        )
    )
    for place, record in enumerate(crossing[:8]):
        claim = replace(record.claim, control_number=f"FRESH{place:05d}")
        side.send_claim(record, claim)
        side.number += 1
    side.turns(5)
    first = [one for one in side.segments("835", "CLP") if one[1].startswith("FRESH")]

    side.turns(3)

    forwarded = {one[1] for one in first if one[2] == "19"}
    second = {one[1] for one in side.segments("835", "CLP") if one[2] in {"2", "4"}}
    assert forwarded
    assert forwarded <= second
    record = side.records(lambda one: one.payer == "MCR01" and one.number in forwarded)[0]
    member = next(
        one.member_id for one in record.claim.other_payers if one.payer.identifier == "SSL10"
    )
    again = secondary_claim(record, "SSL10", member)
    side.send_claim(record, again)
    side.turns(4)
    assert verdicts(side, record.number)[-1] == "A3:54 U"
