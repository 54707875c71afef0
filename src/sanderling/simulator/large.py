"""Large files for measuring readers: balanced 835 and 837P, written piece by piece.

Nothing of a file is kept in memory but the transaction set being written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import (
    BillingGroup,
    Claim,
    ClaimBatch,
    ClaimLine,
    Form,
)
from sanderling.core.x12.write.claims_837 import claim_transaction
from sanderling.core.x12.write.envelope import (
    Group,
    Interchange,
    Transaction,
    iter_interchange,
)
from sanderling.core.x12.write.parties import Address, Payer, Person, Provider
from sanderling.core.x12.write.remittance import (
    ClaimPayment,
    LinePayment,
    ProviderAdjustment,
    Remittance,
    RemittancePayer,
)
from sanderling.core.x12.write.remittances_835 import remittance_transaction
from sanderling.simulator.catalog import FIRST_NAMES_F, LAST_NAMES
from sanderling.simulator.identifiers import dice_for, npi
from sanderling.simulator.office import RECEIVER, SUBMITTER

SET_CLAIMS = 500
DENIED_SHARE = 0.08
MODIFIER_SHARE = 0.10
MEGABYTE = 1_000_000
_FIRST_DAY = date(2026, 1, 5)
_CODES = ("99213", "99214", "93000", "36415", "80053", "71046", "97110", "20610")
_ADDRESS = Address("100 MAIN ST", "COLUMBUS", "OH", "432150001")
_PAYER = RemittancePayer("UNION NATIONAL HEALTH", "311000005", _ADDRESS)
_PAYEE = Provider("MAPLE FAMILY CLINIC", npi(23_453_700), tax_id="314000000",
                  taxonomy="207Q00000X", address=_ADDRESS)  # fmt: skip
_RENDERING = Provider("MERCER", npi(45_674_100), first_name="NORA", taxonomy="207Q00000X")


def write_large_835(path: Path, megabytes: float, seed: int = 1) -> int:
    """Write an 835 of about this size (50 MB hold about 120,000 claim payments).

    Answers the number of claim payments.
    """
    return _write(path, megabytes, _remittance_transactions(dice_for(seed, "large 835")))


def write_large_837p(path: Path, megabytes: float, seed: int = 1) -> int:
    """Write an 837P of about this size; answers the number of claims."""
    return _write(path, megabytes, _claim_transactions(dice_for(seed, "large 837p")))


def _write(path: Path, megabytes: float, transactions: Iterator[Transaction]) -> int:
    limit = int(megabytes * MEGABYTE)
    count = 0

    def until_full() -> Iterator[Transaction]:
        nonlocal count
        size = 0
        for transaction in transactions:
            body = tuple(transaction.body)
            whole = Transaction(
                transaction.set_id, transaction.guide, transaction.control_number, body
            )
            size += sum(map(len, body)) + len(body)
            count += SET_CLAIMS
            yield whole
            if size >= limit:
                return

    interchange = Interchange(
        sender="UNH05",
        receiver="SANDBILL",
        control_number=1,
        created_at=datetime(2026, 1, 5, 6, 0, tzinfo=UTC),
        groups=(Group(1, until_full()),),
    )
    with path.open("w", encoding="ascii", newline="") as stream:
        for piece in iter_interchange(interchange):
            stream.write(piece)
    return count


def _remittance_transactions(dice: Random) -> Iterator[Transaction]:
    number = 0
    running = 0
    while True:
        number += 1
        claims = tuple(_claim_payment(running + place, dice) for place in range(SET_CLAIMS))
        running += SET_CLAIMS
        interest = ProviderAdjustment(
            _PAYEE.npi, date(2026, 12, 31), "L6", claims[0].payer_claim_number, -125
        )
        remittance = Remittance(
            payer=_PAYER,
            payee=_PAYEE,
            trace=f"EFT{number:08d}",
            production_date=_FIRST_DAY,
            payment_date=_FIRST_DAY + timedelta(days=1),
            claims=claims,
            provider_adjustments=(interest,),
        )
        yield remittance_transaction(remittance, f"{number:04d}")


def _person(dice: Random) -> Person:
    birth_date = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    return Person(dice.choice(LAST_NAMES), dice.choice(FIRST_NAMES_F), birth_date, "F", _ADDRESS)


def _claim_payment(running: int, dice: Random) -> ClaimPayment:
    service_date = _FIRST_DAY - timedelta(days=dice.randrange(10, 40))
    number = f"MF{running:08d}"
    lines = tuple(
        _line_payment(number, place, service_date, dice)
        for place in range(1, dice.choice((1, 2, 2, 3)) + 1)
    )
    owed = sum(
        item.amount_cents for line in lines for item in line.adjustments if item.group == "PR"
    )
    return ClaimPayment(
        control_number=number,
        status="1",
        charge_cents=sum(line.charge_cents for line in lines),
        paid_cents=sum(line.paid_cents for line in lines),
        patient_cents=owed,
        filing_indicator="12",
        payer_claim_number=f"UNH05{running:011d}",
        patient=_person(dice),
        member_id=f"UNH{dice.randrange(10**9):09d}",
        facility_code="11",
        frequency="1",
        rendering=_RENDERING,
        received_date=service_date + timedelta(days=4),
        lines=lines,
    )


def _line_payment(number: str, place: int, service_date: date, dice: Random) -> LinePayment:
    charge = dice.randrange(5_000, 40_000)
    control_number = f"{number}L{place}"
    code = dice.choice(_CODES)
    if dice.random() < DENIED_SHARE:
        denied = Adjustment("CO", "16", charge)
        return LinePayment(
            code, charge, 0, service_date=service_date, adjustments=(denied,),
            control_number=control_number, remarks=("N382",),
        )  # fmt: skip
    allowed = charge * dice.randrange(35, 70) // 100
    owed = allowed * 20 // 100
    return LinePayment(
        code,
        charge,
        allowed - owed,
        modifiers=("25",) if dice.random() < MODIFIER_SHARE else (),
        service_date=service_date,
        adjustments=(Adjustment("CO", "45", charge - allowed), Adjustment("PR", "2", owed)),
        control_number=control_number,
        allowed_cents=allowed,
    )


def _claim_transactions(dice: Random) -> Iterator[Transaction]:
    number = 0
    running = 0
    while True:
        number += 1
        claims = tuple(_claim(running + place, dice) for place in range(SET_CLAIMS))
        running += SET_CLAIMS
        batch = ClaimBatch(
            reference=f"B{number:08d}",
            created_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
            submitter=SUBMITTER,
            receiver=RECEIVER,
            groups=(BillingGroup(_PAYEE, claims),),
            form=Form.PROFESSIONAL,
        )
        yield claim_transaction(batch, f"{number:04d}")


def _claim(running: int, dice: Random) -> Claim:
    service_date = _FIRST_DAY - timedelta(days=dice.randrange(1, 12))
    number = f"MF{running:08d}"
    lines = tuple(
        ClaimLine(
            code=dice.choice(_CODES),
            charge_cents=dice.randrange(5_000, 40_000),
            service_date=service_date,
            control_number=f"{number}L{place}",
        )
        for place in range(1, dice.choice((1, 1, 2, 3)) + 1)
    )
    return Claim(
        control_number=number,
        form=Form.PROFESSIONAL,
        payer=Payer("UNION NATIONAL HEALTH", "UNH05"),
        sequence="P",
        subscriber=_person(dice),
        member_id=f"UNH{dice.randrange(10**9):09d}",
        filing_indicator="CI",
        facility_code="11",
        diagnoses=("J0190", "I10"),
        lines=lines,
        clearinghouse_trace=f"{running:09d}TW",
        rendering=_RENDERING,
    )
