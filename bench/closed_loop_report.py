"""Tables, a chart and a document from rows of the closed-loop benchmark."""

from __future__ import annotations

import math
import os
import platform
import subprocess
from datetime import date
from pathlib import Path
from statistics import mean, stdev
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Row = dict[str, Any]
HORIZONS = ("30", "60", "90", "180")
COMPARED = "90"  # the horizon of the aims
PAIRS_MIN = 2
OURS, NOBODY = "sanderling", "nobody"
T95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}
AIM_CASH, AIM_LOST, AIM_VAIN, AIM_BOUND = 0.08, 0.5, 0.2, 0.9
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
HEADS = (
    "of the bound", "lost to deadlines", "touched in vain", "touches per paid item",
    "due items worked", "worst client", "days in AR", "largest 16 % hold",
)  # fmt: skip


def plain(rows: list[Row]) -> str:
    """Write means over seeds for a terminal."""
    parts = [title(rows), "", *(_aligned(lines) for lines in tables(rows)), ""]
    return "\n".join([*parts, *verdicts(rows)])


def title(rows: list[Row]) -> str:
    """Say what was run."""
    plan = rows[0]["plan"]
    seeds = ", ".join(str(seed) for seed in _seeds(rows))
    return (
        f"{plan['claims']:,} claims over {plan['burn_days']} + {plan['days']} days, "
        f"{plan['minutes']:g} minutes of work a business day, seeds {seeds}"
    )


def tables(rows: list[Row]) -> list[list[list[str]]]:
    """Answer the tables as rows of cells, heads first: cash, what more it is, and the rest."""
    horizons = _horizons(rows)
    names = list(dict.fromkeys(row["policy"] for row in rows))
    cash = [["policy", *(f"{days} d" for days in horizons)]]
    extra = [["policy", *(f"{days} d" for days in horizons), "of the bound at the last three"]]
    rest = [["policy", *HEADS]]
    for name in names:
        own = [row for row in rows if row["policy"] == name]
        cash.append([name, *(_money(mean(row["cash"][days] for row in own)) for days in horizons)])
        shares = "/".join(f"{_of_bound(own, days):.0%}" for days in horizons[-3:])
        means = [_money(mean(row["extra"][days] for row in own)) for days in horizons]
        extra.append([name, *means, shares])
        if own[0]["touches"]:
            rest.append([name, *_rest(own)])
    bound = [row for row in rows if row["policy"] == NOBODY]
    for lines, kind in ((cash, "bound"), (extra, "bound_extra")):
        lines.append(
            ["bound", *(_money(mean(row[kind][days] for row in bound)) for days in horizons)]
        )
    extra[-1].append("")
    return [cash, extra, rest]


def _rest(own: list[Row]) -> list[str]:
    return [
        f"{_of_bound(own, _compared(own)):.0%}",
        f"{_money(mean(row['lost'] for row in own))} ({mean(row['lost_items'] for row in own):.0f})",
        f"{sum(row['avoidable'] for row in own) / max(sum(row['touches'] for row in own), 1):.1%}",
        f"{mean(row['touches_per_paid'] for row in own):.1f}",
        f"{sum(row['worked'] for row in own) / max(sum(row['due'] for row in own), 1):.0%}",
        f"{mean(row['worst_client'] for row in own):.0%}",
        f"{mean(row['ar_days'] for row in own):.1f}",
        f"{mean(row['top_16'] for row in own):.0%}",
    ]


def _of_bound(own: list[Row], days: str) -> float:
    bound = sum(int(row["bound_extra"][days]) for row in own)
    return sum(int(row["extra"][days]) for row in own) / max(bound, 1)


def verdicts(rows: list[Row]) -> list[str]:
    """Compare the product's way with the best heuristic, seed by seed."""
    if not any(row["policy"] == OURS for row in rows):
        return []
    lines = []
    for days in _horizons(rows):
        for kind in ("cash", "extra", "small"):
            best = best_heuristic(rows, kind, days)
            if best:
                share, half, wins, seeds = _paired(rows, kind, days, best)
                what = {
                    "cash": "all insurance cash", "extra": "cash the work brought in",
                    "small": "the same, claims under $10,000",
                }[kind]  # fmt: skip
                lines.append(
                    f"{what}, {days} days: {share:+.1%} against {best} "
                    f"({_interval(share, half)}, ahead in {wins} of {seeds} seeds)"
                )
    return lines


