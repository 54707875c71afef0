"""DOMAIN Appendix B2, from the sample files to the ledger; and the same again changes nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests import builders
from tests.builders import Inbox, balances, check_identities, dump, kind_totals, rows

from sanderling.barriers.queries import barrier_rows
from sanderling.core.ledger.accounts import Kind

pytestmark = pytest.mark.django_db
EDI = Path(__file__).resolve().parent / "samples"  # DOMAIN Appendix A, as files
CLAIMS_SENT = EDI / "sample_837p.edi"
REMITTANCE = EDI / "sample_835.edi"

# What was paid before: 80 of 120 with 40 written down, as the reversal in the sample undoes it.
EARLIER = builders.remittance_file(
    builders.paid("PCN09990", 120, 80, "CO*45*40", payer_number="ACMEICN400", day="20251110",
                  control="09990L1"),
    trace="EFT800001", made="20251201", payment_date="20251202", control=500,
)  # fmt: skip
OTHERS_SENT = builders.claims_file(
    builders.sent("PCN10002", 180, lines=(
        builders.line("99214", 180, control="10002L1", day="20260103"),)),
    builders.sent("PCN09990", 120, lines=(
        builders.line("99213", 120, control="09990L1", day="20251110"),)),
    builders.sent("PCN10003", 200, lines=(
        builders.line("99214", 200, control="10003L1", day="20260104"),)),
    batch="BATCH0002", control=102,
)  # fmt: skip


def expected_after_all() -> dict[str, dict[int, int]]:
    """B2: 100 denied stays with the payer and 18 goes to the patient; ..."""
    return {
        "PCN10001": {11: 10000, 14: 1800},
        "PCN10002": {11: 18000},
        "PCN09990": {14: 10000},
        "PCN10003": {12: 2400},  # crossed over: waits for the second payer
    }


@pytest.mark.parametrize("order", ["claims first", "remittance first", "one call, mixed"])
def test_appendix_b2(order: str, inbox: Inbox) -> None:
    earlier, others = inbox.put(EARLIER, OTHERS_SENT)
    if order == "claims first":
        for path in (CLAIMS_SENT, others, earlier, REMITTANCE):
            inbox.take_paths([path])
    elif order == "remittance first":
        for path in (REMITTANCE, earlier, others, CLAIMS_SENT):
            inbox.take_paths([path])
    else:
        inbox.take_paths([REMITTANCE, CLAIMS_SENT, earlier, others])

    assert {report.status for report in inbox.reports} == {"posted"}
    assert balances() == expected_after_all()
    assert kind_totals("PCN10001") == {
        Kind.CHARGE: 25000,
        Kind.INSURANCE_PAYMENT: 7200,
        Kind.CONTRACTUAL: 6000,
        Kind.TRANSFER: 1800,
    }
    assert kind_totals("PCN10002") == {Kind.CHARGE: 18000}
    assert kind_totals("PCN09990") == {
        Kind.CHARGE: 12000,
        Kind.CONTRACTUAL: 2000,
        Kind.TRANSFER: 10000,
    }
    assert kind_totals("PCN10003") == {
        Kind.CHARGE: 20000,
        Kind.INSURANCE_PAYMENT: 9600,
        Kind.CONTRACTUAL: 8000,
        Kind.TRANSFER: 2400,
    }
    provider_level = rows(
        "SELECT reason_code, kind, sum(amount_cents)::bigint FROM ledger_entry"
        " WHERE claim_id IS NULL GROUP BY 1, 2 ORDER BY 1"
    )
    # PLB: positive reduces the payment; L6 brings interest in, WO takes 40.00 back.
    assert provider_level == [("L6", Kind.INTEREST, -125), ("WO", Kind.RECOUPMENT, 4000)]
    assert sum(builders.cash_by_set().values()) == 4925 + 8000
    check_identities()


def test_appendix_b2_says_what_is_next(inbox: Inbox) -> None:
    """The states of B2, and the crossover check 30 days after BPR16."""
    earlier, others = inbox.put(EARLIER, OTHERS_SENT)
    inbox.take_paths([CLAIMS_SENT, others, earlier, REMITTANCE], received_date=date(2026, 1, 20))
    day, today = date(2026, 1, 21), builders.AT.date()
    found = {
        (row["claim"], row["party"]): (
            row["barrier"], row["category"], row["next_action"], row["balance_cents"],
        )
        for row in barrier_rows(day, today=today, by_party=True)
    }  # fmt: skip

    assert found == {
        ("PCN10001", "primary"): ("denied", "bundling", "correct_and_rebill", 10000),
        ("PCN10001", "patient"): (
            "patient_responsibility", "patient", "transfer_to_patient", 1800,
        ),
        ("PCN10002", "primary"): ("denied", "eligibility", "verify_eligibility", 18000),
        ("PCN09990", "patient"): (
            "patient_responsibility", "patient", "transfer_to_patient", 10000,
        ),
        ("PCN10003", "secondary"): ("awaiting_payer", "", "wait", 2400),
    }  # fmt: skip
    crossing = next(row for row in barrier_rows(day, today=today) if row["claim"] == "PCN10003")
    assert crossing["next_date"] == date(2026, 2, 19)


def test_without_the_earlier_payment_the_reversal_waits_in_suspense(inbox: Inbox) -> None:
    """B6 number 14: an exception to look at; the cash still adds up to BPR02."""
    inbox.take_paths([CLAIMS_SENT, REMITTANCE])

    assert kind_totals("PCN09990")[Kind.SUSPENSE] == -8000
    assert balances()["PCN09990"] == {14: 10000}
    assert sum(builders.cash_by_set().values()) == 4925
    check_identities()


def rewrapped(text: str) -> str:
    """Return the same transaction set in another envelope."""
    text = text.replace("000000601", "000009999").replace("*601*X", "*9999*X")
    return text.replace("GE*1*601", "GE*1*9999").replace("*260119*0600*", "*260121*0815*")


def test_the_same_remittance_again_in_any_wrapping_changes_nothing(inbox: Inbox) -> None:
    text = REMITTANCE.read_text("ascii")
    inbox.take_paths([CLAIMS_SENT, REMITTANCE])
    before = dump("ledger", "open balances", "links", "claims")

    renamed = inbox.folder / "another name.835"
    renamed.write_text(text, "ascii")
    copies = [
        [REMITTANCE],
        [renamed],
        inbox.put(rewrapped(text)),
        inbox.put(text.replace("\n", "")),
        inbox.put(text.replace("~", "~\r\n")),
        # The same payment in other bytes: an optional segment less, SE01 to match.
        inbox.put(text.replace("PER*BL*EDI*TE*5555550199~\n", "").replace("SE*60", "SE*59")),
    ]
    for paths in copies:
        (report,) = inbox.take_paths(paths)
        assert report.status == "duplicate"
        assert dump("ledger", "open balances", "links", "claims") == before
    check_identities()


def test_the_same_file_twice_in_one_call_is_posted_once(inbox: Inbox) -> None:
    reports = inbox.take_paths([REMITTANCE, REMITTANCE, *inbox.put(REMITTANCE.read_bytes())])

    assert [report.status for report in reports] == ["posted", "duplicate", "duplicate"]
    assert sum(builders.cash_by_set().values()) == 4925
    check_identities()


def test_the_same_trace_with_other_claims_is_quarantined_and_says_so(inbox: Inbox) -> None:
    text = REMITTANCE.read_text("ascii")
    inbox.take_paths([REMITTANCE])
    before = dump("ledger", "open balances")
    other = text.replace("PCN10002*4*180*0", "PCN10002*4*190*0").replace(
        "SVC*HC:99214*180*0**1~", "SVC*HC:99214*190*0**1~"
    ).replace("CAS*CO*16*180~", "CAS*CO*16*190~")  # fmt: skip

    (report,) = inbox.take(other)

    assert report.status == "quarantined"
    assert report.problems[-1].code == "payment_identity_reused"
    assert dump("ledger", "open balances") == before


def test_all_samples_go_in_and_answers_find_their_claim(inbox: Inbox) -> None:
    reports = inbox.take_paths(sorted(EDI.glob("*.edi")))

    assert {report.path.name: report.status for report in reports} == {
        "sample_276.edi": "posted",
        "sample_277.edi": "posted",
        "sample_277ca.edi": "posted",
        "sample_835.edi": "posted",
        "sample_837p.edi": "posted",
        "sample_999.edi": "posted",
    }
    linked = rows(
        "SELECT a.kind, c.number FROM claims_answer a JOIN claims_claim c ON c.id = a.claim_id"
        " ORDER BY 1, 2"
    )
    assert {kind for kind, _ in linked} == {"277", "277CA"}
    check_identities()
