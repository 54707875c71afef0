"""Links for people without an account: what opens one, what never does, and what it shows."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import override_settings
from django.urls import path

from sanderling.accounts.actions import create_user
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.config.logs import PlacesOnly
from sanderling.links import door
from sanderling.links.actions import (
    LinkImpossible,
    LinkRefused,
    OpenedLink,
    make_link,
    opened,
    revoke_links,
)
from sanderling.links.door import by_link
from sanderling.links.models import Link

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = AT + timedelta(days=7)
seen: list[str] = []


@by_link("report")
def report(_request: HttpRequest, link: OpenedLink) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_visible_clients()::text, sanderling_actor()")
        seen.extend(cursor.fetchone())
    return HttpResponse(f"report {link.subject_id}")


@by_link("report")
def once(_request: HttpRequest, link: OpenedLink, token: str = "") -> HttpResponse:
    raise LinkRefused


urlpatterns = [
    path("l/report/<str:token>/", report),
    path("l/report/<str:token>/once/", once),
    path("start/", report, name="start"),
]


@pytest.fixture
def practice() -> Client:
    return Client.objects.create(code="MINE", name="Mine Clinic", created_at=AT)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with override_settings(ROOT_URLCONF=__name__):
        seen.clear()
        yield Browser()


def token_for(client: Client, *, purpose: str = "report", uses_max: int | None = None) -> str:
    address = make_link(
        purpose=purpose, subject_id=17, client_id=client.pk, expires_at=LATER, at=AT,
        uses_max=uses_max,
    )  # fmt: skip
    assert address.startswith(f"http://127.0.0.1:8000/l/{purpose}/")
    return address.split("/")[-2]


def is_refused(token: str, *, purpose: str = "report", at: datetime = AT) -> bool:
    try:
        opened(token, purpose=purpose, at=at)
    except LinkRefused:
        return True
    return False


def test_a_link_opens_what_it_was_made_for_and_only_its_hash_is_kept(practice: Client) -> None:
    token = token_for(practice)
    found = opened(token, purpose="report", at=AT)
    kept = Link.objects.get()
    assert (found.link_id, found.subject_id, found.client_id) == (kept.pk, 17, practice.pk)
    assert (kept.opened_at, kept.uses, found.expires_at) == (AT, 0, LATER)
    assert token not in str(Link.objects.values().get())
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="link.")] == [
        "link.make"
    ]


def test_an_altered_link_opens_nothing(practice: Client) -> None:
    token = token_for(practice)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert is_refused(token[:place] + other + token[place + 1 :])
    for wrong in (token[:-1], token + "A", "", "ä" * 56, "=" * 56, token[:-4] + "+/=="):
        assert is_refused(wrong)
    assert not is_refused(token)


def test_a_signed_token_that_was_never_given_out_opens_nothing(practice: Client) -> None:
    token = token_for(practice)
    Link.objects.all().delete()
    assert is_refused(token)


def test_a_link_is_good_for_its_purpose_only(practice: Client) -> None:
    assert is_refused(token_for(practice), purpose="documents")
    assert is_refused(token_for(practice, purpose="documents"))


def test_another_installation_s_key_opens_nothing(practice: Client) -> None:
    token = token_for(practice)
    with override_settings(SECRET_KEY="x" * 40):
        assert is_refused(token)


def test_a_link_ends_at_its_instant(practice: Client) -> None:
    token = token_for(practice)
    assert not is_refused(token, at=LATER - timedelta(seconds=1))
    assert is_refused(token, at=LATER)


def test_a_revoked_link_opens_nothing_and_revoking_twice_is_harmless(practice: Client) -> None:
    token, other = token_for(practice), token_for(practice, purpose="documents")
    assert revoke_links(purpose="report", subject_id=17, at=AT) == 1
    assert revoke_links(purpose="report", subject_id=17, at=AT) == 0
    assert is_refused(token)
    assert not is_refused(other, purpose="documents")


def test_uses_are_counted_and_looks_are_not(practice: Client) -> None:
    token = token_for(practice, uses_max=2)
    for _ in range(5):
        opened(token, purpose="report", at=AT)
    opened(token, purpose="report", at=AT, counts=True)
    opened(token, purpose="report", at=AT, counts=True)
    with pytest.raises(LinkRefused):
        opened(token, purpose="report", at=AT, counts=True)
    assert is_refused(token)
    assert Link.objects.get().uses == 2


@pytest.mark.parametrize("ends", [AT, AT + timedelta(days=367)])
def test_a_link_without_a_sensible_end_is_not_made(practice: Client, ends: datetime) -> None:
    with pytest.raises(LinkImpossible):
        make_link(purpose="report", subject_id=1, client_id=practice.pk, expires_at=ends, at=AT)
    assert not Link.objects.exists()


def test_the_web_role_opens_a_link_without_seeing_any(practice: Client) -> None:
    token = token_for(practice)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        assert opened(token, purpose="report", at=AT).subject_id == 17
        cursor.execute("SELECT count(*) FROM links_link")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{practice.pk}}}"]
        )
        cursor.execute("SELECT count(*) FROM links_link")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("subject_id = 18", "what it opens does not change"),
        ("client_id = 0", "what it opens does not change"),
        ("purpose = 'documents'", "what it opens does not change"),
        ("uses_max = 99", "what it opens does not change"),
        ("expires_at = expires_at + interval '1 day'", "never prolonged"),
        ("uses = uses - 1", "never prolonged"),
        ("revoked_at = NULL", "never prolonged"),
    ],
)
def test_a_link_is_neither_bent_nor_prolonged(practice: Client, change: str, match: str) -> None:
    token_for(practice)
    revoke_links(purpose="report", subject_id=17, at=AT)
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        connection.cursor().execute(f"UPDATE links_link SET {change}")


def good_now(practice: Client) -> str:
    now = datetime.now(UTC)
    return make_link(
        purpose="report", subject_id=17, client_id=practice.pk, at=now,
        expires_at=now + timedelta(days=1),
    ).removeprefix("http://127.0.0.1:8000")  # fmt: skip


def test_the_page_sees_the_link_s_client_only_whoever_is_logged_in(
    practice: Client, browser: Browser
) -> None:
    Client.objects.create(code="OTHER", name="Other Clinic", created_at=AT)
    browser.force_login(
        create_user(
            email="lead@x.test", name="lead", role="lead", password="correct-horse-battery",
            sees_all_clients=True,
        )
    )  # fmt: skip
    answer = browser.get(good_now(practice))
    assert answer.content == b"report 17"
    assert seen == [f"{{{practice.pk}}}", f"link:{Link.objects.get().pk}"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_visible_clients()::text")
        assert cursor.fetchone() == ("{}",)


def test_every_refusal_is_the_same_page(practice: Client, browser: Browser) -> None:
    address = good_now(practice)
    altered = address[:-3] + ("A" if address[-3] != "A" else "B") + address[-2:]
    foreign = f"/l/report/{token_for(practice, purpose='documents')}/"
    expired = f"/l/report/{token_for(practice)}/"
    pages = [browser.get(one) for one in (altered, foreign, expired, "/l/report/x/")]
    pages.append(browser.get(f"{address}once/"))  # refused within the view
    revoke_links(purpose="report", subject_id=17, at=datetime.now(UTC))
    pages.append(browser.get(address))
    assert {page.status_code for page in pages} == {404}
    own = re.compile(rb'"X-CSRFToken": "[^"]*"')
    assert len({own.sub(b"", page.content) for page in pages}) == 1
    assert b"This link cannot be used" in pages[0].content
    assert seen == []


def test_guessing_is_slowed_down_and_so_is_one_link(
    practice: Client, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_now", lambda: 6_000.0)
    monkeypatch.setattr(door, "REFUSALS_MAX", 3)
    monkeypatch.setattr(door, "REQUESTS_MAX", 2)
    cache.clear()
    assert [browser.get("/l/report/x/").status_code for _ in range(5)] == [404] * 3 + [429] * 2
    # A good link is let in all the same, so many times a minute.
    address = good_now(practice)
    assert [browser.get(address).status_code for _ in range(3)] == [200, 200, 429]
    cache.clear()


def test_a_log_line_has_no_token(practice: Client) -> None:
    token = token_for(practice)
    line = logging.LogRecord(
        "x", logging.WARNING, "x", 1, "Not Found: %s", (f"/l/report/{token}/",), None
    )
    assert PlacesOnly("{message}", style="{").format(line) == "Not Found: /l/report/.../"
