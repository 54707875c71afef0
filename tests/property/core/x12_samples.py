"""835 text for the property tests: claims of many shapes, mostly balanced, some not."""

from __future__ import annotations

import random

ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         "
    "*260105*0930*^*00501*000000101*0*P*:~"
)
HEADER = (
    "BPR*I*0*C*ACH*CCP*01*999999992*DA*123456*1512345678**01*999988880*DA*98765*20260120~"
    "TRN*1*EFT900001*1512345678~DTM*405*20260119~N1*PR*ACME HEALTH*XV*ACME1~N3*1 MAIN ST~"
    "N4*AUSTIN*TX*787010001~N1*PE*MAPLE CLINIC*XX*1234567893~REF*TJ*741234567~LX*1~"
)
_ODD_SEGMENTS = (
    "QTY*CA*4",
    "MOA***MA01*MA18",
    "MOA*0.5**MA01",
    "MIA*0***138*N689",
    "MOA",
    "PER*CX**TE*8005550100",
    "PER*CX*HELP*TE*8005550100*FX*8005550101",
    "NM1*IL*1*ROE*JOHN****MI*B2",
    "NM1*74*1*ROE****MR*C*B3",
    "NM1*TT*2*SECOND MUTUAL*****PI*SM1",
    "NM1*82*1*GRAY*M****XX*1234567893",
    "NM1*82*1*GRAY*M****XX*1234567890",
    "NM1*QC*1*AGAIN*ANN",
    "REF*F8*OLD1",
    "REF*F8*OLD2",
    "REF*CE*PPO",
    "REF*G1",
    "REF*G1*A*B",
    "DTM*232*20260101",
    "DTM*233*20260102",
    "DTM*150*20260101",
    "DTM*151*20260103",
    "DTM*472*20261301",
    "DTM*036*00010101",
    "AMT*B6*12.5",
    "AMT*B6*.5",
    "AMT*I*x",
    "LQ*HE*n130",
    "LQ*HE",
    "LX*2",
    "TS3*1234567893*11*20261231*1*100",
    "TS3*1234567890*11*20261231*1*100",
    "TS3*PROVIDER",
    "TS2*1",
    "N3*LOST",
    "XYZ*1",
    "CAS*CO*45*0",
    "CAS*co*045*0*1",
    "CAS*CR*45*0",
    "CAS*PR*1*1**2*-1",
    "CAS*CO*45*1*2***45*-1*",
    "CAS*CO**1",
    "CAS*CO*45",
    "CAS*OA*a1*0",
    "CAS*OA*000*0",
    "CAS",
    "SVC*HC:99213:25*10*10",
    "SVC*NU:0450*10*10**2",
    "SVC*HC:99213::59:::NOTE*10*10*0450*1*HC:99214*1",
    "SVC**10*10",
    "SVC*HC:99213*10*9",
    "SVC*HC:99213*10*10*0450*1*HC:99214:25:59*2",
    "SVC*HC:99213*10*10*0450*1*HC:99214:25:59*2*X",
    "CLP*P1*1*0*0**12*I1*11*1",
    "CLP*P1*1*0*0*0*12*I1*11*1**470*1.5*.5",
    "CLP*P1*1*0*0*0*12*I1*11*1*X*470*1.5*.5*Y",
    "CLP*P1*99*0*0**12*I1",
    "CLP**1*0*0",
    "CLP*P1*1*0*1.005*0*12*I1",
    "CLPX*P1*1*0*0*0*12*I1",
    "PLB*1234567893*20261231*WO:REF*1.5",
)


def claim(chance: random.Random, number: int) -> list[str]:
    """Return the segments of a balanced claim."""
    segments = [
        "",
        f"NM1*QC*1*DOE*JANE*Q**JR*MI*M{number}",
        "NM1*82*1*GRAY*MEREDITH****XX*1234567893",
        f"REF*EA*MRN{number}",
        "DTM*232*20260101",
        "AMT*AU*10",
    ]
    charged = paid = share = 0
    for line in range(chance.randrange(3)):
        charge = chance.randrange(100, 90_000)
        contractual, patient = chance.randrange(charge // 2), chance.randrange(charge // 4)
        segments += [
            (
                f"SVC*HC:99213{chance.choice(('', ':25', ':25:59'))}*{charge / 100:.2f}"
                f"*{(charge - contractual - patient) / 100:.2f}*{chance.choice(('', '0450'))}*1"
            ),
            "DTM*472*20260101",
            f"CAS*CO*45*{contractual / 100:.2f}",
            f"CAS*PR*1*{patient / 100:.2f}",
            f"REF*6R*{number}L{line}",
        ]
        charged, paid, share = (
            charged + charge,
            paid + charge - contractual - patient,
            share + patient,
        )
    segments[0] = (
        f"CLP*PCN{number}*1*{charged / 100:.2f}*{paid / 100:.2f}*{share / 100:.2f}"
        f"*12*ICN{number}*11*1"
    )
    return segments


def claims(seed: int, count: int, faults: int) -> list[str]:
    """Return the segments of `count` claims with `faults` segments put in, taken out or doubled."""
    chance = random.Random(seed)
    segments = [segment for number in range(count) for segment in claim(chance, number)]
    for _ in range(faults):
        place = chance.randrange(1, len(segments))
        kind = chance.randrange(5)
        if kind == 0 and segments[place][:3] != "CLP":
            del segments[place]
        elif kind == 1:
            segments[place] = segments[place][: chance.randrange(4, 30)]
        else:
            segments.insert(place, chance.choice(_ODD_SEGMENTS))
    return segments
