"""Pages of the exchange, what comes back, and what is late."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.builders import Inbox, claims_file, paid, remittance_file, sent
from tests.integration.desk import Desk, make_desk
from tests.integration.pages import Visitor, text_of

from sanderling.automation.evaluating import evaluate
from sanderling.automation.models import Alert
from sanderling.claims.models import Answer, Claim
from sanderling.exchange.actions import MailboxRefused, add_mailbox
from sanderling.exchange.models import Kind, Mailbox
from sanderling.exchange.tracking import track
from sanderling.files.models import StoredFile, TransactionSet
from sanderling.outbox.actions import Draft, queue_file
from sanderling.outbox.models import OutboundClaim, OutboundFile, State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 15, tzinfo=UTC)
TODAY = AT.date()


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def queued(desk: Desk, *, count: int = 1, is_held: bool = False) -> OutboundFile:
    """Queue a file with the desk's claim, said to be of so many numbers."""
    return queue_file(
        kind="837P",
        purpose="corrected",
        client_id=desk.claim.client_id,
        payer_id=desk.payer.pk,
        sender_id="BILLCO",
        receiver_id="CLEARHOUSE",
        claims=[Draft(desk.claim.pk, 11, f"A{number}") for number in range(1, count + 1)],
        make=lambda file: f"ISA {file.pk}".encode(),
        user=desk.specialist,
        at=AT,
        is_held=is_held,
    )


def sent_file(desk: Desk, *, count: int = 1) -> OutboundFile:
    """Queue a file and say that it was sent."""
    file = queued(desk, count=count)
    file.state, file.sent_at = State.SENT, AT
    file.receipt_due_date, file.acceptance_due_date = date(2026, 3, 6), date(2026, 3, 9)
    file.save()
    return file


Say = Callable[..., None]


@pytest.fixture
def say(desk: Desk) -> Say:
    """Keep an acknowledgment as intake would."""
    stored = StoredFile.objects.create(
        sha256="0" * 64, name="ack", size_bytes=1, received_date=TODAY, recorded_at=AT, source="cli"
    )
    made = TransactionSet.objects.create(
        file=stored,
        index=1,
        kind="999",
        receiver_id="BILLCO",
        position=1,
        content_sha256="1" * 64,
        status="posted",
        received_date=TODAY,
    )

    def keep(kind: str, **said: Any) -> None:
        Answer.objects.create(
            transaction=made,
            kind=kind,
            level=said.pop("level", "claim"),
            position=3,
            client_id=desk.claim.client_id,
            received_date=said.pop("on", TODAY),
            **said,
        )

    return keep


def standing(file: OutboundFile) -> tuple[str, list[str]]:
    track(at=AT)
    file.refresh_from_db()
    claims = OutboundClaim.objects.filter(file=file).order_by("pk")
    return file.standing, list(claims.values_list("standing", flat=True))


def test_a_999_says_received_and_a_277ca_accepted(desk: Desk, say: Say) -> None:
    file = sent_file(desk)
    assert standing(file) == ("", [""])

    say("999", level="transaction", group_control_number=str(file.control_number), category="A")
    assert standing(file) == ("received", [""])
    say("277CA", batch_reference=file.reference, claim_number="A1", category="A1", action="WQ")

    assert standing(file) == ("accepted", ["accepted"])


def test_a_999_of_somebody_elses_file_says_nothing(desk: Desk, say: Say) -> None:
    file = sent_file(desk)
    TransactionSet.objects.update(receiver_id="ANOTHER")
    say("999", level="transaction", group_control_number=str(file.control_number), category="R")

    assert standing(file) == ("", [""])


