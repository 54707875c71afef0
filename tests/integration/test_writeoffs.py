"""Write-offs: who may approve what, what is posted, and how it gives way to later facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from django.db import transaction
from tests.builders import (
    Inbox,
    balances,
    check_identities,
    claims_file,
    dump,
    kind_totals,
    paid,
    remittance_file,
    rows,
    sent,
)
from tests.integration.pages import People, Visitor, make_client, make_people, text_of
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.loading import open_balances
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim, WriteOffFact
from sanderling.clients.models import Client
from sanderling.core.ledger.accounts import Kind
from sanderling.followup.actions import record
from sanderling.ledger.spans import extend_spans
from sanderling.news.models import Notice
from sanderling.receivables.aging import roll_forward
from sanderling.receivables.claim import claim_detail, find_claim
from sanderling.worklists.acting import act, undo
from sanderling.worklists.models import Departure, WorkItem
from sanderling.writeoffs import posting
from sanderling.writeoffs.actions import (
    LooksCollectible,
    WriteOffRefused,
    decide,
    request_write_off,
    undo_approval,
    withdraw_write_off,
)
from sanderling.writeoffs.limits import LimitsRefused, set_limits
from sanderling.writeoffs.models import Approval, ClientLimits, State, WriteOff
from sanderling.writeoffs.policy import Limits
from sanderling.writeoffs.posting import post_decided
from sanderling.writeoffs.small import small_balances, write_off_small

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = NOW.date()
NPI, TIN = "1234567893", "741234567"
SENT = claims_file(
    sent("A1", 150), sent("A2", 900), sent("A3", 5), sent("A4", 2000), sent("A5", 150)
)


@remembered
def filled(inbox: Inbox) -> People:
    """A client with open claims of 150 (denied), 900, 5, 2,000 and 150 dollars."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(SENT, received_date=date(2026, 1, 5))
    inbox.take(remittance_file(paid("A1", 150, 0, "CO*29*150")), received_date=date(2026, 2, 20))
    refresh_stale(TODAY)
    return make_people(client)


@pytest.fixture
def people(inbox: Inbox) -> People:
    return filled(inbox)


@pytest.fixture
def lead(people: People) -> User:
    return person("lead", "lead")


@pytest.fixture
def manager(people: People) -> User:
    return person("manager", "account_manager")


def person(name: str, role: str) -> User:
    return create_user(
        email=f"{name}@x.test",
        name=name,
        role=role,
        password="correct-horse-battery",
        client_ids=[Client.objects.get(code="MINE").pk],
    )


def claim(number: str) -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def ask(people: People, number: str = "A1", cents: int = 15_000, *, at: datetime = NOW) -> WriteOff:
    return request_write_off(
        claim=claim(number),
        party=11,
        amount_cents=cents,
        reason="timely_biller",
        note="Sent too late.",
        user=people.specialist,
        at=at,
        despite_warnings=True,
    )


def approve(found: WriteOff, user: User, *, at: datetime = NOW, client_yes: str = "") -> WriteOff:
    return decide(
        found.pk, approves=True, user=user, at=at, client_yes=client_yes, despite_warnings=True
    )


def written_off(number: str) -> int:
    return kind_totals(number).get(int(Kind.WRITE_OFF), 0)


def state(found: WriteOff) -> str:
    found.refresh_from_db()
    return found.state


def test_an_approved_write_off_closes_the_balance_and_the_item_leaves(
    people: People, lead: User
) -> None:
    found = ask(people)
    refresh_stale(TODAY)
    item = WorkItem.objects.get(claim_id=found.claim_id)
    assert item.write_off_state == "requested"
    barrier = Barrier.objects.get(claim_id=found.claim_id)
    assert (barrier.barrier, barrier.team) == ("awaiting_internal", "management")
    approve(found, lead)
    assert (state(found), balances()["A1"]) == (State.APPROVED, {11: 15_000})
    assert post_decided(at=NOW) == 1
    assert post_decided(at=NOW) == 0
    assert (state(found), written_off("A1")) == (State.POSTED, 15_000)
    assert "A1" not in balances()
    check_identities()
    refresh_stale(TODAY)
    assert not WorkItem.objects.filter(claim_id=found.claim_id).exists()
    assert Departure.objects.get().cause == "write_off"


