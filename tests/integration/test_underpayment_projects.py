"""Projects of lines paid short: begun, sent, recovered by remittances, closed; their pages."""

from __future__ import annotations

import io
from datetime import date, timedelta

import polars as pl
import pypdf
import pytest
from django.db import DatabaseError, transaction
from tests.builders import Inbox, paid, remittance_file
from tests.integration.pages import Visitor, text_of
from tests.integration.underpaid import (
    AT,
    TODAY,
    load_contract,
    reversal_and_correction,
    take_claims,
)
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.followup.models import Activity
from sanderling.mirror.actions import refresh
from sanderling.pricing.actions import rebuild, set_aside
from sanderling.pricing.models import LineVariance
from sanderling.underpayments import letter
from sanderling.underpayments.adverse import keep_adverse
from sanderling.underpayments.models import (
    AdversePayment,
    DisputedLine,
    LineState,
    State,
    UnderpaymentProject,
)
from sanderling.underpayments.projects import (
    ProjectRefused,
    add,
    begin,
    close,
    leave_out,
    reopen,
    send,
    sums,
)
from sanderling.underpayments.proving import prove

LATER = AT + timedelta(days=20)


@remembered
def filled(inbox: Inbox) -> User:
    """Somebody who sees all clients; the claims are priced."""
    take_claims(inbox)
    load_contract()
    rebuild(TODAY, at=AT)
    return create_user(
        email="lead@x.test", name="Lea", role="lead", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


@pytest.fixture
def user(inbox: Inbox) -> User:
    return filled(inbox)


def ids(*, over: bool = False) -> list[int]:
    rows = LineVariance.objects.order_by("variance_cents")
    rows = rows.filter(variance_cents__gt=0) if over else rows.filter(variance_cents__lt=0)
    return list(rows.values_list("pk", flat=True))


def sent(user: User) -> UnderpaymentProject:
    project = begin(ids(), name="Acme short", user=user, at=AT).project
    return send(project.pk, channel="portal", sent_date=TODAY, reference="R-77", user=user, at=AT)


def test_a_project_seeks_what_its_lines_are_short_of(user: User) -> None:
    begun = begin([*ids(), *ids(over=True)], name="Acme short", user=user, at=AT)
    assert (begun.lines, begun.left_out) == (2, 1)  # what was paid above its price is left out
    assert sums(begun.project) == {
        "lines": 2, "claims": 2, "sought_cents": 1210 + 210, "recovered_cents": 0,
    }  # fmt: skip


def test_a_line_is_in_one_project_at_a_time(user: User) -> None:
    first = begin(ids()[:1], name="One", user=user, at=AT).project
    second = begin(ids(), name="Two", user=user, at=AT)
    assert second.lines == 1
    with pytest.raises(ProjectRefused, match="in no other project"):
        begin(ids(), name="Three", user=user, at=AT)
    assert UnderpaymentProject.objects.count() == 2
    leave_out(first.pk, list(first.lines.values_list("pk", flat=True)), note="", at=AT)
    assert add(second.project.pk, ids(), at=AT) == 1


@pytest.mark.parametrize(("name", "why"), [("", "a name"), ("x" * 201, "a name")])
def test_a_project_needs_a_name(user: User, name: str, why: str) -> None:
    with pytest.raises(ProjectRefused, match=why):
        begin(ids(), name=name, user=user, at=AT)
    assert not DisputedLine.objects.exists()


def test_what_was_set_aside_is_not_disputed(user: User) -> None:
    set_aside(ids(), reason="the contract page was misread", user=user, at=AT)
    rebuild(TODAY, at=AT)
    with pytest.raises(ProjectRefused):
        begin(ids(), name="Acme short", user=user, at=AT)


def test_sending_keeps_what_was_sent_and_touches_each_claim(user: User) -> None:
    project = sent(user)
    assert project.state == State.SENT
    assert project.answer_due_date == TODAY + timedelta(days=45)
    touches = Activity.objects.filter(action="dispute_underpayment", outcome="sent")
    assert touches.count() == 2
    assert {one.reference for one in touches} == {"R-77"}
    kept = Visitor(user).get(f"/underpayments/projects/{project.pk}/letter/").content
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(kept)).pages)
    assert "$14.20" in text
    assert "99213" in text
    sheet = Visitor(user).get(f"/underpayments/projects/{project.pk}/sheet/").content
    rows = pl.read_excel(sheet)
    assert rows["difference"].to_list() == [12.1, 2.1, 14.2]
    assert rows["payer_claim_number"].to_list()[:2] == ["ICNSHORT", "ICNLITTLE"]


