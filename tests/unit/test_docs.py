"""The documents say what the code does: commands, settings, codes, links, generated pages."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import polars as pl
import pytest

from sanderling.cli.main import cli
from sanderling.core import matching
from sanderling.core.ledger import effects, lines
from sanderling.core.x12.problems import CODES

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
WRITTEN = [path for path in DOCUMENTS if path.parent != DOCS / "reference"]
# Between the program and its own children, or between the tests and the program.
INTERNAL = {"SANDERLING_PARENT_PIPE", "SANDERLING_TEST_HOME"}


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The program that writes the generated pages."""
    place = REPOSITORY / "tools" / "make_reference.py"
    spec = importlib.util.spec_from_file_location("make_reference", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None, name
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}")
        else:
            yield f"{path} {name}", found


COMMANDS = dict(commands(cli, "sanderling"))


def test_generated_pages_are_current(generator: ModuleType) -> None:
    assert generator.outdated() == [], "run tools/make_reference.py"


def test_every_command_is_documented() -> None:
    page = text_of("docs/reference/commands.md")
    headings = set(re.findall(r"(?m)^##+ (sanderling .+)$", page))
    assert "sanderling claims show" in COMMANDS
    assert set(COMMANDS) - headings == set()


def test_every_setting_that_the_code_reads_is_documented() -> None:
    read = {
        name
        for path in (REPOSITORY / "src").rglob("*.py")
        for name in re.findall(r'"(SANDERLING_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    page = text_of("docs/reference/settings.md")
    documented = set(re.findall(r"`(SANDERLING_[A-Z_]+)`", page))
    assert read - INTERNAL - documented == set()
    assert "`DATABASE_URL`" in page


def test_every_setting_says_what_it_means(generator: ModuleType) -> None:
    silent = [name for name, _, meaning in generator.settings_listed() if not meaning]
    assert silent == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_documents_name_only_settings_that_exist(path: Path) -> None:
    named = set(re.findall(r"\bSANDERLING_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    known = set(re.findall(r"\bSANDERLING_[A-Z_]+\b", text_of("docs/reference/settings.md")))
    assert named - known - INTERNAL == set()


def test_every_problem_code_is_documented() -> None:
    used = set(CODES)
    for path in (REPOSITORY / "src/sanderling/intake").glob("*.py"):
        used |= set(
            re.findall(
                r'(?:\bcode=|\.refuse\(\s*)"([a-z_]+)"',
                path.read_text(encoding="utf-8"),
            )
        )
    documented = set(
        re.findall(r"(?m)^\| `([a-z0-9_]+)`", text_of("docs/reference/problem-codes.md"))
    )
    assert "buckets_differ" in used
    assert used - documented == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_resolve(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert broken == []


def anchors(place: Path) -> set[str]:
    """Return the anchors of a document's headings, as viewers of Markdown make them."""
    headings = re.findall(r"(?m)^#+ (.+)$", place.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^a-z0-9 _-]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


def test_every_document_is_reached_from_the_readme(generator: ModuleType) -> None:
    seen: set[Path] = set()
    waiting = [REPOSITORY / "README.md"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for target in re.findall(r"\]\(([^)\s#]+\.md)", path.read_text(encoding="utf-8")):
            linked = (path.parent / target).resolve()
            if linked.exists() and linked not in seen:
                waiting.append(linked)
    generated = {(DOCS / "reference" / name).resolve() for name in generator.PAGES}
    assert {name_of(path) for path in {*WRITTEN, *generated} - seen} == set()


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", text_of("Makefile")))
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?m)(?:`|^ {4})make ([a-z]+)", text)
    assert set(named) - targets == set()


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_commands_in_documents_exist(path: Path) -> None:
    """In code spans and indented blocks: the command is known and has the options given."""
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^ {4}(?:\S*=\S+ +)*(?:\S*/)?(sanderling [^#\n]+)", text)
    lines += re.findall(r"`(?:\S*/)?(sanderling [^`]+)`", " ".join(text.split()))
    wrong = []
    for line in lines:
        words = shlex.split(line.replace("\\", " ").split("|")[0])
        found = next(
            (COMMANDS[name] for n in (3, 2) if (name := " ".join(words[:n])) in COMMANDS), None
        )
        options = {option for p in getattr(found, "params", []) for option in p.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        is_group = len(words) == 2 and any(name.startswith(f"{line} ") for name in COMMANDS)
        is_about_all = given <= {"--help", "--version"} and len(words) == 2
        if not (is_group or is_about_all or (found and given <= options | {"--help"})):
            wrong.append(line)
    assert wrong == []


def test_decisions_that_the_code_cites_exist() -> None:
    numbers = {path.name[:4] for path in (DOCS / "adr").glob("0*.md")}
    cited = {
        number
        for path in (REPOSITORY / "src").rglob("*.py")
        for number in re.findall(r"ADR (\d{4})", path.read_text(encoding="utf-8"))
    }
    assert "0006" in cited
    assert cited - numbers == set()
    assert "zero" in text_of("docs/adr/0006-later-decision-replaces-zero-payment.md")


# Of a charge of 10,000 cents: group, reason, adjusted, paid, and what docs/domain/posting.md says.
POSTING_EXAMPLES = [
    ("CO", "45", 4000, 6000, effects.WRITE_DOWN),
    ("CR", "45", 4000, 6000, effects.WRITE_DOWN),
    ("CO", "59", 4000, 6000, effects.WRITE_DOWN),
    ("CO", "131", 4000, 6000, effects.WRITE_DOWN),
    ("CO", "94", -1000, 11000, effects.WRITE_DOWN),
    ("CO", "253", 200, 9800, effects.WRITE_DOWN),
    ("CO", "104", 200, 9800, effects.WRITE_DOWN),
    ("CO", "105", 200, 9800, effects.WRITE_DOWN),
    ("CO", "245", 200, 9800, effects.WRITE_DOWN),
    ("CO", "144", 200, 9800, effects.WRITE_DOWN),
    ("CO", "161", -200, 10200, effects.WRITE_DOWN),
    ("CO", "237", 200, 9800, effects.WRITE_DOWN),
    ("OA", "94", -1000, 11000, effects.WRITE_DOWN),
    ("PR", "1", 10000, 0, effects.PASS_ON),
    ("PR", "66", 100, 9900, effects.PASS_ON),
    ("PR", "100", 8000, 2000, effects.TO_PATIENT),
    ("OA", "100", 8000, 2000, effects.TO_PATIENT),
    ("OA", "23", 5000, 5000, effects.NOTHING),
    ("OA", "45", 4000, 6000, effects.NOTHING),
    ("CO", "50", 10000, 0, effects.NOTHING),
    ("PR", "27", 10000, 0, effects.NOTHING),
    ("OA", "133", 10000, 0, effects.NOTHING),
    ("CO", "143", 200, 9800, effects.NOTHING),
    ("PI", "45", 4000, 6000, effects.NOTHING),
    ("PR", "96", 3000, 7000, effects.NOTHING),
    ("CO", "ZZ9", 3000, 7000, effects.NOTHING),
    ("CO", "45", 10000, 0, effects.NOTHING),  # never the full charge
    ("CO", "97", 10000, 0, effects.NOTHING),  # depends: at least nine tenths is a denial
    ("CO", "97", 9000, 1000, effects.WRITE_DOWN),  # something was paid
    ("CO", "97", 3000, 7000, effects.WRITE_DOWN),
]


@pytest.mark.parametrize(("group", "reason", "cents", "paid", "effect"), POSTING_EXAMPLES)
def test_the_posting_page_is_true(
    group: str, reason: str, cents: int, paid: int, effect: str
) -> None:
    adjustment = pl.DataFrame(
        {
            "payment_id": [1],
            "line_index": [1],
            "group_code": [group],
            "reason_code": [reason],
            "amount_cents": [cents],
        }
    )
    line = pl.DataFrame(
        {"payment_id": [1], "line_index": [1], "charge_cents": [10_000], "paid_cents": [paid]}
    )
    assert effects.adjustment_effects(adjustment, line)["effect"].to_list() == [effect]


def test_the_points_of_the_matching_page_are_the_codes() -> None:
    told = {
        words.strip(): int(points)
        for words, points in re.findall(
            r"(?m)^\| ([^|]+) \| (-?\d+) \|$", text_of("docs/domain/matching.md")
        )
    }
    assert told == {
        "the patient control number is the same": matching.NUMBER_POINTS,
        "it is written the same way, too": matching.SAME_SPELLING_POINTS,
        "the claim is known by the payer's number": matching.PAYER_NUMBER_POINTS,
        "one number begins or ends with the other (five characters at least)": (
            matching.PREFIX_POINTS
        ),
        "the numbers are different altogether": matching.OTHER_NUMBER_POINTS,
        "member id": matching.MEMBER_POINTS,
        "first day of service": matching.SERVICE_DATE_POINTS,
        "charge": lines.CHARGE_POINTS,  # of the second table; the first is checked below
        "last name and first initial": matching.NAME_POINTS,
        "payer": matching.PAYER_POINTS,
        "line control number": lines.CONTROL_NUMBER_POINTS,
        "procedure (or 38: the procedure as submitted, where the payer changed it)": (
            lines.PROCEDURE_POINTS
        ),
        "day of service": lines.DAY_POINTS,
        "modifiers": lines.MODIFIER_POINTS,
        "place in the claim": lines.SAME_PLACE_POINTS,
    }
    page = " ".join(text_of("docs/domain/matching.md").split())
    assert f"| charge | {matching.CHARGE_POINTS} |" in page
    assert f"at least {matching.MINIMUM_POINTS} points" in page
    assert f"within {matching.MARGIN_POINTS}" in page
    assert f"at least {lines.MINIMUM_POINTS} points" in page
    assert (matching.PREFIX_LENGTH_MIN, lines.SUBMITTED_PROCEDURE_POINTS) == (5, 38)
