"""Takes the pictures of the user guide from a running demonstration.

`python tools/guide_pictures.py ADDRESS PASSWORD [name ...]`: ADDRESS and PASSWORD as `make demo`
prints them. Needs a Chromium on the path (or named by SANDERLING_CHROMIUM). Each picture is a page
as one role sees it, 1440 wide; pages of one thing are found by following the first link that fits.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "guide" / "images"
DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: who looks at which page; `follow`: the link (a CSS selector) to go on by."""

    name: str
    role: str
    path: str
    follow: tuple[str, ...] = ()
    height: int = 900


PICTURES = (
    Picture("for-specialist-worklist", "specialist", "/work/"),
    Picture("for-specialist-claim", "specialist", "/work/", ("a[data-drawer]",), 1000),
    Picture("for-specialist-flag", "account.manager", "/flags/?tab=all", ("tbody a",)),
    Picture("for-lead-review", "lead", "/reviews/", ("tr[data-href] a",), 1000),
    Picture("for-manager-account", "account.manager", "/key-accounts/", ("tbody a",), 1000),
    Picture("for-manager-report", "account.manager", "/reports/", ("tbody a",), 1000),
    Picture("for-client-home", "client.user", "/portal/", (), 1000),
    Picture("for-client-flag", "client.user", "/portal/flags/", ("tbody a",)),
    Picture("for-client-request", "client.user", "/portal/requests/", ("main a[href*=requests]",)),
    Picture("for-coder-inbox", "coder", "/inbox/"),
    Picture("for-compliance-desk", "compliance", "/compliance/"),
    Picture("for-compliance-audit", "compliance", "/audit/"),
)


def main(address: str, password: str, names: list[str]) -> int:
    """Take the pictures named, all when none is; return an exit status."""
    wanted = [one for one in PICTURES if not names or one.name in names]
    unknown = set(names) - {one.name for one in PICTURES}
    if unknown:
        print(f"no such picture: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed = 0
    with sync_playwright() as playwright:
        chromium = os.environ.get("SANDERLING_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        by_role = sorted(wanted, key=lambda one: one.role)
        for role, pictures in groupby(by_role, key=lambda one: one.role):
            page = _logged_in(browser, address, f"{role}@{DOMAIN}", password)
            failed += sum(not _take(page, address, picture) for picture in pictures)
            page.context.close()
    return 1 if failed else 0


def _logged_in(browser: Browser, address: str, email: str, password: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{address}/account/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


def _take(page: Page, address: str, picture: Picture) -> bool:
    page.set_viewport_size({"width": 1440, "height": picture.height})
    answer = page.goto(f"{address}{picture.path}")
    for selector in picture.follow:
        link = page.locator(selector).first
        if not link.count():
            print(f"{picture.name}: nothing fits {selector}", file=sys.stderr)
            return False
        answer = page.goto(f"{address}{link.get_attribute('href')}")
    page.wait_for_load_state("networkidle")
    if answer is None or not answer.ok:
        print(f"{picture.name}: {page.url} answers {answer and answer.status}", file=sys.stderr)
        return False
    page.wait_for_timeout(1_200)  # until charts have drawn themselves
    page.screenshot(path=IMAGES / f"{picture.name}.png")
    return True


if __name__ == "__main__":
    if len(sys.argv) < 3:  # noqa: PLR2004 - address and password
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3:]))
