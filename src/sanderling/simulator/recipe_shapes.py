"""The kinds of problems a recipe may have, and how scope and size of each are drawn.

Each shape gets dice, a problem with kind, payer, client, window, and the client it is drawn for; it
answers the whole problem, or None when the kind does not fit that client. Ranges are wide on
purpose and follow the domain reference 6.2, 12.3 and 12.6 where these name any.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from sanderling.simulator.clients import ClientProfile, payers_of
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.planted import PlantedProblem, Renewal
from sanderling.simulator.planted_rejections import REASONS
from sanderling.simulator.pricing import SURGERY_CODES

EDITS = (  # group, CARC, remarks, category: what a changed edit of a payer says
    ("CO", "4", ("M78",), "coding"),
    ("CO", "11", ("M64",), "coding"),
    ("CO", "97", ("M15",), "bundling"),
    ("CO", "236", ("N20",), "bundling"),
    ("CO", "50", ("N115",), "medical_necessity"),
    ("CO", "151", ("N362",), "medical_necessity"),
    ("CO", "96", ("N130",), "non_covered"),
    ("PR", "204", ("N130",), "non_covered"),
    ("CO", "16", ("M51",), "missing_information"),
    ("CO", "16", ("N290",), "missing_information"),
)
COVERAGE = (("PR", "27", ()), ("PR", "31", ("N382",)), ("PR", "26", ()), ("CO", "109", ("N418",)))
IMAGING = ("70450", "70553", "72148", "73721", "74177")


def _chance(dice: Random, share: float) -> bool:
    return dice.random() < share


def _between(dice: Random, low: float, high: float) -> float:
    """Draw a size; its logarithm is uniform."""
    return round(math.exp(dice.uniform(math.log(low), math.log(high))), 3)


def _maybe_everywhere(dice: Random, problem: PlantedProblem) -> PlantedProblem:
    """Half of the time the payer treats all its clients alike."""
    return replace(problem, client="") if _chance(dice, 0.5) else problem


def _codes_of(dice: Random, client: ClientProfile) -> tuple[str, ...]:
    codes = sorted(
        {item.code for part in client.departments for item in part.specialty.primary if item.code}
    )
    return tuple(sorted(dice.sample(codes, k=min(len(codes), dice.randrange(1, 5)))))


def _edit(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    group, carc, remarks, category = dice.choice(EDITS)
    problem = replace(
        plain, codes=_codes_of(dice, client), strength=_between(dice, 0.06, 0.9), carc=carc,
        group=group, remarks=remarks, category=category, by_service=_chance(dice, 0.4),
    )  # fmt: skip
    return _maybe_everywhere(dice, problem)


def _coverage(
    dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    group, carc, remarks = dice.choice(COVERAGE)
    return replace(
        plain, payer="" if _chance(dice, 0.6) else plain.payer, strength=_between(dice, 0.04, 0.4),
        carc=carc, group=group, remarks=remarks, category="eligibility", whole=True,
        by_service=True,
    )  # fmt: skip


def _authorization(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    own = {code for part in client.departments for code in _all_codes(part.specialty.primary)}
    if not own & set(IMAGING):
        return None
    codes = tuple(sorted(dice.sample(IMAGING, k=dice.randrange(2, len(IMAGING) + 1))))
    problem = replace(
        plain, codes=codes, strength=_between(dice, 0.15, 0.95), carc="197",
        remarks=dice.choice(((), ("M62",))), category="authorization", whole=True, by_service=True,
    )  # fmt: skip
    return _maybe_everywhere(dice, problem)


def _enrollment(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    person = _person(dice, client)
    if person is None:
        return None
    return replace(
        plain, payer="" if _chance(dice, 0.4) else plain.payer, providers=(person,),
        strength=_between(dice, 0.4, 1.0), carc="B7", remarks=("N570",), category="provider",
        whole=True, by_service=True,
    )  # fmt: skip


def _holds(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    problem = replace(
        plain, codes=() if _chance(dice, 0.4) else _codes_of(dice, client),
        strength=_between(dice, 0.08, 0.7), carc="252", remarks=dice.choice((("M127",), ("N706",))),
        category="documentation", whole=True,
    )  # fmt: skip
    return _maybe_everywhere(dice, problem)


def _rejections(
    dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    problem = replace(plain, strength=_between(dice, 0.05, 0.6), carc=dice.choice(sorted(REASONS)))
    where = dice.choice(("clearinghouse", "payer", "both"))
    if where == "clearinghouse":  # one client's claims, whoever the payer
        return replace(problem, payer="")
    return replace(problem, client="") if where == "payer" else problem


def _slow(
    dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    return _maybe_everywhere(dice, replace(plain, strength=_between(dice, 1.5, 3.0)))


def _missing(
    dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    return _maybe_everywhere(dice, replace(plain, strength=_between(dice, 0.2, 1.0)))


def _unbilled(
    _dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    is_fit = BY_CODE[plain.payer].secondary_rate > 0
    return replace(plain, payer="MCR01") if is_fit else None


def _cut(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    problem = replace(
        plain, codes=_codes_of(dice, client), strength=round(dice.uniform(0.85, 0.97), 3),
        by_service=_chance(dice, 0.5),
    )  # fmt: skip
    return _maybe_everywhere(dice, problem)


def _schedule(
    dice: Random, plain: PlantedProblem, _client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    problem = replace(plain, strength=round(dice.uniform(0.90, 0.97), 3), spread=0.03)
    return _maybe_everywhere(dice, problem)


def _fee_year(
    dice: Random, plain: PlantedProblem, client: ClientProfile, renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    """The renewed contract is not loaded: from its first day for some weeks or for good."""
    renewal = dice.choice(renewals)
    if BY_CODE[renewal.payer] not in payers_of(client):
        return None
    length = plain.until_date - plain.from_date
    problem = replace(
        plain, payer=renewal.payer, from_date=renewal.from_date,
        until_date=renewal.from_date + length, by_service=True,
    )  # fmt: skip
    return _maybe_everywhere(dice, problem)


def _modifier(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    own = {code for part in client.departments for code in _all_codes(part.specialty.primary)}
    if not any(code.startswith("992") for code in own):
        return None
    problem = replace(plain, modifiers=("25",), strength=dice.choice((0.5, 0.5, 0.75)))
    return _maybe_everywhere(dice, problem)


def _class(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    person = _person(dice, client)
    return None if person is None else replace(plain, providers=(person,), strength=0.85)


def _units(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    is_fit = any(part.specialty.name == "therapy" for part in client.departments)
    return _maybe_everywhere(dice, plain) if is_fit else None


def _steps(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    own = {code for part in client.departments for code in _all_codes(part.specialty.primary)}
    return replace(plain, strength=dice.choice((0.5, 0.7))) if own & SURGERY_CODES else None


def _over(
    dice: Random, plain: PlantedProblem, client: ClientProfile, _renewals: tuple[Renewal, ...]
) -> PlantedProblem | None:
    problem = replace(
        plain, codes=_codes_of(dice, client), strength=round(dice.uniform(1.04, 1.2), 3)
    )
    return _maybe_everywhere(dice, problem)


def _person(dice: Random, client: ClientProfile) -> str | None:
    """The NPI of one who renders; an institution's claims name nobody."""
    people = [
        person.npi
        for part in client.departments
        if part.specialty.taxonomy != "282N00000X"
        for person in part.rendering
    ]
    return dice.choice(people) if people else None


def _all_codes(procedures: tuple[Any, ...]) -> set[str]:
    return {item.code for item in procedures if item.code}


Shape = Callable[
    [Random, PlantedProblem, ClientProfile, tuple[Renewal, ...]], PlantedProblem | None
]
SHAPES: dict[str, Shape] = {
    "payer_edit": _edit,
    "eligibility_denials": _coverage,
    "authorization_denials": _authorization,
    "provider_enrollment": _enrollment,
    "documentation_holds": _holds,
    "documentation_pends": _holds,
    "rejection_spike": _rejections,
    "slow_payment": _slow,
    "missing_remittances": _missing,
    "unbilled_secondaries": _unbilled,
    "fee_cut": _cut,
    "fee_schedule": _schedule,
    "wrong_fee_year": _fee_year,
    "modifier_cut": _modifier,
    "class_rate": _class,
    "units_cut": _units,
    "wrong_steps": _steps,
    "overpayment": _over,
}
