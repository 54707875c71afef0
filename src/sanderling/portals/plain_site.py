"""The adapter of plain claim-status sites, driven in a real Chromium: log in, search, read.

It works the portal of our simulator, whose pages are like many payers' own: a log-in form, a search
by claim number or by member and day, a list of results, a page of one claim. Chromium is driven by
Playwright, an optional dependency (`pip install 'sanderling[portals]'`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from django.conf import settings

from sanderling.portals.adapters import (
    Credentials,
    PortalAway,
    PortalStopped,
    Question,
    Unreadable,
)
from sanderling.portals.reading import Reading, Shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

P = ParamSpec("P")
T = TypeVar("T")

WAIT_MILLISECONDS: Final = 20_000
_SHOWN: Final = {
    "received": Shown.IN_PROCESS,
    "in process": Shown.IN_PROCESS,
    "pended": Shown.PENDED,
    "approved": Shown.APPROVED,
    "paid": Shown.PAID,
    "processed to patient": Shown.PATIENT_SHARE,
    "denied": Shown.DENIED,
    "forwarded": Shown.FORWARDED,
}
_MONEY: Final = re.compile(r"\$(\d{1,3}(?:,\d{3})*)\.(\d\d)")


class PlainSite:
    """The adapter."""

    key = "plain_site"
    title = "Plain claim-status site (Chromium)"

    def fault(self) -> str:
        """Return why it cannot work on this machine, empty when it can."""
        if find_spec("playwright") is None:
            return "Playwright is not installed: pip install 'sanderling[portals]'"
        if chromium() is None:
            return "no Chromium is installed; set SANDERLING_CHROMIUM to where it is"
        return ""

    @contextmanager
    def log_in(self, url: str, credentials: Credentials) -> Iterator[PlainSession]:
        """Open the portal in a Chromium of its own, without a profile, and log in.

        Playwright keeps an event loop in its thread, beside which Django's database refuses to
        work: the browser has a thread of its own.
        """
        session = PlainSession(url, credentials)
        try:
            session.begin()
            yield session
        finally:
            session.end()


class PlainSession:
    """A browser that is logged in, and the thread in which it lives."""

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._url = url
        self._credentials = credentials
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="portal")
        self._stack = ExitStack()
        self._page: Page

    def begin(self) -> None:
        """Start the browser and log in."""
        self._there(self._start)

    def end(self) -> None:
        """Close the browser, whatever happened in it."""
        try:
            self._there(self._stack.close)
        finally:
            self._thread.shutdown()

    def look_up(self, question: Question) -> Reading | None:
        """Search by the payer's number where we have it, then by member and day of service."""
        return self._there(self._look_up, question)

    def _there(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        from playwright.sync_api import Error

        try:
            return self._thread.submit(step, *args, **kwargs).result()
        except Error as error:
            raise PortalAway(_away(error)) from None

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        playwright = self._stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        self._stack.callback(browser.close)
        self._page = browser.new_context().new_page()
        self._page.set_default_timeout(WAIT_MILLISECONDS)
        self._enter()

    def _enter(self) -> None:
        """Log in, and make sure that the search is there."""
        page = self._page
        answer = page.goto(self._url)
        if answer is not None and answer.status >= 500:  # noqa: PLR2004 - HTTP's own faults
            raise PortalAway("the portal is closed or out of order; look-ups go on later")
        if page.locator("#captcha").count():
            raise PortalStopped("the portal asks for proof of a human; log in there by hand once")
        if not page.locator("form#login").count():
            raise PortalStopped("the log-in page is not as it was; the adapter must be mended")
        page.fill("form#login [name=user]", self._credentials.user)
        page.fill("form#login [name=password]", self._credentials.password)
        page.click("form#login button")
        page.wait_for_load_state()
        if page.locator("form#search").count():
            return
        message = (
            page.locator("#message").text_content() if page.locator("#message").count() else ""
        )
        if "locked" in (message or "").lower():
            raise PortalStopped("the account is locked; have the payer unlock it, then start again")
        raise PortalStopped("the portal refuses user name or password; mend the reference")

    def _look_up(self, question: Question) -> Reading | None:
        if question.payer_claim_number and self._search(claim_number=question.payer_claim_number):
            return self._open(question)
        born, served = question.patient_birth_date, question.service_from_date
        if not (question.member_id and born and served):
            if question.payer_claim_number:
                return None
            raise Unreadable(
                "neither the payer's number nor member, birth and service day are known"
            )
        found = self._search(
            member_id=question.member_id,
            birth_date=f"{born:%m/%d/%Y}",
            service_date=f"{served:%m/%d/%Y}",
        )
        return self._open(question) if found else None

    def _search(self, **terms: str) -> bool:
        page = self._page
        self._go_to_search()
        for name, value in terms.items():
            page.fill(f"form#search [name={name}]", value)
        page.click("form#search button")
        page.wait_for_load_state()
        if page.locator("#results").count():
            return True
        if page.locator("#no-results").count():
            return False
        raise Unreadable(
            "the portal answered the search with a page that the adapter does not know"
        )

    def _go_to_search(self) -> None:
        page = self._page
        page.goto(f"{self._url.rstrip('/')}/search")
        if page.locator("form#login").count():  # the session ran out
            self._enter()
        if not page.locator("form#search").count():
            raise PortalStopped("the search page is not as it was; the adapter must be mended")

    def _open(self, question: Question) -> Reading:
        page = self._page
        rows = page.locator("#results tr.claim")
        fitting = [
            index
            for index in range(rows.count())
            if _fits(rows.nth(index).locator("td").all_text_contents(), question)
        ]
        if len(fitting) != 1:
            raise Unreadable(
                "several claims fit; open the portal and choose"
                if fitting
                else "the claims found have another account number or charge; look yourself"
            )
        rows.nth(fitting[0]).locator("a").click()
        page.wait_for_selector("#claim, form#login")
        if not page.locator("#claim").count():
            raise PortalAway("the portal ended the session; look-ups go on later")
        return self._read()

    def _read(self) -> Reading:
        page = self._page
        text = {
            (one.get_attribute("id") or "").removeprefix("claim-"): (
                one.text_content() or ""
            ).strip()
            for one in page.locator("#claim dd").all()
        }
        shown = _SHOWN.get(text.get("status", "").lower())
        if shown is None:
            raise Unreadable("the claim's page shows no status that the adapter knows")
        return Reading(
            shown=shown,
            payer_claim_number=text.get("number", ""),
            received_date=_day(text.get("received")),
            processed_date=_day(text.get("processed")),
            paid_date=_day(text.get("paid-date")),
            paid_cents=_cents(text.get("paid")) if shown in _PAYING else None,
            allowed_cents=_cents(text.get("allowed")),
            share_cents=_cents(text.get("share")),
            trace=text.get("trace", ""),
            reason_code=text.get("reason", ""),
            remark_code=text.get("remark", ""),
            explanation=text.get("explanation", ""),
            wanted=text.get("wanted", ""),
        )


_PAYING: Final = (Shown.PAID, Shown.APPROVED)


def _fits(cells: list[str], question: Question) -> bool:
    """Say whether a row of results is the claim: its account number, or else its charge.

    A search by the payer's number finds one; by member and day it finds all of that visit.
    """
    _number, account, _service, billed = cells
    if account:
        return account == question.claim_number
    return _cents(billed) == question.charge_cents


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a day, no instant
    except ValueError:
        raise Unreadable("a day on the claim's page is not written as it was") from None


def _cents(text: str | None) -> int | None:
    if not text:
        return None
    found = _MONEY.fullmatch(text)
    if found is None:
        raise Unreadable("an amount on the claim's page is not written as it was")
    return int(found[1].replace(",", "")) * 100 + int(found[2])


def _away(error: Exception) -> str:
    """Say why in words of ours: the browser's own hold addresses and page text."""
    kind = "was too slow" if type(error).__name__ == "TimeoutError" else "broke off"
    return f"the portal {kind}; look-ups go on later"


def chromium() -> str | None:
    """Return where Chromium is, None when there is none."""
    told: str = settings.CHROMIUM
    if told:
        return told if Path(told).exists() else None
    return which("chromium") or which("chromium-browser") or which("google-chrome")
