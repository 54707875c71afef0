"""Options that several commands share, and what is refused as wrong usage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import click
import pytest
from click.testing import CliRunner

from sanderling.accounts.roles import Role
from sanderling.cli.aging import command as aging
from sanderling.cli.output import as_of_option
from sanderling.cli.users import add
from sanderling.receivables.aging import DIMENSIONS


@pytest.fixture(params=["Etc/GMT+12", "Etc/GMT-14"])
def far_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine stand in a zone; at any instant one of the two has another day than UTC."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_zone")
def test_as_of_is_today_in_utc_wherever_the_machine_stands() -> None:
    told: list[date] = []

    @click.command()
    @as_of_option
    def command(as_of: date) -> None:
        told.append(as_of)

    before = datetime.now(UTC).date()
    assert CliRunner().invoke(command, []).exit_code == 0
    assert told[0] in (before, datetime.now(UTC).date())


@pytest.mark.parametrize(
    "text", ["20260305", "2026-W10-4", "03/05/2026", "2026-02-30", "today", ""]
)
def test_a_day_is_written_one_way(text: str) -> None:
    answer = CliRunner().invoke(aging, ["--as-of", text])
    assert answer.exit_code == 2
    assert "2026-03-05" in answer.output


def test_a_role_that_does_not_exist_is_wrong_usage() -> None:
    answer = CliRunner().invoke(add, ["a@x.test", "--role", "boss"])
    assert answer.exit_code == 2
    for role in Role.values:
        assert role in answer.output


def test_help_names_every_grouping() -> None:
    (option,) = (one for one in aging.params if one.name == "by")
    assert isinstance(option, click.Option)
    assert set(str(option.help).partition(": ")[2].rstrip(".").split(", ")) == set(DIMENSIONS)
