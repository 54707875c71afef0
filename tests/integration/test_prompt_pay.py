"""Prompt pay as people see it: the payer's state, the claim's bar, a remittance that came late."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from tests.builders import (
    Inbox,
    Paid,
    claims_file,
    paid,
    patient,
    remittance_file,
    sent,
    service,
)
from tests.integration.barrier_rows import claim_named, fill_barriers
from tests.integration.pages import People, Visitor, text_of, web_role

from sanderling.accounts.actions import create_user
from sanderling.audit.models import AuditEvent
from sanderling.barriers.listing import rows_of_claim
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Answer, Submission
from sanderling.clients.models import Client
from sanderling.payers.actions import import_payers
from sanderling.payers.models import Payer
from sanderling.receivables.claim import claim_detail, find_claim

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PAYERS = "payer_id,name,aliases,type\nACME1,Acme Health,ACME HEALTH;1741112223,commercial\n"


@pytest.fixture
def payer(db: None) -> Payer:
    import_payers(text=PAYERS, at=AT)
    return Payer.objects.get(payer_id="ACME1")


@pytest.fixture
def people(payer: Payer, inbox: Inbox) -> People:
    return fill_barriers(inbox, timezone.localdate())


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def lead(client: Client) -> Visitor:
    user = create_user(
        email="lead@x.test",
        name="The lead",
        role="lead",
        password="correct-horse-battery",
        client_ids=[client.pk],
    )
    return Visitor(user)


def set_state(payer: Payer, state: str) -> None:
    Payer.objects.filter(pk=payer.pk).update(state=state)


def accept(number: str, received_date: date) -> None:
    """Let the payer's acceptance of a claim be the evidence of its barrier."""
    claim = claim_named(number)
    submission = Submission.objects.filter(claim=claim).latest("pk")
    Answer.objects.create(
        transaction_id=submission.transaction_id,
        claim_id=claim.pk,
        client_id=claim.client_id,
        kind="277CA",
        level="claim",
        position=submission.position,
        source_entity="PR",
        category="A2",
        action="WQ",
        received_date=received_date,
    )
    place = [submission.transaction_id, submission.position, received_date.isoformat()]
    Barrier.objects.filter(claim_id=claim.pk).update(evidence=[["accepted", *place]])


def test_a_lead_sets_the_state_and_the_trail_has_it(payer: Payer, people: People) -> None:
    visitor = lead(Client.objects.get(code="MINE"))
    assert "no state is set" in text_of(visitor.get(f"/payers/{payer.pk}/"))

    answer = visitor.post(f"/payers/{payer.pk}/state/", state="NY")

    assert (answer.status_code, answer["Location"]) == (302, f"/payers/{payer.pk}/")
    page = words(text_of(visitor.get(f"/payers/{payer.pk}/")))
    assert "NY: 30 days electronic, 45 on paper; 12% a year default, verify" in page
    event = AuditEvent.objects.get(action="payer.update", subject_id=payer.pk)
    assert '"NY"' in json.dumps(event.detail)
    assert event.actor.startswith("user:")


def test_who_may_not_edit_deadlines_sets_no_state(payer: Payer, people: People) -> None:
    visitor = Visitor(people.specialist)
    assert "Set the state" not in text_of(visitor.get(f"/payers/{payer.pk}/"))
    assert visitor.post(f"/payers/{payer.pk}/state/", state="NY").status_code == 403
    payer.refresh_from_db()
    assert payer.state == ""


@pytest.mark.parametrize("state", ["ZZ", "ny", "New York"])
def test_what_is_no_state_is_refused(payer: Payer, people: People, state: str) -> None:
    answer = Visitor(people.admin).post(f"/payers/{payer.pk}/state/", state=state)

    assert answer.status_code == 422
    assert "Select a valid choice" in text_of(answer)
    payer.refresh_from_db()
    assert payer.state == ""


