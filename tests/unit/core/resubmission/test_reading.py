"""Chosen claims of a long file are the same as all of them read, wherever chunks end."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from sanderling.core.resubmission.reading import read_documents
from sanderling.core.x12.read.parts import Part
from sanderling.core.x12.read.stream import parts_of

_HEAD = (
    "ISA*00*          *00*          *ZZ*BILLCO         *ZZ*CLEARHOUSE     "
    "*260105*0930*^*00501*000000101*0*P*:~GS*HC*BILLCO*CLEARHOUSE*20260105*0930*101*X*005010X222A1~"
    "ST*837*0001*005010X222A1~BHT*0019*00*B*20260105*0930*CH~NM1*41*2*BILLCO*****46*BILLCO~"
    "PER*IC*EDI DESK*TE*5555550100~NM1*40*2*CLEARHOUSE*****46*CLEARHOUSE~"
)


def long_file(chance: random.Random, count: int) -> bytes:
    """Providers, subscribers and patients in any mix, several claims below some of them."""
    body, level, provider = "", 0, 0
    for number in range(count):
        if not number or chance.random() < 1 / 30:
            level += 1
            provider = level
            body += (
                f"HL*{level}**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*CLINIC {level}*****XX*1234567893~"
                "N3*100 MAIN ST~N4*AUSTIN*TX*787010001~REF*EI*741234567~"
            )
        is_child = chance.random() < 1 / 3
        level += 1
        body += (
            f"HL*{level}*{provider}*22*{int(is_child)}~SBR*P**G{number}******CI~"
            f"NM1*IL*1*DOE{number}*JANE****MI*M{number}~NM1*PR*2*ACME*****PI*ACME1~"
        )
        if is_child:
            level += 1
            body += f"HL*{level}*{level - 1}*23*0~PAT*19~NM1*QC*1*KID{number}*TIM~"
        for part in range(chance.choice([1, 1, 2])):
            body += (
                f"CLM*C{number}-{part}*100***11:B:1*Y*A*Y*Y~HI*ABK:J0190~LX*1~"
                "SV1*HC:99213*100*UN*1***1~DTP*472*D8*20260102~"
            )
    return f"{_HEAD}{body}SE*1*0001~GE*1*101~IEA*1*000000101~".encode()


@pytest.mark.parametrize("size", [300, 2_000, 9_000])
def test_chosen_claims_are_as_in_the_whole_file(size: int) -> None:
    chance = random.Random(3)

    def parts(data: bytes, size: int) -> Iterator[Part]:
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        return parts_of(chunks, window_max=size)

    for _ in range(8):
        data = long_file(chance, 150)
        every = dict(read_documents(parts(data, 1 << 20)))
        wanted = set(chance.sample(sorted(every), 3))
        found = dict(read_documents(parts(data, size), wanted))
        assert found == {position: every[position] for position in wanted}
