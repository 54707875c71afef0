"""Journeys with the client: documents by a link, flags, reports; the review; who saw a patient."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from tests import mail_server
from tests.browser.office import JOURNEYS, Office, a_page, log_in, person, work_off

from sanderling.audit.models import AuditEvent
from sanderling.document_requests.models import Upload
from sanderling.document_requests.settling import settle
from sanderling.flags.models import Flag
from sanderling.mail.sending import send_queued
from sanderling.mirror.actions import refresh
from sanderling.reports.models import Report
from sanderling.worklists.models import WorkItem

pytestmark = JOURNEYS
NOTE = b"%PDF-1.7\nan operative note\n%%EOF\n"


@pytest.fixture
def page(browser: Browser) -> Page:
    return a_page(browser)


def test_documents_are_asked_for_uploaded_by_a_link_and_the_claim_goes_on(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    office: Office,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.PUBLIC_URL = live_server.url
    settings.CLAMD = "off"
    person("Cleo", "client_user", office.client)
    log_in(page, live_server, office.sam)
    page.get_by_label("Select A1").check()
    page.keyboard.press("r")
    dialog = page.locator("#act-dialog")
    dialog.get_by_label("Operative note").check()
    dialog.get_by_label(re.compile("What for")).fill("The payer wants the operative note.")
    dialog.get_by_role("button", name="Ask the client for documents").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    work_off()
    assert WorkItem.objects.get(claim_number="A1").barrier == "awaiting_client"

    page.goto(f"{live_server.url}/document-requests/")
    page.get_by_role("link", name=re.compile("[Rr]equest \\d+")).first.click()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    with mail_server.running() as server:
        handler = mail_server.use(server, settings)
        assert send_queued(now=timezone.now) == 1
        (mail,) = handler.mails
    text = mail_server.text_of(mail)
    assert "ALDER" not in text
    link = re.search(r"http\S+/l/documents/\S+", text)
    assert link

    outside = a_page(browser)
    outside.goto(link[0])
    assert "ALDER" not in outside.content()
    note = tmp_path / "note.pdf"
    note.write_bytes(NOTE)
    outside.get_by_label("Files: Operative note of claim A1").set_input_files(note)
    outside.get_by_role("button", name="Send", exact=True).click()
    expect(outside.get_by_role("heading", name="Thank you")).to_be_visible()
    upload = Upload.objects.get()
    assert upload.size_bytes == len(NOTE)
    settle(at=timezone.now())
    work_off()
    assert WorkItem.objects.get(claim_number="A1").barrier != "awaiting_client"

    # The link has done its work.
    answer = outside.goto(link[0])
    assert answer
    assert answer.status in {403, 404, 410}
    page.reload()
    with page.expect_download() as saved:
        page.get_by_role("link", name="note.pdf").last.click()
    assert Path(saved.value.path()).read_bytes() == NOTE


def test_a_client_flags_a_claim_and_sees_it_answered(
    page: Page, browser: Browser, live_server: LiveServer, office: Office
) -> None:
    cleo = person("Cleo", "client_user", office.client)
    log_in(page, live_server, cleo)
    page.wait_for_url("**/portal/")
    page.goto(f"{live_server.url}/portal/claims/")
    page.get_by_role("link", name="D1", exact=True).click()
    page.get_by_role("link", name="Flag this claim").first.click()
    page.get_by_label("Why", exact=True).select_option("denied_wrongly")
    page.get_by_label("How urgent").select_option("urgent")
    page.get_by_label("In your words").fill("The modifier was on the claim.")
    page.get_by_role("button", name="Flag the claim").click()
    expect(page.get_by_text("The modifier was on the claim.")).to_be_visible()
    flag = Flag.objects.get()
    assert flag.owner in {office.sam, office.lena}
    assert flag.due_at
    work_off()
    assert WorkItem.objects.get(claim_number="D1").is_flagged

    owner = a_page(browser)
    log_in(owner, live_server, flag.owner)
    owner.goto(f"{live_server.url}/flags/")
    owner.get_by_role("link", name="D1", exact=True).click()
    owner.get_by_label(re.compile("^What you found")).fill("Sent again with modifier 25 today.")
    owner.get_by_role("button", name="Answer", exact=True).click()
    expect(owner.get_by_text("Sent again with modifier 25 today.")).to_be_visible()

    page.goto(f"{live_server.url}/portal/flags/")
    page.get_by_role("link", name="D1").first.click()
    expect(page.get_by_text("Sent again with modifier 25 today.")).to_be_visible()
    page.get_by_role("button", name="Yes, close it").click()
    page.wait_for_load_state("networkidle")
    flag.refresh_from_db()
    assert flag.state == "closed"
    work_off()
    assert not WorkItem.objects.get(claim_number="D1").is_flagged


def test_who_looked_at_a_patient_is_found(
    page: Page, browser: Browser, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.sam)
    page.goto(f"{live_server.url}/claims/MAPLE/A3/")
    expect(page.get_by_text("CEDAR").first).to_be_visible()

    cory = a_page(browser)
    log_in(cory, live_server, person("Cory", "compliance", office.client))
    cory.goto(f"{live_server.url}/audit/")
    search = cory.get_by_role("search", name="By patient or claim")
    search.get_by_role("textbox").first.fill("cedar")
    search.get_by_role("button", name="Find").click()
    expect(cory.get_by_text("Of 1 claim found")).to_be_visible()
    assert "cedar" not in cory.url.lower()
    looked = cory.get_by_role("row", name=re.compile("claim.view"))
    expect(looked.filter(has_text="Sam")).to_be_visible()
    looked.get_by_role("link").first.click()
    expect(cory.get_by_text("claim.view").first).to_be_visible()
    # The search is in the trail as well, without the name.
    searched = AuditEvent.objects.filter(action__startswith="audit").order_by("pk")
    assert any("claims" in str(event.detail) for event in searched)
    assert not AuditEvent.objects.filter(detail__icontains="cedar").exists()


def test_a_review_goes_from_its_pack_to_the_minutes(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.lena)
    page.goto(f"{live_server.url}/reviews/")
    page.get_by_role("link", name="New series").first.click()
    page.get_by_label("Name").fill("Maple, weekly")
    page.get_by_label("Clients", exact=True).select_option([str(office.client.pk)])
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile(r"/reviews/series/\d+/"))
    page.goto(f"{live_server.url}/reviews/")
    page.get_by_role("button", name="Pack of today").click()
    work_off()
    page.wait_for_url(re.compile(r"/reviews/\d+/"))
    page.reload()
    page.get_by_role("button", name=re.compile("Begin")).click()
    page.wait_for_url(re.compile(r"/reviews/\d+/meeting/"))

    # Two points of the agenda, a decision and an action, by keys.
    first = page.get_by_role("heading", level=1).or_(page.locator(".page-title")).first.inner_text()
    page.keyboard.press("n")
    expect(page.locator(".page-title")).not_to_have_text(first)
    page.keyboard.press("d")
    page.keyboard.type("ACME is called every Tuesday.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("ACME is called every Tuesday.")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.type("Call ACME about the denied visit")
    page.get_by_label("Who", exact=True).select_option(label="Sam")
    page.get_by_role("button", name="Decide it").click()
    expect(page.get_by_text("Call ACME about the denied visit").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Close and keep")).click()
    page.wait_for_url(re.compile(r"/reviews/\d+/$"))
    minutes = page.get_by_role("link", name="Minutes").get_attribute("href")
    paper = page.request.get(f"{live_server.url}{minutes}")
    words = " ".join(one.extract_text() for one in PdfReader(BytesIO(paper.body())).pages)
    assert "ACME is called every Tuesday." in words
    assert "Call ACME about the denied visit" in words

    # The action comes back with the next pack.
    page.goto(f"{live_server.url}/reviews/")
    expect(page.get_by_role("row", name=re.compile("Call ACME.*Sam"))).to_be_visible()


def test_a_monthly_report_is_approved_mailed_and_opened(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    office: Office,
    settings: Settings,
) -> None:
    settings.PUBLIC_URL = live_server.url
    cleo = person("Cleo", "client_user", office.client)
    mia = person("Mia", "account_manager", office.client)
    refresh(office.today, timezone.now())
    month = office.today.replace(day=1) - timedelta(days=1)
    log_in(page, live_server, office.lena)
    page.goto(f"{live_server.url}/reports/make/")
    page.get_by_label("Composition").select_option(label="Practice manager")
    page.get_by_label("Clients").select_option([str(office.client.pk)])
    page.get_by_label("From").fill(str(month.replace(day=1)))
    page.get_by_label("To", exact=True).fill(str(month))
    page.get_by_label("As known at the end of").fill(str(month))
    page.get_by_role("button", name="Make drafts").click()
    page.wait_for_url(re.compile(r"/reports/making/\d+/"))
    work_off()
    report = Report.objects.get()

    manager = a_page(browser)
    log_in(manager, live_server, mia)
    manager.goto(f"{live_server.url}/reports/approvals/")
    manager.get_by_role("link", name=report.title).first.click()
    manager.get_by_label("All of the client's own people").check()
    manager.get_by_label(re.compile("^Other addresses")).fill("partner@outside.test")
    manager.get_by_role("button", name="Approve and send").click()
    expect(manager.get_by_text(re.compile("Sent")).first).to_be_visible()
    with mail_server.running() as server:
        handler = mail_server.use(server, settings)
        send_queued(now=timezone.now)
        mails = {str(mail["To"]): mail_server.text_of(mail) for mail in handler.mails}
    assert set(mails) == {cleo.email, "partner@outside.test"}

    reader = a_page(browser)
    log_in(reader, live_server, cleo)
    inside = re.search(r"http\S+/portal/reports/\S+", mails[cleo.email])
    assert inside
    reader.goto(inside[0])
    expect(reader.get_by_text(report.title).first).to_be_visible()

    outside = a_page(browser)
    link = re.search(r"http\S+/l/report/\S+", mails["partner@outside.test"])
    assert link
    outside.goto(link[0])
    outside.get_by_role("link", name="Read it").click()
    expect(outside.get_by_text("Maple Clinic").first).to_be_visible()
    manager.goto(f"{live_server.url}/reports/deliveries/")
    expect(manager.get_by_role("row", name=re.compile("partner@outside.test"))).to_be_visible()
