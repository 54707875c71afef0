"""From facts to barriers: one row for every open party, total and exclusive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.barriers.cases import with_cases
from sanderling.core.barriers.clocks import (
    ACCEPTANCE_DAYS,
    CROSSOVER_DAYS,
    IN_PROCESS_DAYS,
    response_days,
)
from sanderling.core.barriers.decisions import Decisions, decisions
from sanderling.core.barriers.evidence import evidence
from sanderling.core.barriers.facts import BarrierFacts, known_on, only_open
from sanderling.core.barriers.limits import with_deadlines
from sanderling.core.barriers.rows import PATIENT, ROWS
from sanderling.core.barriers.tracks import tracks
from sanderling.core.barriers.work import INQUIRIES, acts
from sanderling.core.codes.codebook import CodeBook
from sanderling.core.followup.schedules import NO_SCHEDULES, agreed_date, with_schedules

_TRACK: Final = ["claim_id", "sequence"]

# What to do, by whom, and after how many days to look, where neither a code nor a person says it.
# Source: DOMAIN 9.3 (default days), 3.2 (actions, teams).
_ROUTINE: Final[dict[str, tuple[str, str, int]]] = {
    "awaiting_payer": ("wait", "ar", 0),
    "no_response": ("check_status", "ar", 0),
    "rejected": ("resubmit", "billing", 1),
    "not_on_file": ("resubmit", "ar", 1),
    "pended": ("send_records", "ar", 2),
    "denied": ("call_payer", "ar", 3),
    "underpaid": ("dispute_underpayment", "contracts", 7),
    "secondary_unbilled": ("bill_secondary", "billing", 1),
    "corrected_pending": ("wait", "ar", 25),
    "appeal_pending": ("wait", "ar", 35),
    "awaiting_client": ("request_documents", "client", 7),
    "awaiting_internal": ("find_payment", "posting", 2),
    "paid_unposted": ("find_payment", "posting", 5),
    "patient_responsibility": ("transfer_to_patient", "patient", 30),
    "credit_balance": ("refund", "posting", 7),
    "unexplained": ("escalate", "ar", 0),
}
_TEAM_ASKED: Final = {
    "obtain_authorization": "authorization",
    "verify_eligibility": "intake",
    "write_off": "management",
    "escalate": "management",
    "refund": "posting",
    "find_payment": "posting",
}
_PASSED_ON: Final = "23"  # CLP02: not this payer's claim, forwarded to the one it belongs to
# Remarks that the patient is a Qualified Medicare Beneficiary: the law forbids billing the share.
PATIENT_FORBIDDEN: Final = ["N192", "N781", "N782", "N783"]
_ASKED_AFTER: Final = ["appeal_pending", "corrected_pending"]
_BILLING: Final = "bill_secondary"
_SENDINGS: Final = ["send_records", "resubmit", "bill_secondary"]
_SEND_EARLY_DAYS: Final = 10  # a deadline is about receiving: act that much before (DOMAIN 4.1)
_FIRST_TOUCH_BEFORE_LIMIT_DAYS: Final = 45  # DOMAIN 4.7
# A category refines these; the others say all by themselves (CLI.md).
_REFINED: Final = [
    "rejected",
    "pended",
    "denied",
    "underpaid",
    "secondary_unbilled",
    "unexplained",
]


@dataclass(frozen=True, slots=True)
class Classified:
    """Barriers (rows.ROWS) and the refused lines behind them (decisions.Decisions.denials)."""

    barriers: pl.DataFrame
    denials: pl.DataFrame


def classify(
    facts: BarrierFacts,
    as_of: date,
    *,
    book: CodeBook,
    rules: pl.DataFrame,
    small_balance_cents: int = 0,
    schedules: pl.DataFrame = NO_SCHEDULES,
) -> Classified:
    """Return one barrier for each row of `facts.balances`, as known at the end of `as_of`.

    `facts.balances` are those of the day; `rules` as core.deadlines.rules.rules_frame gives them.
    `small_balance_cents`: what an insurer owes of at most so much is proposed for a write-off, once
    there is work to be done for it. `schedules`: when to look, where that was agreed with a client
    (core.followup.schedules).
    """
    known = known_on(facts, as_of)
    decided = decisions(known, book)
    insured = _insurance_rows(only_open(known), decided, book, as_of)
    rows = pl.concat([insured, _other_rows(known)], how="diagonal_relaxed")
    rows = with_deadlines(rows, rules).with_columns(next_action=_worth_it(small_balance_cents))
    rows = rows.with_columns(service_date=pl.coalesce("service_from_date", "first_billed_date"))
    rows = with_schedules(rows, schedules, as_of)
    touches = known.activities if schedules.height else known.activities.clear()
    rows = _with_touches(rows, touches)
    return Classified(barriers=_finished(rows, as_of), denials=decided.denials)


def _worth_it(small_balance_cents: int) -> pl.Expr:
    """Return the next action: what costs more work than it brings is written off, by policy."""
    is_small = pl.col("balance_cents").is_between(1, small_balance_cents)
    is_work = ~pl.col("next_action").is_in(["wait", "find_payment"])
    return (
        pl.when(is_small & is_work & (pl.col("party") < PATIENT))
        .then(pl.lit("write_off"))
        .otherwise("next_action")
    )


def _insurance_rows(
    facts: BarrierFacts, decided: Decisions, book: CodeBook, as_of: date
) -> pl.DataFrame:
    debts = facts.balances.filter(pl.col("balance_cents") > 0, pl.col("party") < PATIENT)
    rows = _with_payers(tracks(replace(facts, balances=debts), decided, book), facts)
    rows = with_cases(_with_clock(rows), as_of)
    rows = rows.join(_people(facts, rows), on=_TRACK, how="left")
    return _with_work(rows, as_of)


def _with_payers(rows: pl.DataFrame, facts: BarrierFacts) -> pl.DataFrame:
    """Add the payer that owes, the one after it, and how long it may take."""
    first, second = pl.col("sequence") == 1, pl.col("sequence") == 1 + 1
    payer = (
        pl.when(first).then("payer_1_id").when(second).then("payer_2_id").otherwise("payer_3_id")
    )
    after = pl.when(first).then("payer_2_id").when(second).then("payer_3_id")
    types = facts.payers.select(
        next_payer_id=pl.col("payer_id"), next_payer_type=pl.col("payer_type")
    )
    return (
        rows.join(facts.claims.drop("client_id"), on="claim_id", how="left")
        .with_columns(payer_id=payer, next_payer_id=after)
        .join(facts.payers, on="payer_id", how="left")
        .join(types, on="next_payer_id", how="left")
        .with_columns(days=response_days(pl.col("sequence")))
    )


def _with_clock(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the track waits for: is_reversed, wait_detail, wait_since, wait_due."""
    is_reversed = pl.col("reversal_known_date").is_not_null() & (
        pl.col("decision_known_date").is_null()
        | (pl.col("reversal_known_date") > pl.col("last_remittance_known_date"))
    )
    is_sent = pl.col("sent_date").is_not_null()
    is_passed_on = (
        (pl.col("decision_status") == _PASSED_ON)
        & pl.col("decision_is_ignored").is_null()
        & ~is_reversed
    ).fill_null(value=False)
    is_crossing = ~is_sent & pl.col("forward_date").is_not_null()
    start = (
        pl.when(is_reversed)
        .then("reversal_known_date")
        .when(is_passed_on)
        .then("decision_date")
        .when(is_crossing)
        .then("forward_date")
        .when(is_sent)
        .then(pl.coalesce("accepted_date", "sent_date"))
        .otherwise("snapshot_date")
    )
    known = (
        pl.when(is_passed_on)
        .then("decision_known_date")
        .when(is_crossing & ~is_reversed)
        .then("forward_known_date")
    )
    detail = (
        pl.when(pl.col("accepted_date").is_not_null())
        .then(pl.lit("accepted"))
        .otherwise(pl.lit("sent"))
    )
    is_forwarded = is_passed_on | (is_crossing & ~is_reversed)
    days = pl.when(is_forwarded).then(CROSSOVER_DAYS).otherwise("days")
    # A payer that says "in process" has answered: it is asked again some days later, not at once.
    is_undecided = pl.col("decision").is_null() | pl.col("decision_is_ignored").is_not_null()
    is_in_process = (pl.col("status_class") == "PEND") & is_undecided & ~is_reversed
    told_due = pl.when(is_in_process).then(
        pl.col("status_known_date") + pl.duration(days=IN_PROCESS_DAYS)
    )
    undecided_cents = pl.col("sent_charge_cents") - pl.col("decided_charge_cents")
    return rows.with_columns(
        is_passed_on=is_passed_on,
        is_part_undecided=(
            (pl.col("sequence") == 1) & (pl.col("balance_cents") == undecided_cents)
        ).fill_null(value=False),
        is_reversed=is_reversed,
        wait_detail=detail,
        # A remittance may be dated ahead; its news is as old as the day it came.
        wait_since=pl.min_horizontal(start, known),
        wait_due=pl.max_horizontal(start + pl.duration(days=days), told_due),
    )


