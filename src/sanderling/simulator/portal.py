"""A payer's web portal: log in, look for a claim, read what became of it.

A plain web site on a loopback port, with the habits of real ones: a session that runs out, a
log-in that is locked after wrong passwords, a search that wants one of two kinds of keys, a result
list before the claim's page, a limit of look-ups, days of maintenance. It knows claims only by a
callback, so that a table or a living world can stand behind it.
"""

from __future__ import annotations

import html
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

TRIES_MAX: Final = 3  # wrong passwords before the log-in is locked
_BODY_MAX: Final = 10_000
_COOKIE: Final = "portal_session"


@dataclass(frozen=True, slots=True)
class Search:
    """What a visitor looks for: the payer's number, or member and day of service."""

    claim_number: str = ""
    member_id: str = ""
    birth_date: str = ""
    service_date: str = ""


@dataclass(frozen=True, slots=True)
class PortalClaim:
    """A claim as the payer shows it."""

    number: str
    status: str  # Received, In process, Pended, Paid, Denied
    patient_account: str = ""
    service_date: date | None = None
    charge_cents: int = 0
    received_date: date | None = None
    processed_date: date | None = None
    paid_date: date | None = None
    paid_cents: int = 0
    allowed_cents: int | None = None
    share_cents: int | None = None
    trace: str = ""
    reason_code: str = ""
    remark_code: str = ""
    explanation: str = ""
    wanted: str = ""


@dataclass(slots=True)
class Habits:
    """What the portal does to its visitors; may be changed while it runs."""

    searches_of_session: int = 200  # then one has to log in again
    is_closed: bool = False  # maintenance
    has_captcha: bool = False
    lacks_status: bool = False  # the page was redesigned: no status where it used to be
    drops_after: int | None = None  # answers this many requests, then cuts connections


@dataclass(slots=True)
class Visits:
    """What visitors did: for tests of politeness."""

    logins: int = 0
    searches: list[Search] = field(default_factory=list)
    at: list[float] = field(default_factory=list)  # monotonic seconds of each search
    open_at_once: int = 0
    open_at_once_max: int = 0


