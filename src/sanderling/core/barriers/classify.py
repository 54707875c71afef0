"""From facts to barriers: one row for every open party, total and exclusive.

The order of the cases is the rule; each case says why it comes where it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl

from sanderling.core.barriers.clocks import CROSSOVER_DAYS, response_days
from sanderling.core.barriers.decisions import Decisions, decisions
from sanderling.core.barriers.facts import BarrierFacts, known_on, only_open
from sanderling.core.barriers.rows import PATIENT, ROWS
from sanderling.core.barriers.tracks import tracks
from sanderling.core.barriers.work import acts
from sanderling.core.codes.codebook import CodeBook
from sanderling.core.codes.names import ACTION_OF_STEP
from sanderling.core.deadlines.due import deadlines

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
_SEND_EARLY_DAYS: Final = 10  # a deadline is about receiving: act that much before (DOMAIN 4.1)
_FIRST_TOUCH_BEFORE_LIMIT_DAYS: Final = 45  # DOMAIN 4.7
_DENIAL_DEADLINES: Final = {
    "correct_and_rebill": "corrected_claim",
    "verify_eligibility": "corrected_claim",
    "resubmit": "timely_filing",
    "bill_secondary": "secondary_filing",
    "send_records": "records",
    "request_documents": "records",
}
# A category refines these; the others say all by themselves (CLI.md).
_REFINED: Final = [
    "rejected",
    "pended",
    "denied",
    "underpaid",
    "secondary_unbilled",
    "unexplained",
]
_UNDECIDED: Final = ["awaiting_payer", "no_response", "not_on_file", "rejected"]


@dataclass(frozen=True, slots=True)
class Classified:
    """Barriers (rows.ROWS) and the refused lines behind them (decisions.Decisions.denials)."""

    barriers: pl.DataFrame
    denials: pl.DataFrame


def classify(
    facts: BarrierFacts, as_of: date, *, book: CodeBook, rules: pl.DataFrame
) -> Classified:
    """Return one barrier for each row of `facts.balances`, as known at the end of `as_of`.

    `facts.balances` are those of the day; `rules` as core.deadlines.rules.rules_frame gives them.
    """
    known = known_on(facts, as_of)
    decided = decisions(known, book)
    rows = _insurance_rows(only_open(known), decided, as_of)
    rows = pl.concat([rows, _other_rows(known, rows)], how="diagonal_relaxed")
    rows = _with_deadlines(rows, known, rules)
    return Classified(barriers=_finished(rows, as_of), denials=decided.denials)


def _insurance_rows(facts: BarrierFacts, decided: Decisions, as_of: date) -> pl.DataFrame:
    debts = facts.balances.filter(pl.col("balance_cents") > 0, pl.col("party") < PATIENT)
    found = tracks(_of_balances(facts, debts), decided)
    rows = _with_payers(found, facts)
    rows = _with_clock(rows)
    rows = rows.join(_people(facts, rows), on=_TRACK, how="left")
    rows = rows.with_columns(base=_base_barrier(as_of))
    return _with_work(rows, as_of)


def _of_balances(facts: BarrierFacts, balances: pl.DataFrame) -> BarrierFacts:
    return replace(facts, balances=balances)


def _with_payers(rows: pl.DataFrame, facts: BarrierFacts) -> pl.DataFrame:
    payer = (
        pl.when(pl.col("sequence") == 1)
        .then("payer_1_id")
        .when(pl.col("sequence") == 2)
        .then("payer_2_id")
        .otherwise("payer_3_id")
    )
    after = (
        pl.when(pl.col("sequence") == 1)
        .then("payer_2_id")
        .when(pl.col("sequence") == 2)
        .then("payer_3_id")
    )
    types = facts.payers.select(
        pl.col("payer_id").alias("next_payer_id"), pl.col("payer_type").alias("next_payer_type")
    )
    return (
        rows.join(facts.claims.drop("client_id"), on="claim_id", how="left")
        .with_columns(payer_id=payer, next_payer_id=after)
        .join(facts.payers, on="payer_id", how="left")
        .join(types, on="next_payer_id", how="left")
        .with_columns(days=response_days(pl.col("sequence")))
    )


def _with_clock(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the track waits for: wait_detail, wait_start, wait_since, due."""
    is_reversed = pl.col("reversal_known_date").is_not_null() & (
        pl.col("decision_known_date").is_null()
        | (pl.col("reversal_known_date") > pl.col("last_remittance_known_date"))
    )
    is_sent = pl.col("sent_date").is_not_null()
    is_crossing = ~is_sent & pl.col("forward_date").is_not_null()
    start = (
        pl.when(is_reversed)
        .then("reversal_known_date")
        .when(is_crossing)
        .then("forward_date")
        .when(is_sent)
        .then(pl.coalesce("accepted_date", "sent_date"))
        .otherwise("snapshot_date")
    )
    detail = (
        pl.when(is_reversed)
        .then(pl.lit("reversed"))
        .when(is_crossing)
        .then(pl.lit("crossover"))
        .when(is_sent & pl.col("accepted_date").is_not_null())
        .then(pl.lit("accepted"))
        .when(is_sent)
        .then(pl.lit("sent"))
        .when(pl.col("snapshot_date").is_not_null())
        .then(pl.lit("snapshot"))
    )
    days = pl.when(is_crossing & ~is_reversed).then(CROSSOVER_DAYS).otherwise("days")
    return rows.with_columns(
        is_reversed=is_reversed,
        wait_detail=detail,
        wait_start=start,
        wait_due=start + pl.duration(days=days),
    )


