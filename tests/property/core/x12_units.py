"""837P text for the property tests: subscribers of many shapes, mostly usual, some not."""

from __future__ import annotations

import random

_ODD_SEGMENTS = (
    "HL*7*1*22*0",
    "HL*3*2*23*0",
    "HL*9*1*99*0",
    "HL",
    "HL*2**20*1",
    "PAT*19",
    "NM1*QC*1*ROE*JOHN",
    "NM1*85*2*OTHER CLINIC*****XX*1234567893",
    "NM1*IL*1*ROE*JOHN****MI*B2",
    "NM1*PR*1*ROE*JOHN****PI*P2",
    "NM1*82*2*GROUP*****XX*1234567893",
    "NM1*82*1*GRAY*M****XX*1234567890",
    "NM1*82*1*GRAY*M****24*741234567",
    "NM1*82*1**M****XX*1987654328",
    "NM1*82*1*GRAY*M*Q*DR*JR*XX*1987654328",
    "NM1*82*1*GRAY*M****XX",
    "NM1*77*2*SURGERY*****XX*1000000491",
    "NM1*DN*1*REFERRER*ANN****XX*1987654328",
    "NM1*DQ*1*WATCHER*ANN****XX*1987654328*X",
    "NM1*XX*1*NOBODY",
    "NM1",
    "N2*MORE",
    "N3*9 SIDE ST*APT 2",
    "N3*9 SIDE ST*",
    "N3*",
    "N3",
    "N4*DALLAS*TX*75001",
    "N4*DALLAS**75001",
    "N4*DALLAS*TX*75001*CA",
    "DMG*D8*19700101*M",
    "DMG*D8*19700101",
    "DMG*D8*19700230*F",
    "DMG***F",
    "DMG*D8*19700101*M****X",
    "PRV*PE*PXC*207Q00000X",
    "PRV*PE*ZZ*207Q00000X",
    "PRV*PE*PXC",
    "SBR*S*18*G2******MB",
    "SBR*P*18*******CI*X",
    "REF*F8*OLD1",
    "REF*G1*AUTH*MORE",
    "REF*D9*TRACE",
    "REF*6R*SAME",
    "REF*6R*",
    "REF*EA",
    "DTP*431*D8*20251230",
    "DTP*435*D8*20251229",
    "DTP*434*RD8*20251229-20251230",
    "DTP*472*D8*20260105",
    "DTP*472*RD8*20260105-20260107",
    "DTP*472*D8*20261305",
    "DTP*304*DT*202601051200",
    "DTP",
    "AMT*F5*12.5",
    "AMT*F5*x",
    "AMT*A8*1*2*3",
    "HI*ABK:Z00*ABF:I10",
    "HI*ABF:I10",
    "HI*BP:00100",
    "HI*ABK:I10**ABF:R509",
    "HI*ABK",
    "HI",
    "HI*ABK:I10:D8:20260101",
    "NTE*ADD*PLEASE READ",
    "PWK*OZ*BM***AC*DMN0012",
    "CRC*75*Y*1A",
    "CR1*LB*140",
    "K3*STATE DATA",
    "QTY*PT*2",
    "LX*2",
    "LX*x",
    "LX",
    "SV1*HC:99213::59::::NOTE*10*UN*1***1",
    "SV1*HC:99213*10*UN*1***1:2",
    "SV1*HC:99213*10*UN*1***1:9",
    "SV1*HC:99213*10*UN*1**X*1",
    "SV1*HC:99213*1.005*UN*1***1",
    "SV1*HC:99213*10*UN*1***1**Y",
    "SV1**10*UN*1***1",
    "LIN**N4*12345678901",
    "SVD*ACME1*5*HC:99213**1",
    "CAS*CO*45*5",
    "CLM*PCN*10***11:B:1*Y*A*Y*Y",
    "CLM*PCN*10*X**11:B:1*Y*A*Y*Y",
    "CLM*PCN*10***11:B:7*Y*A*Y*Y",
    "CLM*PCN*10***11:B:X*Y*A*Y*Y",
    "CLM*PCN*10***11:B:1*Y*A*Y*Y**AA:::TX********1",
    "CLM**10***11:B:1",
    "CLM",
    "XYZ*1",
)


