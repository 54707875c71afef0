"""The pages where a claim is worked: the note's form, call sheet, ladder, and the claim's page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client as Browser
from tests.integration.desk import CALL, Desk, make_desk
from tests.integration.pages import Visitor, text_of, web_role

from sanderling.audit.models import AuditEvent
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim
from sanderling.followup.models import Activity, Escalation, Note, Withdrawal
from sanderling.followup.notes import record_note
from sanderling.ledger.models import OpenBalance
from sanderling.receivables import work_views
from sanderling.receivables.note_form import Typed, minutes_of, typed, with_pasted

NOW = datetime.fromisoformat("2026-03-05T14:02:00+00:00")
HTMX = {"HX-Request": "true"}


class _Clock:
    """Stands for django.utils.timezone in the views."""

    @staticmethod
    def now() -> datetime:
        return NOW


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> Desk:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.SANDERLING_HOME = tmp_path
    monkeypatch.setattr(work_views, "timezone", _Clock)
    made = make_desk()
    for claim in (made.claim, made.foreign):
        Barrier.objects.create(
            claim_id=claim.pk,
            client_id=claim.client_id,
            party=11,
            payer_id=made.payer.pk,
            balance_cents=15_000,
            barrier="no_response",
            next_action="check_status",
            team="ar",
            since_date="2026-02-10",
            next_date="2026-02-10",
            deadline_date="2026-04-02",
            deadline_kind="timely_filing",
            cause="time",
            evidence=[],
        )
    return made


def url(desk: Desk, rest: str = "", claim: Claim | None = None) -> str:
    return f"/followup/{(claim or desk.claim).pk}/note/{rest}"


def send(desk: Desk, address: str = "", **form: Any) -> HttpResponse:
    """Post the form as htmx does."""
    browser = Browser(headers={"HX-Request": "true"})
    browser.force_login(desk.specialist)
    form = {"scenario": "in_process", "party": "11", "channel": "call", **CALL, **form}
    with web_role():
        return browser.post(address or url(desk), form)  # type: ignore[return-value]


def look(desk: Desk, address: str) -> str:
    browser = Browser(headers={"HX-Request": "true"})
    browser.force_login(desk.specialist)
    with web_role():
        return browser.get(address).content.decode()


def test_the_likely_scenarios_come_first_with_their_numbers(desk: Desk) -> None:
    page = look(desk, url(desk))
    assert "<html" not in page  # a fragment
    found = re.findall(r'data-note-key="(\d)"><kbd>\d</kbd> ([^<]+)</a>', page)
    assert found[:3] == [("1", "In process"), ("2", "Not on file"), ("3", "Paid, not posted")]
    assert "<form" not in page


def test_without_script_it_is_a_page_and_saving_leads_to_the_claim(desk: Desk) -> None:
    visitor = Visitor(desk.specialist)
    page = text_of(visitor.get(url(desk), scenario="in_process"))
    assert "<html" in page
    assert 'name="representative"' in page
    answer = visitor.post(url(desk), scenario="in_process", channel="call", **CALL)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/claims/MINE/A1/")
    assert Note.objects.count() == 1


def test_a_scenario_shows_its_questions_in_order(desk: Desk) -> None:
    page = look(desk, url(desk, "?scenario=paid_not_posted"))
    names = re.findall(r'id="note-([a-z_]+)" name="\1"', page)
    assert names[:6] == [
        *("channel", "contact", "representative", "reference", "trace", "paid_date"),
    ]
    assert 'value="555-0100"' in page  # the payer's phone
    assert "Find the payment" in page  # what comes next


def test_saving_answers_with_the_trigger_that_pages_wait_for(desk: Desk) -> None:
    answer = send(desk, contact="555-0100")
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "work-saved")
    note = Note.objects.get()
    assert "Timely filing: 2026-04-02, 28 d left." in note.narrative
    assert "Saved." in text_of(answer)
    assert (note.user, note.party, note.channel) == (desk.specialist, 11, "call")


def test_a_fault_stands_beside_its_field_and_nothing_is_written(desk: Desk) -> None:
    answer = send(desk, representative="", received_date="soon", next_date="never")
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'id="note-form"' in page
    assert "Representative is needed here." in page
    assert "Received by the payer must be a day like 3/5 or 2026-03-05." in page
    assert "The day must be a day like +7, 2w, mon or 2026-03-05." in page
    assert 'value="soon"' in page
    assert not Activity.objects.exists()


def test_the_form_sent_twice_is_one_note(desk: Desk) -> None:
    key = str(uuid4())
    assert send(desk, form_key=key).status_code == 200
    assert send(desk, form_key=key).status_code == 200
    assert Note.objects.count() == 1


def test_another_scenario_keeps_what_was_typed(desk: Desk) -> None:
    page = text_of(send(desk, url(desk, "draft/"), scenario="denied", payer_claim_number="ICN9"))
    assert 'value="ICN9"' in page
    assert 'value="Joy"' in page
    assert 'name="reason_code"' in page
    assert not Activity.objects.exists()


def test_a_pasted_text_fills_in_what_is_clear_for_confirmation(desk: Desk) -> None:
    pasted = "Claim # E123456 received 01/08/2026. EFT 778899 paid 02/12/2026 $80.00"
    page = text_of(
        send(desk, url(desk, "draft/"), scenario="paid_not_posted", reference="", pasted=pasted)
    )
    assert page.count("from your text, check") == 4
    assert 'value="778899"' in page
    assert 'value="Joy"' in page  # typed: it stays
    assert not Activity.objects.exists()


def test_what_was_typed_goes_before_what_was_pasted() -> None:
    form = Typed(scenario="in_process", texts={"payer_claim_number": "MINE1", "remarks": "x"})
    filled, found = with_pasted(form, "ICN 999999 ref# R5")
    assert filled.texts == {"payer_claim_number": "MINE1", "remarks": "x", "reference": "R5"}
    assert found == {"reference"}


def test_the_preview_writes_the_narrative(desk: Desk) -> None:
    page = text_of(send(desk, url(desk, "preview/"), next_date="+7"))
    assert "ACME HEALTH rep Joy ref# R17." in page
    assert "check the status on 2026-03-12 by specialist" in page
    assert not Activity.objects.exists()


def test_minutes_are_measured_typed_or_the_scenarios() -> None:
    def minutes(text: str = "", *, seconds: float = 0) -> tuple[int | None, str]:
        clock = signing.dumps(NOW.timestamp() - seconds, salt="followup.clock")
        return minutes_of(Typed(minutes_text=text, clock=clock), at=NOW)

    assert minutes(seconds=61) == (2, "")
    assert minutes(seconds=0) == (1, "")
    assert minutes(seconds=3601) == (None, "")  # nobody worked on it all that time
    assert minutes("7", seconds=61) == (7, "")
    assert minutes("lots")[1] == "must be a whole number up to 600"
    assert minutes_of(Typed(clock="forged:x:y"), at=NOW) == (None, "")


def test_the_patient_is_in_no_address_and_the_look_is_recorded(desk: Desk) -> None:
    look(desk, url(desk))
    event = AuditEvent.objects.get(action="note.form")
    assert (event.claim_id, event.actor) == (desk.claim.pk, f"user:{desk.specialist.pk}")


def test_a_file_is_attached_and_sent_as_a_download(desk: Desk) -> None:
    answer = send(desk, files=SimpleUploadedFile("EOB é.pdf", b"%PDF-1.7 eob"))
    assert answer.status_code == 200
    pk = Note.objects.get().attachments.get().pk
    visitor = Visitor(desk.specialist)
    got = visitor.get(f"/followup/attachments/{pk}/")
    assert got.content == b"%PDF-1.7 eob"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''EOB%20%C3%A9.pdf"
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert AuditEvent.objects.filter(action="attachment.download").count() == 1
    assert "EOB é.pdf" in text_of(visitor.get("/claims/MINE/A1/"))


def test_a_refused_file_is_said_and_nothing_is_written(desk: Desk) -> None:
    answer = send(desk, files=SimpleUploadedFile("page.html", b"<script>"))
    assert answer.status_code == 422
    assert "attach one of: pdf" in text_of(answer)
    assert not Activity.objects.exists()


@pytest.mark.parametrize("name", ["client_user", "stranger"])
def test_who_may_not_work_the_claim_gets_nothing(desk: Desk, name: str) -> None:
    note = record_note(
        claim=desk.claim, scenario="in_process", answers=CALL, user=desk.specialist, at=NOW
    )
    visitor = Visitor(getattr(desk, name))
    expected = 403 if name == "client_user" else 404
    for address in (
        url(desk),
        f"/followup/{desk.claim.pk}/call-sheet/",
        f"/followup/{desk.claim.pk}/escalation/11/",
        f"/followup/notes/{note.pk}/addendum/",
        f"/followup/activities/{note.activity_id}/withdraw/",
    ):
        assert visitor.get(address).status_code == expected, address
        assert visitor.post(address, reason="x", text="x").status_code in (expected, 405)
    assert (Note.objects.count(), Withdrawal.objects.count()) == (1, 0)


def test_a_foreign_claim_is_not_there(desk: Desk) -> None:
    assert send(desk, url(desk, claim=desk.foreign)).status_code == 404
    assert not Activity.objects.exists()


def test_the_timeline_tells_notes_addenda_and_what_was_taken_back(desk: Desk) -> None:
    send(desk)
    visitor = Visitor(desk.specialist)
    note = Note.objects.get()
    answer = visitor.post(f"/followup/notes/{note.pk}/addendum/", text="It is ICN9")
    assert answer.status_code == 302
    page = text_of(visitor.get("/claims/MINE/A1/"))
    assert "<strong>In process</strong> · specialist" in page
    assert "It is ICN9" in page
    assert 'class="work-past"' not in page
    answer = visitor.post(f"/followup/activities/{note.activity_id}/withdraw/", reason="")
    assert answer.status_code == 422
    visitor.post(f"/followup/activities/{note.activity_id}/withdraw/", reason="wrong claim")
    page = text_of(visitor.get("/claims/MINE/A1/"))
    assert '<del class="work-past">' in page
    assert "by specialist: wrong claim" in page


def test_a_client_user_sees_that_something_was_done_but_not_what_was_written(desk: Desk) -> None:
    send(desk, remarks="the doctor forgot to sign")
    page = text_of(Visitor(desk.client_user).get("/claims/MINE/A1/"))
    assert "Check status by phone: in process, next 2026-03-19" in page
    for secret in ("Joy", "R17", "forgot", "specialist", 'id="work"'):
        assert secret not in page


def test_an_addendum_without_text_is_refused(desk: Desk) -> None:
    send(desk)
    answer = Visitor(desk.specialist).post(
        f"/followup/notes/{Note.objects.get().pk}/addendum/", text=" "
    )
    assert answer.status_code == 422
    assert "The text is empty; write what is to be added." in text_of(answer)


def test_up_and_down_the_ladder_by_its_page(desk: Desk) -> None:
    visitor, address = Visitor(desk.specialist), f"/followup/{desk.claim.pk}/escalation/11/"
    assert "Escalate A1" in text_of(visitor.get(address))
    refused = visitor.post(address, level="1", reason="")
    assert refused.status_code == 422
    assert visitor.post(address, level="1", reason="no help", due_date="+7").status_code == 302
    step = Escalation.objects.get()
    assert (step.level, str(step.due_date)) == (1, "2026-03-12")
    page = text_of(visitor.get("/claims/MINE/A1/"))
    assert "Escalated to Level 1: Lead, by specialist, answer due 2026-03-12. no help" in page
    assert visitor.post(address, level="0", reason="paid").status_code == 302
    assert desk.item().escalation_level == 0


def test_the_call_sheet_has_the_questions_and_the_facts(desk: Desk) -> None:
    page = text_of(Visitor(desk.specialist).get(f"/followup/{desk.claim.pk}/call-sheet/"))
    for text in ("555-0100", "ABC123", "DOE, JANE", "When was the claim received"):
        assert text in page
    assert "What is the reference number of this call?" in page
    assert AuditEvent.objects.filter(action="claim.call_sheet").count() == 1


def test_one_call_about_many_claims_of_one_payer(desk: Desk) -> None:
    def another(number: str, **more: Any) -> Claim:
        claim = Claim.objects.create(
            client=desk.claim.client, number=number, number_key=number, **more
        )
        OpenBalance.objects.create(
            claim_id=claim.pk,
            client_id=claim.client_id,
            party=11,
            balance_cents=100,
            responsible_from_date="2026-01-05",
        )
        return claim

    same, other = another("A2", payer=desk.payer), another("A3")
    asked = f"{desk.claim.pk},{same.pk},{other.pk},{desk.foreign.pk},x"
    page = text_of(
        Visitor(desk.specialist).get(f"/followup/{desk.claim.pk}/call-sheet/", claims=asked)
    )
    assert "Call to ACME HEALTH: 2 claims" in page
    assert 'aria-label="Claim A2"' in page
    assert 'aria-label="Claim A3"' not in page
    assert "B1" not in page
    assert "2 claims are left out" in page


def test_a_claims_page_offers_what_can_be_done(desk: Desk) -> None:
    page = text_of(Visitor(desk.specialist).get("/claims/MINE/A1/"))
    for text in ("Call sheet", "Escalate", "Playbook: No response in time", "Why it is open"):
        assert text in page
    assert f'hx-get="/followup/{desk.claim.pk}/note/?party=11"' in page


def test_what_is_posted_is_cut_and_cleaned() -> None:
    from django.http import QueryDict

    posted = QueryDict(mutable=True)
    posted.update({"scenario": "dance", "form_key": "no", "contact": "x" * 500, "party": "99"})
    form = typed(posted)
    assert (form.scenario, len(form.contact)) == ("", 200)
