"""Credits and refunds: why, until when, who approves, what is posted, and what gives way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from django.db import DatabaseError, transaction
from tests.builders import (
    Inbox,
    balances,
    check_identities,
    claims_file,
    dump,
    kind_totals,
    paid,
    remittance_file,
    sent,
)
from tests.integration.pages import People, Visitor, make_client, make_people, text_of
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim, DecidedFact
from sanderling.core.ledger.accounts import Kind
from sanderling.documents import page_count
from sanderling.ledger.spans import extend_spans
from sanderling.news.models import Notice
from sanderling.payers.models import Payer
from sanderling.receivables.aging import roll_forward
from sanderling.receivables.claim import claim_detail, find_claim
from sanderling.refunds import posting
from sanderling.refunds.actions import (
    RefundRefused,
    decide_refund,
    make_refund,
    request_refund,
    undo_refund,
    withdraw_refund,
)
from sanderling.refunds.causes import causes_of
from sanderling.refunds.clock import ClockRefused, due_dates, identify, investigate, watch
from sanderling.refunds.credits import credit_rows, credits_in_short, rows_of_credits, summary
from sanderling.refunds.letter import NoLetter, letter_pdf
from sanderling.refunds.models import Cause, Identified, Method, Refund, State
from sanderling.refunds.posting import post_made

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = NOW.date()
NPI, TIN = "1234567893", "741234567"
SENT = claims_file(sent("A1", 150), sent("A2", 200), sent("A3", 100), sent("A4", 80))
TWICE = remittance_file(paid("A1", 150, 150), trace="EFT1", payment_date="20260120", control=601)
AGAIN = remittance_file(
    paid("A1", 150, 150, payer_number="ICN9"), trace="EFT2", payment_date="20260127",
    control=602,
)  # fmt: skip
TAKEN = remittance_file(
    paid("A1", -150, -150, status="22", payer_number="ICN9"), trace="EFT3",
    payment_date="20260301", control=603, amount="0", plb="FB:X*-150",
)  # fmt: skip


@remembered
def filled(inbox: Inbox) -> People:
    """A client with a claim paid twice (A1), and three that owe."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(SENT, received_date=date(2026, 1, 5))
    inbox.take(TWICE, received_date=date(2026, 1, 20))
    inbox.take(AGAIN, received_date=date(2026, 1, 27))
    refresh_stale(TODAY)
    return make_people(client)


@pytest.fixture
def people(inbox: Inbox) -> People:
    return filled(inbox)


