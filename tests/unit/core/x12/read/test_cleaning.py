"""Padding is found alike in short texts and in long ones, which Polars searches."""

from __future__ import annotations

import pytest

from sanderling.core.x12.read import cleaning
from sanderling.core.x12.read.delimiters import Delimiters

_DELIMITERS = (
    Delimiters(),
    Delimiters("|", ">", "", "\n"),
    Delimiters("]", ":", "^", "\\"),
    Delimiters("-", ":", "^", "^"),
    Delimiters("\x1d", "\x1f", "", "\x1c"),
    Delimiters("é", ":", "^", "ü"),
)
_TEXTS = (
    ("NM1*85*2*MAPLE CLINIC~N3*1 MAIN ST~", False),
    ("NM1*85*2*MAPLE CLINIC *X~N3*1 MAIN ST~", True),
    ("NM1*85*2* MAPLE CLINIC~N3*1 MAIN ST~", True),
    ("NM1*85*2*MAPLE CLINIC ~N3*1 MAIN ST~", True),
    ("NM1*85*2*MAPLE CLINIC~ N3*1 MAIN ST~", True),
    ("NM1*85*2*MÜLLER \u00a0CLINIC~", False),
)


@pytest.mark.parametrize("delimiters", _DELIMITERS)
@pytest.mark.parametrize(("text", "is_padded"), _TEXTS)
@pytest.mark.parametrize("long_from", [0, 1_000])
def test_padding_is_found_in_short_and_long_texts(
    monkeypatch: pytest.MonkeyPatch,
    delimiters: Delimiters,
    text: str,
    is_padded: bool,  # noqa: FBT001 (a parameter of the test)
    long_from: int,
) -> None:
    monkeypatch.setattr(cleaning, "_LONG", long_from)
    written = text.replace("*", delimiters.element).replace("~", delimiters.terminator)

    body = cleaning.body_of(written, delimiters, 5)

    assert [problem.code for problem in body.problems] == ["padded_elements"] * is_padded
    assert f" {delimiters.element}" not in body.text
