"""A session in use is written once in a while, so that it ends only after idle time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from sanderling.accounts import idle


class Session(dict[str, Any]):
    """What the middleware needs of a session."""


def asked(
    session: Session, at: float, monkeypatch: pytest.MonkeyPatch, *, known: bool = True
) -> int | None:
    request = RequestFactory().get("/")
    request.session = session  # type: ignore[assignment]
    request.user = SimpleNamespace(is_authenticated=known)  # type: ignore[assignment]
    monkeypatch.setattr(idle, "time", lambda: at)
    idle.KeepsSession(lambda _: HttpResponse())(request)
    written: int | None = session.get(idle.WRITTEN)
    return written


def test_a_session_is_written_again_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    assert asked(session, 1_000, monkeypatch) == 1_000
    assert asked(session, 1_029.9, monkeypatch) == 1_000
    assert asked(session, 1_030, monkeypatch) == 1_030


def test_a_clock_that_was_set_back_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(Session({idle.WRITTEN: 5_000}), 1_000, monkeypatch) == 1_000


def test_nobody_has_no_session_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(Session(), 1_000, monkeypatch, known=False) is None