@pytest.fixture
def lead(people: People) -> User:
    return create_user(
        email="lead@x.test", name="lead", role="lead", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


def claim(number: str = "A1") -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def credit_of(number: str = "A1") -> int:
    return -balances().get(number, {}).get(11, 0)


def asked(people: People, **more: object) -> Refund:
    values: dict[str, object] = {
        "claim": claim(), "party": 11, "amount_cents": credit_of(), "method": Method.CHECK,
        "cause": Cause.PAID_TWICE, "note": "", "user": people.specialist, "at": NOW,
    }  # fmt: skip
    return request_refund(**(values | more))  # type: ignore[arg-type]


def made(people: People, lead: User, **more: object) -> Refund:
    """Return a refund that was requested, approved, made and posted."""
    one = asked(people, **more)
    decide_refund(one.pk, approves=True, user=lead, at=NOW)
    make_refund(one.pk, made_date=TODAY, reference="CHK 1001", user=people.specialist, at=NOW)
    assert post_made(at=NOW) == 1
    one.refresh_from_db()
    return one


def test_a_credit_has_its_cause_and_its_evidence(people: People) -> None:
    (row,) = credit_rows(today=TODAY)
    assert (row["claim"], row["credit_cents"], row["cause"]) == ("A1", credit_of(), "paid_twice")
    assert row["evidence"] == (
        "2 payments stand: $150.00 on 2026-01-20 (EFT1) and $150.00 on 2026-01-27 (EFT2)."
    )
    assert summary([row], "cause") == [
        {"key": "paid_twice", "count": 1, "cents": credit_of(), "title": "Paid twice"}
    ]


def test_the_causes_that_remittances_tell(people: People, inbox: Inbox) -> None:
    inbox.take(
        remittance_file(
            paid("A3", 100, 100), trace="E6", control=702, payer="ACME HEALTH",
        ),
        remittance_file(
            paid("A3", 100, 100), trace="E7", control=703, payer="OTHER HEALTH",
            payer_trace="1999999999",
        ),
        received_date=date(2026, 2, 1),
    )  # fmt: skip
    found = {row["claim"]: (row["cause"], row["evidence"]) for row in credit_rows(today=TODAY)}
    assert found["A3"][0] == Cause.BOTH_PRIMARY
    assert found["A3"][1] == "Paid as primary by ACME HEALTH $100.00 and OTHER HEALTH $100.00."


def test_reductions_posted_twice_are_not_given_back(
    people: People, lead: User, inbox: Inbox
) -> None:
    for trace, control in (("E5", 701), ("E6", 702)):
        inbox.take(
            remittance_file(paid("A3", 100, 60, "CO*45*40"), trace=trace, control=control),
            received_date=date(2026, 2, 1),
        )
    assert credit_of("A3") == 10_000
    with pytest.raises(RefundRefused, match=r"only \$60\.00 was paid too much"):
        asked(people, claim=claim("A3"), amount_cents=10_000)
    made(people, lead, claim=claim("A3"), amount_cents=6_000)
    assert credit_of("A3") == 4_000
    # The money went back: the clock of what is left, reductions, stops and is not started again.
    assert watch(at=NOW)["closed"] == 1
    assert not Identified.objects.filter(claim=claim("A3"), closed_date=None).exists()
    with pytest.raises(RefundRefused, match=r"only \$0\.00 was paid too much"):
        asked(people, claim=claim("A3"), amount_cents=100)


def test_a_void_after_payment_says_so(people: People, inbox: Inbox) -> None:
    inbox.take(
        remittance_file(paid("A4", 80, 50, "CO*45*30"), trace="E7", control=703),
        claims_file(
            sent("A4", 80, frequency="8", original_reference="ICN1"), batch="B8", made="20260210",
            control=108,
        ),
        received_date=date(2026, 2, 10),
    )  # fmt: skip
    (row,) = [row for row in credit_rows(today=TODAY) if row["claim"] == "A4"]
    assert (row["cause"], row["credit_cents"], row["refundable_cents"]) == ("voided", 8_000, 5_000)
    assert "voided on 2026-02-10" in row["evidence"]


def test_nobody_approves_his_own_request_and_strangers_to_it_may_not(
    people: People, lead: User
) -> None:
    one = asked(people, user=lead)
    with pytest.raises(RefundRefused, match="own request"):
        decide_refund(one.pk, approves=True, user=lead, at=NOW)
    with pytest.raises(RefundRefused, match="decided by a lead"):
        decide_refund(one.pk, approves=True, user=people.specialist, at=NOW)
    with pytest.raises(RefundRefused, match="say why"):
        decide_refund(one.pk, approves=False, user=people.admin, at=NOW)
    decide_refund(one.pk, approves=True, user=people.admin, at=NOW)
    assert decide_refund(one.pk, approves=True, user=people.admin, at=NOW).state == State.APPROVED
    with pytest.raises(RefundRefused, match="waits for no decision"):
        decide_refund(one.pk, approves=False, user=lead, at=NOW, note="no")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount_cents": 15_001}, "at most what is in credit"),
        ({"amount_cents": 0}, "above zero"),
        ({"party": 12}, "nothing is in credit"),
        ({"method": "gold"}, "choose how"),
        ({"cause": "whim"}, "choose why"),
        ({"note": "x" * 5000}, "at most 4000"),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_writes_nothing(
    people: People, change: dict[str, object], words: str
) -> None:
    with pytest.raises(RefundRefused, match=words):
        asked(people, **change)
    assert Refund.objects.count() == 0
    assert Identified.objects.count() == 0


def test_a_second_request_waits_for_the_first(people: People) -> None:
    asked(people, amount_cents=100)
    with pytest.raises(RefundRefused, match="waits already"):
        asked(people, amount_cents=100)


def test_a_refund_that_was_made_settles_the_credit(people: People, lead: User) -> None:
    credit = credit_of()
    before = balances()
    one = made(people, lead)
    assert one.state == State.POSTED
    assert credit_of() == 0
    assert kind_totals("A1")[Kind.REFUND] == credit
    assert {k: v for k, v in balances().items() if k != "A1"} == {
        k: v for k, v in before.items() if k != "A1"
    }
    check_identities()
    extend_spans()
    moved = roll_forward(from_date=date(2026, 3, 4), to_date=TODAY)
    assert (moved.refunds_cents, moved.difference_cents) == (credit, 0)
    detail = claim_detail(find_claim(client="MINE", number="A1"), as_of=TODAY)
    assert detail["refunded_cents"] == credit
    assert "refunded" in {event["event"] for event in detail["timeline"]}
    assert post_made(at=NOW) == 0


def test_the_payers_takeback_makes_the_refund_give_way(
    people: People, lead: User, inbox: Inbox
) -> None:
    """Check sent, then the payer reverses as well: the credit is settled once."""
    one = made(people, lead)
    inbox.take(TAKEN, received_date=date(2026, 3, 6))
    assert credit_of() == 0
    assert kind_totals("A1").get(Kind.REFUND, 0) == 0
    assert [row["standing_cents"] for row in rows_of_refund(one)] == [0]
    check_identities()


def rows_of_refund(one: Refund) -> list[dict[str, object]]:
    from sanderling.refunds.credits import rows_of

    return rows_of([Refund.objects.get(pk=one.pk)])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_files_in_any_order_leave_one_balance_beside_a_refund(
    inbox: Inbox, order: tuple[int, ...]
) -> None:
    make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.at = NOW
    inbox.take(SENT, received_date=date(2026, 1, 5))
    DecidedFact.objects.create(
        kind="refund", decision_id=7, is_reversal=False, claim=claim(), party=11,
        client_id=claim().client_id, amount_cents=15_000, known_date=date(2026, 2, 10),
        order_key="x",
    )  # fmt: skip
    days = (date(2026, 1, 20), date(2026, 1, 27), date(2026, 3, 1))
    for place in order:
        inbox.take((TWICE, AGAIN, TAKEN)[place], received_date=days[place])
    assert balances().get("A1", {}) == {}
    assert kind_totals("A1").get(Kind.REFUND, 0) == 0
    check_identities()


def test_undoing_brings_the_credit_back(people: People, lead: User) -> None:
    credit = credit_of()
    one = made(people, lead)
    with pytest.raises(RefundRefused, match="may approve"):
        undo_refund(one.pk, user=people.specialist, at=NOW)
    undo_refund(one.pk, user=lead, at=NOW)
    assert undo_refund(one.pk, user=lead, at=NOW).state == State.REVERSED
    assert post_made(at=NOW) == 1
    assert credit_of() == credit
    check_identities()
    asked(people)


def test_a_check_is_refused_while_the_payer_takes_the_money_back(
    people: People, lead: User, inbox: Inbox
) -> None:
    one = asked(people)
    inbox.take(
        remittance_file(
            paid("A4", 80, 80), paid("A2", 200, 100, "CO*45*100"), plb="WO:ICN9*150", trace="E8",
            control=801,
        ),
        received_date=date(2026, 2, 10),
    )  # fmt: skip
    (row,) = [row for row in credit_rows(today=TODAY) if row["claim"] == "A1"]
    assert row["cause"] == Cause.TAKEBACK_PENDING
    assert "PLB WO" in row["evidence"]
    with pytest.raises(RefundRefused, match="taking this money back already"):
        decide_refund(one.pk, approves=True, user=lead, at=NOW)
    withdraw_refund(one.pk, user=people.specialist, at=NOW)
    with pytest.raises(RefundRefused, match="taking this money back already"):
        asked(people)
    taken = asked(people, method=Method.TAKEBACK)
    decide_refund(taken.pk, approves=True, user=lead, at=NOW)
    with pytest.raises(RefundRefused, match="payer takes this one back"):
        make_refund(taken.pk, made_date=TODAY, reference="X", user=lead, at=NOW)
    inbox.take(TAKEN, received_date=date(2026, 3, 6))
    watch(at=NOW)
    taken.refresh_from_db()
    assert taken.state == State.SETTLED
    assert DecidedFact.objects.count() == 0


def test_the_clock_runs_from_the_day_it_was_known(people: People, lead: User) -> None:
    Payer.objects.update(type="medicare")
    one = identify(claim=claim(), party=11, user=people.specialist, at=NOW, day=date(2026, 2, 1))
    assert identify(claim=claim(), party=11, user=lead, at=NOW).pk == one.pk
    assert due_dates([one]) == {one.pk: date(2026, 4, 2)}
    investigate(one.pk, started=date(2026, 2, 11), ended=date(2026, 3, 3), at=NOW)
    one.refresh_from_db()
    assert due_dates([one]) == {one.pk: date(2026, 4, 22)}
    with pytest.raises(ClockRefused, match="after its reason"):
        investigate(one.pk, started=date(2026, 1, 1), ended=None, at=NOW)
    with pytest.raises(ClockRefused, match="day to come"):
        identify(claim=claim("A2"), party=11, user=lead, at=NOW, day=date(2026, 4, 1))
    with pytest.raises(ClockRefused, match="nothing is in credit"):
        identify(claim=claim("A2"), party=11, user=lead, at=NOW)


def test_the_rule_identifies_what_stood_a_week_and_alarms_go_off_once(
    people: People, lead: User
) -> None:
    first = watch(at=NOW)
    assert (first["identified"], first["alarms"]) == (1, 1)  # 30 days are left
    one = Identified.objects.get()
    assert (one.identified_by, one.identified_date) == (None, date(2026, 2, 3))
    due = due_dates([one])[one.pk]
    told = []
    for days in (31, 30, 29, 14, 1, 0, -1):
        at = datetime.combine(due - timedelta(days=days), NOW.time(), tzinfo=UTC)
        told.append(watch(at=at)["alarms"])
    assert told == [0, 0, 0, 1, 0, 1, 0]
    texts = list(Notice.objects.filter(user=lead, kind="credit").values_list("text", flat=True))
    assert len(texts) == 3
    assert "DOE" not in " ".join(texts)


def test_a_credit_that_is_gone_stops_its_clock(people: People, lead: User) -> None:
    made(people, lead)
    assert watch(at=NOW)["closed"] == 1
    assert Identified.objects.get().closed_date == TODAY


def test_a_posting_that_fails_leaves_nothing_behind(
    people: People, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = asked(people)
    decide_refund(one.pk, approves=True, user=lead, at=NOW)
    make_refund(one.pk, made_date=TODAY, reference="CHK", user=lead, at=NOW)
    before = dump("ledger", "open balances")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(posting, "_mark", fail)
        with pytest.raises(RuntimeError), transaction.atomic():
            post_made(at=NOW)
    assert dump("ledger", "open balances") == before
    assert DecidedFact.objects.count() == 0
    assert post_made(at=NOW) == 1


def test_the_database_refuses_steps_out_of_order(people: People) -> None:
    one = asked(people)
    for values in ({"state": "posted"}, {"state": "approved"}, {"amount_cents": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Refund.objects.filter(pk=one.pk).update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        Refund.objects.filter(pk=one.pk).update(
            state="approved", decided_by=people.specialist, decided_at=NOW
        )


def test_the_letter_is_one_page_and_needs_an_approval(people: People, lead: User) -> None:
    one = asked(people)
    with pytest.raises(NoLetter, match="once the refund is approved"):
        letter_pdf(one, day=TODAY)
    one = decide_refund(one.pk, approves=True, user=lead, at=NOW)
    assert page_count(letter_pdf(one, day=TODAY)) == 1


def test_the_pages_lead_from_a_credit_to_a_posted_refund(people: People, lead: User) -> None:
    specialist, decider = Visitor(people.specialist), Visitor(lead)
    page = text_of(specialist.get("/credits/"))
    assert "Paid twice" in page
    assert "DOE, JANE" in page
    address = f"/credits/{claim().pk}/11/"
    assert "Ask for a refund" in text_of(specialist.get(address))
    wrong = specialist.post(address, amount="900000", method="check", cause="paid_twice")
    assert wrong.status_code == 422
    assert "at most what is in credit" in text_of(wrong)
    asked_page = specialist.post(
        address, amount=f"{credit_of() / 100:.2f}", method="check", cause="paid_twice"
    )
    refund_page = asked_page.headers["Location"]
    assert "your own request" in text_of(specialist.get(refund_page))
    assert specialist.post(f"{refund_page}decide/", act="approve").status_code == 403
    decider.post(f"{refund_page}decide/", act="approve")
    specialist.post(f"{refund_page}made/", made_date=TODAY.isoformat(), reference="CHK 7")
    assert Refund.objects.get().state == State.MADE
    letter = specialist.get(f"{refund_page}letter/")
    assert letter.content.startswith(b"%PDF")
    assert post_made(at=NOW) == 1
    assert "Nothing is in credit" in text_of(specialist.get("/credits/"))
    assert specialist.get("/credits/", format="csv").headers["Content-Type"].startswith("text/csv")
    assert "CHK 7" in text_of(specialist.get("/credits/refunds/"))
    seen = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"credit.view", "credits.list", "refund.approve", "refund.make"} <= seen


def test_many_credits_take_one_question(people: People) -> None:
    assert set(causes_of([(claim().pk, 11), (claim("A2").pk, 14)])) == {
        (claim().pk, 11),
        (claim("A2").pk, 14),
    }


def test_credits_in_short_are_those_of_the_list(people: People, inbox: Inbox) -> None:
    inbox.take(
        remittance_file(paid("A3", 100, 100), trace="E6", control=702, payer="ACME HEALTH"),
        remittance_file(paid("A3", 100, 100), trace="E7", control=703, payer="ACME HEALTH"),
        received_date=date(2026, 2, 1),
    )
    watch(at=NOW)
    every, short = credit_rows(today=TODAY), credits_in_short()
    assert len(every) > 1
    assert [(one.claim_id, one.party, one.cents, one.due_date) for one in short] == [
        (row["claim_id"], row["party"], row["credit_cents"], row["due_date"]) for row in every
    ]
    for some in (short, short[1:], short[::-1], []):
        keys = [(one.claim_id, one.party) for one in some]
        rows = rows_of_credits(some, today=TODAY)
        assert [(row["claim_id"], row["party"]) for row in rows] == keys
        assert all(row in every for row in rows)