def _base_barrier(as_of: date) -> pl.Expr:
    """Return the barrier that the files alone say."""
    status = pl.col("status_class")
    rules_now = _decision_rules()
    sent_again = pl.col("is_sent_after_denial").fill_null(value=False)
    overdue = pl.lit(as_of) > pl.col("wait_due")
    waiting = pl.when(overdue).then(pl.lit("no_response")).otherwise(pl.lit("awaiting_payer"))
    has_front = pl.col("sent_date").is_not_null()
    return (
        # What cannot be posted has to be read by a person before anything else is known.
        pl.when(pl.col("held_known_date").is_not_null())
        .then(pl.lit("awaiting_internal"))
        .when(pl.col("correction_date").is_not_null() & pl.col("is_correction_rejected"))
        .then(pl.lit("rejected"))
        .when(pl.col("correction_date").is_not_null())
        .then(pl.lit("corrected_pending"))
        .when(rules_now & (pl.col("decision") == "pended"))
        .then(pl.lit("pended"))
        .when(rules_now & (pl.col("decision") == "denied") & ~sent_again)
        .then(pl.lit("denied"))
        .when(rules_now & (pl.col("decision") == "reduced"))
        .then(pl.lit("underpaid"))
        .when(rules_now & pl.col("decision").is_in(["unknown", "settled"]))
        .then(pl.lit("unexplained"))
        .when(pl.col("is_reversed"))
        .then(waiting)
        .when(~has_front & pl.col("forward_date").is_not_null())
        .then(waiting)
        .when(~has_front & (pl.col("sequence") > 1) & pl.col("prior_date").is_not_null())
        .then(pl.lit("secondary_unbilled"))
        .when(~has_front & pl.col("snapshot_date").is_not_null())
        .then(waiting)
        .when(~has_front)
        .then(pl.lit("unexplained"))
        .when(pl.col("is_rejected") | (status == "REJECT").fill_null(value=False))
        .then(pl.lit("rejected"))
        .when(status == "NOT_FOUND")
        .then(pl.lit("not_on_file"))
        .when(status == "ACTION")
        .then(pl.lit("pended"))
        .when(status == "FINAL_PAID")
        .then(pl.lit("paid_unposted"))
        .when(status == "FINAL_DENIED")
        .then(pl.lit("denied"))
        .otherwise(waiting)
    )