@pytest.mark.parametrize("turned", [("999", {"level": "transaction"}), ("TA1", {})])
def test_a_file_that_is_turned_away_whole_is_rejected(
    desk: Desk, say: Say, turned: tuple[str, dict[str, str]]
) -> None:
    file = sent_file(desk)
    kind, more = turned
    numbers = (
        {"group_control_number": str(file.control_number)}
        if kind == "999"
        else {"control_number": f"{file.control_number:09d}", "level": "interchange"}
    )
    say(kind, category="R", **{**more, **numbers})

    assert standing(file)[0] == "rejected"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_one_claim_accepted_one_turned_away_is_partly_in_any_order(
    desk: Desk, say: Say, order: tuple[int, ...]
) -> None:
    file = sent_file(desk, count=2)
    number = str(file.control_number)
    said: list[tuple[str, dict[str, object]]] = [
        ("999", {"level": "transaction", "group_control_number": number, "category": "A"}),
        ("277CA", {"claim_number": "A1", "category": "A2", "action": "WQ"}),
        ("277CA", {"claim_number": "A2", "category": "A3", "action": "U"}),
    ]
    for index in (*order, order[0]):
        kind, what = said[index]
        say(kind, **({"batch_reference": file.reference} if kind == "277CA" else {}), **what)

    assert standing(file) == ("partly", ["accepted", "rejected"])


def test_a_payer_that_turns_away_what_the_clearinghouse_took_counts(desk: Desk, say: Say) -> None:
    file = sent_file(desk)
    for on, category, action in ((TODAY, "A1", "WQ"), (TODAY + timedelta(2), "A7", "U")):
        say(
            "277CA",
            batch_reference=file.reference,
            claim_number="A1",
            category=category,
            action=action,
            on=on,
        )

    assert standing(file) == ("rejected", ["rejected"])


def test_what_is_late_raises_one_alert_and_takes_it_back(desk: Desk, say: Say) -> None:
    file = sent_file(desk)
    evaluate(at=AT)
    assert not Alert.objects.filter(kind="late_acknowledgment").exists()

    late = AT + timedelta(days=2)  # a Saturday: the receipt was due on Friday
    evaluate(at=late)
    evaluate(at=late)
    alert = Alert.objects.get(kind="late_acknowledgment")
    assert (alert.resolved_at, alert.client_id) == (None, desk.claim.client_id)
    shown = text_of(Visitor(desk.lead).get("/exchange/", tab="late"))
    assert file.name in shown
    say("277CA", batch_reference=file.reference, claim_number="A1", category="A2", action="WQ")
    track(at=late)
    evaluate(at=late)
    alert.refresh_from_db()
    assert alert.resolved_at == late


def test_the_page_of_a_file_tells_its_way(desk: Desk, say: Say) -> None:
    file = sent_file(desk)
    say("277CA", batch_reference=file.reference, claim_number="A1", category="A3", action="U")
    track(at=AT)

    page = text_of(Visitor(desk.specialist).get(f"/exchange/files/{file.pk}/"))

    assert "turned away" in page
    assert file.sha256 in page
    content = Visitor(desk.specialist).get(f"/exchange/files/{file.pk}/content/")
    assert content.content == f"ISA {file.pk}".encode()
    rows = json.loads(
        Visitor(desk.specialist).get("/exchange/", tab="rejected", format="json").content
    )["rows"]
    assert [(row["name"], row["standing"]) for row in rows] == [(file.name, "rejected")]


def test_another_person_approves_and_nobody_else_may(desk: Desk) -> None:
    file = queued(desk, is_held=True)
    assert "Approve and send" not in text_of(
        Visitor(desk.specialist).get(f"/exchange/files/{file.pk}/")
    )
    assert Visitor(desk.specialist).post(f"/exchange/files/{file.pk}/approve/").status_code == 403

    answer = Visitor(desk.lead).post(f"/exchange/files/{file.pk}/approve/")

    file.refresh_from_db()
    assert (answer.status_code, file.state, file.approved_by) == (302, State.QUEUED, desk.lead)


def test_a_file_is_cancelled_once(desk: Desk) -> None:
    file = queued(desk)
    visitor = Visitor(desk.specialist)

    for _ in range(2):
        visitor.post(f"/exchange/files/{file.pk}/cancel/")

    file.refresh_from_db()
    assert file.state == State.CANCELLED
    assert "can no longer be cancelled" in text_of(visitor.get(f"/exchange/files/{file.pk}/"))


