"""What one adjustment means and what to do about it: reason, group, nature and remarks together.

The reason's row gives the subcategory, a chain of steps and a team. A remark that the table lists
for that reason makes all three more precise; an alert never changes the subcategory, only the
steps; some remarks forbid a step (no appeal, no resubmission) or name the only kind of claim that
will be read. The first step left is the next action. Source: DOMAIN 3.2 to 3.5.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from sanderling.core.codes.carc import carcs, retired
from sanderling.core.codes.names import (
    ACTION_OF_STEP,
    TEAM_OF_ABBREVIATION,
    UNKNOWN_SUBCATEGORY,
    Nature,
    NextAction,
    Team,
)

# Their own titles say that the remark tells the reason (DOMAIN 3.4); any remark that is not an
# alert may, when the table lists none for them.
EXPLAINED_BY_REMARK: Final = frozenset({"16", "96", "A1"})
# Subcategories that tell nothing about why a service was denied.
NO_EXPLANATION: Final = frozenset(
    {"INFO", "PENDING", "RECOUPMENT", "APPEAL_RESULT", "PATIENT_RESP", "CONTRACTUAL", "INCENTIVE"}
)
UNPROCESSABLE: Final = "MA130"
# Natures that leave money to work; the others are settled by posting alone.
WORKED_NATURES: Final = frozenset(
    {Nature.DENIAL, Nature.REDUCED, Nature.UNKNOWN, Nature.BY_AMOUNT, Nature.PENDED}
)
PAYER_INITIATED: Final = "PI"  # no contract is claimed for it: disputed, never simply posted
CORRECTIONS: Final = frozenset({"COD", "F7", "F8"})
NEW_CLAIM: Final = "F1"
RESUBMISSIONS: Final = CORRECTIONS | {NEW_CLAIM}
APPEALS: Final = frozenset({"APC", "APA"})
# A posting team has nothing left to do once a step other than posting comes first.
TEAM_OF_STEP: Final = MappingProxyType(
    {
        "PRICE": Team.CONTRACTS,
        "CON": Team.CONTRACTS,
        "BP": Team.PATIENT,
        "B2": Team.BILLING,
        "F1": Team.BILLING,
        "F7": Team.BILLING,
        "F8": Team.BILLING,
    }
)
# These steps are one team's craft, whoever the table lets send the claim.
CRAFT: Final = MappingProxyType({"COD": Team.CODING, "CRED": Team.CREDENTIALING})


@dataclass(frozen=True, slots=True)
class Rarc:
    """One remark code of our table."""

    code: str
    title: str
    reasons: frozenset[str]
    subcategory: str
    fix: str
    action: str
    team: str
    is_alert: bool
    steers: str  # the only kind of claim the payer will read: F1, F7 or empty
    blocks: str  # appeal, resubmission or empty


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an adjustment means: finer category, steps, team and what the remarks forbid."""

    subcategory: str
    chain: str
    next_action: str
    team: str
    preventable: str
    recover_rate: float
    remark: str
    is_unknown: bool
    is_unprocessable: bool
    is_appeal_blocked: bool
    is_resubmission_blocked: bool


@dataclass(frozen=True, slots=True)
class _Draft:
    """A reason's row on its way to a meaning."""

    reason: str
    subcategory: str
    chain: str
    team: str
    preventable: str
    recover_rate: float
    is_unknown: bool
    remark: str = ""


@cache
def rarcs() -> dict[str, Rarc]:
    """Return the remark table by code."""
    source = resources.files(__package__).joinpath("rarc.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            row["code"]: Rarc(
                code=row["code"],
                title=row["title"],
                reasons=frozenset(row["refines_carc"].split(",")) - {"-"},
                subcategory=row["category"],
                fix=row["fix"],
                action=row["action"],
                team=row["team"],
                is_alert=row["kind"] == "alert",
                steers=row["steers"],
                blocks=row["blocks"],
            )
            for row in csv.DictReader(lines)
        }


