"""The cases of an open insurance balance, in the order in which they are asked.

A case is asked only when none before it holds; the last one always does. So every balance has
exactly one, and the order of `CASES` is the rule. Columns are those of `tracks.tracks` with payers
and clocks (see `classify`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import polars as pl

from sanderling.core.codes.names import ACTION_OF_STEP

Text = pl.Expr | str  # a text stands for itself


@dataclass(frozen=True, slots=True)
class Case:
    """What holds, and what a balance's row says then. An empty text: nothing to say."""

    applies: pl.Expr
    base: Text  # the barrier
    detail: Text
    cause: Text  # kind of the fact that decided
    since: pl.Expr
    category: Text = ""
    next_action: Text = ""  # empty: the barrier's usual one
    team: Text = ""
    status_code: Text = ""
    is_decided: bool = False  # by a remittance: its codes are the reason


def with_cases(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return `rows` with what their cases say: base, detail, cause, since, category, ..."""
    found = _chosen(_cases(as_of))
    numbered = rows.with_columns(case=found)
    parts = [
        numbered.filter(pl.col("case") == number).with_columns(**_columns(case))
        for number, case in enumerate(_cases(as_of))
    ]
    return pl.concat(parts).drop("case")


def _chosen(cases: tuple[Case, ...]) -> pl.Expr:
    number: pl.Expr = pl.lit(len(cases) - 1)
    for place in range(len(cases) - 2, -1, -1):
        applies = cases[place].applies.fill_null(value=False)
        number = pl.when(applies).then(pl.lit(place)).otherwise(number)
    return number


def _columns(case: Case) -> dict[str, pl.Expr]:
    columns = {}
    for each in fields(Case):
        value = getattr(case, each.name)
        if each.name != "applies":
            columns[each.name] = value if isinstance(value, pl.Expr) else pl.lit(value)
    for name in ("category", "next_action", "team", "status_code", "detail"):
        columns[name] = columns[name].fill_null("")
    return columns


def decision_rules() -> pl.Expr:
    """A decision stands; of a claim sent twice, that it was sent twice decides nothing."""
    return (
        pl.col("decision").is_not_null()
        & pl.col("decision_is_ignored").is_null()
        & ~pl.col("is_reversed")
    )


def _cases(as_of: date) -> tuple[Case, ...]:
    is_decided, decision = decision_rules(), pl.col("decision")
    is_sent = pl.col("sent_date").is_not_null()
    status = pl.col("status_class")
    corrected = pl.col("correction_date").is_not_null()
    late = pl.lit(as_of) > pl.col("wait_due")
    silent = pl.when(late).then(pl.lit("no_response")).otherwise(pl.lit("awaiting_payer"))
    silent_since = (
        pl.when(late)
        .then(pl.col("wait_due") + pl.duration(days=1))
        .otherwise(pl.coalesce("wait_since", "since_date"))
    )

    def waiting(applies: pl.Expr, *, detail: Text, cause: str, status_code: Text = "") -> Case:
        return Case(
            applies=applies,
            base=silent,
            detail=detail,
            cause=pl.when(late).then(pl.lit("time")).otherwise(pl.lit(cause)),
            since=silent_since,
            status_code=status_code,
        )

    def said(applies: pl.Expr, base: str, *, category: Text = "", **more: Text) -> Case:
        return Case(
            applies=applies,
            base=base,
            detail="status",
            cause="status",
            since=pl.col("status_known_date"),
            category=category,
            status_code=pl.col("status_code"),
            next_action=more.get("next_action", ""),
            team=more.get("team", ""),
        )

    def decided(applies: pl.Expr, base: str, *, detail: Text, **more: Text) -> Case:
        return Case(
            applies=is_decided & applies,
            base=base,
            detail=detail,
            cause="remittance",
            since=pl.col("decision_known_date"),
            category=more.get("category", pl.col("reason_category")),
            next_action=more.get("next_action", ""),
            team=more.get("team", ""),
            is_decided=True,
        )

    return (
        # What cannot be posted has to be read by a person before anything else is known.
        Case(
            applies=pl.col("held_known_date").is_not_null(),
            base="awaiting_internal",
            detail="held",
            cause="remittance",
            since=pl.col("held_known_date"),
        ),
        # A corrected claim is out: what was decided on the one before it waits.
        Case(
            applies=corrected & pl.col("is_correction_rejected"),
            base="rejected",
            detail="replacement",
            cause="rejection",
            since=pl.col("correction_answered_date"),
            category=pl.col("correction_category"),
            next_action="correct_and_rebill",
            team=pl.col("correction_team"),
            status_code=pl.col("correction_code"),
        ),
        Case(
            applies=corrected,
            base="corrected_pending",
            detail="replacement",
            cause="claim_sent",
            since=pl.col("correction_date"),
        ),
        # A remittance that stands decides before anything said short of one.
        decided(
            decision == "pended",
            "pended",
            detail="remittance",
            next_action=_reason_action(),
            team=pl.col("reason_team"),
        ),
        # "Not ours, passed on": with whatever code, another payer has it now.
        waiting(
            is_decided
            & pl.col("is_passed_on")
            & decision.is_in(["denied", "settled"])
            & ~pl.col("is_sent_after_denial").fill_null(value=False),
            detail="passed_on",
            cause="remittance",
        ),
        decided(
            (decision == "denied") & ~pl.col("is_sent_after_denial").fill_null(value=False),
            "denied",
            detail=pl.when("decision_is_duplicate")
            .then(pl.lit("duplicate"))
            .when("decision_is_whole")
            .then(pl.lit("claim"))
            .otherwise(pl.lit("line")),
            next_action=_reason_action(),
            team=pl.col("reason_team"),
        ),
        decided(
            decision == "reduced",
            "underpaid",
            detail="reduced",
            category=pl.when(pl.col("reason_category") == "")
            .then(pl.lit("contractual"))
            .otherwise("reason_category"),
            next_action=_appeal_only(),
        ),
        decided(decision == "unknown", "unexplained", detail="unknown_code"),
        # Paid by the month, as agreed: nothing is owed, and somebody has to say so to the ledger.
        decided(
            decision == "capitated",
            "awaiting_internal",
            detail="capitated",
            next_action="write_off",
        ),
        # A split claim: what is open is exactly the part that no remittance speaks of yet.
        waiting(
            is_decided & (decision == "settled") & pl.col("is_part_undecided"),
            detail="part",
            cause="remittance",
        ),
        decided(decision == "settled", "unexplained", detail="paid", next_action=_appeal_only()),
        waiting(pl.col("is_reversed"), detail="reversed", cause="reversal"),
        # Nothing was sent to this payer.
        waiting(
            ~is_sent & pl.col("forward_date").is_not_null(),
            detail="crossover",
            cause="remittance",
        ),
        Case(
            applies=~is_sent & (pl.col("sequence") > 1) & pl.col("prior_date").is_not_null(),
            base="secondary_unbilled",
            detail="",
            cause="remittance",
            since=pl.col("prior_known_date"),
            category="coordination_of_benefits",
        ),
        waiting(
            ~is_sent & pl.col("snapshot_date").is_not_null(), detail="snapshot", cause="snapshot"
        ),
        Case(
            applies=~is_sent,
            base="unexplained",
            detail="no_facts",
            cause="balance",
            since=pl.col("since_date"),
        ),
        # It is out: what was said of it last.
        Case(
            applies=pl.col("is_rejected"),
            base="rejected",
            detail=pl.col("front_kind"),
            cause="rejection",
            since=pl.col("answered_date"),
            category=pl.col("front_category"),
            team=pl.col("front_team"),
            status_code=pl.col("front_code"),
        ),
        said(status == "REJECT", "rejected", category=pl.col("status_category")),
        said(
            status == "NOT_FOUND",
            "not_on_file",
            # It was accepted once: there is proof to show before it is sent again.
            next_action=pl.when(pl.col("accepted_date").is_not_null())
            .then(pl.lit("call_payer"))
            .otherwise(pl.lit("")),
        ),
        said(
            status == "ACTION",
            "pended",
            category=pl.col("status_category"),
            next_action=pl.col("status_action"),
            team=pl.col("status_team"),
        ),
        said(status == "FINAL_PAID", "paid_unposted"),
        said(
            status == "FINAL_DENIED",
            "denied",
            category=pl.col("status_category"),
            next_action=pl.col("status_action"),
            team=pl.col("status_team"),
        ),
        # Finished, whatever came of it: the remittance that says so is missing.
        said(status.is_in(["FINAL", "FINAL_NOPAY", "FORWARDED"]), "paid_unposted"),
        waiting(
            status == "PEND",
            detail="in_process",
            cause="status",
            status_code=pl.col("status_code"),
        ),
        waiting(pl.lit(value=True), detail=pl.col("wait_detail"), cause="claim_sent"),
    )


def _reason_action() -> pl.Expr:
    """Return the action of the main reason.

    Where no other payer is known there is nobody to bill: the step after it is the one to take,
    except where the very reason is that there is one: it comes first, or the patient's plan pays
    somebody else for all care.
    """
    bills_nobody = (
        (pl.col("reason_next_action") == "bill_secondary")
        & (pl.col("reason_category") != "coordination_of_benefits")
        & (pl.col("reason_subcategory") != "CAPITATION")
        & pl.col("next_payer_id").is_null()
    )
    after = (
        pl.col("reason_action_chain")
        .str.split(">")
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
    return (
        pl.when(is_late_for_medicare())
        .then(pl.lit("write_off"))
        .when(bills_nobody)
        .then(after)
        .otherwise("reason_next_action")
    )


def is_late_for_medicare() -> pl.Expr:
    """Medicare refused a claim as filed too late: no decision, so there is no appeal (DOMAIN 4.3).

    Without one of its exceptions, which a person has to know, the money is lost.
    """
    return (
        (pl.col("payer_type") == "medicare") & (pl.col("reason_subcategory") == "TIMELY_FILING")
    ).fill_null(value=False)


def _appeal_only() -> pl.Expr:
    """Return `appeal` where the reason asks for one; what else it asks for is of a denial."""
    return (
        pl.when(pl.col("reason_next_action") == "appeal")
        .then(pl.lit("appeal"))
        .otherwise(pl.lit(""))
    )
