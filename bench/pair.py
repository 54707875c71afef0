"""Writes an 837P and the 835 that answers it, claim by claim, for measuring from file to ledger."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

SET_CLAIMS = 5_000  # what the 837 guides recommend at most
CODES = ("99213", "99214", "87880", "36415", "80053", "93000", "71046", "20610")
NAMES = ("DOE", "ROE", "POE", "LOW", "MOE", "KAY", "LEE", "RAY")


def write_pair(sent: Path, paid: Path, *, claims: int, seed: int) -> None:
    """Write `claims` claims of one to three lines, each paid with CO-45 and PR-2, one in 12 denied."""
    dice = random.Random(seed)  # noqa: S311  (no secret)
    isa = "ISA*00*          *00*          *ZZ*{:<15}*ZZ*{:<15}*{}*0600*^*00501*{:09d}*0*P*:~"
    with sent.open("w") as out, paid.open("w") as back:
        out.write(isa.format("BILLCO", "CLEARHOUSE", "260105", 1))
        out.write("GS*HC*BILLCO*CLEARHOUSE*20260105*0600*1*X*005010X222A1~")
        back.write(isa.format("CLEARHOUSE", "BILLCO", "260126", 2))
        back.write("GS*HP*CLEARHOUSE*BILLCO*20260126*0600*2*X*005010X221A1~")
        sets = 0
        for start in range(0, claims, SET_CLAIMS):
            sets += 1
            numbers = range(start, min(start + SET_CLAIMS, claims))
            pairs = [_claim(number, dice) for number in numbers]
            _write_set(
                out,
                _sent_header(sets),
                [c[0] for c in pairs],
                f"{sets:04d}",
                "837",
                "*005010X222A1",
            )
            total = sum(c[2] for c in pairs)
            _write_set(
                back, _paid_header(sets, total), [c[1] for c in pairs], f"{sets:04d}", "835", ""
            )
        out.write(f"GE*{sets}*1~IEA*1*000000001~")
        back.write(f"GE*{sets}*2~IEA*1*000000002~")


def _write_set(
    stream: object, header: list[str], bodies: list[list[str]], control: str, kind: str, guide: str
) -> None:
    body = header + [segment for claim in bodies for segment in claim]
    text = "~".join([f"ST*{kind}*{control}{guide}", *body, f"SE*{len(body) + 2}*{control}"]) + "~"
    stream.write(text)  # type: ignore[attr-defined]


def _sent_header(number: int) -> list[str]:
    return [
        f"BHT*0019*00*B{number:08d}*20260105*0600*CH",
        "NM1*41*2*BILLCO*****46*BILLCO",
        "PER*IC*EDI DESK*TE*5555550100",
        "NM1*40*2*CLEARHOUSE*****46*CLEARHOUSE",
        "HL*1**20*1",
        "NM1*85*2*MAPLE FAMILY CLINIC*****XX*1234567893",
        "N3*100 MAIN ST",
        "N4*AUSTIN*TX*787010001",
        "REF*EI*741234567",
    ]


def _paid_header(number: int, total: int) -> list[str]:
    return [
        f"BPR*I*{_dollars(total)}*C*ACH*CCP*01*111000025*DA*12345678*1741234567**01*111000614*DA*98765432*20260127",
        f"TRN*1*EFT{number:08d}*1741112223",
        "DTM*405*20260126",
        "N1*PR*ACME HEALTH",
        "N3*PO BOX 1",
        "N4*AUSTIN*TX*78701",
        "PER*BL*EDI*TE*5555550199",
        "N1*PE*MAPLE FAMILY CLINIC*XX*1234567893",
        "REF*TJ*741234567",
        "LX*1",
    ]


def _claim(number: int, dice: random.Random) -> tuple[list[str], list[str], int]:
    name, member = dice.choice(NAMES), f"M{dice.randrange(10**9):09d}"
    day = (date(2026, 1, 4) - timedelta(days=dice.randrange(1, 30))).strftime("%Y%m%d")
    lines, answers, charge, paid, share = [], [], 0, 0, 0
    for place in range(1, dice.choice((1, 2, 2, 3)) + 1):
        code, billed = dice.choice(CODES), dice.randrange(5_000, 40_000)
        allowed = billed * dice.randrange(35, 70) // 100
        owed = allowed // 5
        denied = dice.randrange(12) == 0
        got = 0 if denied else allowed - owed
        lines += [f"LX*{place}", f"SV1*HC:{code}*{_dollars(billed)}*UN*1***1", f"DTP*472*D8*{day}"]
        lines.append(f"REF*6R*C{number}L{place}")
        answers += [f"SVC*HC:{code}*{_dollars(billed)}*{_dollars(got)}**1", f"DTM*472*{day}"]
        if denied:
            answers.append(f"CAS*CO*16*{_dollars(billed)}")
        else:
            answers += [f"CAS*CO*45*{_dollars(billed - allowed)}", f"CAS*PR*2*{_dollars(owed)}"]
            share += owed
        answers.append(f"REF*6R*C{number}L{place}")
        answers.append("LQ*HE*N382" if denied else f"AMT*B6*{_dollars(allowed)}")
        charge, paid = charge + billed, paid + got
    sent = [
        f"HL*{number % SET_CLAIMS + 2}*1*22*0",
        "SBR*P*18*GRP100******CI",
        f"NM1*IL*1*{name}*JANE****MI*{member}",
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        "DMG*D8*19800214*F",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        f"CLM*C{number}*{_dollars(charge)}***11:B:1*Y*A*Y*Y",
        "HI*ABK:J0190*ABF:R509",
        *lines,
    ]
    back = [
        f"CLP*C{number}*1*{_dollars(charge)}*{_dollars(paid)}*{_dollars(share)}*12*ICN{number:09d}*11*1",
        f"NM1*QC*1*{name}*JANE****MI*{member}",
        *answers,
    ]
    return sent, back, paid


def _dollars(cents: int) -> str:
    whole, part = divmod(cents, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)