def meaning_of(group: str, reason: str, nature: str, remarks: tuple[str, ...]) -> Meaning:
    """Return the meaning of an adjustment; `remarks` of its line first, then of its claim."""
    is_worked = nature in WORKED_NATURES or group == PAYER_INITIATED
    known = [rarcs()[code] for code in remarks if code in rarcs()]
    draft = _of_reason(reason, nature)
    if is_worked:
        draft = _refined(draft, known)
    elif plain := next((remark for remark in known if not remark.is_alert), None):
        draft = replace(draft, remark=plain.code)
    blocks = {remark.blocks for remark in known}
    steering = next((remark for remark in known if remark.steers), None)
    if not is_worked or "resubmission" in blocks:
        steering = None
    if steering is not None:
        draft = _steered(draft, steering)
    steps = draft.chain.split(">")
    action, team = _first_action(steps, draft, known, is_worked=is_worked)
    if steering is not None:
        action = ACTION_OF_STEP[steering.steers]
    return Meaning(
        subcategory=draft.subcategory,
        chain=draft.chain,
        next_action=action,
        team=team,
        preventable=draft.preventable,
        recover_rate=draft.recover_rate,
        remark=draft.remark,
        is_unknown=draft.is_unknown,
        is_unprocessable=any(remark.code == UNPROCESSABLE for remark in known),
        is_appeal_blocked="appeal" in blocks,
        is_resubmission_blocked="resubmission" in blocks,
    )


def _of_reason(reason: str, nature: str) -> _Draft:
    row = carcs().get(reason)
    if row is None:
        successors = retired().get(reason, ("", ()))[1]
        row = carcs()[successors[0]] if successors else None
    if row is None:
        # Nobody knows what the payer means: someone asks, nothing is written off.
        is_unknown = reason not in retired()
        return _Draft(reason, UNKNOWN_SUBCATEGORY, "CALL", "AR", "N", 0.0, is_unknown)
    subcategory, chain, team = row.category, row.action, row.team
    if nature == Nature.DENIAL:
        subcategory = row.denied_category or subcategory
        chain = row.denied_action or chain
        team = row.denied_team or team
    return _Draft(
        row.code, subcategory, chain, team, row.preventable, row.recover_pct / 100, is_unknown=False
    )


def _refined(draft: _Draft, known: list[Rarc]) -> _Draft:
    plain = [remark for remark in known if not remark.is_alert]
    listed = [remark for remark in plain if draft.reason in remark.reasons]
    if not listed and (draft.reason in EXPLAINED_BY_REMARK or draft.is_unknown):
        listed = [remark for remark in plain if remark.subcategory not in NO_EXPLANATION]
    if listed:
        # The one that says something new is worth more than one that repeats the reason.
        best = min(
            listed,
            key=lambda remark: (bool(remark.steers), remark.subcategory == draft.subcategory),
        )
        return replace(
            draft,
            subcategory=best.subcategory,
            chain=best.action,
            team=best.team,
            remark=best.code,
        )
    alert = next(
        (remark for remark in known if remark.is_alert and draft.reason in remark.reasons), None
    )
    if alert is not None and alert.action != "POST":
        return replace(draft, chain=alert.action, team=alert.team, remark=alert.code)
    return replace(draft, remark=plain[0].code if plain else "")


def _steered(draft: _Draft, steering: Rarc) -> _Draft:
    """Return the draft with the kind of claim the payer will read in place of the other kind."""
    wanted = steering.steers
    other = "F7" if wanted == NEW_CLAIM else NEW_CLAIM
    steps = [
        wanted if step == other else step
        for step in draft.chain.split(">")
        if step not in APPEALS or steering.blocks != "appeal"
    ]
    if wanted in steps:
        return replace(draft, chain=">".join(steps))
    return replace(draft, chain=">".join([*steps, wanted]), team=steering.team)


def _first_action(
    steps: list[str], draft: _Draft, known: list[Rarc], *, is_worked: bool
) -> tuple[str, str]:
    """Return next action and team; both empty when posting is all there is to do."""
    if not is_worked and steps[0] == "POST":
        return "", TEAM_OF_ABBREVIATION[draft.team]
    forbidden = {"POST"}
    for remark in known:
        forbidden |= {"appeal": APPEALS, "resubmission": RESUBMISSIONS}.get(
            remark.blocks, frozenset()
        )
    left = [step for step in steps if step not in forbidden]
    if left:
        return ACTION_OF_STEP[left[0]], _team(left[0], steps[0], draft.team)
    blocking = next((remark for remark in known if remark.blocks), None)
    if blocking is not None:
        return ACTION_OF_STEP[blocking.action], TEAM_OF_ABBREVIATION[blocking.team]
    return NextAction.CALL_PAYER, Team.AR


def _team(step: str, first_step: str, team: str) -> str:
    if step in CRAFT:
        return CRAFT[step]
    named = TEAM_OF_ABBREVIATION[team]
    if named == Team.POSTING and first_step == "POST":
        return TEAM_OF_STEP.get(step, Team.AR)
    return named
