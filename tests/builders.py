"""Small X12 files and what they become, for tests: a claim or a claim payment a call.

Amounts are whole dollars or decimal text as X12 writes them ("18", "1.25"); counts, control numbers
and BPR02 are worked out unless a test says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test import override_settings

from sanderling.intake.actions import FileReport, ingest

NPI = "1234567893"
TIN = "741234567"
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = "20260120"
_ISA = "ISA*00*          *00*          *ZZ*{sender:<15}*ZZ*BILLCO         *{made}*0600*^*{version}*{number:>09}*0*P*:~"  # noqa: E501


def line(
    procedure: str,
    charge: str | int,
    *,
    control: str = "",
    day: str = "20260102",
    modifiers: str = "",
) -> str:
    """Return a professional service line (LX to REF*6R) without its number."""
    code = f"HC:{procedure}" + (f":{modifiers}" if modifiers else "")
    control_segment = f"REF*6R*{control}~" if control else ""
    return f"SV1*{code}*{charge}*UN*1***1~DTP*472*D8*{day}~{control_segment}"


@dataclass(frozen=True)
class Sent:
    """A claim for `claims_file`."""

    number: str
    charge: str | int
    lines: tuple[str, ...]
    frequency: str = "1"
    original_reference: str = ""
    sequence: str = "P"
    payer_id: str = "ACME1"
    payer_name: str = "ACME HEALTH"
    others: str = ""  # loop 2320, after the claim's own segments
    member_id: str = "ABC123456789"
    patient: str = "DOE*JANE"

    def text(self, number: int) -> str:
        reference = f"REF*F8*{self.original_reference}~" if self.original_reference else ""
        lines = "".join(f"LX*{place}~{text}" for place, text in enumerate(self.lines, start=1))
        return (
            f"HL*{number}*1*22*0~SBR*{self.sequence}*18*GRP100******CI~"
            f"NM1*IL*1*{self.patient}****MI*{self.member_id}~N3*1 ELM ST~N4*AUSTIN*TX*787020002~"
            f"DMG*D8*19800214*F~NM1*PR*2*{self.payer_name}*****PI*{self.payer_id}~"
            f"CLM*{self.number}*{self.charge}***11:B:{self.frequency}*Y*A*Y*Y~{reference}"
            f"HI*ABK:J0190~{self.others}{lines}"
        )


def sent(number: str, charge: str | int = 150, **more: Any) -> Sent:
    """Return a claim of one line (99213, control number <number>L1) unless `lines` says more."""
    more.setdefault("lines", (line("99213", charge, control=f"{number}L1"),))
    return Sent(number, charge, **more)


def claims_file(
    *claims: Sent,
    batch: str = "BATCH1",
    made: str = "20260105",
    npi: str = NPI,
    tin: str = TIN,
    control: int = 101,
) -> str:
    """Return an 837P."""
    body = (
        f"BHT*0019*00*{batch}*{made}*0930*CH~NM1*41*2*BILLCO*****46*BILLCO~"
        "PER*IC*EDI DESK*TE*5555550100~NM1*40*2*CLEARHOUSE*****46*CLEARHOUSE~"
        f"HL*1**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*MAPLE FAMILY CLINIC*****XX*{npi}~"
        f"N3*100 MAIN ST~N4*AUSTIN*TX*787010001~REF*EI*{tin}~"
    ) + "".join(claim.text(place) for place, claim in enumerate(claims, start=2))
    return envelope(body, kind="837", guide="005010X222A1", code="HC", made=made, control=control)


@dataclass(frozen=True)
class Paid:
    """A claim payment for `remittance_file`."""

    number: str
    charge: str | int
    paid: str | int
    share: str | int = 0
    status: str = "1"
    payer_number: str = "ICN1"
    body: str = ""  # all after the CLP
    frequency: str = "1"

    def text(self) -> str:
        return (
            f"CLP*{self.number}*{self.status}*{self.charge}*{self.paid}*{self.share}*12*"
            f"{self.payer_number}*11*{self.frequency}~{self.body}"
        )


def service(
    procedure: str,
    charge: str | int,
    paid: str | int,
    *adjustments: str,
    control: str = "",
    day: str = "20260102",
    units: str = "1",
) -> str:
    """Return one SVC with its CAS ("CO*45*60")."""
    reasons = "".join(f"CAS*{item}~" for item in adjustments)
    control_segment = f"REF*6R*{control}~" if control else ""
    return f"SVC*{procedure}*{charge}*{paid}**{units}~DTM*472*{day}~{reasons}{control_segment}"


def patient(name: str = "DOE*JANE", member_id: str = "ABC123456789") -> str:
    """Return NM1*QC."""
    return f"NM1*QC*1*{name}****MI*{member_id}~"


def paid(number: str, charge: str | int, amount: str | int, *adjustments: str, **more: Any) -> Paid:
    """Return a claim payment with one line 99213, control number <number>L1."""
    control = more.pop("control", f"{number}L1")
    day = more.pop("day", "20260102")
    body = patient() + service("HC:99213", charge, amount, *adjustments, control=control, day=day)
    more.setdefault("body", body)
    return Paid(number, charge, amount, **more)


def remittance_file(  # noqa: PLR0913
    *claims: Paid,
    plb: str = "",
    amount: str | None = None,
    trace: str = "EFT1",
    made: str = "20260119",
    payment_date: str = DAY,
    npi: str = NPI,
    tin: str = TIN,
    payer: str = "ACME HEALTH",
    payer_trace: str = "1741112223",
    control: int = 601,
    sender: str = "CLEARHOUSE",
    version: str = "005010X221A1",
) -> str:
    """Return an 835; `plb`: "L6:X*-1.25*WO:Y*40" (without provider and year)."""
    total = sum((Decimal(str(claim.paid)) for claim in claims), Decimal(0))
    total -= sum((Decimal(part) for part in plb.split("*")[1::2]), Decimal(0))
    method = "ACH*CCP*01*111000025*DA*12345678" if total or amount else "NON*****"
    body = (
        f"BPR*{'I' if total else 'H'}*{amount or total}*C*{method}*{payer_trace}**01*111000614*DA*98765432"  # noqa: E501
        f"*{payment_date}~TRN*1*{trace}*{payer_trace}~DTM*405*{made}~N1*PR*{payer}~N3*PO BOX 1~"
        "N4*AUSTIN*TX*78701~PER*BL*EDI*TE*5555550199~"
        f"N1*PE*MAPLE FAMILY CLINIC*XX*{npi}~REF*TJ*{tin}~"
    )
    body += "LX*1~" if claims else ""
    body += "".join(claim.text() for claim in claims)
    body += f"PLB*{npi}*20261231*{plb}~" if plb else ""
    return envelope(
        body, kind="835", guide=version, code="HP", made=made, control=control, sender=sender
    )


def envelope(
    *bodies: str,
    kind: str,
    guide: str,
    code: str,
    made: str = "20260119",
    control: int = 601,
    sender: str = "CLEARHOUSE",
) -> str:
    """Return one interchange with a set for each body (the segments between ST and SE)."""
    sets = []
    third = "" if kind == "835" else f"*{guide}"
    for number, body in enumerate(bodies, start=1):
        sets.append(f"ST*{kind}*{number:04}{third}~{body}SE*{body.count('~') + 2}*{number:04}~")
    return (
        _ISA.format(
            sender=sender,
            made=made[2:],
            number=control,
            version="00401" if guide.startswith("004") else "00501",
        )
        + f"GS*{code}*{sender}*BILLCO*{made}*0600*{control}*X*{guide}~"
        + "".join(sets)
        + f"GE*{len(sets)}*{control}~IEA*1*{control:09}~"
    )


def set_body(text: str) -> str:
    """Return the segments between ST and SE of the first set of a file."""
    pieces = text.split("~")
    start = next(place for place, piece in enumerate(pieces) if piece.startswith("ST*"))
    end = next(place for place, piece in enumerate(pieces) if piece.startswith("SE*"))
    return "~".join(pieces[start + 1 : end]) + "~"


@dataclass
class Inbox:
    """A folder that tests drop files into, and the door they go through."""

    folder: Path
    at: datetime = AT
    reports: list[FileReport] = field(default_factory=list)

    def put(self, *texts: str | bytes) -> list[Path]:
        """Write files named by their content; return their paths."""
        paths = []
        for text in texts:
            data = text if isinstance(text, bytes) else text.encode()
            path = self.folder / f"{hashlib.sha256(data).hexdigest()[:16]}.edi"
            path.write_bytes(data)
            paths.append(path)
        return paths

    def take(self, *texts: str | bytes, received_date: date | None = None) -> list[FileReport]:
        """Ingest files in one call; return their reports."""
        return self.take_paths(self.put(*texts), received_date=received_date)

    def take_paths(
        self, paths: list[Path], *, received_date: date | None = None
    ) -> list[FileReport]:
        """Ingest paths in one call."""
        found = list(ingest(paths, received_date=received_date, source="cli", recorded_at=self.at))
        self.reports += found
        return found


@contextmanager
def standing_inbox(folder: Path, at: datetime = AT) -> Iterator[Inbox]:
    """An inbox for all tests of a module: what it takes in before them is gone after them."""
    (folder / "in").mkdir()
    with override_settings(SANDERLING_HOME=folder / "home"), transaction.atomic():
        yield Inbox(folder / "in", at=at)
        transaction.set_rollback(True)


def rows(sql: str, params: list[str] | None = None) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


LEDGER = """
SELECT k.code, c.number, t.content_sha256, e.position - coalesce(t.position, 0), e.part, e.line,
       e.kind, e.debit, e.credit, e.posted_date, sum(e.amount_cents)::bigint
  FROM ledger_entry e
  LEFT JOIN clients_client k ON k.id = e.client_id
  LEFT JOIN claims_claim c ON c.id = e.claim_id
  LEFT JOIN files_transaction_set t ON t.id = e.transaction_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 HAVING sum(e.amount_cents) <> 0