def test_every_step_is_in_the_audit_trail_and_told(people: People, lead: User) -> None:
    found = ask(people)
    assert Notice.objects.get(user=lead).text == "MINE A1: write-off of $150.00 waits for approval"
    approve(found, lead)
    post_decided(at=NOW)
    steps = AuditEvent.objects.filter(subject_kind="write_off").order_by("pk")
    assert [step.action for step in steps] == [
        "write_off.request",
        "write_off.approve",
        "write_off.approved",
        "write_off.posted",
    ]
    assert Notice.objects.get(user=people.specialist).text == (
        "MINE A1: write-off of $150.00 is approved"
    )
    assert not Notice.objects.filter(user__in=[people.stranger, people.client_user]).exists()


def test_nobody_decides_his_own_request(people: People, lead: User, manager: User) -> None:
    found = request_write_off(
        claim=claim("A1"), party=11, amount_cents=15_000, reason="bundled", note="",
        user=lead, at=NOW, despite_warnings=True,
    )  # fmt: skip
    for approves in (True, False):
        with pytest.raises(WriteOffRefused, match="his own request"):
            decide(found.pk, approves=approves, user=lead, at=NOW, note="x")
    assert (state(found), Approval.objects.count()) == (State.REQUESTED, 0)
    approve(found, manager)
    assert state(found) == State.APPROVED


def test_the_role_must_reach_the_amount(people: People, lead: User, manager: User) -> None:
    large = ask(people, "A2", 90_000)
    with pytest.raises(WriteOffRefused, match="decided by an account manager"):
        approve(large, lead)
    with pytest.raises(WriteOffRefused, match="decided by an account manager"):
        approve(large, person("second", "specialist"))
    approve(large, manager)
    huge = ask(people, "A4", 200_000)
    with pytest.raises(WriteOffRefused, match="who of the client agreed"):
        approve(huge, manager)
    assert Approval.objects.count() == 1
    approve(huge, manager, client_yes="Dr. Mine on the phone, March 4")
    assert (state(large), state(huge)) == (State.APPROVED, State.APPROVED)


def test_a_key_client_needs_two_people(people: People, lead: User, manager: User) -> None:
    Client.objects.filter(code="MINE").update(tier="key")
    found = ask(people)
    approve(found, lead)
    approve(found, lead)  # a double click
    assert (state(found), Approval.objects.count()) == (State.REQUESTED, 1)
    approve(found, manager)
    assert state(found) == State.APPROVED


def test_a_rejection_says_why_and_the_claim_is_worked_again(people: People, lead: User) -> None:
    found = ask(people)
    refresh_stale(TODAY)
    with pytest.raises(WriteOffRefused, match="say why"):
        decide(found.pk, approves=False, user=lead, at=NOW)
    decide(found.pk, approves=False, user=lead, at=NOW, note="Appeal with the 277CA.")
    decide(found.pk, approves=False, user=lead, at=NOW, note="Appeal with the 277CA.")
    with pytest.raises(WriteOffRefused, match="waits for no decision"):
        approve(found, lead)
    refresh_stale(TODAY)
    assert Barrier.objects.get(claim_id=found.claim_id).barrier == "denied"
    assert WorkItem.objects.get(claim_id=found.claim_id).write_off_state == ""
    assert post_decided(at=NOW) == 0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"amount_cents": 15_001}, "at most what is owed"),
        ({"amount_cents": 0}, "above zero"),
        ({"reason": "because"}, "choose why"),
        ({"party": 14}, "nothing is owed there"),
        ({"party": 30}, "whose balance"),
    ],
)
def test_what_cannot_be_requested_is_refused(
    people: People, changed: dict[str, object], says: str
) -> None:
    asked: dict[str, object] = {"party": 11, "amount_cents": 15_000, "reason": "bundled"}
    with pytest.raises(WriteOffRefused, match=says):
        request_write_off(
            claim=claim("A1"), note="", user=people.specialist, at=NOW, despite_warnings=True,
            **(asked | changed),  # type: ignore[arg-type]  # what a form sends
        )  # fmt: skip
    assert WriteOff.objects.count() == 0


def test_one_waits_at_a_time(people: People) -> None:
    found = ask(people, cents=5_000)
    with pytest.raises(WriteOffRefused, match="waits already"):
        ask(people, cents=5_000)
    withdraw_write_off(found.pk, user=people.specialist, at=NOW)
    withdraw_write_off(found.pk, user=people.specialist, at=NOW)
    ask(people, cents=5_000)
    assert WriteOff.objects.count() == 2


def test_less_is_owed_than_was_requested(people: People, lead: User, inbox: Inbox) -> None:
    found = ask(people)
    inbox.take(
        remittance_file(paid("A1", 150, 100, "CO*45*30", "CO*29*20"), trace="E2", control=700),
        received_date=TODAY,
    )
    with pytest.raises(WriteOffRefused, match="less is owed now"):
        approve(found, lead)
    assert state(found) == State.REQUESTED


