"""The ingestion edge cases of DOMAIN 2.17 and 5.4, by example: posted right or held in sight.

After each case all identities hold: the cash of what was accepted is BPR02, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

import pytest
from tests import builders
from tests.builders import (
    Inbox,
    Paid,
    Sent,
    balances,
    cash_by_set,
    check_identities,
    claims_file,
    envelope,
    kind_totals,
    line,
    paid,
    patient,
    remittance_file,
    rows,
    sent,
    service,
    set_body,
)
from tests.integration.test_order_and_crash import outcome

from sanderling.core.ledger.accounts import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _identities(inbox: Inbox) -> Iterator[None]:
    yield
    check_identities()


def codes(inbox: Inbox) -> set[str]:
    return {problem.code for report in inbox.reports for problem in report.problems}


def cash() -> int:
    return sum(cash_by_set().values())


def test_an_835_that_does_not_balance_is_quarantined_whole_and_its_neighbors_post(
    inbox: Inbox,
) -> None:
    good = remittance_file(paid("A1", 150, 90, "CO*45*60"), trace="T1")
    bad = remittance_file(paid("A2", 150, 90, "CO*45*60"), trace="T2", amount="95")
    (report,) = inbox.take(
        envelope(set_body(good), set_body(bad), kind="835", guide="005010X221A1", code="HP")
    )

    assert report.status == "partly"
    assert "transaction_out_of_balance" in codes(inbox)
    assert rows("SELECT number FROM claims_claim") == [("A1",)]
    assert cash() == 9000
    assert rows("SELECT control_number, status FROM files_transaction_set ORDER BY 1") == [
        ("0001", "posted"),
        ("0002", "quarantined"),
    ]


def test_a_claim_payment_out_of_balance_waits_in_suspense_in_sight(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1"), sent("A2")))
    (report,) = inbox.take(
        remittance_file(paid("A1", 150, 90, "CO*45*50"), paid("A2", 150, 90, "CO*45*60"))
    )

    assert report.status == "partly"
    assert "claim_out_of_balance" in codes(inbox)
    assert kind_totals("A1") == {Kind.CHARGE: 15000, Kind.SUSPENSE: 9000}
    assert balances() == {"A1": {11: 15000}}  # still owed: the payment is not posted
    assert cash() == 18000


def test_a_reversal_of_nothing_on_file_and_its_original_arriving_later(inbox: Inbox) -> None:
    original = remittance_file(
        paid("A1", 150, 90, "CO*45*60", payer_number="ICN7"), trace="T1", made="20260110",
        payment_date="20260111", control=1,
    )  # fmt: skip
    reversal = remittance_file(
        Paid("A1", -150, -90, 0, "22", "ICN7",
             patient() + service("HC:99213", -150, -90, "CO*45*-60", control="A1L1")),
        paid("B1", 150, 100, "CO*45*50"), trace="T2",
    )  # fmt: skip
    inbox.take(claims_file(sent("A1")))
    inbox.take(reversal)
    assert kind_totals("A1") == {Kind.CHARGE: 15000, Kind.SUSPENSE: -9000}
    inbox.take(original)

    assert kind_totals("A1") == {Kind.CHARGE: 15000}
    assert balances() == {"A1": {11: 15000}}


@pytest.mark.parametrize("number", ["", "0", "000"])
def test_a_claim_payment_without_a_number_is_kept_in_suspense(number: str, inbox: Inbox) -> None:
    body = patient() + service("HC:99213", 150, 90, "CO*45*60", day="20260109")
    inbox.take(remittance_file(Paid(number, 150, 90, 0, "1", "ICN7", body)))

    assert cash() == 9000
    assert rows("SELECT claim_id, is_held FROM remits_claim_payment") == [(None, True)]
    assert rows("SELECT kind, sum(amount_cents)::bigint FROM ledger_entry GROUP BY 1") == [
        (Kind.SUSPENSE, 9000)
    ]


def test_a_claim_payment_without_a_number_finds_its_claim_by_service(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1")))
    body = patient() + service("HC:99213", 150, 90, "CO*45*60")
    inbox.take(remittance_file(Paid("0", 150, 90, 0, "1", "ICN7", body)))

    assert cash() == 9000
    assert kind_totals("A1").get(Kind.INSURANCE_PAYMENT, 0) in (0, 9000)


def test_plb_without_any_claim(inbox: Inbox) -> None:
    (report,) = inbox.take(remittance_file(plb="CT:CAP2026*-1200.50*WO:X1*200.25"))

    assert report.status == "posted"
    assert cash() == 100025
    assert rows("SELECT reason_code, amount_cents, claim_id FROM ledger_entry ORDER BY 1") == [
        ("CT", -120050, None),
        ("WO", 20025, None),
    ]


def test_several_plb_providers_and_a_total_of_zero(inbox: Inbox) -> None:
    text = remittance_file(paid("A1", 150, 90, "CO*45*60"), plb="FB:NEXT*90")
    assert "BPR*H*0*C*NON" in text
    (report,) = inbox.take(text)

    assert report.status == "posted"
    assert cash() == 0
    assert kind_totals("A1")[Kind.INSURANCE_PAYMENT] == 9000


def test_a_predetermination_prices_and_moves_nothing(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1")))
    inbox.take(remittance_file(paid("A1", 150, 0, "CO*45*60", "PR*1*90", status="25")))

    assert balances() == {"A1": {11: 15000}}
    assert kind_totals("A1") == {Kind.CHARGE: 15000}


def two_lines(number: str) -> builders.Sent:
    return sent(number, 250, lines=(line("99213", 150, control=f"{number}L1"),
                                    line("87880", 100, control=f"{number}L2")))  # fmt: skip


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_claim_split_by_the_payer(inbox: Inbox, *, is_sent: bool) -> None:
    if is_sent:
        inbox.take(claims_file(two_lines("A1")))
    first = patient() + service("HC:99213", 150, 72, "CO*45*60", "PR*2*18", control="A1L1")
    second = patient() + service("HC:87880", 100, 0, "CO*16*100", control="A1L2")
    inbox.take(
        remittance_file(
            Paid("A1", 150, 72, 18, "1", "ICN1", first), Paid("A1", 100, 0, 0, "1", "ICN2", second)
        )
    )

    assert balances() == {"A1": {11: 10000, 14: 1800}}
    assert kind_totals("A1") == {
        Kind.CHARGE: 25000, Kind.INSURANCE_PAYMENT: 7200, Kind.CONTRACTUAL: 6000,
        Kind.TRANSFER: 1800,
    }  # fmt: skip


@pytest.mark.parametrize("is_sent", [True, False])
def test_reversed_and_corrected_twice_in_one_file(inbox: Inbox, *, is_sent: bool) -> None:
    if is_sent:
        inbox.take(claims_file(sent("A1")))
    inbox.take(
        remittance_file(
            paid("A1", 150, 90, "CO*45*60", payer_number="I1"),
            paid("A1", -150, -90, "CO*45*-60", status="22", payer_number="I1"),
            paid("A1", 150, 80, "CO*45*60", "PR*2*10", payer_number="I2", frequency="7"),
            paid("A1", -150, -80, "CO*45*-60", "PR*2*-10", status="22", payer_number="I2"),
            paid("A1", 150, 70, "CO*45*60", "PR*2*20", payer_number="I3", frequency="7"),
        )
    )

    assert cash() == 7000
    assert balances() == {"A1": {14: 2000}}
    assert kind_totals("A1") == {
        Kind.CHARGE: 15000, Kind.INSURANCE_PAYMENT: 7000, Kind.CONTRACTUAL: 6000,
        Kind.TRANSFER: 2000,
    }  # fmt: skip


SECOND = {"sequence": "S", "payer_id": "SECM1", "payer_name": "SECOND MUTUAL"}
PRIOR = (
    "SBR*P*18*GRP100******CI~CAS*CO*45*60~CAS*PR*2*18~AMT*D*72~OI***Y***Y~"
    "NM1*IL*1*DOE*JANE****MI*ABC123456789~NM1*PR*2*ACME HEALTH*****PI*ACME1~DTP*573*D8*20260120~"
)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 2, 1), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_secondary_and_primary_in_any_order(order: tuple[int, ...], inbox: Inbox) -> None:
    texts = [
        claims_file(sent("A1")),
        remittance_file(paid("A1", 150, 72, "CO*45*60", "PR*2*18", share=18), trace="T1", control=1),  # noqa: E501
        claims_file(sent("A1", **SECOND, others=PRIOR), batch="B2", made="20260125", control=2),
        remittance_file(
            paid("A1", 150, 18, "OA*23*132", status="2", payer_number="S1"), trace="T2", control=3,
            payer="SECOND MUTUAL", payer_trace="1741119999", made="20260210",
            payment_date="20260211",
        ),
    ]  # fmt: skip
    for place in order:
        inbox.take(texts[place])

    assert balances() == {}
    assert kind_totals("A1")[Kind.INSURANCE_PAYMENT] == 9000
    assert kind_totals("A1")[Kind.CONTRACTUAL] == 6000


def test_since_when_a_party_owes_does_not_depend_on_the_order_within_a_day(inbox: Inbox) -> None:
    """The share goes to the patient, the same day to the second payer; later to the patient."""
    first = [
        remittance_file(
            paid("A1", 150, 72, "CO*45*60", "PR*2*18", share=18), trace="T1", control=1
        ),
        claims_file(sent("A1", **SECOND, others=PRIOR), batch="B2", made="20260119", control=2),
    ]
    last = remittance_file(
        paid("A1", 150, 0, "OA*23*132", "PR*1*18", status="2", payer_number="S1"), trace="T2",
        control=3, payer="SECOND MUTUAL", payer_trace="1741119999", made="20260210",
        payment_date="20260211",
    )  # fmt: skip
    claim = claims_file(sent("A1"))
    outcomes = [
        outcome(partial(take_each, inbox, [claim, *order, last])) for order in (first, first[::-1])
    ]
    assert outcomes[0] == outcomes[1]
    assert "14, 1800, datetime.date(2026, 2, 10)" in outcomes[0]["open balances"][0]


def test_a_crossover_keeps_the_share_for_the_next_payer(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1")))
    body = (patient() + "NM1*TT*2*SECOND MUTUAL*****PI*SECM1~MOA***MA18~"
            + service("HC:99213", 150, 72, "CO*45*60", "PR*2*18", control="A1L1"))  # fmt: skip
    inbox.take(remittance_file(Paid("A1", 150, 72, 18, "19", "I1", body)))

    assert balances() == {"A1": {12: 1800}}


def test_group_cr_lower_case_and_leading_zeros(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1"), sent("A2")))
    inbox.take(
        remittance_file(
            paid("A1", 150, 90, "CR*45*60"), paid("A2", 150, 70, "co*045*60", "pr*02*20")
        )
    )

    assert balances() == {"A2": {14: 2000}}
    assert kind_totals("A1")[Kind.CONTRACTUAL] == 6000
    assert kind_totals("A2")[Kind.CONTRACTUAL] == 6000


def test_a_negative_adjustment_without_a_reversal_adds_to_what_is_paid(inbox: Inbox) -> None:
    """CO-94 processed in excess of charges: more is paid than was charged."""
    inbox.take(claims_file(sent("A1")))
    inbox.take(remittance_file(paid("A1", 150, 170, "CO*94*-20")))

    assert balances() == {}
    assert kind_totals("A1") == {
        Kind.CHARGE: 15000, Kind.INSURANCE_PAYMENT: 17000, Kind.CONTRACTUAL: -2000
    }  # fmt: skip


def test_zero_charge_lines_leave_no_entries(inbox: Inbox) -> None:
    claim = sent(
        "A1", 150, lines=(line("99213", 150, control="L1"), line("3008F", 0, control="L2"))
    )
    inbox.take(claims_file(claim))
    body = (patient() + service("HC:99213", 150, 90, "CO*45*60", control="L1")
            + service("HC:3008F", 0, 0, "CO*246*0", control="L2", units="0"))  # fmt: skip
    inbox.take(remittance_file(Paid("A1", 150, 90, 0, "1", "I1", body)))

    assert balances() == {}
    assert rows("SELECT count(*) FROM ledger_entry WHERE line = 2") == [(0,)]


def test_dropped_modifiers_and_no_control_number_still_find_the_line(inbox: Inbox) -> None:
    claim = sent("A1", 300, lines=(line("99213", 150, modifiers="25"), line("97110", 150)))
    inbox.take(claims_file(claim))
    body = (patient() + service("HC:97110", 150, 100, "CO*45*50")
            + service("HC:99213", 150, 0, "CO*16*150"))  # fmt: skip
    inbox.take(remittance_file(Paid("A1", 300, 100, 0, "1", "I1", body)))

    assert rows(
        "SELECT line, kind, sum(amount_cents)::bigint FROM ledger_entry GROUP BY 1, 2 ORDER BY 1, 2"
    ) == [(1, 1, 15000), (2, 1, 15000), (2, 3, 10000), (2, 4, 5000)]


LONG = "MAPLE00012345678A"


@pytest.mark.parametrize("claim_first", [True, False])
def test_a_truncated_claim_number(inbox: Inbox, *, claim_first: bool) -> None:
    texts = [
        claims_file(sent(LONG)),
        remittance_file(paid(LONG[:-3], 150, 72, "CO*45*60", "PR*2*18", control=f"{LONG}L1")),
    ]
    for text in texts if claim_first else reversed(texts):
        inbox.take(text)

    assert balances() == {LONG: {14: 1800}}
    assert rows("SELECT number FROM claims_claim WHERE has_facts") == [(LONG,)]


@pytest.mark.parametrize("claim_first", [True, False])
def test_payments_after_a_truncated_number_go_to_the_same_claim(
    inbox: Inbox, *, claim_first: bool
) -> None:
    """A ghost under the truncated number must not catch the next payment."""
    first = remittance_file(paid(LONG[:-3], 150, 0, "CO*16*150", control="", payer_number="I1"))
    second = remittance_file(
        paid(LONG[:-3], 150, 72, "CO*45*60", "PR*2*18", control="", payer_number="I2"),
        trace="T2", made="20260219", payment_date="20260220", control=9,
    )  # fmt: skip
    claim = claims_file(sent(LONG))
    for text in (claim, first, second) if claim_first else (first, claim, second):
        inbox.take(text)

    assert balances() == {LONG: {14: 1800}}
    assert rows("SELECT number FROM claims_claim WHERE has_facts") == [(LONG,)]


def test_two_claims_cut_to_the_same_number_are_not_mixed_up(inbox: Inbox) -> None:
    """MAPLE0001234 is what is left of either: day and charge tell them apart."""
    other = LONG[:-3] + "99B"
    inbox.take(claims_file(
        sent(LONG), sent(other, 200, lines=(line("99214", 200, day="20260103"),),
                         patient="ROE*RICK", member_id="XYZ1"),
    ))  # fmt: skip
    body = patient("ROE*RICK", "XYZ1") + service("HC:99214", 200, 120, "CO*45*80", day="20260103")
    inbox.take(remittance_file(
        paid(LONG[:-3], 150, 90, "CO*45*60", control=""),
        Paid(LONG[:-3], 200, 120, 0, "1", "I2", body),
    ))  # fmt: skip

    assert balances() == {}
    assert kind_totals(LONG)[Kind.INSURANCE_PAYMENT] == 9000
    assert kind_totals(other)[Kind.INSURANCE_PAYMENT] == 12000


def test_the_payer_renumbers_on_replacement(inbox: Inbox) -> None:
    """Original paid under I1; replacement billed for more; reversal I1, correction I2."""
    inbox.take(claims_file(sent("A1")))
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60", payer_number="I1"), trace="T1"))
    inbox.take(claims_file(
        sent("A1", 200, lines=(line("99214", 200, control="A1L1"),), frequency="7",
             original_reference="I1"), made="20260201", batch="B2", control=3))  # fmt: skip
    inbox.take(remittance_file(
        paid("A1", -150, -90, "CO*45*-60", status="22", payer_number="I1"),
        Paid("A1", 200, 130, 0, "1", "I2",
             patient() + service("HC:99214", 200, 130, "CO*45*70", control="A1L1"), "7"),
        trace="T2", made="20260219", payment_date="20260220", control=4))  # fmt: skip

    assert balances() == {}
    assert kind_totals("A1") == {
        Kind.CHARGE: 35000, Kind.CHARGE_VOID: -15000, Kind.INSURANCE_PAYMENT: 13000,
        Kind.CONTRACTUAL: 7000,
    }  # fmt: skip


def test_a_void_with_a_payment_leaves_a_credit_until_the_payer_takes_it_back(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1")))
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60", payer_number="I1"), trace="T1"))
    inbox.take(claims_file(sent("A1", frequency="8", original_reference="I1"), made="20260201",
                           batch="B2", control=3))  # fmt: skip
    assert balances() == {"A1": {11: -15000}}
    inbox.take(remittance_file(
        paid("A1", -150, -90, "CO*45*-60", status="22", payer_number="I1"),
        paid("B1", 150, 100, "CO*45*50"),
        trace="T2", made="20260219", payment_date="20260220", control=4))  # fmt: skip

    assert balances() == {}
    assert cash() == 10000


def test_interim_bills_add_up(inbox: Inbox) -> None:
    for place, (frequency, charge) in enumerate((("2", 500), ("3", 700), ("4", 300))):
        inbox.take(claims_file(
            sent("A1", charge, frequency=frequency,
                 lines=(line("99231", charge, control=f"L{place}"),)),
            made=f"202601{5 + place:02}", batch=f"B{place}", control=10 + place))  # fmt: skip

    assert balances() == {"A1": {11: 150000}}


def test_the_same_trace_with_another_amount_is_another_payment(inbox: Inbox) -> None:
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60"), trace="T1"))
    inbox.take(remittance_file(paid("A2", 150, 80, "CO*45*70"), trace="T1", control=602))

    assert cash() == 17000


def test_remittances_that_pay_nothing_may_share_a_trace(inbox: Inbox) -> None:
    """Their claims tell them apart; the same claims again in other bytes are a duplicate."""
    first = remittance_file(paid("A1", 150, 0, "CO*16*150"), trace="0")
    other = remittance_file(
        paid("A2", 150, 0, "CO*16*150", payer_number="ICN2"), trace="0", control=2
    )
    again = other.replace("PER*BL*EDI*TE*5555550199~", "")
    reports = inbox.take(first, other, again)

    assert [report.status for report in reports] == ["posted", "posted", "duplicate"]
    assert [row[0] for row in rows("SELECT number FROM claims_claim ORDER BY 1")] == ["A1", "A2"]


def test_the_same_trace_and_totals_with_other_claims_is_held_not_dropped(inbox: Inbox) -> None:
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60"), trace="T1"))
    (report,) = inbox.take(remittance_file(paid("A2", 150, 90, "CO*45*60"), trace="T1", control=2))

    assert report.status == "quarantined"
    assert "payment_identity_reused" in codes(inbox)
    assert cash() == 9000


def take_each(inbox: Inbox, texts: list[str]) -> None:
    for text in texts:
        inbox.take(text)


def test_one_payment_divided_over_two_sets_of_the_same_envelope_numbers(inbox: Inbox) -> None:
    """Two files with equal envelope numbers: their order never decides (nor do row numbers)."""
    texts = [
        remittance_file(paid("A1", 150, 90, "CO*45*60", payer_number="I1"), trace="T1"),
        remittance_file(paid("A1", 150, 0, "CO*45*60", "PR*1*90", payer_number="I2"), trace="T2"),
    ]
    outcomes = []
    for order in (texts, texts[::-1]):
        outcomes.append(outcome(partial(take_each, inbox, order)))  # noqa: PERF401
    assert outcomes[0] == outcomes[1]


def test_a_payment_for_two_clients_in_one_file(inbox: Inbox) -> None:
    """TS3 names the provider: each claim payment goes to its own client."""
    inbox.take(
        claims_file(sent("A1")),
        claims_file(sent("A1", member_id="M2"), npi="1245319599", tin="749999999", control=5),
    )
    body = (paid("A1", 150, 90, "CO*45*60").text(), paid("A1", 150, 70, "CO*45*80").text())
    text = remittance_file(Paid("A1", 150, 160, 0))
    claims = (f"LX*1~TS3*1234567893*11*20261231*1*150~{body[0]}"
              f"LX*2~TS3*1245319599*11*20261231*1*150~{body[1]}")  # fmt: skip
    whole = set_body(text).partition("LX*1~")[0] + claims
    inbox.take(envelope(whole, kind="835", guide="005010X221A1", code="HP"))

    assert cash() == 16000
    assert sorted(rows("SELECT k.code, sum(e.amount_cents)::bigint FROM ledger_entry e"
                       " JOIN clients_client k ON k.id = e.client_id WHERE e.kind = 3"
                       " GROUP BY 1")) == [("NPI1234567893", 9000), ("NPI1245319599", 7000)]  # fmt: skip  # noqa: E501


def test_dates_ahead_and_missing(inbox: Inbox) -> None:
    text = remittance_file(paid("A1", 150, 90, "CO*45*60", day="20990101"), payment_date="20991231",
                           made="20990101")  # fmt: skip
    (report,) = inbox.take(text)

    assert report.status == "posted"
    assert cash() == 9000
    assert rows("SELECT max(posted_date) FROM ledger_entry") == [(inbox.at.date(),)]


def test_a_correction_is_never_known_before_what_it_corrects(inbox: Inbox) -> None:
    """The primary answer arrives with an earlier day than the secondary's: history stays honest."""
    texts = [
        claims_file(sent("A1")),
        remittance_file(
            paid("A1", 150, 18, "OA*23*132", status="2", payer_number="S1"), trace="T2", control=3,
            payer="SECOND MUTUAL", payer_trace="1741119999", made="20260210"),
        remittance_file(paid("A1", 150, 72, "CO*45*60", "PR*2*18"), trace="T1", control=1),
    ]  # fmt: skip
    inbox.take(texts[0], received_date=date(2026, 1, 5))
    inbox.take(texts[1], received_date=date(2026, 2, 10))
    inbox.take(texts[2], received_date=date(2026, 1, 19))

    assert balances() == {}


