"""A writer of small situations: what a practice sends and what payers and clearinghouses answer.

One claim of one line unless said otherwise, service on January 5, 2026, sent on January 8, taken
over by the payer on January 9. Days are written as "01-30". Amounts are whole dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from tests.builders import NPI, Inbox, envelope

Adjustment = tuple[str, str, int]
SERVICE = "01-05"
NAMES = {
    "ACME1": "ACME HEALTH",
    "SECM1": "SECOND MUTUAL",
    "TERT1": "THIRD LIFE",
    "MCARE": "MEDICARE NOVA",
    "MCAID": "STATE MEDICAID",
    "VACC1": "VA COMMUNITY",
}
CLIENTS = (
    "code,name,npis,tins,tier,follow_up_days,high_dollar_cents\n"
    f"MAPLE,Maple Family Clinic,{NPI},741234567,standard,14,250000\n"
)
PAYERS = (
    "payer_id,name,aliases,type,timely_filing_days,corrected_claim_days,appeal_days,"
    "response_days,phone,portal_url\n"
    "ACME1,Acme Health,,commercial,90,180,180,30,,\n"
    "SECM1,Second Mutual,,commercial,180,180,180,30,,\n"
    "TERT1,Third Life,,commercial,180,180,180,30,,\n"
    "MCARE,Medicare Nova,,medicare,,,,,,\n"
    "MCAID,State Medicaid,,medicaid,,,,,,\n"
    "VACC1,VA Community,,va,,,,,,\n"
)
ACTIVITY_COLUMNS = "client,claim,date,user,channel,action,outcome,reference,next_date,note"


def on(day: str) -> date:
    """Return a day of 2026 written as month and day."""
    return date.fromisoformat(f"2026-{day}")


def plain(day: str) -> str:
    """Return the day as X12 writes it."""
    return f"2026{day.replace('-', '')}"


@dataclass(frozen=True)
class Out:
    """A claim that went out, as answers name it."""

    number: str
    control: int
    batch: str
    charge: int
    payer: str


@dataclass
class Desk:
    """Everything that came in, by the day it came."""

    files: dict[str, list[str]] = field(default_factory=dict)
    activities: list[str] = field(default_factory=lambda: [ACTIVITY_COLUMNS])
    _numbers: count[int] = field(default_factory=lambda: count(1001))

    def _put(self, day: str, text: str) -> None:
        self.files.setdefault(day, []).append(text)

    def take_in(self, inbox: Inbox) -> None:
        """Ingest everything: one file for each day."""
        for day in sorted(self.files):
            inbox.take("".join(self.files[day]), received_date=on(day))

    def claim(
        self,
        number: str,
        *,
        day: str = "01-08",
        lines: Sequence[tuple[str, int]] = (("99213", 150),),
        payer: str = "ACME1",
        others: Sequence[str] = (),
        frequency: str = "1",
        prior: Sequence[Adjustment] | None = None,
        prior_paid: int = 0,
    ) -> Out:
        """Send a claim; `prior`: to a second payer, with what ACME1 decided on its one line."""
        control = next(self._numbers)
        charge = sum(amount for _, amount in lines)
        rank = "P" if prior is None else "S"
        loops = "".join(
            f"SBR*{'ST'[place]}*18*******CI~OI***Y***Y~NM1*IL*1*DOE*JANE****MI*M{number}~"
            f"NM1*PR*2*{NAMES[other]}*****PI*{other}~"
            for place, other in enumerate(others)
        )
        if prior is not None:
            loops = (
                f"SBR*P*18*******CI~AMT*D*{prior_paid}~OI***Y***Y~"
                f"NM1*IL*1*DOE*JANE****MI*M{number}~NM1*PR*2*{NAMES['ACME1']}*****PI*ACME1~"
            )
        text = (
            f"BHT*0019*00*B{control}*{plain(day)}*0900*CH~NM1*41*2*BILLCO*****46*BILLCO~"
            "PER*IC*EDI*TE*5555550100~NM1*40*2*CLEARHOUSE*****46*CLEARHOUSE~HL*1**20*1~"
            f"NM1*85*2*MAPLE FAMILY CLINIC*****XX*{NPI}~N3*100 MAIN ST~"
            "N4*AUSTIN*TX*787010001~REF*EI*741234567~"
            f"HL*2*1*22*0~SBR*{rank}*18*******CI~NM1*IL*1*DOE*JANE****MI*M{number}~"
            "N3*1 ELM ST~N4*AUSTIN*TX*787020002~DMG*D8*19700214*F~"
            f"NM1*PR*2*{NAMES[payer]}*****PI*{payer}~"
            f"CLM*{number}*{charge}***11:B:{frequency}*Y*A*Y*Y~"
            + (f"REF*F8*I{number}~" if frequency != "1" else "")
            + f"HI*ABK:M545~{loops}"
        )
        for place, (code, amount) in enumerate(lines, start=1):
            text += (
                f"LX*{place}~SV1*HC:{code}*{amount}*UN*1***1~DTP*472*D8*{plain(SERVICE)}~"
                f"REF*6R*{number}L{place}~"
            )
            if prior is not None:
                text += f"SVD*ACME1*{prior_paid}*HC:{code}**1~" + _cas(prior)
                text += "DTP*573*D8*20260130~"
        made = envelope(
            text, kind="837", guide="005010X222A1", code="HC", made=plain(day), control=control
        )
        self._put(day, made)
        return Out(number, control, f"B{control}", charge, payer)

    def accepted(self, number: str, **more: Any) -> Out:
        """Send a claim that the file check and the payer take over."""
        out = self.claim(number, **more)
        day = more.get("day", "01-08")
        self.file_check(day, out)
        self.front_end("01-09" if day == "01-08" else day, out)
        return out

    def file_check(self, day: str, out: Out, code: str = "A") -> None:
        """Answer with a 999."""
        text = (
            f"AK1*HC*{out.control}*005010X222A1~AK2*837*0001*005010X222A1~"
            f"IK5*{code}~AK9*{code}*1*1*{int(code == 'A')}~"
        )
        self._answer(day, text, "999", "005010X231A1", "FA")

    def file_errors(self, day: str, out: Out, code: str) -> None:
        """Answer with a 999 that names the claim and an element in error (IK3, CTX, IK4)."""
        text = (
            f"AK1*HC*{out.control}*005010X222A1~AK2*837*0001*005010X222A1~IK3*CLM*22*2300*8~"
            f"CTX*CLM01:{out.number}~IK4*2*782*I10*{out.charge}~"
            f"IK5*{code}*5~AK9*{code}*1*1*{int(code != 'R')}~"
        )
        self._answer(day, text, "999", "005010X231A1", "FA")

    def group_check(self, day: str, out: Out) -> None:
        """Refuse the whole functional group with a 999 that names none of its sets."""
        text = f"AK1*HC*{out.control}*005010X222A1~AK9*R*1*1*0~"
        self._answer(day, text, "999", "005010X231A1", "FA")

    def interchange_check(self, day: str, out: Out) -> None:
        """Refuse the whole interchange with a TA1."""
        number = next(self._numbers)
        head = envelope(
            kind="999", guide="005010X231A1", code="FA", made=plain(day), control=number
        ).split("~")[0]
        note = f"TA1*{out.control:09}*{plain(day)[2:]}*0900*R*006~"
        self._put(day, f"{head}~{note}IEA*0*{number:09}~")

    def front_end(
        self,
        day: str,
        out: Out,
        status: str = "A2:20",
        *,
        speaker: str = "PR",
        is_refused: bool = False,
        is_whole_batch: bool = False,
    ) -> None:
        """Answer with a 277CA: of the claim, or of the batch it was in."""
        word = "U" if is_refused else "WQ"
        source = (
            f"NM1*PR*2*{NAMES[out.payer]}*****PI*{out.payer}~"
            if speaker == "PR"
            else "NM1*AY*2*CLEARHOUSE*****46*CLEARHOUSE~"
        )
        when = plain(day)
        text = (
            f"BHT*0085*08*CA{next(self._numbers)}*{when}*0805*TH~HL*1**20*1~{source}"
            f"TRN*1*R1~DTP*050*D8*{when}~DTP*009*D8*{when}~HL*2*1*21*{int(not is_whole_batch)}~"
            f"NM1*41*2*BILLCO*****46*BILLCO~TRN*2*{out.batch}~"
        )
        if is_whole_batch:
            text += f"STC*{status}*{when}*U*{out.charge}~QTY*AA*1~AMT*YY*{out.charge}~"
        else:
            text += (
                f"STC*A1:19:PR*{when}*WQ*{out.charge}~QTY*90*1~HL*3*2*19*1~"
                f"NM1*85*2*MAPLE FAMILY CLINIC*****XX*{NPI}~TRN*1*0~STC*A1:19:PR**WQ*{out.charge}~"
                f"HL*4*3*PT~NM1*QC*1*DOE*JANE****MI*M{out.number}~TRN*2*{out.number}~"
                f"STC*{status}*{when}*{word}*{out.charge}~DTP*472*D8*{plain(SERVICE)}~"
            )
        self._answer(day, text, "277", "005010X214", "HN")

    def status(self, day: str, out: Out, status: str, paid: int | None = None) -> None:
        """Answer a status request with a 277."""
        when = plain(day)
        money = "" if paid is None else f"*{paid}*{when}**{when}*EFT77"
        text = (
            f"BHT*0010*08*S{next(self._numbers)}*{when}*1011*DG~HL*1**20*1~"
            f"NM1*PR*2*{NAMES[out.payer]}*****PI*{out.payer}~HL*2*1*21*1~"
            f"NM1*41*2*BILLCO*****46*BILLCO~HL*3*2*19*1~"
            f"NM1*1P*2*MAPLE FAMILY CLINIC*****XX*{NPI}~HL*4*3*22*0~"
            f"NM1*IL*1*DOE*JANE****MI*M{out.number}~TRN*2*T{next(self._numbers)}~"
            f"STC*{status}*{when}**{out.charge}{money}~REF*EJ*{out.number}~"
            f"DTP*472*D8*{plain(SERVICE)}~"
        )
        self._answer(day, text, "277", "005010X212", "HN")

    def _answer(self, day: str, text: str, kind: str, guide: str, code: str) -> None:
        control = next(self._numbers)
        made = envelope(text, kind=kind, guide=guide, code=code, made=plain(day), control=control)
        self._put(day, made)

    def remit(self, day: str, *texts: str, payer: str = "ACME1", plb: str = "") -> None:
        """Send a remittance of claim payments (see `decided`)."""
        number = next(self._numbers)
        paid = sum(_paid(text) for text in texts) - sum(_offsets(plb))
        money = (
            f"BPR*I*{paid}*C*ACH*CCP*01*111000025*DA*12345678*1741112223**01*111000614*DA*98765432"
            if paid
            else "BPR*H*0*C*NON***********"
        )
        text = (
            f"{money}*{plain(day)}~TRN*1*E{number}*1{_tax_number(payer)}~DTM*405*{plain(day)}~"
            f"N1*PR*{NAMES[payer]}*XV*{payer}~N3*PO BOX 1~N4*AUSTIN*TX*78701~"
            f"PER*BL*EDI*TE*5555550199~N1*PE*MAPLE FAMILY CLINIC*XX*{NPI}~REF*TJ*741234567~LX*1~"
            + "".join(texts)
            + plb
        )
        self._answer(day, text, "835", "005010X221A1", "HP")

    def denied(
        self, number: str, reason: str, *remarks: str, day: str = "01-30", **more: Any
    ) -> None:
        """Refuse the whole of a claim of one line with a reason such as "CO-197"."""
        group, _, code = reason.partition("-")
        payer = more.pop("payer", "ACME1")
        text = decided(number, [(150, 0, [(group, code, 150)], remarks)], **more)
        self.remit(day, text, payer=payer)

    def act(self, number: str, day: str, action: str, outcome: str, **more: str) -> None:
        """Note what somebody did elsewhere."""
        channel, next_day = more.get("channel", "call"), more.get("next_day", "")
        later = on(next_day).isoformat() if next_day else ""
        self.activities.append(
            f"MAPLE,{number},{on(day).isoformat()},pat,{channel},{action},{outcome},,{later},"
        )


def decided(
    number: str,
    lines: Sequence[tuple[int, int, Sequence[Adjustment], Sequence[str]]],
    *,
    status: str = "1",
    own_number: str = "",
    notes: str = "",
    forwarded_to: str = "",
    code: str = "99213",
) -> str:
    """Return a claim payment: lines of charge, paid, adjustments and remarks."""
    charge, paid = sum(each[0] for each in lines), sum(each[1] for each in lines)
    share = sum(each[2] for part in lines for each in part[2] if each[0] == "PR")
    text = f"CLP*{number}*{status}*{charge}*{paid}*{share}*12*{own_number or 'I' + number}*11*1~"
    text += f"NM1*QC*1*DOE*JANE****MI*M{number}~"
    if forwarded_to:
        text += f"NM1*TT*2*{NAMES[forwarded_to]}*****PI*{forwarded_to}~"
    text += notes
    for place, (amount, paid_part, adjustments, remarks) in enumerate(lines, start=1):
        units = "-1" if amount < 0 else "1"
        text += (
            f"SVC*HC:{code}*{amount}*{paid_part}**{units}~DTM*472*{plain(SERVICE)}~"
            f"{_cas(adjustments)}REF*6R*{number}L{place}~"
        )
        text += "".join(f"LQ*HE*{remark}~" for remark in remarks)
    return text


def _cas(adjustments: Sequence[Adjustment]) -> str:
    return "".join(f"CAS*{group}*{code}*{amount}~" for group, code, amount in adjustments)


def _paid(text: str) -> int:
    return int(text.split("*")[4])


def _offsets(plb: str) -> list[int]:
    return [int(part.rsplit("*", 1)[1]) for part in plb.split("~") if part]


def _tax_number(payer: str) -> str:
    return f"74100000{list(NAMES).index(payer)}"