def _interval(share: float, half: float) -> str:
    if math.isinf(half):
        return "one seed, no interval"
    return f"95 % interval {share - half:+.1%} to {share + half:+.1%}"


def best_heuristic(rows: list[Row], kind: str, days: str) -> str:
    """Answer which heuristic had most of something on average."""
    means = {
        name: mean(row[kind][days] for row in rows if row["policy"] == name)
        for name in _others(rows)
    }
    return max(means, key=lambda name: means[name], default="")


def _others(rows: list[Row]) -> list[str]:
    """Name the policies to be beaten: those that work, without knowing everything."""
    own = dict.fromkeys(row["policy"] for row in rows if row["touches"])
    return [name for name in own if name != OURS]


def _paired(rows: list[Row], kind: str, days: str, best: str) -> tuple[float, float, int, int]:
    ours = {row["seed"]: row[kind][days] for row in rows if row["policy"] == OURS}
    base = {row["seed"]: row[kind][days] for row in rows if row["policy"] == best}
    pairs = [ours[seed] - base[seed] for seed in ours]
    usual = max(mean(base.values()), 1)
    half = math.inf
    if len(pairs) >= PAIRS_MIN:
        half = T95.get(len(pairs) - 1, 2.0) * stdev(pairs) / math.sqrt(len(pairs)) / usual
    return mean(pairs) / usual, half, sum(pair > 0 for pair in pairs), len(pairs)


def aims(rows: list[Row]) -> list[list[str]]:
    """Set what was measured against what was aimed at."""
    days = _compared(rows)
    ours = [row for row in rows if row["policy"] == OURS]
    lines = [["aim", "measured", "reached"]]
    for kind, what in (("cash", "all insurance cash"), ("extra", "cash the work brought in")):
        best = best_heuristic(rows, kind, days)
        share, half, wins, seeds = _paired(rows, kind, days, best)
        spread = f"{_interval(share, half)}, ahead in {wins} of {seeds} seeds"
        said = f"{share:+.1%} ({spread}) against {best}"
        lines.append([f"8 % more cash at {days} days: {what}", said, _yes(share >= AIM_CASH)])
    others = _others(rows)
    lost = {
        name: mean(row["lost"] for row in rows if row["policy"] == name) for name in (*others, OURS)
    }
    least = min(others, key=lambda name: lost[name])
    best = best_heuristic(rows, "extra", days)
    for name in dict.fromkeys((best, least)):
        less = 1 - lost[OURS] / max(lost[name], 1)
        said = f"{_money(lost[OURS])} against {_money(lost[name])}: {less:.0%} fewer"
        which = "the best by cash" if name == best else "the one that loses least"
        lines.append(
            [
                f"50 % fewer dollars lost to deadlines than {name} ({which})",
                said,
                _yes(less >= AIM_LOST),
            ]
        )
    vain = sum(row["avoidable"] for row in ours) / max(sum(row["touches"] for row in ours), 1)
    lines.append(["at most 20 % of touches in vain", f"{vain:.1%}", _yes(vain <= AIM_VAIN)])
    share = _of_bound(ours, days)
    all_of = sum(row["cash"][days] for row in ours) / sum(row["bound"][days] for row in ours)
    lines.append(
        [
            f"90 % of the bound at {days} days: all insurance cash",
            f"{all_of:.1%}",
            _yes(all_of >= AIM_BOUND),
        ]
    )
    lines.append(
        [
            f"90 % of the bound at {days} days: cash the work brought in",
            f"{share:.1%}",
            _yes(share >= AIM_BOUND),
        ]
    )
    return lines


def sweep_table(by_minutes: dict[str, list[Row]]) -> list[list[str]]:
    """Compare policies as minutes get scarcer."""
    names = list(dict.fromkeys(row["policy"] for rows in by_minutes.values() for row in rows))
    lines = [["minutes a day", *names[2:], "bound", "due items worked by oldest first"]]
    for minutes, rows in by_minutes.items():
        days = _compared(rows)
        cells = [minutes]
        for name in names[2:]:
            own = [row for row in rows if row["policy"] == name]
            cells.append(
                f"{_money(mean(row['extra'][days] for row in own))} ({_of_bound(own, days):.0%})"
            )
        cells.append(
            _money(mean(row["bound_extra"][days] for row in rows if row["policy"] == NOBODY))
        )
        first = [row for row in rows if row["policy"] == "oldest first"]
        cells.append(
            f"{sum(row['worked'] for row in first) / max(sum(row['due'] for row in first), 1):.0%}"
        )
        lines.append(cells)
    return lines


