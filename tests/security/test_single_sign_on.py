"""Single sign-on: known people by their verified address, nobody else; never signed up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as current
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.config.environment import InvalidSetting, env_server

pytestmark = pytest.mark.django_db
PASSWORD = "plover-dunlin-knot"  # a made-up one for this test


class Issuer(ThreadingHTTPServer):
    """An OpenID Connect provider on this machine; `claims` is what it says of who logs in."""

    claims: dict[str, Any]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        if self.path == "/.well-known/openid-configuration":
            base = self.server.address
            self.answer(
                {
                    "issuer": base,
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "userinfo_endpoint": f"{base}/userinfo",
                    "jwks_uri": f"{base}/keys",
                }
            )
        else:
            self.answer(self.server.claims)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        claims = {**self.server.claims, "iss": self.server.address, "aud": "sanderling"}
        token = jwt.encode({**claims, "iat": 0, "exp": 2**33}, "k" * 32, algorithm="HS256")
        self.answer({"access_token": "one", "token_type": "Bearer", "id_token": token})

    def answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def issuer(settings: Settings) -> Iterator[Issuer]:
    with Issuer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        app = {
            "provider_id": "sso",
            "name": "Example ID",
            "client_id": "sanderling",
            "secret": "s",
            "settings": {"server_url": server.address},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
        }
        yield server
        server.shutdown()


def person(email: str = "kim@example.com") -> User:
    return create_user(email=email, name="Kim", role="specialist", password=PASSWORD)


def come_back(client: Client, issuer: Issuer, **claims: Any) -> Any:
    """Log in at the other server and follow where it sends the browser."""
    issuer.claims = {"sub": "u-17", **claims}
    begun = client.post(reverse("openid_connect_login", args=["sso"]))
    assert begun.status_code == 302
    asked = parse_qs(urlsplit(begun["Location"]).query)
    assert begun["Location"].startswith(f"{issuer.address}/authorize")
    assert asked["code_challenge_method"] == ["S256"]
    return client.get(
        reverse("openid_connect_callback", args=["sso"]),
        {"code": "c", "state": asked["state"][0]},
    )


def test_a_known_person_is_logged_in_and_keeps_the_password(client: Client, issuer: Issuer) -> None:
    kim = person()

    answer = come_back(client, issuer, email="Kim@Example.com", email_verified=True)

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(kim.pk)
    kim.refresh_from_db()
    assert kim.check_password(PASSWORD)
    assert SocialAccount.objects.get().user_id == kim.pk

    # From now on the other server's own number counts, whatever address it tells.
    other = Client()
    come_back(other, issuer, email="new.name@example.com", email_verified=True)
    assert other.session["_auth_user_id"] == str(kim.pk)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.com", "email_verified": True},
        {"email": "kim@example.com", "email_verified": False},
        {"email": "kim@example.com"},
        {},
    ],
)
def test_a_stranger_and_an_unverified_address_get_in_nowhere(
    client: Client, issuer: Issuer, claims: dict[str, Any]
) -> None:
    person()

    answer = come_back(client, issuer, **claims)

    assert "there is no account here" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_a_locked_person_stays_out(client: Client, issuer: Issuer) -> None:
    kim = person()
    User.objects.filter(pk=kim.pk).update(is_active=False)

    answer = come_back(client, issuer, email="kim@example.com", email_verified=True)

    assert answer["Location"] == reverse("account_inactive")
    assert "_auth_user_id" not in client.session
    assert client.get(answer["Location"]).status_code == 200


def test_an_answer_that_nobody_asked_for_is_refused(client: Client, issuer: Issuer) -> None:
    person()
    issuer.claims = {"sub": "u-17", "email": "kim@example.com", "email_verified": True}

    answer = client.get(
        reverse("openid_connect_callback", args=["sso"]), {"code": "c", "state": "made-up"}
    )

    assert "did not work" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_button_is_there_only_when_it_is_set_up(client: Client, settings: Settings) -> None:
    assert not current.SOCIALACCOUNT_PROVIDERS
    assert "Log in with" not in client.get(reverse("account_login")).content.decode()
    assert client.get(reverse("openid_connect_login", args=["sso"])).status_code == 404


def test_the_button_names_the_other_server(client: Client, issuer: Issuer) -> None:
    assert "Log in with Example ID" in client.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize("address", ["login.example.com", "http://login.example.com", "https://"])
def test_a_server_without_https_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("SANDERLING_SSO_SERVER", address)
    with pytest.raises(InvalidSetting, match="SANDERLING_SSO_SERVER"):
        env_server("SANDERLING_SSO_SERVER")


def test_the_origin_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDERLING_SSO_SERVER", "https://login.example.com/realms/staff/")
    assert env_server("SANDERLING_SSO_SERVER") == (
        "https://login.example.com/realms/staff",
        "https://login.example.com",
    )