def _people(facts: BarrierFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what people did about the first payer that owes.

    Only billing the next payer is about that one: what the payer before still owes waits for
    something else, unless its own refusal calls for the next payer to be billed.
    """
    first = pl.col("sequence").min().over("claim_id")
    leading = rows.filter(pl.col("sequence") == first)
    is_later = (first == 1) & (pl.col("sequence") > 1)
    following = rows.filter(is_later).filter(
        pl.col("sequence") == pl.col("sequence").min().over("claim_id")
    )
    last_word = pl.max_horizontal(
        "decision_known_date",
        "reversal_known_date",
        "status_known_date",
        "answered_date",
        "held_known_date",
        "correction_date",
        "sent_date",
        # What was done while the payer before had the claim was done about that payer.
        "prior_known_date",
    )
    bills = pl.col("action") == _BILLING
    elsewhere = leading.filter(pl.col("next_action") != _BILLING).join(
        following, on="claim_id", how="semi"
    )
    of_leading = facts.activities.join(
        facts.activities.filter(bills).join(elsewhere, on="claim_id", how="semi"),
        on="activity_id",
        how="anti",
    )
    return pl.concat(
        [
            acts(of_leading, leading.select(*_TRACK, last_word_date=last_word)),
            acts(
                facts.activities.filter(bills),
                following.select(*_TRACK, last_word_date=last_word),
            ),
        ]
    )


def _with_work(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Let what people did come before what the files say, where the files do not forbid it."""
    base = pl.col("base")
    due = pl.coalesce(
        "act_next_date", pl.col("act_date") + pl.duration(days=pl.coalesce("act_due_days", "days"))
    )
    late = ((pl.col("act") == "awaiting_payer") & (pl.lit(as_of) > due)).fill_null(value=False)
    by_file = pl.col("held_known_date").is_not_null() | pl.col("correction_date").is_not_null()
    # Where nothing was sent, no call can have heard anything about it.
    of_nothing = (base == "secondary_unbilled") & pl.col("act_action").is_in(INQUIRIES)
    has_act = pl.col("act").is_not_null() & ~by_file & ~of_nothing
    rows = rows.with_columns(
        has_act=has_act,
        barrier=pl.when(has_act & late)
        .then(pl.lit("no_response"))
        .when(has_act)
        .then("act")
        .otherwise(base),
        # What the files call for, also while people wait for something: its deadline runs on.
        file_action=pl.coalesce(_told("next_action"), _routine(base, 0)),
    )
    barrier, acted = pl.col("barrier"), pl.col("has_act")
    asked = acted & (barrier == "awaiting_internal")
    asked_team = pl.col("act_action").replace_strict(
        _TEAM_ASKED, default=None, return_dtype=pl.String
    )
    heard = acted & (barrier != base)  # by somebody, without a code
    waits = barrier.is_in(["awaiting_payer", "no_response"])
    return rows.with_columns(
        category=pl.when(~barrier.is_in(_REFINED))
        .then(pl.lit(""))
        .when(heard)
        .then(pl.lit("other"))
        .otherwise("category"),
        subcategory=pl.when("is_decided").then("reason_subcategory"),
        detail=pl.when(acted & waits & pl.col("act_action").is_in(_SENDINGS))
        .then(pl.lit("act_sent"))
        .when(acted)
        .then(pl.lit("act"))
        .otherwise("detail"),
        cause=pl.when(acted & late)
        .then(pl.lit("time"))
        .when(acted)
        .then(pl.lit("activity"))
        .otherwise("cause"),
        since=pl.when(acted & late)
        .then(due + pl.duration(days=1))
        .when(acted)
        .then("act_date")
        .otherwise("since"),
        due_date=pl.when(waits & acted).then(due).when(waits).then("wait_due"),
        next_action=pl.coalesce(
            # A matter handed up or to another desk keeps the work that the files call for.
            pl.when(asked & asked_team.is_not_null() & (pl.col("act_action") != "escalate")).then(
                "act_action"
            ),
            pl.when(~acted | asked | ~heard).then(_told("next_action")),
            _routine(barrier, 0),
        ),
        team=pl.coalesce(
            pl.when(asked).then(asked_team),
            pl.when(~acted | asked).then(_told("team")),
            _routine(barrier, 1),
        ),
        group_code=pl.when("is_decided").then("group_code"),
        reason_code=pl.when("is_decided").then("reason_code"),
        remark_code=pl.when("is_decided").then("reason_remark_code"),
    )


def _told(column: str) -> pl.Expr:
    """Return what the case says, null where it says nothing."""
    return pl.when(pl.col(column) != "").then(column)


def _routine(barrier: pl.Expr, place: int) -> pl.Expr:
    return barrier.replace_strict(
        {name: str(routine[place]) for name, routine in _ROUTINE.items()}, return_dtype=pl.String
    )


def _other_rows(facts: BarrierFacts) -> pl.DataFrame:
    """Return the rows of patients' debts and of all credits."""
    others = facts.balances.filter(
        (pl.col("balance_cents") < 0) | (pl.col("party") == PATIENT)
    ).with_columns(sequence=pl.col("party") - 10)
    is_credit = pl.col("balance_cents") < 0
    is_patient = pl.col("party") == PATIENT
    last_known = facts.ledger.payments.group_by("claim_id").agg(
        last_known_date=pl.col("received_date").max()
    )
    forbidden = (
        facts.remarks.filter(pl.col("code").is_in(PATIENT_FORBIDDEN))
        .join(facts.ledger.payments.select("payment_id", "claim_id"), on="payment_id")
        .group_by("claim_id")
        .agg(forbidding_code=pl.col("code").last())
    )
    is_forbidden = (is_patient & ~is_credit & pl.col("forbidding_code").is_not_null()).fill_null(
        value=False
    )
    barrier = (
        pl.when(is_credit)
        .then(pl.lit("credit_balance"))
        .otherwise(pl.lit("patient_responsibility"))
    )
    return (
        _with_payers(others, facts)
        .join(last_known, on="claim_id", how="left")
        .join(forbidden, on="claim_id", how="left")
        .with_columns(
            payer_id=pl.when(~is_patient).then("payer_id"),
            payer_type=pl.when(~is_patient).then("payer_type"),
            base=barrier,
            barrier=barrier,
            category=pl.when(is_credit).then(pl.lit("other")).otherwise(pl.lit("patient")),
            detail=pl.lit(""),
            # Whether Medicaid covers the share is to be found out; the patient gets no bill.
            next_action=pl.when(is_forbidden)
            .then(pl.lit("verify_eligibility"))
            .otherwise(_routine(barrier, 0)),
            team=pl.when(is_forbidden).then(pl.lit("intake")).otherwise(_routine(barrier, 1)),
            remark_code=pl.when(is_forbidden).then("forbidding_code"),
            # A credit arises with what the last remittance paid or took back.
            since=pl.when(is_credit)
            .then(pl.coalesce("last_known_date", "since_date"))
            .otherwise("since_date"),
            cause=pl.lit("remittance"),
            has_act=pl.lit(value=False),
            is_decided=pl.lit(value=False),
            is_reversed=pl.lit(value=False),
        )
    )


def _with_touches(rows: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """Add the latest touch of each claim, touch_date, and the day it set, touch_next_date."""
    latest = (
        activities.sort("activity_date", "activity_id")
        .group_by("claim_id", maintain_order=True)
        .agg(touch_date=pl.col("activity_date").last(), touch_next_date=pl.col("next_date").last())
    )
    return rows.join(latest, on="claim_id", how="left")


def _finished(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add when to look next, and bring the rows into shape."""
    grace = pl.col("barrier").replace_strict(
        {name: days for name, (_, _, days) in _ROUTINE.items()}, return_dtype=pl.Int64
    )
    routine = pl.col("since") + pl.duration(days=grace)
    waiting = pl.col("barrier") == "awaiting_payer"
    acceptance = _acceptance_missing_date()
    over = pl.col("due_date") + pl.duration(days=1)
    # What crossed over is looked at on the thirtieth day itself (DOMAIN B2).
    is_crossing = pl.col("detail").is_in(["crossover", "passed_on"])
    look = pl.when(is_crossing).then("due_date").otherwise(over)
    first_touch = pl.min_horizontal(look, acceptance)
    is_open_limit = pl.col("deadline_date").is_not_null() & ~pl.col("is_met").fill_null(value=False)
    # The first touch comes that long before a filing limit; other clocks are shorter than that.
    is_filing = pl.col("deadline_kind").is_in(["timely_filing", "secondary_filing"])
    ahead = (
        pl.when(waiting & is_filing)
        .then(_FIRST_TOUCH_BEFORE_LIMIT_DAYS)
        .otherwise(_SEND_EARLY_DAYS)
    )
    # A payer that says it is working on the claim has it: no limit hurries us to ask again.
    has_it = waiting & (pl.col("cause") == "status")
    latest = pl.when(is_open_limit & ~has_it).then(
        pl.col("deadline_date") - pl.duration(days=ahead)
    )
    planned = pl.coalesce(
        agreed_date(),
        pl.when("has_act").then("act_next_date"),
        pl.when(waiting).then(first_touch),
        routine,
    )
    # What was sent and is not answered in its time is asked about.
    is_pending = pl.col("barrier").is_in(_ASKED_AFTER) & (pl.col("next_action") == "wait")
    ask = pl.when(is_pending).then(planned + pl.duration(days=1))
    is_due = (pl.lit(as_of) >= pl.coalesce(ask, acceptance)).fill_null(value=False)
    return rows.with_columns(
        next_action=pl.when(is_due).then(pl.lit("check_status")).otherwise("next_action"),
        since_date=pl.col("since"),
        # A kind of which no rule gives a day limits nothing.
        deadline_kind=pl.when(pl.col("deadline_date").is_not_null()).then("deadline_kind"),
        next_date=pl.max_horizontal(
            pl.min_horizontal(planned, latest), pl.col("since").fill_null(pl.lit(as_of))
        ),
        deadline_level=pl.when(pl.col("deadline_kind") == "appeal")
        .then(pl.col("appeal_level"))
        .otherwise(0),
        is_deadline_met=pl.col("is_met"),
        recheck_date=pl.min_horizontal(
            pl.when(waiting)
            .then(pl.min_horizontal(over, pl.when(~is_due).then(acceptance)))
            .when(~is_due)
            .then(ask),
            "older_date",
        ),
        evidence=evidence(),
    ).select(
        (
            pl.col(name).fill_null("")
            if kind == pl.String
            else pl.col(name).fill_null(value=False)
            if kind == pl.Boolean
            else pl.col(name)
        ).cast(kind)
        for name, kind in ROWS.items()
    )


def _acceptance_missing_date() -> pl.Expr:
    """Return when to ask where a claim is whose file was taken in and that nobody accepted.

    Null where that is not so, and where not even the file's acceptance (999) is on hand: whoever
    gets no answers at all is not told that one is missing (DOMAIN 2.12, 4.7, B6-2).
    """
    is_missing = (
        (pl.col("barrier") == "awaiting_payer")
        & (pl.col("detail") == "sent")
        & pl.col("taken_date").is_not_null()
        & pl.col("proof_date").is_null()
    )
    return pl.when(is_missing).then(
        pl.col("sent_date").dt.add_business_days(ACCEPTANCE_DAYS + 1, roll="backward")
    )
