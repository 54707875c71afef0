"""An office that journeys begin in: its people, its claims, how one logs in."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page
from procrastinate.contrib.django import app
from pytest_django.live_server_helper import LiveServer
from tests.builders import NPI, TIN, Inbox, claims_file, line, paid, remittance_file, sent
from tests.integration.pages import PASSWORD, make_client

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.clients.models import Client
from sanderling.worklists.tallying import recount_stale

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VENDOR = Path(__file__).resolve().parents[2] / "src/sanderling/web/static/vendor/htmx.min.js"
# What every module of journeys needs: a database to itself, a browser, the front-end files.
JOURNEYS = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not VENDOR.is_file(), reason="no front-end files: run `make setup`"),
]


@dataclass(frozen=True)
class Office:
    """Its one client, and who works here."""

    client: Client
    sam: User  # specialist
    lena: User  # lead
    today: date


def open_office(folder: Path) -> Office:
    """One client: five claims that nobody answered, and one that was denied."""
    folder.mkdir()
    today = timezone.now().date()
    client = make_client("MAPLE", "Maple Clinic", NPI, TIN)
    day = f"{today - timedelta(days=80):%Y%m%d}"
    claims = [
        sent(
            f"A{number}",
            150 + 10 * number,
            patient=f"{name}*JANE",
            lines=(line("99213", 150 + 10 * number, control=f"A{number}L1", day=day),),
        )
        for number, name in enumerate(("ALDER", "BIRCH", "CEDAR", "DOUGLAS", "ELM"), start=1)
    ]
    claims.append(sent("D1", 900, lines=(line("99215", 900, control="D1L1", day=day),)))
    inbox = Inbox(folder, at=timezone.now())
    inbox.take(claims_file(*claims, made=day), received_date=today - timedelta(days=79))
    inbox.take(
        remittance_file(
            paid("D1", 900, 0, "CO*4*900", day=day),
            made=day,
            payment_date=f"{today - timedelta(days=20):%Y%m%d}",
        ),
        received_date=today - timedelta(days=20),
    )
    refresh_stale(today)
    recount_stale(today=today, at=timezone.now())

    return Office(
        client, person("Sam", "specialist", client), person("Lena", "lead", client), today
    )


def person(name: str, role: str, client: Client) -> User:
    """Make somebody who sees the client."""
    return create_user(
        email=f"{name.lower()}@x.test",
        name=name,
        role=role,
        password=PASSWORD,
        client_ids=[client.pk],
    )


def a_page(browser: Browser) -> Page:
    """Return a page of a browser of its own; a fault of a script fails the test."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()

    def fault(error: object) -> None:
        raise AssertionError(str(error))

    page.on("pageerror", fault)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def log_in(page: Page, live_server: LiveServer, user: User) -> None:
    """Log in by keys; the first page of the person opens."""
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", user.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^(?!.*/account/)"))


def work_off() -> None:
    """Do the jobs that wait, and those that they ask for, as the worker does."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE status = 'todo' RETURNING task_name, args"
            )
            jobs = cursor.fetchall()
        if not jobs:
            return
        for name, arguments in jobs:
            given = arguments if isinstance(arguments, dict) else json.loads(arguments)
            app.tasks[name].func(**given)