"""
OPEN_BALANCES = """
SELECT k.code, c.number, b.party, b.balance_cents, b.responsible_from_date
  FROM ledger_open_balance b
  JOIN claims_claim c ON c.id = b.claim_id JOIN clients_client k ON k.id = b.client_id
"""
CLAIMS = """
SELECT k.code, c.number, c.kind, p.name, p2.name, p3.name, c.plan, c.patient_last_name,
       c.patient_first_name, c.patient_birth_date, c.member_id, c.billing_npi, c.rendering_npi,
       c.rendering_name, c.location, c.service_from_date, c.service_to_date, c.first_billed_date,
       c.last_billed_date, c.charge_cents
  FROM claims_claim c JOIN clients_client k ON k.id = c.client_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
  LEFT JOIN payers_payer p2 ON p2.id = c.secondary_payer_id
  LEFT JOIN payers_payer p3 ON p3.id = c.tertiary_payer_id
 WHERE c.has_facts
"""
ANSWERS = """
SELECT k.code, c.number, t.content_sha256, a.position - t.position, a.sequence, a.level, a.category,
       a.code
  FROM claims_answer a JOIN files_transaction_set t ON t.id = a.transaction_id
  LEFT JOIN claims_claim c ON c.id = a.claim_id LEFT JOIN clients_client k ON k.id = a.client_id