def test_undone_before_it_is_posted_nothing_was(people: People, lead: User) -> None:
    found = ask(people)
    with pytest.raises(WriteOffRefused, match="not approved"):
        undo_approval(found.pk, user=lead, at=NOW)
    approve(found, lead)
    with pytest.raises(WriteOffRefused, match="who may approve"):
        undo_approval(found.pk, user=people.specialist, at=NOW)
    undo_approval(found.pk, user=lead, at=NOW)
    assert post_decided(at=NOW) == 0
    assert (state(found), WriteOffFact.objects.count()) == (State.WITHDRAWN, 0)
    assert balances()["A1"] == {11: 15_000}


def test_a_posted_one_is_taken_back_by_the_ledger(people: People, lead: User) -> None:
    found = ask(people)
    approve(found, lead)
    post_decided(at=NOW)
    later = NOW + timedelta(days=4)
    undo_approval(found.pk, user=lead, at=later)
    undo_approval(found.pk, user=lead, at=later)
    assert post_decided(at=later) == 1
    assert post_decided(at=later) == 0
    assert (state(found), balances()["A1"]) == (State.REVERSED, {11: 15_000})
    entries = rows("SELECT revision, amount_cents, posted_date FROM ledger_entry WHERE kind = 12")
    assert sorted(entries) == [(0, 15_000, TODAY), (1, -15_000, later.date())]
    check_identities()


def test_a_later_payment_makes_it_give_way(people: People, lead: User, inbox: Inbox) -> None:
    approve(ask(people), lead)
    post_decided(at=NOW)
    inbox.take(
        remittance_file(paid("A1", 150, 90, "CO*45*40", "CO*29*20"), trace="E2", control=700),
        received_date=date(2026, 3, 10),
    )
    assert written_off("A1") == 2_000  # 150 less 90 paid less 40 contractual
    assert "A1" not in balances()
    inbox.take(
        remittance_file(
            paid("A1", -150, -90, "CO*45*-40", "CO*29*-20", status="22"), trace="E3", control=701,
            plb="WO:X*-90",
        ),
        received_date=date(2026, 3, 12),
    )  # fmt: skip
    assert written_off("A1") == 15_000  # the payment was taken back
    check_identities()


def test_any_order_of_facts_gives_the_same_ledger(people: People, lead: User, inbox: Inbox) -> None:
    """An approved write-off, a payment and its reversal, posted in all orders."""
    approve(ask(people, "A5"), lead)
    steps = {
        "paid": remittance_file(
            paid("A5", 150, 90, "CO*45*40", "CO*29*20"), trace="E2", control=700
        ),
        "reversed": remittance_file(
            paid("A5", -150, -90, "CO*45*-40", "CO*29*-20", status="22"), trace="E3", control=701,
            plb="WO:X*-90", payment_date="20260125",
        ),
        "written off": "",
    }  # fmt: skip
    found = set()
    for order in permutations(steps):
        with transaction.atomic():
            point = transaction.savepoint()
            for name in order:
                if steps[name]:
                    inbox.take(steps[name], received_date=TODAY)
                else:
                    post_decided(at=NOW)
                assert balances().get("A5", {}).get(11, 0) >= 0, order
            check_identities()
            found.add(repr(dump("ledger", "open balances")))
            assert written_off("A5") == 15_000, order
            transaction.savepoint_rollback(point)
    assert len(found) == 1


def test_days_before_the_approval_do_not_know_it(people: People, lead: User) -> None:
    approve(ask(people), lead)
    post_decided(at=NOW + timedelta(days=1))  # the worker was away for a day
    for _ in ("summed up", "from spans"):
        before = open_balances(TODAY - timedelta(days=1))
        assert claim("A1").pk in before["claim_id"].to_list()
        assert claim("A1").pk not in open_balances(TODAY)["claim_id"].to_list()
        extend_spans()
    roll = roll_forward(from_date=TODAY - timedelta(days=1), to_date=TODAY)
    assert (roll.write_offs_cents, roll.difference_cents) == (-15_000, 0)
    found = find_claim(client="MINE", number="A1")
    yesterday = claim_detail(found, as_of=TODAY - timedelta(days=1))
    today = claim_detail(found, as_of=TODAY)
    assert (yesterday["written_off_cents"], yesterday["balance_cents"]) == (0, 15_000)
    assert (today["written_off_cents"], today["balance_cents"]) == (15_000, 0)
    assert today["charge_cents"] - today["paid_cents"] - today["adjusted_cents"] == 15_000
    written = [event for event in today["timeline"] if event["event"] == "written off"]
    assert [(event["date"], event["amount_cents"]) for event in written] == [(TODAY, 15_000)]