ACCEPTED_999 = "AK1*HC*77*005010X222A1~AK9*A*1*1*1~"
ACCEPTED_TA1 = "TA1*000000777*260105*0600*A*000~"


def acknowledgment(kind: str, *, sender: str = "CLEARHOUSE", control: int = 601) -> str:
    """Return one file; only the envelope differs from call to call."""
    text = envelope(
        ACCEPTED_999, kind="999", guide="005010X231A1", code="FA", control=control, sender=sender
    )
    if kind == "999":
        return text
    isa, _, _ = text.partition("GS*")
    return f"{isa}{ACCEPTED_TA1}IEA*0*{control:09}~"


@pytest.mark.parametrize("together", [True, False], ids=["at once", "one after the other"])
@pytest.mark.parametrize("kind", ["999", "TA1"])
def test_acknowledgments_that_differ_in_the_envelope_only_are_all_kept(
    inbox: Inbox, *, kind: str, together: bool
) -> None:
    first = acknowledgment(kind)
    files = [
        first,
        acknowledgment(kind, sender="OTHERHOUSE"),
        acknowledgment(kind, control=602),
        first + "\n",  # the first interchange sent again, in a file of its own
    ]
    if together:
        inbox.take(*files)
    else:
        for text in files:
            inbox.take(text)

    posted = rows("SELECT count(*) FROM files_transaction_set WHERE status = 'posted'")
    assert posted == [(3,)]
    assert sorted(report.status for report in inbox.reports) == ["duplicate", *["posted"] * 3]


