"""Pages of claims sent again, under the web's role: editing, checking, sending, deciding, many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.integration.pages import People, Visitor, people_of, text_of
from tests.integration.resubmission_desk import claim, claims_in, person, send_again, standing_desk

from sanderling.audit.models import AuditEvent
from sanderling.cli.rebill import command
from sanderling.core.resubmission.kinds import Kind
from sanderling.core.resubmission.reading import documents_in
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.models import Limits, Resubmission, State
from sanderling.worklists.models import WorkItem

EDITOR = "/resubmissions/claim/{}/"
NEW_MEMBER = {"f:member_id": "NEW999", "reason": "The card shows another number."}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_desk(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None, db: None) -> People:
    return people_of()


def editor(number: str) -> str:
    return EDITOR.format(claim(number).pk)


def items(*numbers: str) -> str:
    found = WorkItem.objects.filter(claim_number__in=numbers, party=11)
    return ",".join(str(one.pk) for one in found)


def test_the_editor_begins_with_the_reason_and_the_fields_it_names(people: People) -> None:
    page = text_of(Visitor(people.specialist).get(editor("REJECTED")))

    assert "A7:164" in page
    assert 'href="#f-member_id">Member ID</a>' in page
    assert 'name="f:member_id" value="ABC123456789"' in page
    assert "It was rejected before the payer decided it: nothing is there to replace." in page
    assert AuditEvent.objects.filter(action="resubmission.edit").count() == 1


def test_what_is_typed_is_checked_and_compared_without_being_kept(people: People) -> None:
    visitor = Visitor(people.specialist)
    page = text_of(
        visitor.post(
            f"{editor('DENIED')}check/",
            **{"f:member_id": "NEW999", "f:line.1.pointers": "3", "party": "11"},
        )
    )

    assert "NEW999" in page
    assert 'data-fault="line.1.pointers" data-error="1"' in page
    assert "REF*F8*ICN1" in page
    assert AuditEvent.objects.filter(action="resubmission.check").count() == 1
    assert Resubmission.objects.count() == 0


def test_a_wrong_field_is_told_beside_it_and_nothing_is_sent(people: People) -> None:
    answer = Visitor(people.specialist).post(
        editor("DENIED"), act="send", party="11", **{**NEW_MEMBER, "f:rendering.npi": "123"}
    )
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'id="f-rendering-npi-says" class="says small"><div class="text-danger">' in page
    assert 'value="NEW999"' in page
    assert (Resubmission.objects.count(), OutboundFile.objects.count()) == (0, 0)


def test_a_claim_is_sent_once_by_a_double_click(people: People) -> None:
    visitor = Visitor(people.specialist)
    form = {**NEW_MEMBER, "act": "send", "party": "11",
            "key": "00000000-0000-4000-8000-000000000001"}  # fmt: skip
    first, second = visitor.post(editor("DENIED"), **form), visitor.post(editor("DENIED"), **form)

    made = Resubmission.objects.get()
    assert made.made_by == people.specialist
    assert first["Location"] == second["Location"] == f"/resubmissions/{made.pk}/"
    assert made.file is not None
    assert claims_in(made.file)["DENIED"].frequency == "7"
    shown = text_of(visitor.get(first["Location"]))
    assert "NEW999" in shown
    assert "Take it back" in shown
    claim_page = text_of(visitor.get("/claims/MINE/DENIED/"))
    assert "Sent again from here" in claim_page
    visitor.post(f"/resubmissions/{made.pk}/withdraw/")
    made.refresh_from_db()
    assert made.state == State.WITHDRAWN


def test_a_draft_opens_as_it_was_left(people: People) -> None:
    visitor = Visitor(people.specialist)
    visitor.post(editor("DENIED"), act="save", party="11", **NEW_MEMBER)

    assert Resubmission.objects.get().state == State.DRAFT
    page = text_of(visitor.get(editor("DENIED")))
    assert 'value="NEW999"' in page
    assert "The card shows another number." in page
    assert "DENIED" in text_of(visitor.get("/resubmissions/?tab=drafts"))


def test_a_void_is_approved_by_another_person_on_his_list(people: People) -> None:
    made = send_again("PAID", people.specialist, kind=Kind.VOID)
    assert Visitor(people.specialist).post(
        f"/resubmissions/{made.pk}/decide/", act="approve"
    ).status_code == 403  # fmt: skip
    lead = Visitor(person("lead", "lead"))
    page = text_of(lead.get("/resubmissions/"))
    assert "PAID" in page
    assert "A void gives back what was paid." in page
    answer = lead.post(f"/resubmissions/{made.pk}/decide/", act="decline")
    assert answer.status_code == 422
    lead.post("/resubmissions/bulk/", act="approve", resubmission=str(made.pk))
    made.refresh_from_db()
    assert made.state == State.QUEUED


def test_the_list_can_be_taken_away(people: People) -> None:
    send_again("DENIED", people.specialist, {"member_id": "NEW999"}, at=timezone.now())
    answer = Visitor(people.specialist).get("/resubmissions/", tab="outbox", format="json")
    (row,) = json.loads(answer.content)["rows"]
    assert (row["claim"], row["kind"]) == ("DENIED", "Replace the claim")


def test_many_claims_are_previewed_then_sent(people: People) -> None:
    visitor = Visitor(people.specialist)
    ids = items("DENIED", "OTHER", "WAITING", "LARGE")
    first = text_of(visitor.post("/resubmissions/batch/", ids=ids))
    assert "Rebill 4 claims" in first
    form = {"ids": ids, "what1": "set:payer_id", "value1": "acme2", "reason": "New number."}
    page = text_of(visitor.post("/resubmissions/batch/", act="preview", **form))
    assert "3 of 4 can go out, in 1 file; 1 of them wait for approval first." in page
    assert "Payer ID: ACME1 -&gt; ACME2" in page
    assert Resubmission.objects.count() == 0
    visitor.post("/resubmissions/batch/", act="send", **form)
    assert {one.claim.number: one.state for one in Resubmission.objects.all()} == {
        "DENIED": State.QUEUED,
        "OTHER": State.QUEUED,
        "LARGE": State.HELD,
    }
    (file,) = OutboundFile.objects.all()
    assert set(claims_in(file)) == {"DENIED", "OTHER"}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Say what is to be changed."),
        ({"what1": "modifier", "value1": "253"}, "two signs"),
        ({"what1": "evil"}, "Choose what to change."),
        ({"what1": "set:payer_id", "value1": "X"}, "Say why it is sent again."),
    ],
)
def test_many_claims_are_refused_with_a_sentence(
    people: People, form: dict[str, str], words: str
) -> None:
    answer = Visitor(people.specialist).post(
        "/resubmissions/batch/", act="send", ids=items("DENIED"), **form
    )
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert Resubmission.objects.count() == 0


def test_the_claim_page_offers_the_correction(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/claims/MINE/DENIED/"))
    assert f'btn-primary" href="/resubmissions/claim/{claim("DENIED").pk}/?party=11"' in page
    assert 'formaction="/resubmissions/batch/"' in text_of(Visitor(people.specialist).get("/work/"))


def test_limits_are_set_for_all_and_for_one(people: People) -> None:
    admin = Visitor(people.admin)
    assert "5000.00" in text_of(admin.get("/resubmissions/limits/"))
    admin.post("/resubmissions/limits/", above="250", client="MINE")
    assert Limits.objects.get().above_cents == 250_00
    assert admin.post("/resubmissions/limits/", above="x").status_code == 422
    admin.post("/resubmissions/limits/", client="MINE", forget="1")
    assert Limits.objects.count() == 0
    assert Visitor(people.specialist).get("/resubmissions/limits/").status_code == 403


def test_strangers_see_and_send_nothing(people: People) -> None:
    made = send_again("PAID", people.specialist, kind=Kind.VOID)
    ids = items("DENIED")
    stranger = Visitor(people.stranger)
    for address in (editor("DENIED"), f"/resubmissions/{made.pk}/"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"{editor('DENIED')}check/").status_code == 404
    assert stranger.post(editor("DENIED"), act="send", **NEW_MEMBER).status_code == 404
    assert stranger.post(f"/resubmissions/{made.pk}/withdraw/").status_code == 404
    batch = {"act": "send", "what1": "set:payer_id", "value1": "X", "reason": "r"}
    assert stranger.post("/resubmissions/batch/", ids=ids, **batch).status_code == 422
    assert "PAID" not in text_of(stranger.get("/resubmissions/?tab=held"))
    assert Visitor(people.client_user).get("/resubmissions/").status_code == 403
    assert Resubmission.objects.count() == 1


def test_the_command_sends_and_refuses(people: People, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        found = CliRunner().invoke(command, ["MINE", *words], catch_exceptions=False,
                                   standalone_mode=False)  # fmt: skip
        return found.return_value or found.exit_code, found.stdout, found.stderr

    status, _, said = run("DENIED", "--set", "line.1.pointers=9", "--reason", "r")
    assert (status, "error: line.1.pointers: Points to diagnosis 9" in said) == (1, True)
    status, out, _ = run(
        "DENIED", "--set", "member_id=N1", "--reason", "Card.", "--format", "json"
    )  # fmt: skip
    (row,) = json.loads(out)["rows"]
    assert (status, row["state"], row["changes"]) == (
        0,
        "In the outbox",
        "Member ID: ABC123456789 -> N1",
    )
    folder = tmp_path / "out"
    status, _, said = run(
        "REJECTED", "--set", "member_id=N1", "--reason", "Card.", "--out", str(folder)
    )
    (path,) = folder.iterdir()
    assert (status, documents_in(path.read_bytes())[0].number) == (0, "REJECTED")
    assert OutboundFile.objects.get(purpose="resubmission").state == "sent"
    status, out, _ = run("OTHER", "--fields", "--format", "json")
    fields = {row["field"]: row["value"] for row in json.loads(out)["rows"]}
    assert (fields["member_id"], fields["line.1.charge"]) == ("ABC123456789", "150.00")