def test_killed_half_way_nothing_is_lost_or_posted_twice(
    people: People, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask(people)
    approve(found, lead)

    class Killed(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(posting, "_mark_posted", die)
    with pytest.raises(Killed):
        post_decided(at=NOW)
    assert (state(found), written_off("A1"), WriteOffFact.objects.count()) == ("approved", 0, 0)
    monkeypatch.undo()
    assert post_decided(at=NOW) == 1
    assert (state(found), written_off("A1"), WriteOffFact.objects.count()) == ("posted", 15_000, 1)


def test_a_collectible_balance_needs_an_explicit_yes(people: People, lead: User) -> None:
    with pytest.raises(LooksCollectible) as refused:
        request_write_off(
            claim=claim("A2"), party=11, amount_cents=90_000, reason="uncollectible", note="",
            user=people.specialist, at=NOW,
        )  # fmt: skip
    assert "unanswered" in {one.key for one in refused.value.warnings}
    record(
        claim=claim("A1"), activity_date=TODAY, channel="fax", action="appeal", outcome="sent",
        at=NOW,
    )  # fmt: skip
    refresh_stale(TODAY)
    with pytest.raises(LooksCollectible) as refused:
        request_write_off(
            claim=claim("A1"), party=11, amount_cents=15_000, reason="timely_payer", note="",
            user=people.specialist, at=NOW,
        )  # fmt: skip
    assert "pending" in {one.key for one in refused.value.warnings}
    assert WriteOff.objects.count() == 0
    found = ask(people)
    refresh_stale(TODAY)  # now the claim waits for the decision, no more for the appeal
    with pytest.raises(LooksCollectible) as refused:
        decide(found.pk, approves=True, user=lead, at=NOW)
    assert "pending" in {one.key for one in refused.value.warnings}
    assert (state(found), Approval.objects.count()) == (State.REQUESTED, 0)


def test_small_amounts_are_approved_by_policy(people: People) -> None:
    found = ask(people, "A3", 500)
    assert (found.state, found.approvals_needed, found.decided_by) == ("approved", 0, None)
    post_decided(at=NOW)
    assert "A3" not in balances()


def test_small_balances_are_shown_before_they_are_written_off(people: People, lead: User) -> None:
    assert [
        (one.client, one.balance_cents) for one in small_balances(TODAY, older_than_days=30)
    ] == [("MINE", 500)]
    assert small_balances(TODAY, older_than_days=90) == []
    assert WriteOff.objects.count() == 0
    set_limits(claim("A3").client_id, Limits(100, 25_000, 100_000), needs_second=None)
    assert small_balances(TODAY, older_than_days=30) == []
    ClientLimits.objects.all().delete()
    assert write_off_small(user=lead, at=NOW, older_than_days=30) == (1, 500, [])
    assert write_off_small(user=lead, at=NOW, older_than_days=30) == (0, 0, [])
    post_decided(at=NOW)
    assert "A3" not in balances()


def test_limits_rise_and_hold_for_a_client_or_all(people: People, manager: User) -> None:
    with pytest.raises(LimitsRefused, match="at least the one before"):
        set_limits(None, Limits(500, 100, 1_000), needs_second=None)
    set_limits(None, Limits(0, 1_000, 2_000), needs_second=False)
    small = ask(people, "A3", 500)
    assert small.state == State.REQUESTED
    set_limits(claim("A3").client_id, Limits(600, 1_000, 2_000), needs_second=True)
    withdraw_write_off(small.pk, user=manager, at=NOW)
    assert ask(people, "A3", 500).state == State.APPROVED


def test_pages_from_the_request_to_taking_it_back(people: People, lead: User) -> None:
    asker, decider = Visitor(people.specialist), Visitor(lead)
    number = str(claim("A2").pk)
    form = {"claim": number, "party": "11", "amount": "100.00", "reason": "bundled"}
    assert "900.00" in text_of(asker.get("/write-offs/new/", claim=number))
    warned = asker.post("/write-offs/new/", **form)
    assert warned.status_code == 422
    assert "looks collectible" in text_of(warned)
    assert 'type="checkbox" name="despite_warnings"' in text_of(warned)
    assert WriteOff.objects.count() == 0
    assert asker.post("/write-offs/new/", **form, despite_warnings="on").status_code == 302
    found = WriteOff.objects.get()
    assert found.amount_cents == 10_000
    assert "Nothing waits for you" not in text_of(decider.get("/write-offs/"))
    address = f"/write-offs/{found.pk}/"
    assert "This is your own request" in text_of(asker.get(address))
    assert asker.post(f"{address}decide/", act="approve").status_code == 403
    refused = decider.post(f"{address}decide/", act="approve")
    assert refused.status_code == 422
    assert "looks collectible" in text_of(refused)
    assert (
        decider.post(f"{address}decide/", act="approve", despite_warnings="on").status_code == 302
    )
    assert state(found) == State.APPROVED
    post_decided(at=datetime.now(UTC))
    assert "$100.00 stand on the claim" in text_of(decider.get(address))
    assert "$100.00" in text_of(asker.get("/claims/MINE/A2/"))
    assert decider.post(f"{address}undo/").status_code == 302
    assert state(found) == State.REVERSED
    assert b"Bundled" in decider.get("/write-offs/", tab="decided", format="csv").content


def test_many_are_decided_at_once_but_not_what_looks_collectible(
    people: People, lead: User
) -> None:
    # A1 was denied for late filing: without a limit that still runs nothing speaks against it.
    Barrier.objects.filter(claim_id=claim("A1").pk).update(deadline_date=None)
    plain, doubtful = ask(people, "A1"), ask(people, "A2", 10_000)
    answer = Visitor(lead).post("/write-offs/bulk/", act="approve", write_off=str(plain.pk))
    assert answer.status_code == 302
    Visitor(lead).post("/write-offs/bulk/", act="approve", write_off=str(doubtful.pk))
    assert (state(plain), state(doubtful)) == (State.APPROVED, State.REQUESTED)


def test_strangers_see_and_decide_nothing(people: People, lead: User) -> None:
    found = ask(people)
    stranger = Visitor(people.stranger)
    assert stranger.get(f"/write-offs/{found.pk}/").status_code == 404
    assert stranger.get("/write-offs/new/", claim=str(found.claim_id)).status_code == 404
    assert stranger.post(f"/write-offs/{found.pk}/withdraw/").status_code == 404
    assert Visitor(people.client_user).get("/write-offs/").status_code == 403
    assert Visitor(people.specialist).get("/write-offs/limits/").status_code == 403
    assert Visitor(people.specialist).get("/write-offs/small/").status_code == 403
    assert "A3" not in text_of(stranger.get("/write-offs/", tab="waiting"))
    assert state(found) == State.REQUESTED


def test_pages_of_the_policy(people: People, lead: User) -> None:
    page = text_of(Visitor(lead).get("/write-offs/small/", days="30"))
    assert "$5.00" in page
    assert WriteOff.objects.count() == 0
    assert Visitor(lead).post("/write-offs/small/", days="30").status_code == 302
    assert WriteOff.objects.get().state == State.APPROVED
    admin = Visitor(people.admin)
    wrong = admin.post("/write-offs/limits/", auto_below="50", lead_below="10", manager_below="100")
    assert wrong.status_code == 422
    assert ClientLimits.objects.count() == 0
    admin.post(
        "/write-offs/limits/",
        client="MINE",
        auto_below="1.50",
        lead_below="10",
        manager_below="100",
    )
    assert ClientLimits.objects.get().auto_below_cents == 150
    assert "own limits" in text_of(admin.get("/write-offs/limits/", client="MINE"))
    admin.post("/write-offs/limits/", client="MINE", forget="1")
    assert ClientLimits.objects.count() == 0


def test_a_bulk_request_leaves_out_what_looks_collectible_and_can_be_undone(
    people: People,
) -> None:
    items = {item.claim_number: item for item in WorkItem.objects.all()}
    Barrier.objects.filter(claim_id=items["A1"].claim_id).update(deadline_date=None)
    done = act(
        "write_off",
        [items["A1"].pk, items["A2"].pk, items["A3"].pk],
        {"reason": "uncollectible", "note": "As agreed."},
        user=people.specialist,
        actor=f"user:{people.specialist.pk}",
        at=NOW,
    )
    asked = WriteOff.objects.order_by("claim__number")
    assert [(one.claim.number, one.amount_cents, one.state) for one in asked] == [
        ("A1", 15_000, "requested"),
        ("A3", 500, "approved"),
    ]
    assert done.items == 2
    undo(done, user=people.specialist, at=NOW)
    assert set(WriteOff.objects.values_list("state", flat=True)) == {State.WITHDRAWN}
    assert post_decided(at=NOW) == 0
    assert balances()["A3"] == {11: 500}