def document(path: Path, rows: list[Row], by_minutes: dict[str, list[Row]], command: str) -> None:
    """Put what was measured between the marks of a document, and a chart beside it."""
    cash, extra, rest = tables(rows)
    parts = [
        f"Measured on {date.today():%Y-%m-%d}, {machine()}: {title(rows)}.", f"Repeat: `{command}`.",
        f"Valuation: `core/priority` as of {_version()}.",
        "", "### Against the aims", "", _markdown(aims(rows)),
        "", "### Cash the work brought in, beyond a run in which nobody works (mean over seeds)", "",
        _markdown(extra), "", f"![Cash the work brought in within 90 days]({path.stem}.svg)", "",
        "### All insurance cash (mean over seeds)", "", _markdown(cash),
        "", "### The rest", "", _markdown(rest), "", "### Seed by seed against the best heuristic", "",
        *(f"- {line}" for line in verdicts(rows)),
    ]  # fmt: skip
    if by_minutes:
        some = next(iter(by_minutes.values()))
        parts += [
            "", "### More and fewer minutes", "",
            f"{some[0]['plan']['claims']:,} claims, seeds {', '.join(map(str, _seeds(some)))}:",
            "cash the work brought in within 90 days, and its part of the bound.",
            "", _markdown(sweep_table(by_minutes)),
        ]  # fmt: skip
    text = path.read_text(encoding="utf-8")
    before, _, others = text.partition(BEGIN)
    after = others.partition(END)[2]
    measured = "\n".join(parts)
    path.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}", encoding="utf-8")
    path.with_suffix(".svg").write_text(chart(rows), encoding="utf-8")


def chart(rows: list[Row]) -> str:
    """Draw the cash the work brought in: a bar for each policy, a dot for each seed."""
    days = _compared(rows)
    names = [
        name for name in dict.fromkeys(row["policy"] for row in rows)
        if any(row["touches"] for row in rows if row["policy"] == name)
    ]  # fmt: skip
    bars = [
        (name, [row["extra"][days] / 100 for row in rows if row["policy"] == name])
        for name in names
    ]
    bound = [row["bound_extra"][days] / 100 for row in rows if row["policy"] == NOBODY]
    bars.append(("bound", bound))
    top = max(max(values) for _, values in bars)
    height = 34 * len(bars) + 20
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}"'
    parts = [f'{head} font-family="sans-serif" font-size="13">']
    for place, (name, values) in enumerate(bars):
        y = 10 + 34 * place
        width = 500 * mean(values) / top
        color = {OURS: "#206bc4", "bound": "#dddddd"}.get(name, "#9aa0ac")
        parts.append(f'<text x="130" y="{y + 17}" text-anchor="end">{name}</text>')
        parts.append(f'<rect x="140" y="{y}" width="{width:.0f}" height="24" fill="{color}"/>')
        parts += [
            f'<circle cx="{140 + 500 * value / top:.0f}" cy="{y + 12}" r="3" fill="#333333"/>'
            for value in values
        ]
        parts.append(f'<text x="755" y="{y + 17}" text-anchor="end">${mean(values):,.0f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def machine() -> str:
    """Name the processor, how many there are, and the interpreter."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    name = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{os.cpu_count()} x {name}, Python {platform.python_version()}"


def _version() -> str:
    """Name the commit the valuation stands at."""
    command = ["git", "log", "-1", "--format=%h", "--", "src/sanderling/core/priority"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    return done.stdout.strip() or "an unknown commit"


def _markdown(lines: list[list[str]]) -> str:
    marked = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([marked[0], "|" + "---|" * len(lines[0]), *marked[1:]])


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(len(cells[place]) for cells in lines) for place in range(len(lines[0]))]
    texts = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in lines
    ]
    return "\n".join([*texts, ""])


def _horizons(rows: list[Row]) -> list[str]:
    return [days for days in HORIZONS if days in rows[0]["cash"]]


def _compared(rows: list[Row]) -> str:
    horizons = _horizons(rows)
    return COMPARED if COMPARED in horizons else horizons[-1]


def _seeds(rows: list[Row]) -> list[int]:
    return list(dict.fromkeys(row["seed"] for row in rows))


def _yes(is_reached: bool) -> str:  # noqa: FBT001
    return "yes" if is_reached else "no"


def _money(cents: float) -> str:
    return f"${cents / 100:,.0f}" if cents >= 0 else f"-${-cents / 100:,.0f}"
