"""Who may open which page, and what a request leaves behind on its connection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from sanderling.accounts.actions import create_user
from sanderling.accounts.middleware import ClientIsolation
from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS, Role
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client

AT = datetime(2026, 3, 5, tzinfo=UTC)
PASSWORD = "correct-horse-battery"
# What a stranger may open; allauth's own pages ask for a log-in themselves.
OPEN = {"start", "health"}


def every_pattern(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from every_pattern(pattern.url_patterns, path)
        else:
            yield path, pattern


def test_every_view_says_who_may_see_it() -> None:
    silent = [
        path
        for path, pattern in every_pattern(get_resolver().url_patterns)
        if not path.startswith("account/")
        and pattern.name not in OPEN
        and not hasattr(pattern.callback, "required_permission")
        and not path.startswith(f"l/{getattr(pattern.callback, 'link_purpose', None)}/")
    ]
    assert silent == []


def test_every_role_has_permissions() -> None:
    assert set(PERMISSIONS) == set(Role.values)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    client = Client.objects.create(code="MINE", name="Mine Clinic", created_at=AT)
    Client.objects.create(code="FOREIGN", name="Foreign Clinic", created_at=AT)
    return {
        role: create_user(
            email=f"{role}@x.test", name=role, role=role, password=PASSWORD, client_ids=[client.pk]
        )
        for role in Role.values
    }


@pytest.mark.parametrize("path", ["/clients/", "/payers/", "/users/", "/users/new/", "/audit/"])
def test_a_stranger_is_sent_to_the_log_in_page(path: str, client: Browser, db: None) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/account/login/?next={path}"


def test_htmx_is_told_to_leave_the_page(client: Browser, db: None) -> None:
    answer = client.get("/clients/", headers={"HX-Request": "true", "HX-Current-URL": "/clients/"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/account/login/?next=/clients/"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("specialist", "/clients/", 200),
        ("specialist", "/users/", 403),
        ("specialist", "/audit/", 403),
        ("client_user", "/clients/", 403),
        ("compliance", "/audit/", 200),
        ("compliance", "/users/", 403),
        ("admin", "/users/", 200),
        ("admin", "/audit/", 200),
    ],
)
def test_roles_open_their_pages(
    people: dict[str, User], client: Browser, role: str, path: str, status: int
) -> None:
    client.force_login(people[role])
    assert client.get(path).status_code == status


def test_a_password_logs_in_and_a_wrong_one_does_not(
    people: dict[str, User], client: Browser
) -> None:
    form = {"login": "lead@x.test", "password": "wrong-wrong-wrong"}
    assert client.post("/account/login/", form).status_code == 200
    assert client.get("/clients/").status_code == 302
    answer = client.post("/account/login/", form | {"password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/clients/").status_code == 200


def test_guessing_passwords_is_slowed_down(people: dict[str, User], client: Browser) -> None:
    form = {"login": "coder@x.test", "password": "wrong-wrong-wrong"}
    for _ in range(5):
        client.post("/account/login/", form)
    answer = client.post("/account/login/", form | {"password": PASSWORD})
    assert b"Too many failed" in answer.content
    assert client.get("/clients/").status_code == 302


def test_nobody_signs_up(client: Browser, db: None) -> None:
    assert client.get("/account/signup/").status_code == 404


def test_the_page_has_a_strict_policy(client: Browser, db: None) -> None:
    answer = client.get("/account/login/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert b"<script>" not in answer.content
    assert b" style=" not in answer.content


def test_a_request_works_with_the_users_clients_and_forgets_them(people: dict[str, User]) -> None:
    seen: list[str] = []

    def view(_request: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sanderling_visible_clients()::text, sanderling_actor()")
            seen.extend(cursor.fetchone())
        raise RuntimeError("broken on purpose")

    request = RequestFactory().get("/")
    request.user = people["lead"]
    with pytest.raises(RuntimeError):
        ClientIsolation(view)(request)  # type: ignore[arg-type]  # a view that never answers
    mine = Client.objects.get(code="MINE")
    assert seen == [f"{{{mine.pk}}}", f"user:{people['lead'].pk}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_visible_clients()::text")
        assert cursor.fetchone() == ("{}",)


def test_a_user_under_the_web_role_sees_own_clients_on_the_page(
    people: dict[str, User], client: Browser
) -> None:
    client.force_login(people["lead"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    page = client.get("/clients/").content
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert b"Mine Clinic" in page
    assert b"Foreign Clinic" not in page


def test_an_administrator_makes_a_user_and_the_trail_says_so(
    people: dict[str, User], client: Browser
) -> None:
    client.force_login(people["admin"])
    mine = Client.objects.get(code="MINE")
    form = {
        "email": "New@X.test",
        "name": "New One",
        "role": "specialist",
        "password": PASSWORD,
        "is_active": "on",
        "clients": [str(mine.pk)],
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
    answer = client.post("/users/new/", form)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert answer.status_code == 302
    made = User.objects.get(email="new@x.test")
    assert list(made.assignments.values_list("client_id", flat=True)) == [mine.pk]
    event = AuditEvent.objects.get(action="user.insert", subject_id=str(made.pk))
    assert (event.actor, event.role) == (f"user:{people['admin'].pk}", "admin")


def test_a_weak_password_is_refused_and_nothing_is_written(
    people: dict[str, User], client: Browser
) -> None:
    client.force_login(people["admin"])
    form = {"email": "new@x.test", "name": "N", "role": "lead", "password": "short"}
    answer = client.post("/users/new/", form)
    assert answer.status_code == 422
    assert b"too short" in answer.content
    assert not User.objects.filter(email="new@x.test").exists()
