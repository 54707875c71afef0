"""Problems planted by a recipe: the truth is what the files show, and no other world changes."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from sanderling.simulator.episodes import Episode
from sanderling.simulator.output import write_master_data, write_world
from sanderling.simulator.planted import FAMILIES, PlantedProblem, Struck
from sanderling.simulator.recipe_shapes import SHAPES
from sanderling.simulator.recipes import BadRecipe, draw_recipe, load_recipe
from sanderling.simulator.truth import write_truth
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings

START = date(2026, 1, 1)
SETTINGS = Settings(2500, 11, START, 150)
# Of a world of 120 claims and 45 days without a recipe; changes only with the default world itself.
DIGEST = "07834051b7118fd9da31e7225a690d4b5880abd7a93d1f00cef48cb9c22794b1"
RECIPE = """
seed = 5
[[problem]]
kind = "payer_edit"
payer = "UNH05"
codes = ["99213", "99214"]
from = 2026-03-01
strength = 0.6
carc = "97"
remarks = ["M15"]
category = "bundling"
[[problem]]
kind = "fee_cut"
payer = "BLH07"
client = "MAPLE"
from = 2026-02-20
strength = 0.9
by_service = true
[[problem]]
kind = "rejection_spike"
client = "CEDAR"
from = 2026-03-10
until = 2026-04-10
strength = 0.5
carc = "A7:164"
[[problem]]
kind = "slow_payment"
payer = "MADV2"
from = 2026-02-15
strength = 3.0
[[problem]]
kind = "missing_remittances"
payer = "MCO04"
client = "SUMMIT"
from = 2026-03-15
strength = 1.0
[[problem]]
kind = "unbilled_secondaries"
payer = "MCR01"
client = "RIVER"
from = 2026-02-01
strength = 1.0
[[problem]]
kind = "documentation_pends"
payer = "GRM06"
from = 2026-03-01
until = 2026-04-01
strength = 0.8
[[problem]]
kind = "wrong_fee_year"
payer = "GRM06"
from = 2026-02-01
strength = 1.0
by_service = true
[[renewal]]
payer = "GRM06"
from = 2026-02-01
factor = 1.05
"""
PAYER_EDIT, FEE_CUT, REJECTIONS = "P01-payer_edit", "P02-fee_cut", "P03-rejection_spike"
SLOW, MISSING, UNBILLED = "P04-slow_payment", "P05-missing_remittances", "P06-unbilled_secondaries"
PENDS, FEE_YEAR = "P07-documentation_pends", "P08-wrong_fee_year"


class Lived:
    """A world that was lived through, with its remittances."""

    def __init__(self, folder: Path) -> None:
        (folder / "recipe.toml").write_text(RECIPE, "utf-8")
        self.recipe = load_recipe(folder / "recipe.toml", SETTINGS)
        self.world = World(SETTINGS, self.recipe)
        self.segments: list[tuple[date, list[list[str]]]] = []
        for offset in range(SETTINGS.days):
            day = START + timedelta(days=offset)
            for file in self.world.advance(day):
                if file.kind == "835":
                    self.segments.append((day, _segments(file.text)))

    def problem(self, name: str) -> PlantedProblem:
        return next(item for item in self.recipe.problems if item.name == name)

    def struck(self, name: str) -> list[Struck]:
        return [item for item in self.world.state.struck.values() if item.problem == name]

    def episodes(self, name: str) -> dict[str, Episode]:
        claims = {item.claim for item in self.struck(name)}
        return {
            episode.account.control_number: episode
            for episode in self.world.state.episodes
            if episode.account.control_number in claims
        }

    def claim_payments(self) -> Iterator[tuple[date, str, list[list[str]]]]:
        """Answer day, control number and segments of each claim payment."""
        for day, segments in self.segments:
            own: list[list[str]] = []
            for segment in [*segments, ["CLP", ""]]:
                if segment[0] == "CLP":
                    if own:
                        yield day, own[0][1], own
                    own = [segment]
                elif own:
                    own.append(segment)


def _segments(text: str) -> list[list[str]]:
    element, end = text[3], text[105]
    return [part.strip().split(element) for part in text.split(end) if part.strip()]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return Lived(tmp_path_factory.mktemp("planted"))


def is_within(hits: int, of: int, share: float) -> bool:
    """True when a count lies within four standard deviations of a binomial."""
    return abs(hits - of * share) <= 4 * math.sqrt(of * share * (1 - share)) + 1


def test_a_world_without_a_recipe_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    world = World(Settings(120, 4, START, 45))

    files = write_world(world, tmp_path / "out")
    write_truth(world, files, tmp_path / "truth")

    total = hashlib.sha256()
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(tmp_path)).encode() + b"\0" + path.read_bytes())
    assert not (tmp_path / "truth" / "planted.csv").exists()
    assert total.hexdigest() == DIGEST


def test_nothing_is_touched_before_the_onset_or_outside_the_scope(lived: Lived) -> None:
    names = {item.problem for item in lived.world.state.struck.values()}

    assert names == {problem.name for problem in lived.recipe.problems}
    for item in lived.world.state.struck.values():
        problem = lived.problem(item.problem)
        day = item.service_date if problem.by_service else item.received_date
        # A remittance run or a decision of the payer before is later than the claim.
        if problem.kind not in {"missing_remittances", "unbilled_secondaries"}:
            assert problem.from_date <= day < problem.until_date
        assert item.seen_date >= problem.from_date
        assert problem.client in ("", item.client)
        assert problem.payer in ("", item.payer)
        assert not problem.codes or not item.line or item.code in problem.codes


def test_the_planted_share_of_claims_is_denied(lived: Lived) -> None:
    problem = lived.problem(PAYER_EDIT)
    touched = {item.claim for item in lived.struck(PAYER_EDIT)}
    decided = [
        episode.account.control_number
        for episode in lived.world.state.episodes
        if episode.account.patient.coverages[0].payer.code == problem.payer
        and any(line.code in problem.codes for line in episode.account.lines)
        and episode.tracks[0].posted_date is not None
        and episode.tracks[0].accepted_date is not None
        and episode.tracks[0].accepted_date >= problem.from_date
        and episode.tracks[0].hidden == ""
    ]

    assert len(decided) > 50
    assert is_within(len(touched & set(decided)), len(decided), problem.strength)


def test_remittances_show_the_denial_on_the_day_the_truth_says(lived: Lived) -> None:
    shown = set()
    for day, claim, segments in lived.claim_payments():
        if any(segment[:3] == ["CAS", "CO", "97"] for segment in segments):
            shown.add((claim, day))
    touched = {(item.claim, item.seen_date) for item in lived.struck(PAYER_EDIT)}

    # Some payers' systems word a denial otherwise (simulator.quirks), or cut numbers short.
    assert len(touched & shown) >= 0.85 * len(touched)


def test_lines_are_paid_at_the_planted_factor(lived: Lived) -> None:
    lines = lived.struck(FEE_CUT)

    assert len(lines) > 40
    for item in lines:
        assert item.line > 0
        assert abs(item.expected_cents * 0.9 - (item.expected_cents + item.variance_cents)) <= 1
    paid = {claim: segments for _, claim, segments in lived.claim_payments()}
    exact = 0
    for item in lines:
        for segments in [paid.get(item.claim, [])]:
            allowed = _allowed_by_code(segments).get(item.code)
            exact += allowed == item.expected_cents + item.variance_cents
    assert exact >= 0.85 * len(lines)


def _allowed_by_code(segments: list[list[str]]) -> dict[str, int]:
    """Add up paid, patient share and sequestration of each line."""
    allowed: dict[str, int] = {}
    code = ""
    for segment in segments:
        if segment[0] == "SVC":
            code = segment[1][3:].split(segment[1][2])[0]
            allowed[code] = round(float(segment[3]) * 100)
        elif segment[0] == "CAS" and code:
            for place in range(2, len(segment) - 1, 3):
                if segment[1] == "PR" or segment[place] == "253":
                    allowed[code] += round(float(segment[place + 1]) * 100)
    return allowed


def test_a_contract_not_loaded_is_paid_at_the_old_rates(lived: Lived) -> None:
    lines = lived.struck(FEE_YEAR)
    old = lived.world.rates["GRM06"]

    assert len(lines) > 30
    for item in lines:
        rate = old[item.client].get(item.code)
        if rate and item.expected_cents and item.line and item.code.startswith("99"):
            assert item.expected_cents == pytest.approx(rate * 1.05, abs=1)
            assert item.expected_cents + item.variance_cents == pytest.approx(rate, abs=2)


def test_the_clearinghouse_rejects_the_planted_share(lived: Lived) -> None:
    problem = lived.problem(REJECTIONS)
    first_sent = [
        episode.account.control_number
        for episode in lived.world.state.episodes
        if episode.account.client.code == "CEDAR"
        and problem.from_date <= episode.tracks[0].sent_dates[0] < problem.until_date
    ]
    touched = {item.claim for item in lived.struck(REJECTIONS)}

    assert is_within(len(touched & set(first_sent)), len(first_sent), problem.strength + 0.25 * 0.1)


def test_slow_payments_take_the_planted_multiple_of_days(lived: Lived) -> None:
    def lag(after: bool) -> float:  # noqa: FBT001
        days = [
            (track.posted_date - track.accepted_date).days
            for episode in lived.world.state.episodes
            if episode.account.patient.coverages[0].payer.code == "MADV2"
            for track in episode.tracks[:1]
            if track.posted_date and track.accepted_date and track.ruling
            and track.ruling.outcome.value == "paid" and len(track.sent_dates) == 1
            and (SLOW in track.ruling.planted) == after
            and track.accepted_date < date(2026, 4, 1)
        ]  # fmt: skip
        return sum(days) / len(days)

    assert 2.0 < lag(after=True) / lag(after=False) < 3.2


def test_missing_remittances_and_unbilled_secondaries_leave_the_claims_unanswered(
    lived: Lived,
) -> None:
    lost = lived.episodes(MISSING)
    unbilled = lived.episodes(UNBILLED)
    shown = {(day, claim) for day, claim, _ in lived.claim_payments()}

    assert len(lost) > 10
    for item in lived.struck(MISSING):
        assert not any((item.seen_date + timedelta(days=wait), item.claim) in shown
                       for wait in range(3))  # fmt: skip
    assert len(unbilled) > 10
    for episode in unbilled.values():
        assert not episode.tracks[1].sent_dates
        assert episode.tracks[1].crossover_date is None


def test_pended_claims_are_decided_late(lived: Lived) -> None:
    for item in lived.struck(PENDS):
        assert (item.seen_date - item.received_date).days > 30


def test_the_truth_tells_claims_and_dollars_of_each_problem(lived: Lived, tmp_path: Path) -> None:
    write_truth(lived.world, [], tmp_path)

    rows = _read_csv(tmp_path / "planted.csv")
    truth = json.loads((tmp_path / "problems.json").read_text("utf-8"))
    assert len(rows) == len(lived.world.state.struck)
    for problem in truth["systemic"]:
        own = [row for row in rows if row["problem"] == problem["name"]]
        assert problem["family"] == FAMILIES[problem["kind"]]
        assert problem["claims"] == len({(row["client"], row["claim"]) for row in own})
        assert problem["variance_cents"] == sum(int(row["variance_cents"]) for row in own)
        assert problem["first_service_date"] == min(row["service_date"] for row in own)
    causes = [row["cause"] for row in _read_csv(tmp_path / "variances.csv")]
    assert causes.count(FEE_CUT) > 40
    assert truth["renewals"][0]["payer"] == "GRM06"


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_renewed_contracts_are_written_as_versions(lived: Lived, tmp_path: Path) -> None:
    write_master_data(lived.world, tmp_path)

    old = (tmp_path / "contracts" / "MAPLE-GRM06.csv").read_text("utf-8")
    new = (tmp_path / "contracts" / "MAPLE-GRM06@2026-02-01.csv").read_text("utf-8")
    assert "99213,,,13064" in old
    assert "99213,,,13717" in new


def test_equal_seeds_draw_equal_recipes_and_others_differ() -> None:
    drawn = draw_recipe(1, SETTINGS)

    assert drawn == draw_recipe(1, SETTINGS)
    assert drawn != draw_recipe(2, SETTINGS)


@pytest.mark.parametrize("seed", range(12))
def test_drawn_problems_of_a_family_never_meet_in_one_claim(seed: int) -> None:
    problems = draw_recipe(seed, SETTINGS).problems

    assert len(problems) >= 12
    for place, one in enumerate(problems):
        assert one.kind in SHAPES
        assert START < one.from_date < START + timedelta(days=SETTINGS.days)
        assert one.from_date < one.until_date
        for other in problems[place + 1 :]:
            if FAMILIES[one.kind] == FAMILIES[other.kind]:
                meets_payer = not one.payer or not other.payer or one.payer == other.payer
                meets_client = not one.client or not other.client or one.client == other.client
                assert not (meets_payer and meets_client)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[problem]]\nkind = 'fee_cut'\nstrength = 0.9\n", "no from"),
        ("[[problem]]\nkind = 'flood'\nfrom = 2026-02-01\nstrength = 0.9\n", "no problem flood"),
        (
            "[[problem]]\nkind = 'fee_cut'\nfrom = 2026-02-01\nstrength = 0.9\npayer = 'X'\n",
            "no payer X",
        ),
        (
            "[[problem]]\nkind = 'rejection_spike'\nfrom = 2026-02-01\nstrength = 0.9\n",
            "needs a carc",
        ),
        ("[[problem]]\nkind = 'fee_cut'\nfrom = 2026-02-01\nstrength = 1\nsize = 3\n", "no size"),
        ("[[renewal]]\npayer = 'UNH05'\nfrom = 2026-02-01\n", "no factor"),
        ("[[problem", "not a TOML file"),
    ],
)
def test_a_bad_recipe_is_refused_with_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(BadRecipe, match=sentence):
        load_recipe(path, SETTINGS)


def test_a_recipe_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="cannot be read"):
        load_recipe(tmp_path / "none.toml", SETTINGS)
