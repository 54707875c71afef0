from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import sanderling.simulator
from sanderling.simulator.agenda import Agenda
from sanderling.simulator.calendar import add_business_days, next_business_day
from sanderling.simulator.clients import make_clients
from sanderling.simulator.identifiers import dice_for, npi, pick, share_of
from sanderling.simulator.large import write_large_835, write_large_837p
from sanderling.simulator.parameters import load_parameters
from sanderling.simulator.planted import plant_problems

FRIDAY, MONDAY = date(2026, 1, 2), date(2026, 1, 5)


def test_npis_have_the_check_digit_of_the_published_example() -> None:
    assert npi(23_456_789) == "1234567893"


def test_shares_are_rounded_half_up() -> None:
    assert share_of(7360, 0.02) == 147
    assert share_of(50, 0.5) == 25
    assert share_of(1, 0.5) == 1
    assert share_of(0, 0.3) == 0


def test_business_days_skip_the_week_end() -> None:
    assert next_business_day(date(2026, 1, 3)) == MONDAY
    assert add_business_days(FRIDAY, 0) == FRIDAY
    assert add_business_days(FRIDAY, 1) == MONDAY
    assert add_business_days(FRIDAY, 6) == date(2026, 1, 12)


def test_an_action_may_arrange_another_for_the_same_day() -> None:
    agenda = Agenda()
    seen = []
    agenda.at(MONDAY, lambda day: agenda.at(day, lambda _day: seen.append("second")))
    agenda.at(MONDAY, lambda _day: seen.append("first"))

    agenda.run(MONDAY)
    agenda.run(MONDAY)

    assert seen == ["first", "second"]


def test_weights_decide_what_is_picked() -> None:
    dice = dice_for("weights")

    drawn = [pick(dice, (("a", 9.0), ("b", 1.0), ("never", 0.0))) for _ in range(2000)]

    assert "never" not in drawn
    assert 0.85 < drawn.count("a") / len(drawn) < 0.95


def test_the_denial_mix_adds_up_to_a_hundred() -> None:
    assert sum(load_parameters().denials.values()) == 100


def test_no_two_providers_share_an_npi_but_departments_of_a_client_may_share_a_tin() -> None:
    clients = make_clients(dice_for(1))
    npis = [npi for client in clients for npi in client.npis]
    people = [
        person.npi for client in clients for part in client.departments for person in part.rendering
    ]

    assert len(set(npis + people)) == len(npis) + len(people)
    assert len({tin for client in clients for tin in client.tins}) >= len(clients)


def test_a_planted_problem_touches_only_its_own_window() -> None:
    start = date(2026, 1, 1)
    spike = plant_problems(start, 100)[0]

    assert spike.touches("BLH07", "MAPLE", "99214", spike.from_date)
    assert not spike.touches("BLH07", "MAPLE", "99214", date(2026, 1, 2))
    assert not spike.touches("UNH05", "MAPLE", "99214", spike.from_date)
    assert not spike.touches("BLH07", "MAPLE", "99213", spike.from_date)


@pytest.mark.parametrize(("write", "mark"), [(write_large_835, "CLP*"), (write_large_837p, "CLM*")])
def test_a_large_file_has_its_size_and_count(
    write: Callable[[Path, float, int], int], mark: str, tmp_path: Path
) -> None:
    path = tmp_path / "large"

    count = write(path, 1.0, 3)

    text = path.read_text("ascii")
    assert 1_000_000 <= len(text) < 1_400_000
    assert text.count(f"~{mark}") == count
    assert text.endswith("IEA*1*000000001~")
    again = tmp_path / "again"
    write(again, 1.0, 3)
    assert again.read_bytes() == path.read_bytes()


def test_the_simulator_imports_nothing_of_the_product_but_the_writers() -> None:
    folder = Path(sanderling.simulator.__file__).parent
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)

    ours = {name for name in imported if name.startswith("sanderling")}
    allowed = ("sanderling.simulator", "sanderling.core.x12.write")
    assert ours
    assert all(name.startswith(allowed) for name in ours)
