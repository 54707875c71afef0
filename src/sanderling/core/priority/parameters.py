"""What the valuation rests on: settings that people choose, parameters that history teaches.

Before there is history, parameters are those of the trade's tables (`cold_start`): chances from the
table of adjustment reasons (DOMAIN 3.4), decay, unworked recovery and second tries from DOMAIN
12.5, answer times from 12.4 and 4.7, minutes from 9.2 and 12.6. What is our own guess is marked as
one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import polars as pl

from sanderling.core.codes.carc import carcs
from sanderling.core.codes.names import CATEGORY_OF_SUBCATEGORY

# Answer curves: survival at the beginning of each step of days.
STEP_DAYS: Final = 5
STEPS: Final = 31  # days 0, 5, ..., 150
NOBODY: Final = 0  # as payer_id: no single payer
CLAIM: Final = "claim"  # as the action of an answer curve: the claim as first sent
ACK: Final = "acceptance"  # as the action of an answer curve: the payer's taking the claim over

# Which work an item's barrier calls for is refined by its category.
REFINED: Final = ("rejected", "pended", "denied", "underpaid", "unexplained")
# Barriers under which an answer may come without us.
WAITING: Final = ("awaiting_payer", "no_response", "corrected_pending", "appeal_pending")


@dataclass(frozen=True, slots=True)
class Settings:
    """What people choose, and what follows from the team's load.

    The first two are read from DOMAIN 9.2's urgency steps (3 at 3 days, 2 at 7, 1.5 at 15, 1.2 at
    30): `1 + 2 * exp(-days / 10)` runs through them, which is a next chance in about 10 days that
    two of three items get.
    """

    queue_days: float = 10.0  # until the next chance to touch an item that is not touched now
    reach: float = 2 / 3  # share of items that get that chance
    # What a minute of work costs ($36 an hour, a guess), or what it brings in elsewhere.
    minute_cents: float = 60.0
    vain_touch_cents: float = 400.0  # a touch in vain costs at least that (PRODUCT D2)
    # What is open a year longer is worth so much less. Open balances lose some 9 % of their chance
    # a month (DOMAIN 12.7), partly because the good ones leave; that a third of it is waiting's
    # own doing is a guess.
    yearly_discount: float = 0.5
    calls_at_once: int = 10  # claims a payer takes on one call (DOMAIN 9.2)
    avoidable_max: float = 0.2  # no touch while an answer on its own is more likely than this
    # What is agreed with a client and at risk is worth so much more a minute (DOMAIN 9.2).
    service_factor: float = 1.5
    # The scores at which the first tenth and the first quarter of what can be worked begin; what a
    # client's schedule lifts gets at least that. 0: nothing was learned yet.
    tenth_score: float = 0.0
    quarter_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """What history teaches, as small frames; `recovery` and `answers` go from all to one payer.

    recovery: situation, action, payer_type, payer_id, share, weight. Share: of what is expected
    that a touch brings in, if it comes early and is the first. Coarser rows have action "",
    payer_type "" or payer_id NOBODY.
    decay: age_days, factor. What is left of the share when work begins that old; between them it
    falls evenly.
    repeats: touches, factor. After so many tries that the payer refused.
    unworked: barrier, share. Of what a touch would bring in, what comes in when nobody works on it.
    answers: action, payer_type, payer_id, step, survival. Share not answered at the step's
    beginning; the last step's never answers.
    minutes: action, channel, payer_id, first_minutes, next_minutes, is_usual. For one item alone,
    and for each further one of the same payer in one go; is_usual: the channel to take.
    delays: action, days. From the touch to the money.
    found: channel, touches, factor. How often asking by a channel finds something to do, against
    what the answer curve says of silent claims, after so many touches.
    finds: barrier, share. What asking finds when it finds something: the item's next barrier.
    paid_shares: kind, payer_type, payer_id, client_id, share, weight. Of an open balance, what is
    paid when all goes well; kind: first, later, patient (see core.priority.expected).
    """

    recovery: pl.DataFrame
    decay: pl.DataFrame
    repeats: pl.DataFrame
    unworked: pl.DataFrame
    answers: pl.DataFrame
    minutes: pl.DataFrame
    delays: pl.DataFrame
    found: pl.DataFrame
    finds: pl.DataFrame
    paid_shares: pl.DataFrame


RECOVERY: Final = {
    "situation": pl.String,
    "action": pl.String,
    "payer_type": pl.String,
    "payer_id": pl.Int64,
    "share": pl.Float64,
    "weight": pl.Float64,
}
DECAY: Final = {"age_days": pl.Int64, "factor": pl.Float64}
REPEATS: Final = {"touches": pl.Int64, "factor": pl.Float64}
UNWORKED: Final = {"barrier": pl.String, "share": pl.Float64}
ANSWERS: Final = {
    "action": pl.String,
    "payer_type": pl.String,
    "payer_id": pl.Int64,
    "step": pl.Int64,
    "survival": pl.Float64,
}
MINUTES: Final = {
    "action": pl.String,
    "channel": pl.String,
    "payer_id": pl.Int64,
    "first_minutes": pl.Float64,
    "next_minutes": pl.Float64,
    "is_usual": pl.Boolean,
}
DELAYS: Final = {"action": pl.String, "days": pl.Float64}
FOUND: Final = {"channel": pl.String, "touches": pl.Int64, "factor": pl.Float64}
FINDS: Final = {"barrier": pl.String, "share": pl.Float64}
PAID_SHARES: Final = {
    "kind": pl.String,
    "payer_type": pl.String,
    "payer_id": pl.Int64,
    "client_id": pl.Int64,
    "share": pl.Float64,
    "weight": pl.Float64,
}
CALLS: Final = {"payer_id": pl.Int64, "calls": pl.Int64}
SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "recovery": RECOVERY,
    "decay": DECAY,
    "repeats": REPEATS,
    "unworked": UNWORKED,
    "answers": ANSWERS,
    "minutes": MINUTES,
    "delays": DELAYS,
    "found": FOUND,
    "finds": FINDS,
    "paid_shares": PAID_SHARES,
}

# DOMAIN 12.5: 1.0 to day 14, 0.95 to 30, 0.85 to 60, 0.7 to 90, 0.5 to 120, 0.25 to 180, then 0.1;
# each figure stands in the middle of its days.
_DECAY: Final = (
    (0, 1.0), (7, 1.0), (22, 0.95), (45, 0.85), (75, 0.7), (105, 0.5), (150, 0.25), (270, 0.1),
    (730, 0.02),
)  # fmt: skip
# Second try 0.5 of the first (DOMAIN 12.5); the third half of that, a guess.
_REPEATS: Final = ((0, 1.0), (1, 0.5), (2, 0.25))
# DOMAIN 12.5: denials 5 to 8 %, as a share of what is won. The others are guesses: what was turned
# away stays away, a remittance that never came stays away too; a patient's share is paid by some
# without a bill.
_UNWORKED: Final = {
    "denied": 0.065, "rejected": 0.02, "not_on_file": 0.02, "pended": 0.05, "underpaid": 0.02,
    "secondary_unbilled": 0.05, "paid_unposted": 0.05, "no_response": 0.02, "awaiting_payer": 0.02,
    "corrected_pending": 0.05, "appeal_pending": 0.05, "awaiting_client": 0.05,
    "awaiting_internal": 0.05, "patient_responsibility": 0.1, "credit_balance": 0.0,
    "unexplained": 0.1,
}  # fmt: skip
# What a touch brings in where no reason code says it; guesses but where a source stands.
_SHARES: Final = {
    "rejected": 0.9,  # DOMAIN 10.4: missing information, evidence complete
    "not_on_file": 0.85,
    "secondary_unbilled": 0.75,  # DOMAIN 12.6: between 0.95 (Medigap) and 0.3 to 0.6 (Medicaid)
    "paid_unposted": 0.9,
    "underpaid": 0.7,  # PRODUCT D3: win rate of mature teams
    "no_response": 0.8,
    "awaiting_payer": 0.8,
    "corrected_pending": 0.6,
    "appeal_pending": 0.4,
    "awaiting_client": 0.5,
    "awaiting_internal": 0.5,
    "patient_responsibility": 0.3,  # DOMAIN 12.1: 34 to 38 % of patients' shares is collected
    "credit_balance": 0.0,
    "unexplained": 0.5,
    "pended": 0.7,
    "denied": 0.45,
}
# Mean days from receipt to payment and silent share (DOMAIN 12.4); "other" and auto are guesses.
_ANSWER_DAYS: Final = {
    "medicare": 14.0, "medicare_advantage": 17.0, "medicaid": 20.0, "commercial": 12.0,
    "bcbs": 14.0, "tricare": 28.0, "va": 28.0, "workers_comp": 40.0, "auto": 40.0,
    "self_pay": 20.0, "other": 20.0,
}  # fmt: skip
_SILENT: Final = 0.04
_PENDED, _PENDED_DAYS = 0.03, 30.0
_TRANSIT_DAYS: Final = 4.0  # accepted in 0 to 3 days, remittance 0 to 2 after the payment
# After a person's act: mean days, silent share (a guess), steadiness (shape of the gamma).
_ANSWERS_TO_ACTS: Final = {
    "correct_and_rebill": (24.0, 0.08, 4),
    "resubmit": (18.0, 0.06, 3),
    "appeal": (47.0, 0.15, 10),
    "dispute_underpayment": (47.0, 0.15, 10),
    "send_records": (36.0, 0.12, 8),
    "bill_secondary": (30.0, 0.08, 4),
}
# Of claims without the payer's acceptance after its days, how many are lost: a guess, and quickly
# learned, as there are payers that never send one.
_UNACCEPTED: Final = 0.8
# DOMAIN 9.2 (status 6, denial 15, appeal 35, records 12), 12.6 (call 9 and hold 12, portal 4,
# 276 0.1). The others are guesses. Further claims on one call cost no hold.
_MINUTES: Final = (
    ("check_status", "electronic", 0.1, 0.1), ("check_status", "portal", 4.0, 4.0),
    ("check_status", "call", 21.0, 4.0), ("call_payer", "call", 21.0, 4.0),
    ("call_payer", "portal", 6.0, 6.0), ("resubmit", "electronic", 8.0, 6.0),
    ("correct_and_rebill", "electronic", 15.0, 12.0), ("appeal", "portal", 35.0, 30.0),
    ("appeal", "mail", 40.0, 35.0), ("appeal", "fax", 38.0, 33.0),
    ("send_records", "portal", 12.0, 10.0), ("send_records", "fax", 14.0, 12.0),
    ("request_documents", "internal", 5.0, 3.0), ("obtain_authorization", "portal", 15.0, 15.0),
    ("verify_eligibility", "portal", 8.0, 8.0), ("bill_secondary", "electronic", 6.0, 5.0),
    ("dispute_underpayment", "portal", 20.0, 10.0), ("find_payment", "portal", 9.0, 6.0),
    ("transfer_to_patient", "internal", 3.0, 3.0), ("refund", "internal", 10.0, 10.0),
    ("write_off", "internal", 4.0, 3.0), ("escalate", "internal", 6.0, 6.0),
)  # fmt: skip
# A claim that stays silent is lost (DOMAIN 12.4: 4 of 100), pended (3) or paid without a
# remittance (12.6: 1.5); what is left to denials heard first by phone is a guess.
_FINDS: Final = {"not_on_file": 0.45, "pended": 0.3, "paid_unposted": 0.15, "denied": 0.1}
# Asking again finds less, above all where a machine answers: it says the same again. Guesses.
_FOUND: Final = {
    "electronic": ((0, 0.9), (1, 0.4), (2, 0.25), (3, 0.2), (5, 0.1)),
    "portal": ((0, 0.9), (1, 0.4), (2, 0.25), (3, 0.2), (5, 0.1)),
    "call": ((0, 1.0), (1, 0.8), (2, 0.7), (3, 0.6), (5, 0.4)),
}
# Of a charge, what the first payer pays: allowed of it (DOMAIN 12.2) less the patient's part of
# that (12.1: 20 to 24 % commercial, 20 % Medicare; none in Medicaid and workers' compensation).
_FIRST_PAYS: Final = {
    "medicare": 0.30, "medicare_advantage": 0.30, "medicaid": 0.28, "commercial": 0.38,
    "bcbs": 0.40, "tricare": 0.30, "va": 0.36, "workers_comp": 0.55, "auto": 0.55,
    "self_pay": 0.25, "other": 0.35,
}  # fmt: skip
# Of what the payer before left: DOMAIN 12.6.
_LATER_PAYS: Final = {"medicaid": 0.45, "commercial": 0.7, "bcbs": 0.7, "": 0.75}
_PATIENT_PAYS: Final = 0.35  # DOMAIN 12.1
# What is usually done, by which channel: a call is made where the payer must be spoken to.
CHANNELS: Final = {
    "check_status": "portal", "call_payer": "call", "resubmit": "electronic",
    "correct_and_rebill": "electronic", "appeal": "portal", "send_records": "portal",
    "request_documents": "internal", "obtain_authorization": "portal",
    "verify_eligibility": "portal", "bill_secondary": "electronic",
    "dispute_underpayment": "portal", "find_payment": "portal",
    "transfer_to_patient": "internal", "refund": "internal", "write_off": "internal",
    "escalate": "internal",
}  # fmt: skip
# Days from the touch to the money (DOMAIN 12.4; the others guesses).
_DELAYS: Final = {
    "check_status": 25.0, "call_payer": 25.0, "resubmit": 22.0, "correct_and_rebill": 28.0,
    "appeal": 50.0, "send_records": 38.0, "request_documents": 55.0, "obtain_authorization": 45.0,
    "verify_eligibility": 40.0, "bill_secondary": 32.0, "dispute_underpayment": 45.0,
    "find_payment": 10.0, "transfer_to_patient": 45.0, "refund": 0.0, "write_off": 0.0,
    "escalate": 40.0,
}  # fmt: skip


def situation(barrier: str, category: str) -> str:
    """Return the name under which shares are kept: `denied/coding`, `not_on_file`."""
    return f"{barrier}/{category}" if barrier in REFINED and category else barrier


@cache
def share_of_subcategory() -> dict[str, float]:
    """Return the chance that a worked denial pays, by finer category (DOMAIN 3.4).

    The mean of its reason codes, common ones counting more: by one over the square of the tier.
    """
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for code in carcs().values():
        weight = 1 / code.tier**2
        sums[code.category][0] += weight * code.recover_pct / 100
        sums[code.category][1] += weight
    return {name: total / weight for name, (total, weight) in sums.items()}


@cache
def share_of_category() -> dict[str, float]:
    """Return the same by the categories of the command line."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for code in carcs().values():
        category = CATEGORY_OF_SUBCATEGORY.get(code.category)
        if category is not None and code.recover_pct > 0:
            weight = 1 / code.tier**2
            sums[str(category)][0] += weight * code.recover_pct / 100
            sums[str(category)][1] += weight
    return {name: total / weight for name, (total, weight) in sums.items()}


