"""Recipes: which systemic problems a world has, drawn from a seed or read from a file.

Kinds, payers, clients, codes, sizes, onsets and ends are drawn without regard to what any detector
can find: some are large, some touch a handful of claims. Two problems of one family never share a
payer and client at all, so that each claim's trouble has one name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sanderling.simulator.clients import ClientProfile, make_clients, payers_of
from sanderling.simulator.identifiers import dice_for, pick
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.planted import FAMILIES, PlantedProblem, Renewal
from sanderling.simulator.planted_rejections import REASONS
from sanderling.simulator.recipe_shapes import SHAPES
from sanderling.simulator.worldstate import Settings

MENU = (  # of a drawn recipe: families in turn, kinds by weight
    (("payer_edit", 5.0), ("authorization_denials", 1.0)),
    (("eligibility_denials", 1.0), ("provider_enrollment", 1.0)),
    (("payer_edit", 3.0), ("eligibility_denials", 1.0), ("provider_enrollment", 1.0)),
    (("authorization_denials", 1.0), ("payer_edit", 1.0)),
    (("documentation_holds", 2.0), ("documentation_pends", 1.0)),
    (("rejection_spike", 1.0),),
    (("slow_payment", 1.0),),
    (("missing_remittances", 1.0),),
    (("unbilled_secondaries", 1.0),),
    (("fee_cut", 1.0),),
    (("fee_schedule", 1.0), ("wrong_fee_year", 1.0)),
    (("modifier_cut", 1.0), ("class_rate", 1.0), ("units_cut", 1.0), ("wrong_steps", 1.0)),
    (("fee_cut", 2.0), ("fee_schedule", 1.0), ("class_rate", 1.0), ("modifier_cut", 1.0)),
    (("overpayment", 1.0),),
)
EARLIEST_SHARE, LATEST_SHARE = 0.35, 0.85  # onset within the world
DRAWS_MAX = 200


class BadRecipe(ValueError):
    """A recipe names what does not exist, or leaves out what must be said."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The systemic problems of a world, and which contracts are renewed."""

    problems: tuple[PlantedProblem, ...]
    renewals: tuple[Renewal, ...] = ()


@dataclass(slots=True)
class _Draft:
    """What is drawn from, and what is taken already."""

    dice: Random
    settings: Settings
    clients: tuple[ClientProfile, ...]
    seed: int
    taken: set[tuple[str, str, str]] = field(default_factory=set)  # family, payer, client


def draw_recipe(seed: int, settings: Settings) -> Recipe:
    """Draw a recipe: equal seeds and settings give equal recipes."""
    clients = make_clients(dice_for(settings.seed, "clients"))
    draft = _Draft(dice_for(seed, "recipe"), settings, clients, seed)
    renewals = _draw_renewals(draft)
    problems: list[PlantedProblem] = []
    for place, kinds in enumerate(MENU, start=1):
        for _ in range(DRAWS_MAX):
            kind = pick(draft.dice, kinds)
            drawn = _draw_problem(draft, kind, renewals)
            pairs = _pairs(draft, drawn) if drawn else set()
            if drawn and pairs and not pairs & draft.taken:
                draft.taken |= pairs
                problems.append(replace(drawn, name=f"P{place:02d}-{kind}", seed=seed))
                break
    return Recipe(tuple(problems), renewals)


