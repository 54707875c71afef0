"""What a flag and what is written to it must have."""

from __future__ import annotations

from typing import Final

from sanderling.core.refusal import Refusal
from sanderling.flags.words import REASONS, Urgency

TEXT_MAX: Final = 4_000


class FlagRefused(Refusal):
    """The claim cannot be flagged so, or the flag not changed so."""


def check_flag(*, reason: str, urgency: str, text: str) -> None:
    """Refuse an unknown reason or urgency, and "something else" without words."""
    if reason not in REASONS:
        raise FlagRefused("choose why the claim is flagged")
    if urgency not in Urgency.values:
        raise FlagRefused("choose normal or urgent")
    if reason == "other" and not text:
        raise FlagRefused("say in words why the claim is flagged")
    _check_length(text)


def text_of(text: str, otherwise: str) -> str:
    """Return the text without blanks around it; refuse none, and one too long."""
    text = text.strip()
    if not text:
        raise FlagRefused(otherwise)
    _check_length(text)
    return text


def _check_length(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise FlagRefused(f"a text has at most {TEXT_MAX:,} characters; shorten it")
