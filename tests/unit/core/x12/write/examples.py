"""People and claims the writer tests share."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sanderling.core.x12.write.claim import (
    BillingGroup,
    Claim,
    ClaimBatch,
    ClaimLine,
    Form,
)
from sanderling.core.x12.write.parties import Address, Payer, Person, Provider, TradingPartner

SERVICE_DATE = date(2026, 1, 2)
CREATED_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ADDRESS = Address("1 ELM ST", "AUSTIN", "TX", "787020002")
JANE = Person("DOE", "JANE", date(1980, 2, 14), "F", ADDRESS)
JACK = Person("DOE", "JACK", date(2012, 5, 1), "M", ADDRESS)
CLINIC = Provider("MAPLE FAMILY CLINIC", "1234567893", tax_id="741234567",
                  taxonomy="207Q00000X", address=ADDRESS)  # fmt: skip
SMITH = Provider("SMITH", "1987654328", first_name="ALAN", taxonomy="207Q00000X")
ACME = Payer("ACME HEALTH", "ACME1")
SECOND = Payer("SECOND MUTUAL", "SECM1")
BILLCO = TradingPartner("BILLCO", "BILLCO")
CLEARHOUSE = TradingPartner("CLEARHOUSE", "CLEARHOUSE")


def claim(**changes: object) -> Claim:
    """A professional claim of 250.00 with two lines."""
    facts: dict[str, object] = {
        "control_number": "PCN10001",
        "form": Form.PROFESSIONAL,
        "payer": ACME,
        "sequence": "P",
        "subscriber": JANE,
        "member_id": "ABC123456789",
        "group_number": "GRP100",
        "filing_indicator": "CI",
        "facility_code": "11",
        "diagnoses": ("J0190", "R509"),
        "rendering": SMITH,
        "lines": (
            ClaimLine("99213", 15000, SERVICE_DATE, "10001L1", modifiers=("25",), pointers=(1, 2)),
            ClaimLine("87880", 10000, SERVICE_DATE, "10001L2"),
        ),
    }
    return Claim(**(facts | changes))  # type: ignore[arg-type]  # a test's shorthand


def batch(*claims: Claim) -> ClaimBatch:
    """One 837 with these claims."""
    form = claims[0].form
    return ClaimBatch("BATCH0001", CREATED_AT, BILLCO, CLEARHOUSE,
                      (BillingGroup(CLINIC, claims),), form)  # fmt: skip