def test_what_was_sent_is_neither_sent_again_nor_changed(user: User) -> None:
    project = sent(user)
    with pytest.raises(ProjectRefused, match="sent to the payer already"):
        send(project.pk, channel="fax", sent_date=TODAY, reference="", user=user, at=AT)
    line = project.lines.order_by("pk")[0]
    line.sought_cents = 1
    with pytest.raises(DatabaseError, match="stays as it was sent"), transaction.atomic():
        line.save()
    with pytest.raises(DatabaseError, match="retracted, not removed"), transaction.atomic():
        project.lines.all().delete()
    with pytest.raises(ProjectRefused, match="say why"):
        leave_out(project.pk, [line.pk], note=" ", at=AT)
    assert leave_out(project.pk, [line.pk], note="our slip", at=AT) == 1
    assert sums(project)["lines"] == 1


@pytest.mark.parametrize(
    ("channel", "day"),
    [("pigeon", TODAY), ("fax", TODAY + timedelta(days=1)), ("fax", date(2020, 1, 1))],
)
def test_a_wrong_channel_or_day_sends_nothing(user: User, channel: str, day: date) -> None:
    project = begin(ids(), name="Acme short", user=user, at=AT).project
    with pytest.raises(ProjectRefused):
        send(project.pk, channel=channel, sent_date=day, reference="", user=user, at=AT)
    assert not Activity.objects.exists()


def test_dollars_are_recovered_by_a_later_remittance_only(user: User, inbox: Inbox) -> None:
    project = sent(user)
    assert prove(at=AT) == 0
    inbox.take(reversal_and_correction("SHORT"), received_date=LATER.date())
    assert prove(at=LATER) == 1
    assert prove(at=LATER) == 0
    line = project.lines.get(sought_cents=1210)
    assert (line.state, line.recovered_cents, line.recovered_date) == (
        LineState.RECOVERED, 1210, LATER.date(),
    )  # fmt: skip
    assert line.proof_payment_id is not None
    assert sums(project)["recovered_cents"] == 1210


def test_a_project_is_closed_with_a_word_and_taken_up_again(user: User) -> None:
    draft = begin(ids()[:1], name="Draft", user=user, at=AT).project
    with pytest.raises(ProjectRefused, match="only what was sent"):
        close(draft.pk, note="done", user=user, at=AT)
    send(draft.pk, channel="mail", sent_date=TODAY, reference="", user=user, at=AT)
    with pytest.raises(ProjectRefused, match="what came of it"):
        close(draft.pk, note="", user=user, at=AT)
    assert close(draft.pk, note="paid in full", user=user, at=AT).state == State.CLOSED
    assert reopen(draft.pk, at=AT).state == State.SENT


def test_pages_lead_from_lines_to_a_sent_project(user: User) -> None:
    visitor = Visitor(user)
    page = text_of(visitor.get("/underpayments/lines/"))
    assert "SHORT" in page
    assert "$12.10" in page
    asked = visitor.post("/underpayments/projects/new/", variance=ids())
    assert asked.status_code == 200
    made = visitor.post(
        "/underpayments/projects/new/", variance=ids(), name="By the page", begin="1"
    )
    assert made.status_code == 302
    project = UnderpaymentProject.objects.get()
    address = f"/underpayments/projects/{project.pk}/"
    assert "$14.20" in text_of(visitor.get(address))
    refused = visitor.post(f"{address}step/", step="send", channel="fax", sent_date="2099-01-01")
    assert refused.status_code == 422
    assert "until today" in text_of(refused)
    assert text_of(visitor.get("/underpayments/projects/")).count("By the page") == 1
    assert "Nothing adverse yet" in text_of(visitor.get("/underpayments/adverse/"))
    assert "OVER" in text_of(visitor.get("/underpayments/over/"))
    assert "No repeated underpayments" in text_of(visitor.get("/underpayments/"))


def test_the_adverse_ledger_names_what_was_taken_back(user: User, inbox: Inbox) -> None:
    inbox.take(
        reversal_and_correction("SHORT"), received_date=LATER.date()
    )  # paid again the same day: nothing is lost
    refresh(LATER.date(), LATER)
    keep_adverse()
    assert not AdversePayment.objects.filter(kind="taken_back").exists()
    inbox.take(
        remittance_file(
            paid("RIGHT", -150, "-74.10", "CO*45*-57.90", "PR*2*-18", status="22"),
            trace="EFT9", control=909,
        ),
        received_date=LATER.date(),
    )  # fmt: skip
    refresh(LATER.date(), LATER)
    assert keep_adverse() >= 1
    row = AdversePayment.objects.get(kind="taken_back")
    assert row.cents == 7410
    shown = text_of(Visitor(user).get("/underpayments/adverse/", kind="taken_back"))
    assert "$74.10" in shown
    assert "RIGHT" in shown


def test_a_clients_own_people_see_none_of_it(user: User) -> None:
    sent(user)
    person = create_user(
        email="c@x.test", name="Cleo", role="client_user", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip
    for address in ("", "lines/", "projects/", "adverse/", "over/"):
        assert Visitor(person).get(f"/underpayments/{address}").status_code == 403


def test_letters_are_alike_for_equal_facts(user: User) -> None:
    project = begin(ids(), name="Acme short", user=user, at=AT).project
    assert letter.letter_pdf(project, as_of=TODAY) == letter.letter_pdf(project, as_of=TODAY)
