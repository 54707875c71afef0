"""A lead goes from where the money is to a claim, its sentence and the segment behind it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from tests.builders import Inbox
from tests.integration.barrier_rows import (
    claim_named,
    fill_barriers,
    keep,
    put_denial,
    week_end_before,
)
from tests.integration.pages import PASSWORD, People

from sanderling.barriers.models import Barrier
from sanderling.claims.models import Submission

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VENDOR = Path(__file__).resolve().parents[2] / "src/sanderling/web/static/vendor/echarts.min.js"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not VENDOR.is_file(), reason="no front-end files: run `make setup`"),
]


@pytest.fixture
def people(transactional_db: None, tmp_path: Path, settings: Settings) -> People:
    settings.SANDERLING_HOME = tmp_path / "home"
    folder = tmp_path / "in"
    folder.mkdir()
    today = timezone.localdate()
    people = fill_barriers(Inbox(folder), today)
    since = week_end_before(today)
    keep("A2", since, "no_response", 20000)
    keep("A3", since, "no_response", 9000)
    keep("A/1 1", since, "awaiting_payer", 12000)
    put_denial("A2", received_date=today - timedelta(days=3))
    sent = Submission.objects.filter(claim=claim_named("A2")).latest("pk")
    Barrier.objects.filter(claim_id=claim_named("A2").pk).update(
        evidence=[["sent", sent.transaction_id, sent.position, "2026-01-12"]]
    )
    return people


def log_in(page: Page, live_server: LiveServer, people: People) -> None:
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", people.specialist.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/work/")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_the_money_to_the_segment(page: Page, live_server: LiveServer, people: People) -> None:
    log_in(page, live_server, people)
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/barriers/")
    assert page.locator("[data-chart=barrier-chart] svg").is_visible()
    expect(page.get_by_text("ties to the cent")).to_be_visible()
    # What changed comes by itself, with its own chart.
    expect(page.locator("[data-chart=flow-chart] svg")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Moved to another barrier")).to_be_visible()
    assert fits(page)
    page.get_by_role("row", name="Denied").get_by_role("link").first.click()
    page.wait_for_url("**/barriers/claims/**")
    expect(page.locator("main tbody tr")).to_have_count(1)
    assert fits(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/MINE/A2/**")
    expect(page.get_by_role("heading", name="Why it is open")).to_be_in_viewport()
    expect(page.get_by_text("5 days left")).to_be_visible()
    assert page.locator(".deadline-bar .mark").is_visible()
    assert fits(page)
    page.locator("#barrier").get_by_role("link", name="Claim sent").click()
    page.wait_for_url("**/segments/**")
    expect(page.locator("#chosen")).to_contain_text("CLM*A2")


def test_an_area_opens_its_balances(page: Page, live_server: LiveServer, people: People) -> None:
    log_in(page, live_server, people)
    page.goto(f"{live_server.url}/barriers/?by=")
    chart = page.locator("[data-chart=barrier-chart]")
    expect(chart.locator("svg")).to_be_visible()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.wait_for_timeout(1200)  # the areas grow to their size
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] / 3)
    # The largest stands first. (The test server works without row-level security.)
    page.wait_for_url("**/barriers/claims/?**barrier=awaiting_payer**")


def test_at_a_glance(page: Page, live_server: LiveServer, people: People) -> None:
    log_in(page, live_server, people)
    page.keyboard.press("g")
    page.keyboard.press("g")
    page.wait_for_url("**/glance/")
    assert page.locator("[data-chart=denial-chart] svg").is_visible()
    assert page.locator(".spark polyline").first.is_visible()
    assert fits(page)
    page.get_by_role("row", name="Authorization").get_by_role("link").first.click()
    page.wait_for_url("**/glance/denials/**")
    expect(page.get_by_text("CO-197")).to_be_visible()
    assert fits(page)


def test_without_script_what_changed_is_a_link(
    browser: Browser, live_server: LiveServer, people: People
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, live_server, people)
    page.goto(f"{live_server.url}/barriers/")
    page.get_by_role("link", name="Show what changed").click()
    page.wait_for_url("**/barriers/changes/**")
    expect(page.get_by_role("rowheader", name="Moved to another barrier")).to_be_visible()
    context.close()
