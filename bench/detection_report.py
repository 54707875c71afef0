"""Writes what `bench.detection` measured into docs/reference/detection.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "reference" / "detection.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
Kept = Mapping[str, Mapping[str, Any]]  # by seed, by part


def write_document(kept: Kept, sizes: Sequence[int]) -> None:
    """Put the tables between the marks of the document."""
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    parts = [_head(kept), _lines(kept), _causes(kept), _issues(kept, sizes), _each(kept),
             _forecast(kept)]  # fmt: skip
    tables = "\n\n".join(parts)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", "utf-8")


def _head(kept: Kept) -> str:
    worlds = ", ".join(
        f"seed {seed}: {entry['world']['claims']:,} claims over {entry['world']['days']} days"
        for seed, entry in kept.items()
    )
    when = datetime.now(UTC).date()
    return (
        f"{when}, {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}. Worlds of 8 clients and 12 payers: {worlds}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%} ({part:,.0f} of {whole:,.0f})" if whole else "none"


def _of(kept: Kept, *path: str) -> list[Any]:
    """Answer what stands at a path in each seed that has it; a name may end in a star."""
    found: list[Any] = list(kept.values())
    for name in path:
        tables = [value for value in found if isinstance(value, Mapping)]
        found = [
            table[key]
            for table in tables
            for key in table
            if key == name or (name.endswith("*") and key.startswith(name[:-1]))
        ]
    return found


def _lines(kept: Kept) -> str:
    ways: Sequence[tuple[str, tuple[str, ...], str]] = (
        ("Sanderling, contracts loaded", ("lines", "contract"), "97 / 97 %"),
        ("Sanderling, learned from history", ("lines", "learned"), "95 / 90 %"),
        (
            "Sanderling, learned, lines of the last two weeks, asked on past days",
            ("lines", "fresh_*"),
            "",
        ),
        (
            "naive: paid over charge below the code's 3-month median",
            ("naive", "lines", "plain"),
            "",
        ),
        (
            "naive: allowed over charge 2 % below the 3-month median of payer, client, code, modifiers",
            ("naive", "lines", "careful"),
            "",
        ),
        ("Sanderling, overpaid lines, contracts", ("lines", "contract_over"), ""),
        ("Sanderling, overpaid lines, learned", ("lines", "learned_over"), ""),
    )
    rows = []
    for name, path, aim in ways:
        scores = _of(kept, *path)
        if scores:
            total = {
                key: sum(item[key] for item in scores)
                for key in ("listed", "true", "found", "right", "true_cents", "found_cents")
            }
            rows.append(
                [
                    name,
                    _share(total["found"], total["true"]),
                    _share(total["right"], total["listed"]),
                    f"{total['found_cents'] / total['true_cents']:.1%}"
                    if total["true_cents"]
                    else "",
                    aim,
                ]
            )
    head = ("underpaid lines", "recall", "precision", "of the dollars", "aim")
    return "## Underpaid lines\n\n" + _table(head, rows)


def _causes(kept: Kept) -> str:
    sums: dict[str, dict[str, list[int]]] = {}
    for way in ("contract", "learned"):
        for by_cause in _of(kept, "lines", way, "by_cause"):
            for cause, (found, true) in by_cause.items():
                kind = cause.split("-", 1)[1] if cause.startswith("P") and "-" in cause else cause
                pair = sums.setdefault(kind, {}).setdefault(way, [0, 0])
                pair[0] += found
                pair[1] += true
    rows = [
        [
            f"`{kind}`",
            *(
                _share(*ways[way]) if way in ways else "not counted"
                for way in ("contract", "learned")
            ),
        ]
        for kind, ways in sorted(sums.items())
    ]
    return "Recall by cause:\n\n" + _table(("cause", "with contracts", "learned"), rows)


def _issues(kept: Kept, sizes: Sequence[int]) -> str:
    ways = (("Sanderling", ("issues",)), ("naive: payer x CARC", ("naive", "issues")))
    rows: list[list[str]] = []
    measures: list[tuple[str, str, Callable[[list[Any]], str]]] = [
        (
            f"recall, at least ${size / 100:,.0f}" if size else "recall, whatever the size",
            ">= 90 %" if size == sizes[1] else "",
            partial(_recall, "recall", str(size)),
        )
        for size in sizes
    ]
    measures += [
        (
            f"recall, at least ${sizes[1] / 100:,.0f} and enough evidence by the last day",
            "",
            partial(_recall, "evident", str(sizes[1])),
        )
    ]
    measures += [
        (
            "false issues per client and month",
            "<= 1",
            lambda scores: _rate(
                sum(item["false"] for item in scores),
                sum(item["client_months"] for item in scores),
            ),
        ),
        (
            "parts of a problem said apart, and issues since ever",
            "",
            lambda scores: " and ".join(
                str(sum(item[name] for item in scores)) for name in ("parts", "steady")
            ),
        ),
        ("delay after enough evidence, median days", "<= 7", _delay),
        (
            "onset within 5 days",
            "all",
            lambda scores: _share(
                sum(item["onset_within"] for item in scores),
                sum(len(item["onset_errors"]) for item in scores),
            ),
        ),
    ]
    for name, aim, measure in measures:
        cells = []
        for _, path in ways:
            scores = _of(kept, *path)
            cells.append(measure(scores) if scores else "")
        rows.append([name, *cells, aim])
    head = ("systemic issues", *(name for name, _ in ways), "aim")
    return "## Systemic issues\n\n" + _table(head, rows)


def _recall(name: str, size: str, scores: Sequence[Mapping[str, Any]]) -> str:
    pairs = [item[name][size] for item in scores]
    return _share(sum(found for found, _ in pairs), sum(total for _, total in pairs))


def _rate(count: int, months: float) -> str:
    return f"{count / months:.2f} ({count} in {months:.0f})" if months else ""


def _delay(scores: Sequence[Mapping[str, Any]]) -> str:
    delays = [day for item in scores for day in item["delays"]]
    return f"{median(delays):.0f} ({len(delays)} issues)" if delays else "none"


def _each(kept: Kept) -> str:
    rows = []
    for seed, entry in kept.items():
        naive = {
            one["name"]: one for one in entry.get("naive", {}).get("issues", {}).get("each", [])
        }
        for one in entry.get("issues", {}).get("each", naive.values()):
            other = naive.get(one["name"], {})
            rows.append(
                [
                    seed,
                    f"`{one['name'].split('-', 1)[1]}`",
                    one["payer"] or "all",
                    one["client"] or "all",
                    f"{one['claims']}",
                    f"{one['cents'] / 100:,.0f}",
                    one["onset"],
                    one["enough"] or "never",
                    (one["found"] or "no") if "issues" in entry else "",
                    one["said_onset"] or "" if "issues" in entry else "",
                    other.get("found") or "no",
                ]
            )
    head = ("seed", "kind", "payer", "client", "claims", "$", "onset", "enough evidence", "found",
            "said onset", "naive")  # fmt: skip
    return "Each problem (dates; overpayments are no kind of issue):\n\n" + _table(head, rows)


def _forecast(kept: Kept) -> str:
    names = ["sanderling", "mean of the last 4 weeks", "mean of the last 8 weeks",
             "the 4 weeks before, again"]  # fmt: skip
    rows = []
    for name in names:
        path = ("forecast",) if name == "sanderling" else ("naive", "forecast", name)
        scores = _of(kept, *path)
        if not scores:
            continue
        weeks = sum(item["weeks"] for item in scores)
        each = sum(item["client_weeks"] for item in scores)
        is_bounded = scores[0]["covered"] is not None
        rows.append(
            [
                "Sanderling" if name == "sanderling" else f"naive: {name}",
                _mean(scores, "wape_whole"),
                _mean(scores, "wape_clients"),
                _mean(scores, "wape_weeks"),
                _share(sum(item["covered"] for item in scores), weeks) if is_bounded else "-",
                _share(sum(item["covered_clients"] for item in scores), each)
                if is_bounded
                else "-",
            ]
        )
    rows.append(["aim", "<= 10 %", "", "", "75 to 85 %", "75 to 85 %"])
    head = ("cash", "4-week sums, company: WAPE", "4-week sums, each client: WAPE",
            "single weeks, company: WAPE", "80 % interval, company weeks", "client weeks")  # fmt: skip
    return "## Cash ahead\n\n" + _table(head, rows)


def _mean(scores: Sequence[Mapping[str, Any]], name: str) -> str:
    return f"{sum(item[name] for item in scores) / len(scores):.1%}"
