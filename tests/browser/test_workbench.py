"""Ten journeys through the workbench, as people make them; five by keys alone.

The jobs that a step asks for are done after it, by the functions that the worker calls.
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.browser.office import JOURNEYS, Office, a_page, log_in, person, work_off

from sanderling.followup.models import Activity
from sanderling.worklists.models import WorkItem

pytestmark = JOURNEYS
SECONDS_OF_A_COMMON_TOUCH = 20


@pytest.fixture
def page(browser: Browser) -> Page:
    return a_page(browser)


def tab_to(page: Page, label: str) -> None:
    """Go on by Tab until the field has the cursor."""
    field = page.get_by_role("textbox", name=label)
    expect(field).to_be_visible()
    for _ in range(12):
        if field.evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{label} cannot be reached")


def in_process(page: Page, reference: str) -> None:
    """Record by keys that the payer processes the claim."""
    choice = page.locator("[data-note-form] [data-note-key]", has_text="In process")
    expect(choice).to_be_visible()
    page.keyboard.press(str(choice.get_attribute("data-note-key")))
    tab_to(page, "Representative")
    page.keyboard.type("Ana")
    page.keyboard.press("Tab")
    page.keyboard.type(reference)
    tab_to(page, "Received by the payer")
    page.keyboard.type("1/15")
    page.keyboard.press("Control+Enter")


def listed(page: Page) -> list[str]:
    """Return the claims of the list, in order."""
    return page.locator("tr[data-item] a[data-drawer]").all_inner_texts()


# By keys alone.


def test_a_common_touch_takes_seconds_and_no_mouse(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.sam)
    first = listed(page)[0]
    began = time.monotonic()
    page.keyboard.press("j")
    page.keyboard.press("n")
    in_process(page, "C-77123")
    expect(page.locator("[data-note-saved], .entry-note").first).to_be_visible()
    assert time.monotonic() - began < SECONDS_OF_A_COMMON_TOUCH
    activity = Activity.objects.get()
    assert (activity.outcome, activity.reference) == ("in_process", "C-77123")
    assert "Ana" in activity.note
    work_off()
    page.reload()
    assert first not in listed(page)


def test_one_claim_after_the_other_in_focus(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.sam)
    page.get_by_role("button", name="Start").press("Enter")
    page.wait_for_url(re.compile("/work/focus/"))
    seen = [page.url]
    for _ in range(2):
        before = page.url
        in_process(page, "none")
        expect(page).not_to_have_url(before)
        page.wait_for_load_state()
        seen.append(page.url)
    assert len(set(seen)) == 3
    assert Activity.objects.count() == 2


def test_chosen_rows_are_put_off_and_taken_back(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.sam)
    for key in "jxjx":
        page.keyboard.press(key)
    page.keyboard.press("f")
    expect(page.locator("#act-dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    assert WorkItem.objects.exclude(follow_up_date=None).count() == 2
    page.keyboard.press("u")
    expect(page.get_by_text(re.compile("undone|taken back", re.IGNORECASE)).first).to_be_visible()
    assert WorkItem.objects.exclude(follow_up_date=None).count() == 0


def test_a_patient_is_found_by_name(page: Page, live_server: LiveServer, office: Office) -> None:
    log_in(page, live_server, office.sam)
    page.keyboard.press("/")
    page.keyboard.type("cedar")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-item]")).to_have_count(1)
    assert listed(page) == ["A3"]
    assert "cedar" not in page.url.lower()  # no name in an address


def test_a_coder_answers_and_the_claim_moves(
    page: Page, browser: Browser, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.lena)
    item = WorkItem.objects.get(claim_number="D1")
    page.goto(f"{live_server.url}/tasks/new/?claim={item.claim_id}&party={item.party}")
    page.get_by_label("Team", exact=True).select_option("coding")
    page.get_by_label("Question", exact=True).fill("Is modifier 25 missing?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text(re.compile("asked", re.IGNORECASE)).first).to_be_visible()
    work_off()
    item.refresh_from_db()
    assert (item.barrier, item.open_tasks) == ("awaiting_internal", 1)

    coder = a_page(browser)
    log_in(coder, live_server, person("Cody", "coder", office.client))
    coder.keyboard.press("g")
    coder.keyboard.press("i")
    coder.wait_for_url("**/inbox/")
    coder.keyboard.press("j")
    coder.keyboard.press("Enter")
    coder.wait_for_url(re.compile(r"/inbox/\d+/"))
    coder.keyboard.press("a")
    coder.keyboard.press("Space")
    tab_to(coder, "New code or modifier")
    coder.keyboard.type("25")
    coder.keyboard.press("Enter")
    expect(coder.get_by_text("Answered", exact=True)).to_be_visible()
    work_off()
    item.refresh_from_db()
    assert (item.barrier, item.open_tasks) == ("denied", 0)


# With the mouse.


def test_a_view_is_saved_and_shared(
    page: Page, browser: Browser, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.lena)
    page.locator(".work-rail").get_by_role("link", name=re.compile("^Denials")).click()
    expect(page.get_by_role("heading", name="Denials")).to_be_visible()
    page.locator("details.work-menu", has_text="Save").locator("summary").click()
    page.get_by_label("Save this view as").fill("Denials to appeal")
    page.get_by_label("Share it with everybody").check()
    page.locator("details.work-menu[open]").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Denials to appeal")).to_be_visible()
    sam = a_page(browser)
    log_in(sam, live_server, office.sam)
    sam.get_by_role("link", name="Denials to appeal").click()
    expect(sam.locator("tr[data-item]")).to_have_count(1)
    assert listed(sam) == ["D1"]


def test_one_call_about_many_claims(page: Page, live_server: LiveServer, office: Office) -> None:
    log_in(page, live_server, office.sam)
    page.goto(f"{live_server.url}/work/?view=everything&group=payer")
    page.get_by_role("link", name=re.compile("Call batch")).first.click()
    page.wait_for_url(re.compile("/work/call"))
    expect(page.get_by_role("heading", name=re.compile("One call to ACME HEALTH"))).to_be_visible()
    assert page.get_by_text(re.compile(r"A[1-5]")).count() >= 2


def test_a_write_off_needs_a_second_person_and_reaches_the_ledger(
    page: Page, browser: Browser, live_server: LiveServer, office: Office
) -> None:
    item = WorkItem.objects.get(claim_number="A1")
    log_in(page, live_server, office.sam)
    page.goto(f"{live_server.url}/write-offs/new/?claim={item.claim_id}&party={item.party}")
    page.get_by_label("Amount in dollars").fill("160")
    page.get_by_label("Why", exact=True).select_option("uncollectible")
    page.get_by_label("Note", exact=True).fill("No answer after three tries")
    page.get_by_role("button", name="Request").click()
    # There is time to collect it: that wants an explicit yes.
    page.get_by_label("Write it off all the same").check()
    page.get_by_role("button", name="Request").click()
    expect(page.get_by_text(re.compile("requested|waits", re.IGNORECASE)).first).to_be_visible()
    lena = a_page(browser)
    log_in(lena, live_server, office.lena)
    lena.keyboard.press("g")
    lena.keyboard.press("x")
    lena.wait_for_url(re.compile("/write-offs/"))
    lena.get_by_role("link", name="A1").first.click()
    for box in lena.locator("main input[type=checkbox]").all():
        box.check()
    lena.get_by_role("button", name="Approve").first.click()
    lena.wait_for_load_state("networkidle")
    work_off()
    assert not WorkItem.objects.filter(claim_number="A1", party=item.party).exists()


def test_a_rule_is_tried_over_history_then_acts_and_is_undone(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.lena)
    page.goto(f"{live_server.url}/rules/")
    preset = page.locator(".card", has_text="High-dollar untouched for two weeks")
    preset.get_by_role("link", name=re.compile("Use it")).click()
    page.get_by_label("Condition").fill("barrier == 'denied' && balance > 500")
    page.get_by_role("button", name=re.compile("Save")).first.click()
    page.get_by_role("button", name="Run over history").click()
    work_off()
    expect(page.get_by_text("Would have matched")).to_be_visible()
    expect(page.get_by_text("1 item", exact=True).first).to_be_visible()
    page.get_by_role("link", name="High-dollar untouched for two weeks").first.click()
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_work_of_nobody_is_given_to_somebody(
    page: Page, live_server: LiveServer, office: Office
) -> None:
    log_in(page, live_server, office.lena)
    page.goto(f"{live_server.url}/workload/")
    expect(page.get_by_role("heading", name="Workload")).to_be_visible()
    page.get_by_role("row", name=re.compile("^Nobody")).get_by_text("Move work").click()
    page.locator("#move, [aria-labelledby=move-title]").get_by_label(
        "To", exact=True
    ).select_option(label="Sam")
    page.get_by_role("button", name="Move").last.click()
    page.wait_for_load_state("networkidle")
    assert WorkItem.objects.filter(assignee=office.sam).exists()
