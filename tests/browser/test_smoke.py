"""A person logs in, moves by keys, and nothing breaks the strict policy, on a desk and a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from sanderling.accounts.actions import create_user
from sanderling.clients.models import Client

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VENDOR = Path(__file__).resolve().parents[2] / "src/sanderling/web/static/vendor/htmx.min.js"
PASSWORD = "correct-horse-battery"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not VENDOR.is_file(), reason="no front-end files: run `make setup`"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django would take the tests for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(params=[(1440, 900), (360, 740)], ids=["desk", "phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield page
    page.close()
    assert faults == []


def test_logging_in_and_moving_by_keys(page: Page, live_server: LiveServer) -> None:
    Client.objects.create(code="MINE", name="Mine Clinic", created_at=datetime.now(UTC))
    create_user(
        email="a@x.test", name="Ada", role="admin", password=PASSWORD, sees_all_clients=True
    )
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", "a@x.test")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{live_server.url}/clients/")
    assert page.get_by_text("Mine Clinic").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("?")
    assert page.locator("#keyboard-help").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/payers/")
    page.goto(f"{live_server.url}/users/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/*/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
