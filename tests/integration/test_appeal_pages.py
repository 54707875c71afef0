"""Pages and command of appeals, under the web's role: one claim, many, letters, profiles, rates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.integration.appeal_desk import AT, AppealDesk, pay_after, standing_desk
from tests.integration.pages import Visitor, text_of
from tests.integration.test_appeals import a_pdf

from sanderling.accounts.models import ClientAssignment, User
from sanderling.appeals.actions import finish, mark_sent
from sanderling.appeals.deciding import read_outcomes
from sanderling.appeals.listing import overturn_rates
from sanderling.appeals.models import (
    Appeal,
    AppealProject,
    AppealWay,
    LetterTemplate,
    Packet,
    State,
    TemplateVersion,
)
from sanderling.appeals.writing import Asked
from sanderling.audit.models import AuditEvent
from sanderling.cli.appeal import command
from sanderling.document_requests.answering import Reply, take_reply
from sanderling.document_requests.models import Item
from sanderling.document_requests.settling import settle
from sanderling.news.models import Notice
from sanderling.outbox.models import OutboundFile
from sanderling.payers.models import Payer
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AppealDesk]:
    with django_db_blocker.unblock(), standing_desk(tmp_path_factory) as filled:
        yield filled


@pytest.fixture
def desk(world: AppealDesk, db: None) -> AppealDesk:
    return world


def admin() -> User:
    return User.objects.create(email="a@x.test", name="A", role="admin", sees_all_clients=True)


def items(*numbers: str) -> str:
    found = WorkItem.objects.filter(claim_number__in=numbers, party=11)
    return ",".join(str(one.pk) for one in found)


def test_an_appeal_goes_from_the_claim_to_sent_by_its_pages(desk: AppealDesk) -> None:
    visitor, claim = Visitor(desk.writer), desk.claim("T1")
    assert "No appeals yet" in text_of(visitor.get("/appeals/"))
    shown = text_of(visitor.get("/appeals/new/", claim=str(claim.pk)))
    assert "The way: reconsideration" in shown
    assert "proof, not judgment, settles it" in shown
    begun = visitor.post(
        "/appeals/new/", claim=str(claim.pk), party="11", case="timely_filing", level="1",
        amount="150.00", letter="",
    )  # fmt: skip
    appeal = Appeal.objects.get()
    assert begun.headers["Location"] == f"/appeals/{appeal.pk}/"
    page = text_of(visitor.get(f"/appeals/{appeal.pk}/"))
    assert "January 9, 2026" in page
    assert "277CA of 2026-01-09" in page
    assert "Nothing is missing." in page
    visitor.post(f"/appeals/{appeal.pk}/steps/", act="finish")
    packet = visitor.get(f"/appeals/{appeal.pk}/packet/")
    assert packet.headers["Content-Disposition"] == (
        f'attachment; filename="{appeal.control_number}.pdf"'
    )
    assert packet.content.startswith(b"%PDF-")
    today = timezone.now().date().isoformat()
    sent = visitor.post(
        f"/appeals/{appeal.pk}/sent/", channel="fax", sent_date=today, tracking="F1"
    )
    assert sent.status_code == 302
    listed = text_of(visitor.get("/appeals/", tab="payer"))
    assert "T1" in listed
    assert "$150.00" in listed
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"appeal.begin", "appeal.finish", "appeal.send", "appeal.download"} <= actions


def test_what_is_refused_says_why_on_the_page_and_writes_nothing(desk: AppealDesk) -> None:
    visitor, claim = Visitor(desk.writer), desk.claim("K1")
    form = {"claim": str(claim.pk), "party": "11", "case": "general", "level": "1"}
    refused = visitor.post("/appeals/new/", **form, amount="150")
    assert refused.status_code == 422
    assert "only a new or corrected claim is read" in text_of(refused)
    assert visitor.post("/appeals/new/", **form, amount="-1").status_code == 422
    assert Appeal.objects.count() == 0
    appeal = desk.begin("N1")
    address = f"/appeals/{appeal.pk}/"
    for part, data, words in (
        ("steps/", {"act": "finish"}, "Clinical summary: state it"),
        ("steps/", {"act": "dance"}, "Choose what to do."),
        ("sent/", {"channel": "fax", "sent_date": "soon", "tracking": "x"}, "Sent on: enter"),
        ("facts/", {"name": "ask_amount", "value": "much"}, "write an amount like 1,234.50"),
        ("items/", {"item": "policy", "is_there": "0", "note": ""}, "Say why there is none"),
        ("evidence/", {}, "Choose a file to attach."),
    ):
        answer = visitor.post(f"{address}{part}", **data)
        assert answer.status_code == 422, part
        assert words in text_of(answer).replace("&#x27;", "'"), part
    assert Appeal.objects.get().state == State.DRAFT
    assert (Packet.objects.count(), appeal.stated.count(), appeal.marks.count()) == (0, 0, 0)


def test_strangers_and_client_users_see_no_appeal(desk: AppealDesk) -> None:
    appeal = desk.begin("T1")
    finish(appeal.pk, user=desk.writer, at=AT)
    outsider = User.objects.create(email="c@x.test", name="C", role="client_user")
    ClientAssignment.objects.create(user=outsider, client=desk.client)
    for user, status in ((desk.stranger, 404), (outsider, 403)):
        visitor = Visitor(user)
        for part in ("", "packet/"):
            assert visitor.get(f"/appeals/{appeal.pk}/{part}").status_code == status
        assert visitor.post(f"/appeals/{appeal.pk}/steps/", act="reopen").status_code == status
    assert "T1" not in text_of(Visitor(desk.stranger).get("/appeals/"))
    assert Appeal.objects.get().state == State.APPROVED


def test_facts_and_documents_are_added_by_the_page(desk: AppealDesk, tmp_path: Path) -> None:
    appeal, visitor = desk.begin("N1"), Visitor(desk.writer)
    address = f"/appeals/{appeal.pk}/"
    visitor.post(f"{address}facts/", name="clinical_summary", value="<b>Pain</b> & more")
    page = text_of(visitor.get(address))
    assert "&lt;b&gt;Pain&lt;/b&gt; &amp; more" in page
    path = tmp_path / "Doe Jane.pdf"
    path.write_bytes(a_pdf(2))
    with path.open("rb") as file:
        visitor.post(f"{address}evidence/", item="progress_notes", file=file)  # type: ignore[arg-type]
    kept = appeal.evidence.get()
    assert (kept.pages, kept.title) == (2, "Progress notes of the day of service")
    got = visitor.get(f"{address}evidence/{kept.pk}/")
    assert got.headers["Content-Disposition"] == f'attachment; filename="document-{kept.pk}.pdf"'
    visitor.post(f"{address}evidence/{kept.pk}/removal/")
    assert appeal.evidence.count() == 0


def test_the_client_is_asked_for_evidence_and_what_comes_stands_in_the_packet(
    desk: AppealDesk,
) -> None:
    appeal, visitor = desk.begin("N1"), Visitor(desk.writer)
    address = f"/appeals/{appeal.pk}/"
    assert "Ask the client" in text_of(visitor.get(address))
    refused = visitor.post(f"{address}asking/")
    assert refused.status_code == 422
    assert "Choose at least one piece of evidence" in text_of(refused)
    for _ in range(2):  # a double click asks once
        visitor.post(f"{address}asking/", item=["progress_notes", "history"], date="")
    notes, history = Item.objects.order_by("pk")
    assert (notes.text, notes.origin) == (
        "Progress notes of the day of service",
        {"appeal": appeal.pk, "item": "progress_notes"},
    )
    assert "The client was asked on" in text_of(visitor.get(address))
    now = timezone.now()
    sent = [
        (SimpleUploadedFile("scan.pdf", a_pdf(2)), frozenset({notes.pk})),
        (SimpleUploadedFile("h.tif", b"II*\0" + bytes(9)), frozenset({history.pk})),
    ]
    with override_settings(CLAMD="off"):
        take_reply(notes.request_id, Reply(files=sent), user=None, link_id=None, at=now)  # type: ignore[arg-type]
    assert settle(at=now) == 1
    kept = appeal.evidence.get()
    assert (kept.item, kept.pages, kept.title) == ("progress_notes", 2, notes.text)
    notes.refresh_from_db()
    history.refresh_from_db()
    assert notes.handed_to == f"in appeal {appeal.control_number}"
    assert history.handed_to.startswith("not taken: a packet takes PDF, PNG and JPEG")


def test_another_person_approves_by_the_page_and_is_told(desk: AppealDesk) -> None:
    Visitor(admin()).post("/appeals/approval/", from_level="1", above="0")
    appeal = desk.begin("T1")
    Visitor(desk.writer).post(f"/appeals/{appeal.pk}/steps/", act="finish")
    assert Appeal.objects.get().state == State.READY
    told = Notice.objects.get(user=desk.lead)
    assert "T1: appeal for $150.00 waits for approval: level 1" in told.text
    refused = Visitor(desk.writer).post(f"/appeals/{appeal.pk}/steps/", act="approve")
    assert refused.status_code == 422
    Visitor(desk.lead).post(f"/appeals/{appeal.pk}/steps/", act="approve")
    assert Appeal.objects.get().approved_by == desk.lead


def test_an_electronic_packet_waits_in_the_outbox_and_is_sent_with_its_file(
    desk: AppealDesk,
) -> None:
    from sanderling.appeals.actions import follow_files

    appeal, visitor = desk.begin("T1"), Visitor(desk.writer)
    for act in ("finish", "queue", "queue"):
        visitor.post(f"/appeals/{appeal.pk}/steps/", act=act)
    file = OutboundFile.objects.get()
    assert (file.kind, file.purpose, file.claim_count) == ("packet", "appeal", 1)
    assert file.sha256 == Packet.objects.get().sha256
    assert file.claims.get().reference == appeal.control_number
    assert follow_files(at=AT) == 0
    file.state, file.sent_at = "sent", timezone.now()
    file.save()
    assert follow_files(at=timezone.now()) == 1
    assert follow_files(at=timezone.now()) == 0
    sent = Appeal.objects.get()
    assert (sent.state, sent.channel, sent.tracking) == (State.SENT, "electronic", file.name)


def test_many_claims_become_one_project_with_one_packet(desk: AppealDesk) -> None:
    visitor = Visitor(desk.writer)
    asked = text_of(visitor.post("/appeals/many/", ids=items("T1", "T2", "T3", "K1")))
    assert "Appeal 4 claims" in asked
    done = visitor.post(
        "/appeals/many/", ids=items("T1", "T2", "T3", "K1"), begin="1", name="Late ones",
        level="1", case="", letter="",
    )  # fmt: skip
    project = AppealProject.objects.get()
    address = f"/appeals/projects/{project.pk}/"
    assert done.headers["Location"] == address
    page = text_of(visitor.get(address))
    assert "only a new or corrected claim is read" in page
    assert (project.case, project.appeals.count()) == ("timely_filing", 3)
    assert WorkItem.objects.get(claim_number="T1").project_id == project.project_id
    again = visitor.post("/appeals/many/", ids=items("T1"), begin="1", name="Late ones", level="1")
    assert "there is a project of this name" in text_of(again).lower()
    visitor.post(f"{address}finish/")
    packet = project.packets.get()
    titles = [title for title, _ in packet.contents]
    assert "Claims in this packet" in titles
    assert sum(title.startswith("Explanation of payment · claim T") for title in titles) == 3
    assert sum(title.endswith("Proof of timely filing") for title in titles) == 3
    today = timezone.now().date().isoformat()
    visitor.post(f"{address}sent/", channel="mail", sent_date=today, tracking="RR1")
    assert set(project.appeals.values_list("state", flat=True)) == {State.SENT}
    pay_after(desk, "T2", day="12-30", paid=150)
    assert read_outcomes(at=datetime(2026, 12, 30, 12, tzinfo=UTC)) == (1, 0)
    page = " ".join(text_of(visitor.get(address)).split())
    assert 'max="45000" value="15000"' in page
    assert "Late ones" in text_of(visitor.get("/appeals/projects/"))
    assert visitor.get(f"{address}packet/").content.startswith(b"%PDF-")


def test_the_lines_of_an_underpayment_are_a_spreadsheet(desk: AppealDesk) -> None:
    asked = Asked(asked_cents=6_000, case="underpayment", despite_choice=True)
    appeal = desk.begin("U1", asked=asked)
    got = Visitor(desk.writer).get(f"/appeals/{appeal.pk}/lines/", format="json")
    data = json.loads(text_of(got))
    (row,) = data["rows"]
    assert (row["charge_cents"], row["allowed_cents"], row["paid_cents"]) == (15_000, 4_000, 4_000)
    assert row["adjustments"] == "CO-45 PI-59"
    assert data["totals"]["paid_cents"] == 4_000
    assert Visitor(desk.stranger).get(f"/appeals/{appeal.pk}/lines/").status_code == 404


def test_letters_are_versioned_previewed_and_refused_by_line(desk: AppealDesk) -> None:
    claim = desk.claim("T1")
    assert Visitor(desk.writer).get("/appeals/letters/").status_code == 403
    visitor = Visitor(desk.lead)
    assert "Timely filing" in text_of(visitor.get("/appeals/letters/"))
    address = "/appeals/letters/timely_filing/"
    seen = text_of(visitor.get(address, claim=str(claim.pk)))
    assert "January 9, 2026" in seen
    bad = visitor.post(address, save="1", title="T", text="Hello {{nobody}}")
    assert bad.status_code == 422
    assert "{{nobody}} is no fact" in text_of(bad)
    mine = {"title": "Late", "text": "Pay {{ask_amount}} to {{client_name}}.", "note": "short"}
    visitor.post(address, save="1", **mine)
    visitor.post(address, save="1", **mine)
    letter = LetterTemplate.objects.get(key="timely_filing")
    assert (letter.title, letter.versions.count()) == ("Late", 2)
    appeal = desk.begin("T1")
    assert (appeal.template_version.number, appeal.template_version.made_by) == (2, desk.lead)
    visitor.post("/appeals/letters/", title="Acme late", key="acme late", case="timely_filing")
    assert TemplateVersion.objects.filter(template__key="acme_late").count() == 1


def test_a_payers_way_and_a_clients_letterhead_stand_on_the_packet(desk: AppealDesk) -> None:
    payer, boss = Payer.objects.get(payer_id="ACME1"), Visitor(admin())
    way = f"/payers/{payer.pk}/appeals/1/"
    assert Visitor(desk.writer).get(way).status_code == 403
    assert boss.post(way, department="Appeals", source="manual").status_code == 422
    assert AppealWay.objects.count() == 0
    boss.post(
        way, department="Appeals", address="PO Box 9\nDallas TX", fax="555-9", source="manual",
        decision_days="30",
    )  # fmt: skip
    assert "PO Box 9" in text_of(Visitor(desk.writer).get(f"/payers/{payer.pk}/appeals/"))
    boss.post(
        f"/clients/{desk.client.pk}/letterhead/", name="Maple Clinic Group", address="1 Elm St",
        contact_name="Bo", contact_phone="555-7", signer="Bo Ray",
    )  # fmt: skip
    appeal = desk.begin("T1")
    finish(appeal.pk, user=desk.writer, at=AT)
    sent = mark_sent(
        appeal.pk, channel="mail", sent_date=AT.date(), tracking="R", user=desk.writer, at=AT
    )
    assert sent.decision_due_date == datetime(2026, 4, 4, tzinfo=UTC).date()


def test_rates_count_decided_appeals_and_are_honest_about_few(desk: AppealDesk) -> None:
    for number, paid in (("T1", 150), ("T2", 150)):
        appeal = desk.begin(number)
        finish(appeal.pk, user=desk.writer, at=AT)
        mark_sent(
            appeal.pk, channel="fax", sent_date=AT.date(), tracking="x", user=desk.writer, at=AT
        )
        pay_after(desk, number, day="03-20", paid=paid)
    read_outcomes(at=datetime(2026, 3, 20, 12, tzinfo=UTC))
    ((name, one),) = overturn_rates("payer")
    assert (name, one.decided, one.won, one.recovered_cents) == ("Acme Health", 2, 2, 30_000)
    page = text_of(Visitor(desk.writer).get("/appeals/rates/"))
    assert "too few" in page
    data = json.loads(text_of(Visitor(desk.writer).get("/appeals/rates/", format="json")))
    assert data["rows"][0]["overturn_rate"] is None


def test_the_command_makes_packets_and_names_what_is_missing(
    desk: AppealDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanderling.cli.runtime.start_database", lambda: None)
    asked = ["MAPLE", "T1", "N1", "K1", "--out", str(tmp_path / "out"), "--format", "json"]
    ran = CliRunner().invoke(command, asked)
    assert ran.exit_code == 1
    rows = {row["claim"]: row for row in json.loads(ran.stdout)["rows"]}
    assert (rows["T1"]["state"], rows["T1"]["asked_cents"]) == ("approved", 15_000)
    written = tmp_path / "out" / f"{rows['T1']['control_number']}.pdf"
    assert written.read_bytes().startswith(b"%PDF-")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [written.name]
    assert any("Clinical summary" in one for one in rows["N1"]["missing"])
    assert "MA130" in rows["K1"]["why_not"]
    again = CliRunner().invoke(command, ["MAPLE", "T1", "--format", "json"])
    assert again.exit_code == 0
    assert json.loads(again.stdout)["rows"][0]["sha256"] == rows["T1"]["sha256"]
    assert Packet.objects.count() == 1
    assert CliRunner().invoke(command, ["MAPLE", "NONE"]).exit_code == 2
    stated = CliRunner().invoke(command, ["MAPLE", "T2", "--fact", "facts"])
    assert stated.exit_code == 2


def test_the_claim_and_the_worklist_lead_to_appeals(desk: AppealDesk) -> None:
    claim = desk.claim("T1")
    page = text_of(Visitor(desk.writer).get(f"/claims/MAPLE/{claim.number}/"))
    assert f"/appeals/new/?claim={claim.pk}&amp;party=11" in page
    WorkItem.objects.update(assignee=desk.writer)
    worklist = text_of(Visitor(desk.writer).get(reverse("worklist")))
    assert 'formaction="/appeals/many/"' in worklist
