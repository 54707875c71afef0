"""Every place of the navigation, at a desk and on a phone: axe-core finds no serious problem."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer
from tests.builders import Inbox
from tests.integration.barrier_rows import fill_barriers
from tests.integration.pages import PASSWORD, People

from sanderling.web.navigation import entries

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
REPOSITORY = Path(__file__).resolve().parents[2]
AXE = REPOSITORY / "node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")

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
    return fill_barriers(Inbox(folder), timezone.localdate())


def judged(page: Page) -> list[str]:
    """What axe-core says of the page: rule, weight, and the first places."""
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['impact']}): "
        + "; ".join(node["html"][:120] for node in rule["nodes"][:3])
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["desk", "phone"])
def test_no_place_has_a_serious_problem(
    browser: Browser, size: tuple[int, int], live_server: LiveServer, people: People
) -> None:
    # The pages' own policy forbids scripts from outside; the judge is let in, nobody else.
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, bypass_csp=True)
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", people.admin.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    faults = []
    for place in entries(people.admin, path=""):
        answer = page.goto(f"{live_server.url}{place.address}")
        assert answer is not None
        assert answer.status == 200, place.title
        page.wait_for_load_state("networkidle")
        faults += [f"{place.title}: {fault}" for fault in judged(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{place.title}: wider than the screen")
    context.close()
    assert not faults, "\n".join(faults)