def load_recipe(path: Path, settings: Settings) -> Recipe:
    """Read a recipe from TOML: `[[problem]]` and `[[renewal]]` with the fields of their classes.

    `from` and `until` are dates; without `until` a problem lasts. Raises BadRecipe.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path.name} is not a TOML file: {error}") from error
    except OSError as error:
        raise BadRecipe(f"{path.name} cannot be read: name a file or a seed") from error
    seed = int(table.get("seed", 0))
    problems = tuple(
        _read_problem(row, place, seed, settings)
        for place, row in enumerate(table.get("problem", []), start=1)
    )
    renewals = tuple(
        Renewal(row["payer"], row["from"], float(row["factor"]), float(row.get("spread", 0.0)))
        for row in table.get("renewal", [])
        if _has(row, "renewal", "payer", "from", "factor")
    )
    return Recipe(problems, renewals)


def _read_problem(row: dict[str, Any], place: int, seed: int, settings: Settings) -> PlantedProblem:
    _has(row, "problem", "kind", "from", "strength")
    known = {item.name for item in fields(PlantedProblem)} - {"from_date", "until_date", "seed"}
    for name in row.keys() - known - {"from", "until"}:
        raise BadRecipe(f"a problem has no {name}; it may have {', '.join(sorted(known))}")
    if row["kind"] not in SHAPES:
        raise BadRecipe(f"there is no problem {row['kind']}; name one of {', '.join(SHAPES)}")
    if row.get("payer") and row["payer"] not in BY_CODE:
        raise BadRecipe(f"there is no payer {row['payer']}; name one of {', '.join(BY_CODE)}")
    if row["kind"] == "rejection_spike" and row.get("carc") not in REASONS:
        raise BadRecipe(f"a rejection_spike needs a carc of {', '.join(REASONS)}")
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    given = {key: value for key, value in row.items() if key not in {"from", "until"}} | lists
    until = row.get("until", settings.start_date + timedelta(days=settings.days + 1))
    plain = {"payer": "", "client": "", "codes": (), "name": f"P{place:02d}-{row['kind']}"}
    return PlantedProblem(**{**plain, **given}, from_date=row["from"], until_date=until, seed=seed)


def _has(row: dict[str, Any], what: str, *names: str) -> bool:
    for name in names:
        if name not in row:
            raise BadRecipe(f"a {what} of the recipe has no {name}; say it")
    return True


def _draw_renewals(draft: _Draft) -> tuple[Renewal, ...]:
    """Two payers renew in the course of the world, both upward, as most contracts do."""
    dice, settings = draft.dice, draft.settings
    codes = dice.sample(["UNH05", "GRM06", "BLH07", "MADV2", "MCO04"], k=2)
    return tuple(
        Renewal(
            code,
            settings.start_date + timedelta(days=int(settings.days * (0.2 + 0.4 * dice.random()))),
            round(1.015 + 0.03 * dice.random(), 3),
            0.02,
        )
        for code in codes
    )


def _pairs(draft: _Draft, problem: PlantedProblem) -> set[tuple[str, str, str]]:
    family = FAMILIES[problem.kind]
    family = {"overpayment": "underpayment", "documentation_hold": "denial"}.get(family, family)
    return {
        (family, payer.code, client.code)
        for client in draft.clients
        for payer in payers_of(client)
        if problem.payer in ("", payer.code) and problem.client in ("", client.code)
    }


def _draw_problem(draft: _Draft, kind: str, renewals: tuple[Renewal, ...]) -> PlantedProblem | None:
    """Draw scope, size, onset and end; None when the draw makes no sense."""
    dice, settings = draft.dice, draft.settings
    share = EARLIEST_SHARE + (LATEST_SHARE - EARLIEST_SHARE) * dice.random()
    from_date = settings.start_date + timedelta(days=int(settings.days * share))
    until_date = settings.start_date + timedelta(days=settings.days + 1)
    if dice.random() < 0.4:  # noqa: PLR2004 - somebody mends it before the world ends
        until_date = min(until_date, from_date + timedelta(days=dice.randrange(40, 130)))
    client = pick(dice, [(item, item.share) for item in draft.clients])
    payers = [item for item in payers_of(client) if item.share or item.is_dental]
    payer = pick(dice, [(item, item.share or 20.0) for item in payers])
    plain = PlantedProblem(kind, payer.code, client.code, (), from_date, until_date, 1.0)
    return SHAPES[kind](dice, plain, client, renewals)