class Portal:
    """The portal as a server on a loopback port; use it as a context."""

    def __init__(
        self,
        find: Callable[[Search], Sequence[PortalClaim]],
        *,
        name: str,
        user: str,
        password: str,
        port: int = 0,
    ) -> None:
        self.find = find
        self.name = name
        self.user, self.password = user, password
        self.habits = Habits()
        self.visits = Visits()
        self.sessions: dict[str, int] = {}
        self.wrong = 0
        self.answered = 0
        self.lock = threading.Lock()
        portal = self

        class Handler(_Handler):
            @property
            def portal(self) -> Portal:
                return portal

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where the log-in page is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def start(self) -> Self:
        """Serve, in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def portal(self) -> Portal:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet: addresses hold claim numbers."""

    def do_GET(self) -> None:
        """Answer a page."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer a form."""
        size = min(int(self.headers.get("Content-Length") or 0), _BODY_MAX)
        self._answer(
            {
                key: values[0].strip()
                for key, values in parse_qs(self.rfile.read(size).decode()).items()
            }
        )

    def _answer(self, form: dict[str, str]) -> None:
        portal, path = self.portal, urlsplit(self.path).path
        with portal.lock:
            portal.answered += 1
            limit = portal.habits.drops_after
            if limit is not None and portal.answered > limit:
                self.close_connection = True
                self.connection.close()
                return
        if portal.habits.is_closed:
            self._page("Maintenance", "<p>The portal is closed for maintenance.</p>", status=503)
        elif path == "/login" and self.command == "POST":
            self._log_in(form)
        elif not self._is_known(is_reading=path.startswith("/claims/")):
            self._login_page()
        elif path == "/search" and self.command == "POST":
            self._search(form)
        elif path.startswith("/claims/"):
            self._claim(path.removeprefix("/claims/"))
        else:
            self._search_page()

    def _log_in(self, form: dict[str, str]) -> None:
        portal = self.portal
        with portal.lock:
            is_locked = portal.wrong >= TRIES_MAX
            is_right = (form.get("user"), form.get("password")) == (portal.user, portal.password)
            if not is_right:
                portal.wrong += 1
            elif not is_locked:
                portal.wrong = 0
        if is_locked:
            self._login_page("This account is locked. Call provider services.")
        elif not is_right:
            self._login_page("User name or password is wrong.")
        else:
            key = secrets.token_hex(16)
            with portal.lock:
                portal.visits.logins += 1
                portal.sessions[key] = 0
            self._redirect("/search", cookie=f"{_COOKIE}={key}; HttpOnly; SameSite=Strict; Path=/")

    def _session(self) -> str:
        found = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
        return found.value if found else ""

    def _is_known(self, *, is_reading: bool) -> bool:
        """Say whether the session is good: its last search may still be read."""
        portal, key = self.portal, self._session()
        with portal.lock:
            used = portal.sessions.get(key)
            limit = portal.habits.searches_of_session + is_reading
            return used is not None and used < limit

    def _search(self, form: dict[str, str]) -> None:
        portal = self.portal
        asked = Search(
            claim_number=form.get("claim_number", ""),
            member_id=form.get("member_id", ""),
            birth_date=form.get("birth_date", ""),
            service_date=form.get("service_date", ""),
        )
        with portal.lock:
            portal.sessions[self._session()] += 1
            visits = portal.visits
            visits.searches.append(asked)
            visits.at.append(time.monotonic())
            visits.open_at_once += 1
            visits.open_at_once_max = max(visits.open_at_once_max, visits.open_at_once)
        try:
            has_person = asked.member_id and asked.birth_date and asked.service_date
            if not (asked.claim_number or has_person):
                self._search_page(
                    "Enter a claim number, or member id, birth date and date of service."
                )
                return
            found = list(portal.find(asked))
        finally:
            with portal.lock:
                visits.open_at_once -= 1
        self._results(found)

    def _results(self, found: list[PortalClaim]) -> None:
        if not found:
            self._page("Results", '<p id="no-results">No claims match your search.</p>')
            return
        rows = "".join(
            f'<tr class="claim"><td><a href="/claims/{html.escape(one.number)}">'
            f"{html.escape(one.number)}</a></td><td>{html.escape(one.patient_account)}</td>"
            f"<td>{_day(one.service_date)}</td><td>{_money(one.charge_cents)}</td></tr>"
            for one in found
        )
        self._page(
            "Results",
            '<table id="results"><tr><th>Claim</th><th>Account</th><th>Service</th><th>Billed</th>'
            f"</tr>{rows}</table>",
        )

    def _claim(self, number: str) -> None:
        found = next(iter(self.portal.find(Search(claim_number=number))), None)
        if found is None:
            self._page("Claim", '<p id="no-results">No claims match your search.</p>', status=404)
            return
        facts = {
            "number": found.number,
            "account": found.patient_account,
            "status": "" if self.portal.habits.lacks_status else found.status,
            "service": _day(found.service_date),
            "billed": _money(found.charge_cents),
            "received": _day(found.received_date),
            "processed": _day(found.processed_date),
            "paid-date": _day(found.paid_date),
            "paid": _money(found.paid_cents),
            "allowed": _money(found.allowed_cents),
            "share": _money(found.share_cents),
            "trace": found.trace,
            "reason": found.reason_code,
            "remark": found.remark_code,
            "explanation": found.explanation,
            "wanted": found.wanted,
        }
        rows = "".join(
            f'<dt>{key}</dt><dd id="claim-{key}">{html.escape(value)}</dd>'
            for key, value in facts.items()
            if value
        )
        self._page("Claim", f'<dl id="claim">{rows}</dl>')

    def _login_page(self, message: str = "") -> None:
        captcha = '<div id="captcha">Prove that you are human.</div>'
        self._page(
            "Log in",
            f'<p id="message">{html.escape(message)}</p>'
            '<form id="login" method="post" action="/login">'
            '<label>User name <input name="user" autocomplete="off"></label>'
            '<label>Password <input name="password" type="password"></label>'
            f"{captcha if self.portal.habits.has_captcha else ''}"
            "<button>Log in</button></form>",
        )

    def _search_page(self, message: str = "") -> None:
        fields = "".join(
            f'<label>{label} <input name="{name}"></label>'
            for name, label in (
                ("claim_number", "Claim number"),
                ("member_id", "Member id"),
                ("birth_date", "Birth date (MM/DD/YYYY)"),
                ("service_date", "Date of service (MM/DD/YYYY)"),
            )
        )
        self._page(
            "Claim status",
            f'<p id="message">{html.escape(message)}</p>'
            f'<form id="search" method="post" action="/search">{fields}<button>Search</button>'
            "</form>",
        )

    def _page(self, title: str, body: str, *, status: int = HTTPStatus.OK) -> None:
        name = html.escape(self.portal.name)
        self._send(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>{title} · {name}</title></head><body><h1>{name}</h1>{body}</body></html>",
            status=status,
        )

    def _redirect(self, place: str, *, cookie: str) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", place)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, text: str, *, status: int) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _day(value: date | None) -> str:
    return f"{value:%m/%d/%Y}" if value else ""


def _money(cents: int | None) -> str:
    return "" if cents is None else f"${cents // 100:,}.{cents % 100:02d}"
