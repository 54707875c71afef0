"""Secrets are named, not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sanderling.accounts.secrets import (
    SecretMissing,
    check_reference,
    is_there,
    read_secret,
    secret_text,
)


def test_a_variable_is_read_where_the_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARINGHOUSE_PASSWORD", "open sesame")

    assert read_secret("env:CLEARINGHOUSE_PASSWORD") == "open sesame"
    assert is_there("env:CLEARINGHOUSE_PASSWORD")


def test_of_a_file_a_password_is_the_first_line_and_a_key_the_whole(tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text("open sesame\nsecond line\n")

    assert read_secret(f"file:{kept}") == "open sesame"
    assert secret_text(f"file:{kept}") == "open sesame\nsecond line\n"


@pytest.mark.parametrize("reference", ["hunter2", "env:", "env:a b", "file:relative", "", "ENV:X"])
def test_what_is_no_reference_is_refused_and_not_repeated(reference: str) -> None:
    with pytest.raises(SecretMissing) as refused:
        check_reference(reference)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe\x00"])
def test_an_empty_or_unreadable_secret_is_missing(tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "password"
    kept.write_bytes(content)

    assert not is_there(f"file:{kept}")
    with pytest.raises(SecretMissing):
        read_secret(f"file:{kept}")


def test_a_secret_that_is_not_there_names_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)

    with pytest.raises(SecretMissing, match="env:NOT_SET_ANYWHERE"):
        read_secret("env:NOT_SET_ANYWHERE")
