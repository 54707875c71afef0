"""A specialist records a call by keys alone; the pages of the work pass axe-core at two sizes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from tests.browser.test_accessibility import AXE, judged
from tests.builders import Inbox
from tests.integration.pages import PASSWORD, People, fill

from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.followup.models import Note

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: run `make setup`"),
]


@pytest.fixture
def people(transactional_db: None, tmp_path: Path, settings: Settings) -> People:
    settings.SANDERLING_HOME = tmp_path / "home"
    folder = tmp_path / "in"
    folder.mkdir()
    made = fill(Inbox(folder))
    refresh_stale(timezone.localdate())
    return made


def open_claim(page: Page, live_server: LiveServer, people: People) -> None:
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", people.specialist.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.goto(f"{live_server.url}/claims/MINE/A2/")
    page.wait_for_selector("[data-note-form]")


def test_a_call_is_recorded_by_keys_in_seconds(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_claim(page, live_server, people)
    began = time.monotonic()
    keys = page.keyboard
    keys.press("1")
    expect(page.locator("#note-representative")).to_be_focused()
    keys.type("Joy")
    keys.press("Tab")
    keys.type("R17")
    keys.press("Tab")
    keys.type("yesterday")
    keys.press("Control+Enter")
    expect(page.locator("[data-note-saved]")).to_contain_text("Saved.")
    assert time.monotonic() - began < 20
    note = Note.objects.get()
    assert (note.scenario, note.representative, note.user) == (
        "in_process",
        "Joy",
        people.specialist,
    )
    # The timeline and the work beside it are there at once.
    expect(page.locator("#timeline-card")).to_contain_text("rep Joy ref# R17")
    expect(page.locator("#work-state")).to_contain_text("1, last")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_another_scenario_is_chosen_while_typing_and_keeps_what_was_typed(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_claim(page, live_server, people)
    page.keyboard.press("1")
    expect(page.locator("#note-representative")).to_be_focused()
    page.locator("#note-representative").press_sequentially("Joy")
    expect(page.locator("#note-representative")).to_have_value("Joy")
    page.keyboard.press("Alt+3")
    expect(page.locator(".note-scenario.is-chosen")).to_contain_text("Denied")
    expect(page.locator("#note-representative")).to_have_value("Joy")
    expect(page.locator("#note-reason_code")).to_be_visible()
    assert not Note.objects.exists()


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["desk", "phone"])
def test_the_pages_of_the_work_have_no_serious_problem(
    browser: Browser, size: tuple[int, int], live_server: LiveServer, people: People
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, bypass_csp=True)
    context.add_init_script(path=AXE)
    page = context.new_page()
    open_claim(page, live_server, people)
    pk = Claim.objects.get(number="A2").pk
    faults = []
    for address in (
        "/claims/MINE/A2/",
        f"/followup/{pk}/note/?scenario=denied",
        f"/followup/{pk}/call-sheet/",
        f"/followup/{pk}/escalation/11/",
    ):
        page.goto(f"{live_server.url}{address}")
        page.wait_for_load_state("networkidle")
        if page.locator("[data-note-key='1']").count():
            page.locator("[data-note-key='1']").click()
            page.wait_for_selector("#note-form form")
        faults += [f"{address}: {fault}" for fault in judged(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{address}: wider than the screen")
    context.close()
    assert faults == []