def cold_share(barrier: str, category: str) -> float:
    """Return the share a touch brings in before history says more."""
    if barrier in ("denied", "pended", "rejected") and category in share_of_category():
        share = share_of_category()[category]
        # What was turned away before it was judged is easier to put right.
        return max(share, _SHARES["rejected"]) if barrier == "rejected" else share
    return _SHARES.get(barrier, _SHARES["unexplained"])


def frame(schema: Mapping[str, Any], rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Return rows as a frame."""
    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")


def cold_start() -> Parameters:
    """Return the parameters of a team without history."""
    situations = {situation(barrier, ""): cold_share(barrier, "") for barrier in _SHARES} | {
        situation(barrier, category): cold_share(barrier, category)
        for barrier in REFINED
        for category in share_of_category()
    }
    return Parameters(
        recovery=frame(
            RECOVERY,
            ((name, "", "", NOBODY, share, 0.0) for name, share in sorted(situations.items())),
        ),
        decay=frame(DECAY, _DECAY),
        repeats=frame(REPEATS, _REPEATS),
        unworked=frame(UNWORKED, sorted(_UNWORKED.items())),
        answers=pl.concat(
            [
                _curve(CLAIM, kind, _claim_survival(days))
                for kind, days in sorted({"": _ANSWER_DAYS["other"], **_ANSWER_DAYS}.items())
            ]
            + [
                _curve(action, "", _act_survival(*figures))
                for action, figures in sorted(_ANSWERS_TO_ACTS.items())
            ]
            + [_curve(ACK, "", ack_survival(_UNACCEPTED))]
        ),
        minutes=frame(
            MINUTES,
            (
                (action, channel, NOBODY, first, further, CHANNELS[action] == channel)
                for action, channel, first, further in sorted(_MINUTES)
            ),
        ),
        found=frame(
            FOUND,
            (
                (channel, touches, factor)
                for channel, knots in sorted(_FOUND.items())
                for touches, factor in knots
            ),
        ),
        finds=frame(FINDS, sorted(_FINDS.items())),
        paid_shares=frame(
            PAID_SHARES,
            (
                (kind, payer_type, NOBODY, NOBODY, share, 0.0)
                for kind, shares in (
                    ("first", {"": _FIRST_PAYS["other"], **_FIRST_PAYS}),
                    ("later", _LATER_PAYS),
                    ("patient", {"": _PATIENT_PAYS}),
                )
                for payer_type, share in sorted(shares.items())
            ),
        ),
        delays=frame(DELAYS, sorted(_DELAYS.items())),
    )


def _curve(action: str, payer_type: str, survival: list[float]) -> pl.DataFrame:
    rows = ((action, payer_type, NOBODY, step, share) for step, share in enumerate(survival))
    return frame(ANSWERS, rows)


def _claim_survival(mean_days: float) -> list[float]:
    def share(day: int) -> float:
        usual = _gamma_survival(day - _TRANSIT_DAYS, mean_days, 3)
        pended = _gamma_survival(day - _TRANSIT_DAYS - _PENDED_DAYS, mean_days, 3)
        return _SILENT + (1 - _SILENT) * ((1 - _PENDED) * usual + _PENDED * pended)

    return [share(step * STEP_DAYS) for step in range(STEPS)]


def ack_survival(lost: float) -> list[float]:
    """Return the curve of a payer of whose unaccepted claims this share is lost."""
    return [1.0] + [_SILENT] * (STEPS - 2) + [_SILENT * lost]


def _act_survival(mean_days: float, silent: float, shape: int) -> list[float]:
    return [
        silent + (1 - silent) * _gamma_survival(step * STEP_DAYS, mean_days, shape)
        for step in range(STEPS)
    ]


def _gamma_survival(days: float, mean_days: float, shape: int) -> float:
    """Return the chance that a gamma-distributed time of whole shape is longer than `days`."""
    if days <= 0:
        return 1.0
    rate = days * shape / mean_days
    return math.exp(-rate) * sum(rate**k / math.factorial(k) for k in range(shape))
