"""A demonstration's counterparts: begun once, found again at the same port."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.live_side import opened

from sanderling.config.counterparts import ensure_counterparts
from sanderling.exchange.models import Mailbox
from sanderling.simulator.live.world import LiveWorld

pytestmark = pytest.mark.django_db


def test_they_keep_their_port_and_their_mailboxes_lead_to_it(
    tmp_path: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.SANDERLING_HOME = tmp_path / "home"
    (tmp_path / "home").mkdir()
    opened(tmp_path_factory.mktemp("beginning")).rename(tmp_path / "home" / "counterparts")

    first = ensure_counterparts()
    again = ensure_counterparts()

    assert again == first
    LiveWorld(first.folder)
    boxes = Mailbox.objects.order_by("pk")
    assert [(one.port, one.sends) for one in boxes] == [
        (first.port, ["837P", "837I", "837D", "276"]),
        (first.port, ["packet"]),
    ]
    assert {one.key_reference for one in boxes} == {f"file:{first.folder}/keys/client_key"}


def test_where_the_port_is_taken_the_mailboxes_are_led_to_another(
    tmp_path: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.SANDERLING_HOME = tmp_path / "home"
    (tmp_path / "home").mkdir()
    opened(tmp_path_factory.mktemp("beginning")).rename(tmp_path / "home" / "counterparts")
    first = ensure_counterparts()
    Mailbox.objects.update(every_minutes=7)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.port))
        taken.listen()
        other = ensure_counterparts()

    assert other.port != first.port
    assert set(Mailbox.objects.values_list("port", "every_minutes")) == {(other.port, 7)}
