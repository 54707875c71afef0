"""A made-up remittance that is right in every way, as text that the tests read and break.

The claims are those of DOMAIN Appendix A6 (posted in B2); an inpatient claim is added.
"""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Problem
from sanderling.core.x12.read import read_bytes

ISA: Final = (
    "ISA*00*          *00*          *ZZ*CLEARHOUSE     *ZZ*BILLCO         "
    "*260119*0600*^*00501*000000601*0*P*:"
)
BODY: Final = """
BPR*I*149.25*C*ACH*CCP*01*111000025*DA*12345678*1741234567**01*111000614*DA*98765432*20260120~
TRN*1*EFT900001*1741112223~
REF*EV*BILLCO~
DTM*405*20260119~
N1*PR*ACME HEALTH*XV*ACME1~
N3*PO BOX 1~
N4*AUSTIN*TX*78701~
REF*2U*87726~
PER*CX*HELP*TE*5555550198~
PER*BL*EDI*TE*5555550199*EM*EDI@EXAMPLE.ORG~
N1*PE*MAPLE FAMILY CLINIC*XX*1234567893~
REF*TJ*741234567~
LX*1~
CLP*PCN10001*1*250*72*18*12*ACMEICN555*11*1~
NM1*QC*1*DOE*JANE****MI*ABC123456789~
NM1*82*1*SMITH*ALAN****XX*1987654328~
DTM*050*20260105~
SVC*HC:99213:25*150*72**1~
DTM*472*20260102~
CAS*CO*45*60~
CAS*PR*2*18~
REF*6R*10001L1~
AMT*B6*90~
SVC*HC:87880*100*0**1~
DTM*472*20260102~
CAS*CO*97*100~
REF*6R*10001L2~
LQ*HE*M15~
CLP*PCN10002*4*180*0*0*12*ACMEICN556*11*1~
NM1*QC*1*ROE*RICK****MI*ABC000000001~
SVC*HC:99214*180*0**1~
DTM*472*20260103~
CAS*CO*16*180~
REF*6R*10002L1~
LQ*HE*N382~
CLP*PCN09990*22*-120*-80*0*12*ACMEICN400*11*1~
NM1*QC*1*POE*PAM****MI*ABC000000002~
REF*F8*ACMEICN400~
SVC*HC:99213*-120*-80**-1~
DTM*472*20251110~
CAS*CO*45*-40~
REF*6R*09990L1~
CLP*PCN09990*1*120*0*100*12*ACMEICN401*11*7~
NM1*QC*1*POE*PAM****MI*ABC000000002~
SVC*HC:99213*120*0**1~
DTM*472*20251110~
CAS*CO*45*20~
CAS*PR*1*100~
REF*6R*09990L1~
AMT*B6*100~
CLP*PCN10003*19*200*96*24*12*ACMEICN557*11*1~
NM1*QC*1*LOW*LEE****MI*ABC000000003~
NM1*TT*2*SECOND MUTUAL*****PI*SECM1~
MOA***MA18~
SVC*HC:99214*200*96**1~
DTM*472*20260104~
CAS*CO*45*80~
CAS*PR*2*24~
REF*6R*10003L1~
AMT*B6*120~
LX*2~
TS3*1234567893*11*20261231*1*1000~
TS2*100~
CLP*PCN20001*1*1000*100*0*MA*ACMEICN600*11*1**470*1.5~
CAS*CO*45*860*1*253*10**94*-10**B10*20**59*10**96*10~
NM1*QC*1*KAY*KIM****MI*ABC000000004~
NM1*74*1*KAYE~
MIA*2***100*N689~
REF*EA*MRN77~
DTM*232*20260110~
DTM*233*20260112~
AMT*AU*1000~
QTY*CA*2~
PLB*1234567893*20261231*L6:ACMEICN557*-1.25*WO:PCN08800 ACMEICN300*40~
"""


def file_of(body: str = BODY) -> str:
    """Return a file with `body` between ST and SE, its counts right, one segment a line."""
    body = body.strip()
    return (
        f"{ISA}~\nGS*HP*CLEARHOUSE*BILLCO*20260119*0600*601*X*005010X221A1~\nST*835*0001~\n"
        f"{body}\nSE*{body.count('~') + 2}*0001~\nGE*1*601~\nIEA*1*000000601~\n"
    )


def sets_in(data: bytes) -> list[Batch]:
    """Return the batches of a file."""
    return [found for found in read_bytes(data) if isinstance(found, Batch)]


def problems_in(data: bytes) -> list[Problem]:
    """Return everything that is wrong with a file, in its order."""
    return [problem for found in read_bytes(data) for problem in found.problems]


def refusals_in(data: bytes) -> list[bool]:
    """Return whether something in a file is refused, event by event."""
    return [found.refused for found in read_bytes(data)]
