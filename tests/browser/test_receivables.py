"""A specialist goes from the aging to a claim, its remittance and the segment it came in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from tests.builders import Inbox
from tests.integration.pages import PASSWORD, People, fill

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
    return fill(Inbox(folder))


def log_in(page: Page, live_server: LiveServer, people: People) -> None:
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", people.specialist.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_the_aging_to_the_segment(page: Page, live_server: LiveServer, people: People) -> None:
    log_in(page, live_server, people)
    page.wait_for_url("**/work/")
    page.goto(f"{live_server.url}/aging/?as_of=2026-03-05&party=all&client=MINE")
    assert page.locator(".chart svg").is_visible()
    assert fits(page)
    page.locator("tfoot a").first.click()
    page.wait_for_url("**/aging/claims/**")
    assert fits(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/MINE/A2/**")
    page.goto(f"{live_server.url}/claims/MINE/A/1%201/")
    expect(page.get_by_text("billed = adjusted + patient + paid")).to_be_visible()
    assert fits(page)
    page.locator(".eob tbody a").first.click()
    page.wait_for_url("**/segments/**")
    expect(page.locator("#chosen")).to_contain_text("SVC*HC:99213*200*120")
    expect(page.get_by_role("row", name="SVC02 200")).to_be_visible()
    assert fits(page)


def test_search_by_keyboard(page: Page, live_server: LiveServer, people: People) -> None:
    log_in(page, live_server, people)
    page.goto(f"{live_server.url}/claims/")
    page.keyboard.press("/")
    page.keyboard.type("A2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/MINE/A2/")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/suspense/")
    assert fits(page)


def test_files_and_their_problems_fit_the_screen(
    page: Page, live_server: LiveServer, people: People
) -> None:
    log_in(page, live_server, people)
    page.goto(f"{live_server.url}/files/?status=partly")
    assert fits(page)
    page.locator("tbody a").first.click()
    expect(page.get_by_text("CLP*A3*1*90*50")).to_be_visible()
    assert fits(page)