def test_strangers_see_no_file_of_others(desk: Desk) -> None:
    file = queued(desk)
    stranger = Visitor(desk.stranger)

    assert stranger.get(f"/exchange/files/{file.pk}/").status_code == 404
    assert stranger.get(f"/exchange/files/{file.pk}/content/").status_code == 404
    assert stranger.post(f"/exchange/files/{file.pk}/cancel/").status_code == 404
    assert file.name not in text_of(stranger.get("/exchange/", tab="waiting"))
    assert Visitor(desk.client_user).get("/exchange/").status_code == 403


FORM = {
    "name": "Clearinghouse",
    "kind": "sftp",
    "host": "sftp.example",
    "port": "22",
    "user": "billco",
    "password_reference": "env:CLEARINGHOUSE_PASSWORD",
    "sends": "837P",
    "outgoing_folder": "in",
    "incoming_folders": "out\n  acks  \n",
    "pattern": "*",
    "after_fetch": "leave",
    "every_minutes": "15",
    "receipt_days": "1",
    "acceptance_days": "2",
    "is_on": "on",
}


def test_an_administrator_adds_a_mailbox(desk: Desk) -> None:
    visitor = Visitor(desk.admin)

    refused = visitor.post("/exchange/mailboxes/new/", **{**FORM, "password_reference": "hunter2"})
    assert refused.status_code == 422
    assert not Mailbox.objects.exists()
    saved = visitor.post("/exchange/mailboxes/new/", **FORM)

    assert saved.status_code == 302
    assert Mailbox.objects.get().incoming_folders == ["out", "acks"]
    assert "Clearinghouse" in text_of(visitor.get("/exchange/"))
    assert Visitor(desk.lead).get(saved["Location"]).status_code == 403


def test_trying_a_mailbox_that_is_not_there_says_so(desk: Desk) -> None:
    box = add_mailbox(at=AT, name="Shared", kind=Kind.FOLDER, root="/nowhere/at/all")

    page = text_of(Visitor(desk.admin).post(f"/exchange/mailboxes/{box.pk}/try/"))

    assert "It does not work yet" in page
    assert "name one by its whole path" in page


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"host": ""}, "host and a user"),
        ({"password_reference": ""}, "where the password or the private key is"),
        ({"host_key": "aa:bb"}, "SHA256"),
        ({"after_fetch": "move"}, "into which folder"),
        ({"after_fetch": "move", "done_folder": "out"}, "folder of their own"),
        ({"sends": ["270"]}, "no kind of file"),
        ({"kind": "folder", "root": "relative"}, "whole path"),
    ],
)
def test_what_a_mailbox_lacks_is_said(changes: dict[str, object], why: str) -> None:
    values: dict[str, object] = {
        "name": "Clearinghouse",
        "kind": "sftp",
        "host": "sftp.example",
        "user": "billco",
        "password_reference": "env:X",
        "incoming_folders": ["out"],
        **changes,
    }
    with pytest.raises(MailboxRefused, match=why):
        add_mailbox(at=AT, **values)

    assert not Mailbox.objects.exists()


def test_a_payment_says_that_it_was_received(desk: Desk, inbox: Inbox) -> None:
    """Some payers pay and never confirm."""
    inbox.take(claims_file(sent("P1", 150)), received_date=date(2026, 1, 5))
    claim = Claim.objects.get(number="P1")
    file = queue_file(
        kind="837P",
        purpose="corrected",
        client_id=claim.client_id,
        payer_id=claim.payer_id,
        sender_id="BILLCO",
        receiver_id="CLEARHOUSE",
        claims=[Draft(claim.pk, 11, "P1")],
        make=lambda row: f"ISA {row.pk}".encode(),
        user=desk.specialist,
        at=datetime(2026, 1, 6, 12, tzinfo=UTC),
    )
    OutboundFile.objects.filter(pk=file.pk).update(state=State.SENT)

    inbox.take(remittance_file(paid("P1", 150, 150)), received_date=date(2026, 2, 5))

    assert standing(file) == ("accepted", ["accepted"])
