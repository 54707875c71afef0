"""Payers that say things oddly: wrong groups, missing remarks, codes of no table, odd reductions.

Shares: `parameters.toml` section quirks. How a biller reads each is in the domain reference 3.1 and
3.3: a listed reason under an unlisted group that takes the whole line is a denial, and so is CO-45
over the whole charge or a code nobody knows; what PI or PR-45 takes is not written down; CO-1, 2 or
3 is a share nobody may collect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import Claim
from sanderling.core.x12.write.remittance import LinePayment
from sanderling.simulator.identifiers import share_of
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.reasons import Reason

UNKNOWN_CODE = "330"  # beyond the published list
NEEDS_REMARK = frozenset({"16", "226", "252"})
DENIAL_GROUPS = ("CO", "OA", "PI")
PLAN_KINDS = frozenset({"commercial", "bcbs"})  # that may be out of network
SHARE_BEARING_KINDS = frozenset({"medicaid", "medicare_advantage"})
COST_SHARE = frozenset({"1", "2", "3"})
CUT_SHARE = (0.12, 0.45)  # of the payment, by a reduction of the payer's own


@dataclass(frozen=True, slots=True)
class Said:
    """A denial as a payer says it."""

    reason: Reason
    at_claim_level: bool = False  # CAS in loop 2100, no service lines
    remarks_on_claim: bool = False  # MOA only
    quirks: tuple[str, ...] = ()


def say(reason: Reason, shares: Mapping[str, float], dice: Random) -> Said:
    """Answer how a payer's system words a denial; mostly as it should."""
    quirks = []
    mark = dice.random()
    if mark < shares["unknown_code"]:
        reason = replace(reason, group="CO", code=UNKNOWN_CODE, remarks=())
        quirks.append("unknown_code")
    elif mark < shares["unknown_code"] + shares["whole_charge_contractual"]:
        reason = replace(reason, group="CO", code="45", remarks=())
        quirks.append("whole_charge_contractual")
    elif dice.random() < shares["wrong_group"]:
        others = [group for group in DENIAL_GROUPS if group != reason.group]
        reason = replace(reason, group=dice.choice(others))
        quirks.append("wrong_group")
    if reason.code in NEEDS_REMARK and dice.random() < shares["remark_missing"]:
        reason = replace(reason, remarks=())
        quirks.append("remark_missing")
    at_claim_level = dice.random() < shares["claim_level"]
    on_claim = bool(reason.remarks) and dice.random() < shares["remarks_on_claim_only"]
    return Said(reason, at_claim_level, on_claim, tuple(quirks))


class Bend(StrEnum):
    """An odd way to pay a claim."""

    NONE = ""
    OWN_REDUCTION = "payer_reduction"  # PI-45: no contract says so
    ABOVE_ALLOWED = "above_allowed_to_patient"  # PR-45 instead of CO-45
    SHARE_NOT_COLLECTIBLE = "share_not_collectible"  # CO-1, 2, 3 instead of PR


def draw_bend(claim: Claim, payer: PayerProfile, shares: Mapping[str, float], dice: Random) -> Bend:
    """Draw whether a payment is bent, and how."""
    mark = dice.random()
    if payer.kind != "medicare" and mark < shares["payer_reduction"]:
        return Bend.OWN_REDUCTION
    is_alone = not claim.other_payers
    mark = dice.random()
    if is_alone and payer.kind in PLAN_KINDS and mark < shares["above_allowed_to_patient"]:
        return Bend.ABOVE_ALLOWED
    if payer.kind in SHARE_BEARING_KINDS and mark < shares["share_not_collectible"]:
        return Bend.SHARE_NOT_COLLECTIBLE
    return Bend.NONE


def bend_line(line: LinePayment, bend: Bend, dice: Random) -> LinePayment:
    """Bend one line; answers the line itself when there is nothing to bend."""
    if bend is Bend.OWN_REDUCTION:
        return _cut(line, dice)
    if bend is Bend.ABOVE_ALLOWED:
        return _regrouped(line, "CO", "PR", frozenset({"45"}))
    if bend is Bend.SHARE_NOT_COLLECTIBLE:
        return _regrouped(line, "PR", "CO", COST_SHARE)
    return line


def _cut(line: LinePayment, dice: Random) -> LinePayment:
    low, high = CUT_SHARE
    cents = share_of(line.paid_cents, low + (high - low) * dice.random())
    if cents <= 0:
        return line
    adjustments = (*line.adjustments, Adjustment("PI", "45", cents))
    allowed = None if line.allowed_cents is None else line.allowed_cents - cents
    return replace(
        line, paid_cents=line.paid_cents - cents, adjustments=adjustments, allowed_cents=allowed
    )


def _regrouped(line: LinePayment, old: str, new: str, codes: frozenset[str]) -> LinePayment:
    adjustments = tuple(
        replace(item, group=new) if item.group == old and item.code in codes else item
        for item in line.adjustments
    )
    return line if adjustments == line.adjustments else replace(line, adjustments=adjustments)