def _decision_rules() -> pl.Expr:
    """A decision stands; that a claim sent twice was sent twice decides nothing of the first."""
    return (
        pl.col("decision").is_not_null()
        & (~pl.col("decision_is_duplicate") | pl.col("sent_date").is_null())
        & ~pl.col("is_reversed")
    )


def _people(facts: BarrierFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what people did about the first payer that owes."""
    leading = rows.filter(pl.col("sequence") == pl.col("sequence").min().over("claim_id"))
    last_word = pl.max_horizontal(
        "decision_known_date",
        "reversal_known_date",
        "status_known_date",
        "answered_date",
        "held_known_date",
        "correction_date",
        "sent_date",
    )
    return acts(facts.activities, leading.select(*_TRACK, last_word_date=last_word))


def _with_work(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Let what people did come before what the files say, where the files do not forbid it."""
    act_due = pl.coalesce(
        "act_next_date", pl.col("act_date") + pl.duration(days=pl.coalesce("act_due_days", "days"))
    )
    overdue = (pl.lit(as_of) > act_due).fill_null(value=False)
    act = (
        pl.when((pl.col("act") == "awaiting_payer") & overdue)
        .then(pl.lit("no_response"))
        .otherwise("act")
    )
    by_file = (pl.col("held_known_date").is_not_null()) | pl.col("correction_date").is_not_null()
    has_act = pl.col("act").is_not_null() & ~by_file
    return rows.with_columns(
        has_act=has_act,
        act_due=act_due,
        barrier=pl.when(has_act).then(act).otherwise("base"),
    ).pipe(_explained)


def _explained(rows: pl.DataFrame) -> pl.DataFrame:
    """Add category, reason, action, team, dates and the deciding fact of each barrier."""
    barrier, base = pl.col("barrier"), pl.col("base")
    has_act = pl.col("has_act")
    by_decision = base.is_in(["pended", "denied", "underpaid", "unexplained"]) & _decision_rules()
    by_status = (
        (base.is_in(["not_on_file", "paid_unposted"]) | base.is_in(["pended", "denied"]))
        & ~by_decision
    ) | (
        (base == "rejected")
        & ~pl.col("is_rejected").fill_null(value=False)
        & pl.col("correction_date").is_null()
    )
    is_replacement = pl.col("correction_date").is_not_null()
    by_front = (base == "rejected") & ~by_status
    category = (
        pl.when(by_decision)
        .then("reason_category")
        .when(by_status)
        .then(
            pl.when(base.is_in(["not_on_file", "paid_unposted"]))
            .then(pl.lit(""))
            .otherwise("status_category")
        )
        .when(by_front & is_replacement)
        .then("correction_category")
        .when(by_front)
        .then("front_category")
        .when(base == "secondary_unbilled")
        .then(pl.lit("coordination_of_benefits"))
        .otherwise(pl.lit(""))
    )
    category = (
        pl.when(~barrier.is_in(_REFINED))
        .then(pl.lit(""))
        .when(has_act & (barrier != base))  # heard by somebody, without a code
        .then(pl.lit("other"))
        .when((barrier == "underpaid") & (category == ""))
        .then(pl.lit("contractual"))
        .otherwise(category)
    )
    act_detail = pl.lit("act")
    detail = (
        pl.when(has_act)
        .then(act_detail)
        .when(pl.col("held_known_date").is_not_null())
        .then(pl.lit("held"))
        .when(is_replacement)
        .then(pl.lit("replacement"))
        .when((base == "pended") & by_decision)
        .then(pl.lit("remittance"))
        .when((base == "denied") & by_decision & pl.col("decision_is_duplicate"))
        .then(pl.lit("duplicate"))
        .when((base == "denied") & by_decision)
        .then(pl.when("decision_is_whole").then(pl.lit("claim")).otherwise(pl.lit("line")))
        .when(by_decision & (base == "unexplained"))
        .then(
            pl.when(pl.col("decision") == "unknown")
            .then(pl.lit("unknown_code"))
            .otherwise(pl.lit("paid"))
        )
        .when(by_decision)
        .then(pl.lit("reduced"))
        .when(by_status)
        .then(pl.lit("status"))
        .when(by_front)
        .then("front_kind")
        .when(base == "secondary_unbilled")
        .then(pl.lit(""))
        .when(base == "unexplained")
        .then(pl.lit("no_facts"))
        .otherwise("wait_detail")
    )
    is_crossed = pl.col("wait_detail") == "crossover"
    routine_action = barrier.replace_strict({k: v[0] for k, v in _ROUTINE.items()})
    routine_team = barrier.replace_strict({k: v[1] for k, v in _ROUTINE.items()})
    # Where no other payer is known there is nobody to bill: the step after is the one to take,
    # except where the very reason is that another payer comes first.
    has_next = pl.col("next_payer_id").is_not_null()
    bills = (pl.col("reason_next_action") == "bill_secondary") & (
        pl.col("reason_category") != "coordination_of_benefits"
    )
    file_action = (
        pl.when(by_decision & base.is_in(["pended", "denied"]) & ~has_next & bills)
        .then(_other_step(pl.col("reason_action_chain")))
        .when(by_decision & base.is_in(["pended", "denied"]))
        .then("reason_next_action")
        .when(by_decision & (pl.col("reason_next_action") == "appeal"))
        .then("reason_next_action")
        .when(by_status & (base == "pended"))
        .then("status_action")
        .when((base == "not_on_file") & pl.col("accepted_date").is_not_null())
        .then(pl.lit("call_payer"))
        .when(by_front & is_replacement)
        .then(pl.lit("correct_and_rebill"))
    )
    act_action = (
        pl.when(
            (barrier == "awaiting_internal")
            & pl.col("act_action").is_in(["obtain_authorization", "verify_eligibility"])
        )
        .then("act_action")
        .when(barrier == "awaiting_internal")
        .then(file_action)
        .when(barrier.is_in(["pended", "denied"]))
        .then("reason_next_action")
    )
    file_team = (
        pl.when(by_decision & base.is_in(["pended", "denied"]))
        .then("reason_team")
        .when(by_status & (base == "pended"))
        .then("status_team")
        .when(by_front & is_replacement)
        .then("correction_team")
        .when(by_front)
        .then("front_team")
    )
    act_team = pl.when(barrier == "awaiting_internal").then(
        pl.col("act_action").replace_strict(
            {
                "obtain_authorization": "authorization",
                "verify_eligibility": "intake",
            },
            default=None,
            return_dtype=pl.String,
        )
    )
    inner_team = pl.when(barrier == "awaiting_internal").then(file_team)
    since = (
        pl.when(has_act & (barrier == "no_response"))
        .then(pl.col("act_due") + pl.duration(days=1))
        .when(has_act)
        .then("act_date")
        .when(pl.col("held_known_date").is_not_null())
        .then("held_known_date")
        .when(is_replacement)
        .then(
            pl.when(base == "rejected")
            .then("correction_answered_date")
            .otherwise("correction_date")
        )
        .when(by_decision)
        .then("decision_known_date")
        .when(by_status)
        .then("status_known_date")
        .when(by_front)
        .then("answered_date")
        .when(base == "secondary_unbilled")
        .then("prior_known_date")
        .when(base == "no_response")
        .then(pl.col("wait_due") + pl.duration(days=1))
        .otherwise(pl.coalesce("wait_start", "since_date"))
    )
    waits = barrier.is_in(["awaiting_payer", "no_response"])
    due = pl.when(waits).then(pl.when(has_act).then("act_due").otherwise("wait_due"))
    cause = (
        pl.when(has_act & (barrier == "no_response"))
        .then(pl.lit("time"))
        .when(has_act)
        .then(pl.lit("activity"))
        .when(pl.col("held_known_date").is_not_null())
        .then(pl.lit("remittance"))
        .when(is_replacement & (base == "rejected"))
        .then(pl.lit("rejection"))
        .when(is_replacement)
        .then(pl.lit("claim_sent"))
        .when(by_decision)
        .then(pl.lit("remittance"))
        .when(by_status)
        .then(pl.lit("status"))
        .when(by_front)
        .then(pl.lit("rejection"))
        .when(base == "secondary_unbilled")
        .then(pl.lit("remittance"))
        .when(base == "no_response")
        .then(pl.lit("time"))
        .when(pl.col("wait_detail") == "reversed")
        .then(pl.lit("reversal"))
        .when(is_crossed)
        .then(pl.lit("remittance"))
        .otherwise(pl.lit("claim_sent"))
    )
    return rows.with_columns(
        category=category,
        subcategory=pl.when(by_decision).then("reason_subcategory").otherwise(pl.lit("")),
        detail=detail,
        out_group=pl.when(by_decision).then("group_code"),
        out_reason=pl.when(by_decision).then("reason_code"),
        remark_code=pl.when(by_decision).then("reason_remark_code"),
        out_status=pl.when(by_status)
        .then("status_code")
        .when(by_front & is_replacement)
        .then("correction_code")
        .when(by_front)
        .then("front_code"),
        next_action=pl.coalesce(
            pl.when(has_act).then(act_action).otherwise(file_action), routine_action
        ),
        team=pl.coalesce(
            pl.when(has_act).then(pl.coalesce(act_team, inner_team)).otherwise(file_team),
            routine_team,
        ),
        # The deadline runs on whatever people have begun: it is that of the barrier beneath.
        file_action=pl.coalesce(
            file_action, base.replace_strict({k: v[0] for k, v in _ROUTINE.items()})
        ),
        since=since,
        due_date=due,
        cause=cause,
        by_decision=by_decision,
    )


def _other_step(chain: pl.Expr) -> pl.Expr:
    """Return the action of the first step of a chain that does not bill another payer."""
    return (
        chain.str.split(">")
        .list.eval(
            pl.element()
            .filter(pl.element() != "B2")
            .replace_strict(
                {step: action.value for step, action in ACTION_OF_STEP.items()},
                default=None,
                return_dtype=pl.String,
            )
        )
        .list.first()
    )


def _other_rows(facts: BarrierFacts, insurance: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of patients' debts and of all credits."""
    others = facts.balances.filter(
        (pl.col("balance_cents") < 0) | (pl.col("party") == PATIENT)
    ).with_columns(sequence=pl.col("party") - 10)
    is_credit = pl.col("balance_cents") < 0
    rows = _with_payers(others, facts).join(
        facts.ledger.payments.group_by("claim_id").agg(
            last_known_date=pl.col("received_date").max()
        ),
        on="claim_id",
        how="left",
    )
    barrier = (
        pl.when(is_credit)
        .then(pl.lit("credit_balance"))
        .otherwise(pl.lit("patient_responsibility"))
    )
    is_patient = pl.col("party") == PATIENT
    return rows.with_columns(
        payer_id=pl.when(is_patient).then(None).otherwise("payer_id"),
        payer_type=pl.when(is_patient).then(None).otherwise("payer_type"),
        base=barrier,
        barrier=barrier,
        category=pl.when(is_credit).then(pl.lit("other")).otherwise(pl.lit("patient")),
        detail=pl.lit(""),
        next_action=pl.when(is_credit)
        .then(pl.lit("refund"))
        .otherwise(pl.lit("transfer_to_patient")),
        team=pl.when(is_credit).then(pl.lit("posting")).otherwise(pl.lit("patient")),
        # A credit arises with what the last remittance paid or took back.
        since=pl.when(is_credit)
        .then(pl.coalesce("last_known_date", "since_date"))
        .otherwise("since_date"),
        cause=pl.lit("remittance"),
        has_act=pl.lit(value=False),
        by_decision=pl.lit(value=False),
        is_reversed=pl.lit(value=False),
    )


def _with_deadlines(rows: pl.DataFrame, facts: BarrierFacts, rules: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_row_index("item_id").with_columns(
        pl.col("item_id").cast(pl.Int64), deadline_kind=_deadline_kind()
    )
    rows = rows.with_columns(
        bills_next=(pl.col("deadline_kind") == "secondary_filing")
        & pl.col("by_decision")
        & ((pl.col("sequence") == 1) | pl.col("next_payer_id").is_not_null())
    )
    needs = rows.filter(pl.col("deadline_kind") != "").select(
        "item_id",
        kind="deadline_kind",
        level=pl.lit(1, pl.Int32),
        # Another payer is billed after a denial: its rule, counted from this payer's remittance.
        payer_id=pl.when("bills_next").then("next_payer_id").otherwise("payer_id"),
        payer_type=pl.when("bills_next").then("next_payer_type").otherwise("payer_type"),
        prior_payer_type=pl.when("bills_next").then("payer_type").otherwise("prior_payer_type"),
        client_id="client_id",
        is_institutional=pl.col("kind") == "I",
        service_from_date="service_from_date",
        service_to_date="service_to_date",
        primary_remittance_date=pl.when("bills_next").then("decision_date").otherwise("prior_date"),
        remittance_date=pl.when(pl.col("deadline_kind") == "takeback_dispute")
        .then("reversal_date")
        .otherwise(
            pl.when(pl.col("deadline_kind") == "corrected_claim")
            .then("first_remittance_date")
            .otherwise("decision_date")
        ),
        request_date=pl.when(
            pl.col("has_act") & (pl.col("barrier") == "pended") & (pl.col("base") != "pended")
        )
        .then("act_date")
        .when("by_decision")
        .then("decision_date")
        .otherwise("status_date"),
        notice_date=pl.col("since"),
        accepted_date=pl.when(pl.col("barrier") == "rejected").then(None).otherwise("proof_date"),
    )
    found = deadlines(needs, rules).select(
        "item_id", "deadline_date", pl.col("rule").alias("deadline_rule"), "is_met"
    )
    return rows.join(found, on="item_id", how="left", maintain_order="left")


def _deadline_kind() -> pl.Expr:
    """Return which deadline controls a row; under an act of people it is the barrier beneath."""
    barrier, base = pl.col("barrier"), pl.col("base")
    waits = ["awaiting_client", "awaiting_internal", "awaiting_payer", "no_response"]
    beneath = pl.when(pl.col("has_act") & barrier.is_in(waits)).then("base").otherwise("barrier")
    filing = (
        pl.when(pl.col("party") == 11)
        .then(pl.lit("timely_filing"))
        .otherwise(pl.lit("secondary_filing"))
    )
    of_denial = pl.col("file_action").replace_strict(_DENIAL_DEADLINES, default="appeal")
    decided = _decision_rules()
    return (
        pl.when(pl.col("detail") == "held")
        .then(pl.lit(""))
        .when(barrier.is_in(["appeal_pending", "paid_unposted", "patient_responsibility"]))
        .then(pl.lit(""))
        .when(barrier == "credit_balance")
        .then(pl.lit("refund"))
        .when((barrier == "rejected") & (pl.col("detail") == "replacement"))
        .then(pl.lit("corrected_claim"))
        .when(barrier == "corrected_pending")
        .then(pl.when(decided).then(pl.lit("appeal")).otherwise(filing))
        .when(pl.col("is_reversed") & base.is_in(["awaiting_payer", "no_response"]))
        .then(pl.lit("takeback_dispute"))
        # What was asked for is sent: what still runs is the time to appeal.
        .when((beneath == "denied") & (pl.col("act_action") == "send_records"))
        .then(pl.lit("appeal"))
        .when(beneath == "denied")
        .then(pl.when(decided).then(of_denial).otherwise(pl.lit("appeal")))
        .when(beneath == "pended")
        .then(pl.lit("records"))
        .when(beneath.is_in(["underpaid", "unexplained"]))
        .then(pl.when(decided).then(pl.lit("appeal")).otherwise(filing))
        .when(beneath.is_in(_UNDECIDED) | (beneath == "secondary_unbilled"))
        .then(filing)
        .otherwise(pl.lit(""))
    )


def _finished(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    grace = pl.col("barrier").replace_strict(
        {name: days for name, (_, _, days) in _ROUTINE.items()}, return_dtype=pl.Int64
    )
    routine = pl.col("since") + pl.duration(days=grace)
    waiting = pl.col("barrier") == "awaiting_payer"
    first_touch = pl.col("due_date") + pl.duration(days=1)
    is_open_limit = pl.col("deadline_date").is_not_null() & ~pl.col("is_met").fill_null(value=False)
    ahead = pl.when(waiting).then(_FIRST_TOUCH_BEFORE_LIMIT_DAYS).otherwise(_SEND_EARLY_DAYS)
    latest = pl.when(is_open_limit).then(pl.col("deadline_date") - pl.duration(days=ahead))
    planned = pl.coalesce(
        pl.when("has_act").then("act_next_date"), pl.when(waiting).then(first_touch), routine
    )
    return rows.with_columns(
        since_date=pl.col("since"),
        next_date=pl.max_horizontal(
            pl.min_horizontal(planned, latest), pl.col("since").fill_null(pl.lit(as_of))
        ),
        group_code=pl.col("out_group"),
        reason_code=pl.col("out_reason"),
        status_code=pl.col("out_status"),
        deadline_level=pl.when(pl.col("deadline_kind") == "appeal").then(1).otherwise(0),
        is_deadline_met=pl.col("is_met"),
        recheck_date=pl.when(waiting).then(first_touch),
        evidence=_evidence(),
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


_SLOTS: Final = (
    ("remittance", "decision_transaction_id", "decision_position", "decision_known_date"),
    ("reversal", "reversal_transaction_id", "reversal_position", "reversal_known_date"),
    ("held", "held_transaction_id", "held_position", "held_known_date"),
    (
        "rejection",
        "correction_answer_transaction_id",
        "correction_answer_position",
        "correction_answered_date",
    ),
    ("rejection", "front_transaction_id", "front_position", "answered_date"),
    ("status", "status_transaction_id", "status_position", "status_known_date"),
    ("correction", "correction_transaction_id", "correction_position", "correction_date"),
    ("activity", "act_activity_id", None, "act_date"),
    ("forwarded", "forward_transaction_id", "forward_position", "forward_known_date"),
    ("prior", "prior_transaction_id", "prior_position", "prior_known_date"),
    ("accepted", "accept_transaction_id", "accept_position", "accepted_date"),
    ("sent", "sent_transaction_id", "sent_position", "sent_date"),
    ("snapshot", "snapshot_transaction_id", "snapshot_position", "snapshot_known_date"),
)


def _evidence() -> pl.Expr:
    """Return the facts behind a row as JSON; the page turns them into links."""
    parts = []
    for kind, transaction_id, position, day in _SLOTS:
        text = pl.concat_str(
            [
                pl.lit(f'["{kind}",'),
                pl.col(transaction_id).cast(pl.String),
                pl.lit(","),
                pl.col(position).cast(pl.String) if position else pl.lit("0"),
                pl.lit(',"'),
                pl.col(day).dt.to_string("%Y-%m-%d"),
                pl.lit('"]'),
            ]
        )
        is_shown = (
            pl.col("front_kind").is_not_null() & pl.col("is_rejected")
            if (transaction_id == "front_transaction_id")
            else pl.lit(value=True)
        )
        parts.append(pl.when(is_shown).then(text))
    return pl.concat_str(
        [pl.lit("["), pl.concat_str(parts, separator=",", ignore_nulls=True), pl.lit("]")]
    )
