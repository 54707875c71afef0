"""Letters as restricted Markdown with {{fact}} fields: read, checked, and filled with facts.

Allowed are paragraphs, `# ` headings, `- ` and `1. ` lists, **bold** and {{fact}}. A paragraph or
list item that begins with `? ` is left out when a fact in it is missing; a missing fact anywhere
else blocks the letter. What a fact says is text and nothing else: it is never read as markup, and
what it brings is set as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sanderling.core.appeals.facts import KINDS, Fact, Kind

CHARACTERS_MAX: Final = 20_000
_FIELD: Final = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_HEADING: Final = re.compile(r"#{1,3}\s+(.*)")
_BULLET: Final = re.compile(r"-\s+(.*)")
_NUMBERED: Final = re.compile(r"\d{1,2}\.\s+(.*)")
_OPTIONAL: Final = re.compile(r"\?\s+(.*)", re.DOTALL)
_PIECE: Final = re.compile(r"\*\*|\{\{\s*[a-z_]+\s*\}\}")


class BlockKind(StrEnum):
    """What a block of a letter is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    BULLET = "bullet"
    NUMBERED = "numbered"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a block: text as it stands, or (`field`) a fact to come."""

    text: str
    is_bold: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or list item of a template."""

    kind: BlockKind
    pieces: tuple[Piece, ...]
    is_optional: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the facts it names, in order."""
        return tuple(piece.field for piece in self.pieces if piece.field)


@dataclass(frozen=True, slots=True)
class Run:
    """Text of a finished letter; `number` (from 1) is that of the fact that said it, 0 for none."""

    text: str
    is_bold: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A block of a finished letter, with the numbers of the facts in it for the margin."""

    kind: BlockKind
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return "".join(run.text for run in self.runs)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of its facts, each once, in order."""
        return tuple(dict.fromkeys(run.number for run in self.runs if run.number))


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as filled: its lines, its facts in the order of their numbers, what is missing."""

    lines: tuple[Line, ...]
    facts: tuple[Fact, ...]
    missing: tuple[Kind, ...]

    @property
    def is_whole(self) -> bool:
        """Say whether no fact is missing."""
        return not self.missing

    @property
    def text(self) -> str:
        """Return it as plain text, a blank line between blocks."""
        return "\n\n".join(line.text for line in self.lines)


class BadTemplate(ValueError):
    """The text is no template; `faults` says line by line what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


def read_template(text: str) -> tuple[Block, ...]:
    """Return the blocks of a template.

    Raises:
        BadTemplate: a field that is no fact, braces left over, bold without an end, too long.
    """
    faults: list[str] = []
    if len(text) > CHARACTERS_MAX:
        raise BadTemplate([f"write at most {CHARACTERS_MAX:,} characters"])
    blocks = []
    for start, chunk in _chunks(text):
        kind, optional, body = _shape(chunk)
        faults += [f"line {start}: {fault}" for fault in _faults(body)]
        blocks.append(Block(kind, _pieces(body), is_optional=optional))
    if not blocks:
        faults.append("write at least one paragraph")
    if faults:
        raise BadTemplate(faults)
    return tuple(blocks)


def _chunks(text: str) -> list[tuple[int, str]]:
    """Return (line number, text) of each block: list items and headings are one line each."""
    found: list[tuple[int, list[str]]] = []
    is_open = False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            is_open = False
            continue
        alone = any(rule.match(line) for rule in (_HEADING, _BULLET, _NUMBERED, _OPTIONAL))
        if is_open and not alone:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
        is_open = not _HEADING.match(line)
    return [(number, " ".join(lines)) for number, lines in found]


def _shape(chunk: str) -> tuple[BlockKind, bool, str]:
    is_optional = (match := _OPTIONAL.fullmatch(chunk)) is not None
    body = match[1] if match else chunk
    for kind, rule in (
        (BlockKind.HEADING, _HEADING),
        (BlockKind.BULLET, _BULLET),
        (BlockKind.NUMBERED, _NUMBERED),
    ):
        if (found := rule.fullmatch(body)) is not None:
            return kind, is_optional, found[1]
    return BlockKind.PARAGRAPH, is_optional, body


def _faults(body: str) -> list[str]:
    faults = [
        f"{{{{{name}}}}} is no fact; choose one of the list"
        for name in _FIELD.findall(body)
        if name not in KINDS
    ]
    rest = _FIELD.sub("", body)
    if "{" in rest or "}" in rest:
        faults.append("braces are for fields only, written as {{name}}")
    if rest.count("**") % 2:
        faults.append("close the bold text with **")
    return faults


def _pieces(body: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    is_bold, at = False, 0
    for match in _PIECE.finditer(body):
        if match.start() > at:
            pieces.append(Piece(body[at : match.start()], is_bold))
        if match[0] == "**":
            is_bold = not is_bold
        else:
            pieces.append(Piece("", is_bold, _FIELD.fullmatch(match[0])[1]))  # type: ignore[index]  # it is one
        at = match.end()
    if at < len(body):
        pieces.append(Piece(body[at:], is_bold))
    return tuple(pieces)


def fields_of(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Return all facts that a template names, each once, in order."""
    return tuple(dict.fromkeys(name for block in blocks for name in block.fields))


def fill(
    blocks: Sequence[Block], facts: Mapping[str, Fact], *, heads: Sequence[str] = ()
) -> Letter:
    """Return the letter that a template makes of facts.

    `heads`: facts that stand above the letter (the subject table), numbered first; one that is
    missing there is just left out. A fact that says nothing is missing.
    """
    said = {name: fact for name, fact in facts.items() if fact.text}
    numbers: dict[str, int] = {}
    for name in heads:
        if name in said:
            numbers.setdefault(name, len(numbers) + 1)
    lines: list[Line] = []
    missing: dict[str, Kind] = {}
    for block in blocks:
        absent = [name for name in block.fields if name not in said]
        if absent and block.is_optional:
            continue
        missing |= {name: KINDS[name] for name in absent}
        for name in block.fields:
            if name in said:
                numbers.setdefault(name, len(numbers) + 1)
        lines.append(Line(block.kind, tuple(_run(piece, said, numbers) for piece in block.pieces)))
    return Letter(tuple(lines), tuple(said[name] for name in numbers), tuple(missing.values()))


def _run(piece: Piece, said: Mapping[str, Fact], numbers: Mapping[str, int]) -> Run:
    if not piece.field:
        return Run(piece.text, piece.is_bold)
    if piece.field not in said:
        return Run(f"[{KINDS[piece.field].title}: missing]", piece.is_bold)
    return Run(said[piece.field].text, piece.is_bold, numbers[piece.field])
