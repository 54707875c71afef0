"""Settings from the environment: nonsense is refused, naming the variable."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sanderling.config.environment import (
    InvalidSetting,
    env_bool,
    env_int,
    env_list,
    env_secret,
    kept_secret,
)
from sanderling.config.settings import database_from_url

NAME = "SANDERLING_EXAMPLE"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("off", False), ("", True)])
def test_a_yes_or_no(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:  # noqa: FBT001
    monkeypatch.setenv(NAME, text)
    assert env_bool(NAME, default=True) is value


@pytest.mark.parametrize("text", ["maybe", "2"])
def test_neither_yes_nor_no_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(InvalidSetting, match=NAME):
        env_bool(NAME, default=True)


@pytest.mark.parametrize("text", ["soon", "0", "11", "1.5"])
def test_a_number_outside_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(InvalidSetting, match=NAME):
        env_int(NAME, 5, minimum=1, maximum=10)


def test_a_list_drops_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a.test, ,b.test ")
    assert env_list(NAME, []) == ["a.test", "b.test"]


def test_a_secret_comes_from_one_place_and_is_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env_secret(NAME) is None
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n", encoding="utf-8")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert env_secret(NAME) == "s" * 40
    monkeypatch.setenv(NAME, "t" * 40)
    with pytest.raises(InvalidSetting, match="not both"):
        env_secret(NAME)
    monkeypatch.delenv(f"{NAME}_FILE")
    monkeypatch.setenv(NAME, "short")
    with pytest.raises(InvalidSetting, match="at least 32"):
        env_secret(NAME)


def test_a_kept_secret_stays_the_same_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = kept_secret(path)
    assert len(first) >= 32
    assert kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_address_is_taken_apart() -> None:
    settings = database_from_url("postgresql://ann:p%40ss@db.test:5433/ar?sslmode=require")
    assert settings["NAME"] == "ar"
    assert (settings["USER"], settings["PASSWORD"]) == ("ann", "p@ss")
    assert (settings["HOST"], settings["PORT"]) == ("db.test", "5433")
    assert settings["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://host", "nonsense"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="DATABASE_URL"):
        database_from_url(url)