def test_a_test_interchange_is_posted_and_the_message_says_so(inbox: Inbox) -> None:
    marked = claims_file(sent("A1")).replace("*0*P*", "*0*T*")
    assert "*0*T*" in marked
    (report,) = inbox.take(marked)
    assert report.status == "posted"
    (problem,) = report.problems
    assert problem.code == "test_usage"
    assert "it is posted all the same" in problem.message
    assert kind_totals("A1") == {Kind.CHARGE: 15000}


def test_a_cut_number_of_a_second_payer_is_told_by_the_member_number_of_its_own_coverage(
    inbox: Inbox,
) -> None:
    """Brother and sister on one day: the second payer knows them by numbers of its own."""

    def child(number: str, name: str, own: str) -> Sent:
        coverage = (
            "SBR*S*18*GRP2******CI~OI***Y*P**Y~"
            f"NM1*IL*1*{name}****MI*{own}~NM1*PR*2*SECOND MUTUAL*****PI*SECM1~"
        )
        return sent(number, 150, patient=name, others=coverage)

    inbox.take(
        claims_file(
            child("HOSP00000027333", "DOE*JOHN", "SEC111"),
            child("HOSP00000027334", "DOE*MARY", "SEC222"),
        )
    )
    cut = paid(
        "HOSP00000027",
        150,
        20,
        status="2",
        body=patient("DOE*MARY", "SEC222") + service("HC:99213", 150, 20, "OA*23*130"),
    )
    inbox.take(remittance_file(cut, payer="SECOND MUTUAL"))

    assert rows(
        "SELECT c.number FROM remits_claim_payment p JOIN claims_claim c ON c.id = p.claim_id"
    ) == [("HOSP00000027334",)]