"""
LINKS = """
SELECT k.code, c.number, t.content_sha256, p.position - t.position, p.is_held, p.paid_cents
  FROM remits_claim_payment p JOIN files_transaction_set t ON t.id = p.transaction_id
  LEFT JOIN claims_claim c ON c.id = p.claim_id LEFT JOIN clients_client k ON k.id = p.client_id
"""
NUMBERS = """
SELECT k.code, c.number, n.kind, n.key
  FROM claims_claim_number n JOIN claims_claim c ON c.id = n.claim_id
  JOIN clients_client k ON k.id = n.client_id WHERE c.has_facts
"""
SETS = """
SELECT t.kind, t.content_sha256, t.status, t.claim_count, t.charge_cents, t.paid_cents,
       array(SELECT k.code FROM clients_client k WHERE k.id = ANY (t.client_ids) ORDER BY 1)
  FROM files_transaction_set t
"""
FILES = """
SELECT f.sha256, f.kind, f.status, f.interchange_count, f.transaction_count, f.claim_count,
       f.received_date,
       array(SELECT k.code FROM clients_client k WHERE k.id = ANY (f.client_ids) ORDER BY 1)
  FROM files_stored_file f
"""
PARTS = {
    "ledger": LEDGER,
    "open balances": OPEN_BALANCES,
    "claims": CLAIMS,
    "answers": ANSWERS,
    "links": LINKS,
    "numbers": NUMBERS,
    "sets": SETS,
    "files": FILES,
}


def dump(*parts: str) -> dict[str, list[str]]:
    """Return what the database knows, by natural keys only, sorted: equal for equal worlds."""
    return {part: sorted(map(repr, rows(PARTS[part]))) for part in parts or PARTS}


def balances() -> dict[str, dict[int, int]]:
    """Return open balances in cents by claim number and party."""
    found: dict[str, dict[int, int]] = {}
    for _, number, party, cents, _ in rows(OPEN_BALANCES):
        found.setdefault(number, {})[party] = cents
    return found


def kind_totals(number: str) -> dict[int, int]:
    """Return cents by kind of entry for a claim number."""
    return dict(
        rows(
            "SELECT e.kind, sum(e.amount_cents)::bigint FROM ledger_entry e"
            " JOIN claims_claim c ON c.id = e.claim_id WHERE c.number = %s"
            " GROUP BY 1 HAVING sum(e.amount_cents) <> 0",
            [number],
        )
    )


def cash_by_set() -> dict[int, int]:
    """Return the cash in the ledger by the transaction set it came with."""
    return dict(
        rows(
            "SELECT transaction_id, sum(CASE WHEN debit = 30 THEN amount_cents ELSE -amount_cents END)"  # noqa: E501
            "::bigint FROM ledger_entry WHERE 30 IN (debit, credit) GROUP BY 1"
        )
    )


def check_identities() -> None:
    """Assert what must hold for any ledger, whatever came in (DOMAIN 1.3, 2.6)."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    cash = cash_by_set()
    for set_id, amount, paid_total, plb_total in rows(
        "SELECT transaction_id, amount_cents, paid_total_cents, provider_adjustment_total_cents"
        " FROM remits_remittance"
    ):
        assert cash.pop(set_id, 0) == amount
        assert amount == paid_total - plb_total
    assert not any(cash.values()), "cash without a remittance"
    # Sum of CLP04 = payments and suspense, claim payment by claim payment.
    assert (
        rows(
            "SELECT p.transaction_id, p.position FROM remits_claim_payment p"
            "  LEFT JOIN ledger_entry e ON e.transaction_id = p.transaction_id AND e.kind IN (3, 20)"  # noqa: E501
            "   AND e.position BETWEEN p.position AND p.end_position"
            " GROUP BY 1, 2, p.paid_cents HAVING coalesce(sum(e.amount_cents), 0) <> p.paid_cents"
        )
        == []
    )
    # By claim: balance = charges - payments - reductions + what was taken over.
    assert (
        rows(
            "SELECT claim_id FROM ledger_entry WHERE claim_id IS NOT NULL GROUP BY 1 HAVING"
            " sum(CASE WHEN debit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END"
            "   - CASE WHEN credit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END)"
            " <> sum(CASE WHEN kind IN (1, 2, 11, 13) THEN amount_cents"
            "             WHEN kind IN (3, 4, 5, 6, 7, 10, 12) THEN -amount_cents ELSE 0 END)"
        )
        == []
    )
    assert (
        rows(
            "SELECT claim_id, party FROM (SELECT e.claim_id, side.party, sum(side.cents) AS cents"
            "  FROM ledger_entry e CROSS JOIN LATERAL"
            "   (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents)) AS side(party, cents)"  # noqa: E501
            "  WHERE side.party BETWEEN 11 AND 14 GROUP BY 1, 2) AS l"
            " FULL JOIN ledger_open_balance b USING (claim_id, party)"
            " WHERE coalesce(l.cents, 0) <> coalesce(b.balance_cents, 0)"
        )
        == []
    )
    # No past day sees half a correction: an entry is never known before the one it corrects.
    assert (
        rows(
            "SELECT 1 FROM ledger_entry a JOIN ledger_entry b USING (claim_id, transaction_id, position,"  # noqa: E501
            " part, line, kind, debit, credit)"
            " WHERE a.revision < b.revision AND a.posted_date > b.posted_date"
        )
        == []
    )
    # Files: what the set says it holds is what the facts hold.
    assert (
        rows(
            "SELECT t.id FROM files_transaction_set t JOIN remits_claim_payment p ON p.transaction_id = t.id"  # noqa: E501
            " WHERE t.kind = '835' GROUP BY t.id HAVING t.claim_count <> count(*)"
            " OR t.paid_cents <> sum(p.paid_cents) OR t.charge_cents <> sum(p.charge_cents)"
        )
        == []
    )
    assert (
        rows(
            "SELECT t.id FROM files_transaction_set t JOIN claims_submission s ON s.transaction_id = t.id"  # noqa: E501
            " GROUP BY t.id HAVING t.charge_cents <> sum(s.charge_cents)"
        )
        == []
    )
    # A claim without facts owes nothing.
    assert (
        rows(
            "SELECT 1 FROM ledger_open_balance b JOIN claims_claim c ON c.id = b.claim_id"
            " WHERE NOT c.has_facts"
        )
        == []
    )