def _unit(chance: random.Random, number: int, parent: int, *, is_varied: bool) -> list[str]:
    """Return the segments of a subscriber with a claim that adds up.

    When varied, a line may point at a diagnosis that the claim has not.
    """
    segments = [
        f"HL*{number}*{parent}*22*0",
        f"SBR*{chance.choice('PS')}*18*{chance.choice(('', 'GRP'))}******CI",
        f"NM1*IL*1*DOE*JANE{chance.choice(('', '*Q'))}*".rstrip("*"),
        "N3*1 ELM ST",
        "N4*AUSTIN*TX*787020002",
        f"DMG*D8*19800214*{chance.choice('FM')}",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
    ]
    charges = [chance.randrange(100, 90_000) for _ in range(chance.randrange(1, 4))]
    replaces = chance.random() < 0.1
    pointers = chance.choice(("1", "1", "1:2")) if is_varied else "1"
    segments += [
        f"CLM*PCN{number}*{sum(charges) / 100:.2f}***11:B:{'7' if replaces else '1'}*Y*A*Y*Y",
        f"REF*D9*TRACE{number}",
        f"HI*ABK:J0190{chance.choice(('', '*ABF:I10', '*ABF:I10*ABF:R509'))}",
    ]
    if chance.random() < 0.2:
        segments.append("NTE*ADD*PLEASE READ")
    if replaces:
        segments.append(f"REF*F8*ICN{number}")
    if chance.random() < 0.8:
        segments += ["NM1*82*1*MERCER*NORA****XX*1987654328", "PRV*PE*PXC*207Q00000X"]
    for line, charge in enumerate(charges, 1):
        segments += [
            f"LX*{line}",
            f"SV1*HC:99213{chance.choice(('', ':25'))}*{charge / 100:.2f}*UN*1***{pointers}",
            f"DTP*472*D8*2026010{chance.randrange(1, 9)}",
            f"REF*6R*{number}L{line}",
        ]
        if chance.random() < 0.1:
            segments.append("NM1*82*1*OTHER*ANN****XX*1987654328")
    return segments


def _unusual(chance: random.Random, number: int, parent: int) -> list[str]:
    """Return a patient below a subscriber who says he has none, or a subscriber without a claim."""
    if chance.random() < 0.5:
        return [
            f"HL*{number}*{number - 1}*23*0",
            "PAT*19",
            "NM1*QC*1*DOE*JILL",
            f"CLM*PCN{number}*10***11:B:1*Y*A*Y*Y",
            "HI*ABK:I10",
            "LX*1",
            "SV1*HC:99213*10*UN*1***1",
            "DTP*472*D8*20260101",
        ]
    return [f"HL*{number}*{parent}*22*0", "SBR*P*18*******CI", "NM1*IL*1*DOE*JANE", "N2*MORE"]


def units(seed: int, count: int, faults: int) -> list[str]:
    """Return the segments of `count` subscribers with `faults` segments put in, out or changed."""
    chance = random.Random(seed)
    segments: list[str] = []
    number = parent = 1
    for _ in range(count):
        number += 1
        if chance.random() < 0.05:  # another billing provider
            segments += [
                f"HL*{number}**20*1",
                "NM1*85*2*OAK CLINIC*****XX*1987654328",
                "REF*EI*742222222",
            ]
            parent, number = number, number + 1
        segments += _unit(chance, number, parent, is_varied=faults > 0)
        if faults and chance.random() < 0.1:
            number += 1
            segments += _unusual(chance, number, parent)
    for _ in range(faults):
        place = chance.randrange(1, len(segments))
        kind = chance.randrange(5)
        if kind == 0:
            del segments[place]
        elif kind == 1:
            segments[place] = segments[place][: chance.randrange(3, 30)].rstrip("*")
        elif kind == 2:
            segments.insert(chance.randrange(1, len(segments)), segments[place])
        else:
            segments.insert(place, chance.choice(_ODD_SEGMENTS))
    return segments