def test_the_database_takes_two_letters_and_the_web_nothing_else(payer: Payer) -> None:
    with pytest.raises(IntegrityError, match="payer_state_is_two_letters"), transaction.atomic():
        set_state(payer, "N")
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        web_role(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE payers_payer SET appeal_days = 1")


def test_payers_import_leaves_the_state(payer: Payer) -> None:
    set_state(payer, "NY")

    result = import_payers(text=PAYERS.replace("Acme Health", "Acme Health Plan"), at=AT)

    assert (result.updated, result.problems) == (1, [])
    payer.refresh_from_db()
    assert (payer.name, payer.state) == ("Acme Health Plan", "NY")


def test_the_claim_page_tells_the_day_and_the_interest(payer: Payer, people: People) -> None:
    today = timezone.localdate()
    accept("A3", today - timedelta(days=42))
    visitor = Visitor(people.specialist)
    assert "Prompt pay" not in text_of(visitor.get("/claims/MINE/A3/"))

    set_state(payer, "NY")

    page = words(text_of(visitor.get("/claims/MINE/A3/")))
    due = (today - timedelta(days=12)).isoformat()
    terms = "(NY, 30 days electronic; 12% a year, default, verify)"
    assert f"Prompt pay : due {due}, 12 days late {terms}" in page
    # 90.00 for 12 days: 35.5 cents.
    assert "Interest so far: about $0.36 , an estimate on the open balance." in page


def test_the_command_tells_it_too(payer: Payer, people: People) -> None:
    from sanderling.cli.claims_show import header

    today = timezone.localdate()
    accept("A3", today - timedelta(days=42))
    set_state(payer, "NY")
    claim = find_claim(client="MINE", number="A3")

    detail = claim_detail(claim, as_of=today, barriers=rows_of_claim(claim.pk))

    (row,) = detail["barrier"]
    found = {key: row["prompt_pay"][key] for key in ("due", "late_days", "interest_cents")}
    due = today - timedelta(days=12)
    assert found == {"due": due, "late_days": 12, "interest_cents": 36}
    assert (row["prompt_pay"]["jurisdiction"], row["prompt_pay"]["source"]) == ("NY", "S27 S28")
    line = f"    prompt pay: due {due}, 12 days late (NY), interest estimate 0.36"
    assert line in header(detail)


def late(
    number: str, amount: int, *, status: str = "1", charge: int = 1500, payer_number: str = "ICN7"
) -> Paid:
    """Return a claim payment whose claim the payer had on 2026-01-05."""
    reason = f"CO*45*{charge - amount}"
    line = service("HC:99213", charge, amount, reason, control=f"{number}L1")
    body = patient() + "DTM*050*20260105~" + line
    return Paid(number, charge, amount, 0, status, payer_number, body)


def remittances(number: str) -> list[dict[str, object]]:
    claim = find_claim(client=claim_named(number).client.code, number=number)
    found: list[dict[str, object]] = claim_detail(claim, as_of=date(2026, 6, 1))["remittances"]
    return found


def test_a_late_remittance_owes_interest(payer: Payer, inbox: Inbox) -> None:
    set_state(payer, "NY")
    inbox.take(claims_file(sent("A1", 1500)), received_date=date(2026, 1, 5))
    inbox.take(
        remittance_file(late("A1", 1000), plb="L6:ICN7*-4.50*L6:ELSE*-2", payment_date="20260306"),
        received_date=date(2026, 3, 7),
    )

    (eob,) = remittances("A1")

    pay = eob["prompt_pay"]
    assert isinstance(pay, dict)
    assert (pay["due"], pay["late_days"], pay["interest_cents"]) == (date(2026, 2, 4), 30, 986)
    assert (pay["paid_interest_cents"], pay["paid_interest_for"]) == (450, "claim")


def test_interest_that_names_no_claim_is_the_remittances(payer: Payer, inbox: Inbox) -> None:
    set_state(payer, "NY")
    inbox.take(claims_file(sent("A1", 1500)), received_date=date(2026, 1, 5))
    inbox.take(
        remittance_file(late("A1", 1000), plb="L6:INT*-4.50", payment_date="20260306"),
        received_date=date(2026, 3, 7),
    )
    (eob,) = remittances("A1")
    pay = eob["prompt_pay"]
    assert isinstance(pay, dict)
    assert (pay["paid_interest_cents"], pay["paid_interest_for"]) == (450, "remittance")
    client = claim_named("A1").client
    user = create_user(
        email="s@x.test",
        name="S",
        role="specialist",
        password="correct-horse-battery",
        client_ids=[client.pk],
    )

    page = words(text_of(Visitor(user).get(f"/claims/{client.code}/A1/")))

    assert "was due 2026-02-04, 30 days late (NY, 30 days electronic; 12% a year" in page
    assert "Interest owed on $1,000.00: $9.86 (estimate)" in page
    assert "$4.50 on the whole remittance, none names this claim" in page


def test_a_correction_owes_interest_on_what_it_adds_only(payer: Payer, inbox: Inbox) -> None:
    set_state(payer, "NY")
    inbox.take(claims_file(sent("A1", 1500)), received_date=date(2026, 1, 5))
    first = remittance_file(late("A1", 1000), payment_date="20260120")
    inbox.take(first, received_date=date(2026, 1, 21))
    second = remittance_file(
        late("A1", -1000, status="22", charge=-1500),
        late("A1", 1200, payer_number="ICN8"),
        payment_date="20260306",
        trace="EFT2",
        control=602,
    )
    inbox.take(second, received_date=date(2026, 3, 7))

    in_time, *others = remittances("A1")

    assert in_time["prompt_pay"] is None
    told = {str(eob["status"]): eob["prompt_pay"] for eob in others}
    assert told["22"] is None
    correction = told["1"]
    assert isinstance(correction, dict)
    # 200.00 for 30 days: 197.3 cents.
    assert (correction["late_cents"], correction["interest_cents"]) == (20_000, 197)
    assert correction["paid_interest_cents"] == 0


def test_without_a_state_no_remittance_is_late(payer: Payer, inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1", 1500)), received_date=date(2026, 1, 5))
    inbox.take(
        remittance_file(late("A1", 1000), paid("B1", 10, 10), payment_date="20260306"),
        received_date=date(2026, 3, 7),
    )
    (eob,) = remittances("A1")
    assert eob["prompt_pay"] is None


def test_a_late_denial_owes_no_interest_at_any_rate(payer: Payer, inbox: Inbox) -> None:
    Payer.objects.filter(pk=payer.pk).update(type="medicare")
    inbox.take(claims_file(sent("A1", 1500)), received_date=date(2026, 1, 5))
    inbox.take(
        remittance_file(late("A1", 0, status="4"), payment_date="20260306"),
        received_date=date(2026, 3, 7),
    )
    (eob,) = remittances("A1")
    pay = eob["prompt_pay"]
    assert isinstance(pay, dict)
    assert (pay["late_days"], pay["late_cents"], pay["interest_cents"]) == (30, 0, 0)
    assert (pay["jurisdiction"], pay["rates"]) == ("medicare", "")
