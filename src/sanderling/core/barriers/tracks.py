"""How each open claim stands with the payer of one place: what was sent, answered, decided.

One row per (claim, sequence) with an open insurance balance: the columns that `ruling` decides by.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.core.barriers.decisions import REASON_COLUMNS, Decisions
from sanderling.core.barriers.facts import BarrierFacts
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.codes.codebook import CodeBook
from sanderling.core.codes.statuses import status_meanings
from sanderling.core.ledger import reversals

_TRACK: Final = ["claim_id", "sequence"]
CORRECTING_FREQUENCIES: Final = ["6", "7", "8"]
_FORWARDING: Final = ["19", "20", "21"]
_NOT_ON_FILE: Final = "NOT_FOUND"


def tracks(facts: BarrierFacts, decided: Decisions, book: CodeBook) -> pl.DataFrame:
    """Return one row for each open insurance party of `facts.balances`."""
    base = facts.balances.filter(pl.col("party") < PATIENT).with_columns(
        sequence=pl.col("party") - 10
    )
    answers = placed_answers(facts, book)
    sent = _submissions(facts, answers, decided)
    rows = (
        base.join(_decision(decided), on=_TRACK, how="left")
        .join(_reversal(decided), on=_TRACK, how="left")
        .join(_held(decided), on=_TRACK, how="left")
        .join(_forwarded(decided), on=_TRACK, how="left")
        .join(_lower_payer(decided), on=_TRACK, how="left")
    )
    current = _current(sent)
    rows = rows.join(current, on=_TRACK, how="left")
    rows = rows.join(_corrections(sent, decided), on=_TRACK, how="left")
    rows = rows.join(_statuses(answers, current), on=_TRACK, how="left")
    rows = rows.join(_ignored(sent, decided), on=_TRACK, how="left")
    return rows.join(_snapshots(facts), on="claim_id", how="left")


def placed_answers(facts: BarrierFacts, book: CodeBook) -> pl.DataFrame:
    """Return the answers with the submission (and so the payer's place) each speaks of.

    By the batch it quotes, else the latest claim sent to the payer that answers, else the latest
    claim sent before.
    """
    claims = facts.claims.join(facts.payers, left_on="payer_1_id", right_on="payer_id", how="left")
    whose = claims.select("claim_id", "client_id", "payer_type", payer_id=pl.col("payer_1_id"))
    meanings = status_meanings(
        facts.answers.rename({"category": "status_category", "code": "status_code"}).join(
            whose, on="claim_id", how="left"
        ),
        book,
    )
    answers = meanings.with_columns(
        is_rejected=_is_rejection(),
        is_accepted=_is_acceptance(),
        # A clearinghouse that takes a claim over only passes it on: no payer's clock runs yet.
        is_payers=pl.col("source_entity") != "AY",
    )
    sent = facts.ledger.submissions.join(
        facts.submission_details, on="submission_id", how="left"
    ).select(
        "claim_id",
        "submission_id",
        "sequence",
        "batch_reference",
        "order_key",
        "position",
        submitted_date=pl.coalesce("submitted_date", "received_date"),
        payer_key=_name_key("payer_name"),
    )
    known = answers.filter(pl.col("submission_id").is_not_null()).join(
        sent.select("submission_id", "sequence"), on="submission_id", how="left"
    )
    asked = answers.filter(pl.col("submission_id").is_null()).drop("submission_id")
    candidates = (
        asked.with_columns(source_key=_name_key("source_name"))
        .join(sent, on="claim_id", how="inner", suffix="_sent")
        .filter(
            (pl.col("submitted_date") <= pl.col("received_date"))
            | (
                (pl.col("batch_reference") == pl.col("batch_reference_sent"))
                & (pl.col("batch_reference") != "")
            )
        )
        .with_columns(
            same_batch=(pl.col("batch_reference") == pl.col("batch_reference_sent"))
            & (pl.col("batch_reference") != ""),
            same_payer=(pl.col("source_key") == pl.col("payer_key")) & (pl.col("source_key") != ""),
        )
        .sort("same_batch", "same_payer", "submitted_date", "order_key", "position_sent")
        .unique("answer_id", keep="last", maintain_order=True)
    )
    columns = [*known.columns]
    return pl.concat([known, candidates.select(columns)])


def _name_key(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")


def _is_rejection() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == "277CA")
        .then((pl.col("action") == "U") | (pl.col("status_class") == "REJECT"))
        .when(pl.col("kind") == "999")
        .then(pl.col("status_category").is_in(["R", "M", "W", "X"]))
        .when(pl.col("kind") == "TA1")
        .then(pl.col("status_category") == "R")
        .otherwise(pl.lit(value=False))
        .fill_null(value=False)
    )


def _is_acceptance() -> pl.Expr:
    """A 277CA that takes the claim over; A0 (passed on) is not yet an acceptance by the payer."""
    return (
        (pl.col("kind") == "277CA")
        & (pl.col("action") != "U")
        & (pl.col("status_class") == "ACK_OK")
    ).fill_null(value=False)


def _submissions(facts: BarrierFacts, answers: pl.DataFrame, decided: Decisions) -> pl.DataFrame:
    """Return the claims as sent in order, with what the front ends said of each.

    Adds sent_order, is_rejected (the last word on it), rejection columns, accepted_date,
    is_correction, follows_reset: sent after a denial or after the payer said it has no such claim.
    """
    front = answers.filter(pl.col("is_rejected") | pl.col("is_accepted")).sort(
        "received_date", "answer_id"
    )
    accepted = pl.col("is_accepted")
    words = front.group_by("submission_id", maintain_order=True).agg(
        is_rejected=pl.col("is_rejected").last(),
        answered_date=pl.col("received_date").last(),
        accepted_date=pl.col("received_date").filter(accepted & pl.col("is_payers")).min(),
        proof_date=pl.col("received_date").filter(accepted).min(),
        accept_transaction_id=pl.col("transaction_id").filter(accepted).last(),
        accept_position=pl.col("position").filter(accepted).last(),
        front_kind=pl.col("kind").last(),
        front_category=pl.col("category").last(),
        front_team=pl.col("team").last(),
        front_action=pl.col("next_action").last(),
        front_code=_status_text().last(),
        front_transaction_id=pl.col("transaction_id").last(),
        front_position=pl.col("position").last(),
    )
    lost = (
        answers.filter(pl.col("kind") == "277", pl.col("status_class") == _NOT_ON_FILE)
        .group_by(_TRACK)
        .agg(lost_dates=pl.col("received_date").unique())
    )
    # Somebody on the way spoke of it: the file was taken in (999), or the claim passed on (A0).
    passed_on = answers.filter(
        pl.col("kind") == "277CA", ~pl.col("is_rejected"), ~pl.col("is_accepted")
    ).select("submission_id", taken_date="received_date")
    taken = (
        pl.concat([facts.taken, passed_on])
        .group_by("submission_id")
        .agg(pl.col("taken_date").min())
    )
    submissions = (
        facts.ledger.submissions.with_columns(
            submitted_date=pl.coalesce("submitted_date", "received_date"),
            is_correction=pl.col("frequency").is_in(CORRECTING_FREQUENCIES),
        )
        .join(words, on="submission_id", how="left")
        .join(taken, on="submission_id", how="left")
        .with_columns(is_rejected=pl.col("is_rejected").fill_null(value=False))
    )
    denied = (
        decided.standing.filter(pl.col("state") == "denied")
        .join(_ignored(submissions, decided), on=_TRACK, how="anti")
        .group_by(_TRACK)
        .agg(denied_date=pl.col("received_date").max())
    )
    return (
        submissions.join(lost, on=_TRACK, how="left")
        .join(denied, on=_TRACK, how="left")
        .join(_answered_twice(decided), on=_TRACK, how="left")
        .with_columns(
            # Sent again and told that it was sent twice: the denial stands as it stood.
            after_denial=(
                (pl.col("submitted_date") > pl.col("denied_date"))
                & (
                    pl.col("duplicate_date").is_null()
                    | (pl.col("duplicate_date") < pl.col("submitted_date"))
                )
            ).fill_null(value=False),
            after_lost=(pl.col("lost_dates").list.min() < pl.col("submitted_date")).fill_null(
                value=False
            ),
        )
        .sort("claim_id", "sequence", "submitted_date", "order_key", "position")
        .with_columns(sent_order=pl.int_range(pl.len()).over(_TRACK))
    )


def _ignored(submissions: pl.DataFrame, decided: Decisions) -> pl.DataFrame:
    """Return the tracks whose only decision is that a claim was sent twice, and it was.

    What came first (sent by us, or forwarded by the payer before) is still undecided then. A payer
    that says so of the only claim it has had means another one, which a person has to find: that
    decides.
    """
    alone = decided.standing.filter("is_duplicate").select(
        *_TRACK, duplicate_date=pl.col("received_date")
    )
    sent = submissions.filter(~pl.col("is_correction"), ~pl.col("is_rejected")).select(
        *_TRACK, came_date=pl.col("submitted_date")
    )
    forwarded = _forwarded(decided).select(*_TRACK, came_date=pl.col("forward_known_date"))
    return (
        pl.concat([sent, forwarded])
        .join(alone, on=_TRACK)
        .filter(pl.col("came_date") <= pl.col("duplicate_date"))
        .group_by(_TRACK)
        .len()
        .filter(pl.col("len") > 1)
        .select(*_TRACK, decision_is_ignored=pl.lit(value=True))
    )


def _answered_twice(decided: Decisions) -> pl.DataFrame:
    """Return the last day each payer said that a claim was sent twice."""
    return (
        decided.denials.filter("is_duplicate")
        .group_by("claim_id", sequence=pl.col("party") - 10)
        .agg(duplicate_date=pl.col("received_date").max())
    )


def _status_text() -> pl.Expr:
    return pl.concat_str(
        [
            pl.col("status_category"),
            pl.when(pl.col("status_code") != "")
            .then(":" + pl.col("status_code"))
            .otherwise(pl.lit("")),
            pl.when(pl.col("entity") != "").then(":" + pl.col("entity")).otherwise(pl.lit("")),
        ]
    )


def _current(sent: pl.DataFrame) -> pl.DataFrame:
    """Return the claim as sent that the clock of each track runs from.

    The first one after the last rejection, after the denial it answers, or after the payer said it
    knows no such claim; what is sent again without such a reason (a duplicate) moves nothing.
    """
    originals = sent.filter(~pl.col("is_correction"))
    last_rejected = (
        pl.col("sent_order").filter(pl.col("is_rejected")).max().over(_TRACK).fill_null(-1)
    )
    is_last_rejected = pl.col("sent_order").max().over(_TRACK) == pl.col("last_rejected")
    counted = originals.with_columns(last_rejected=last_rejected)
    chosen = (
        counted.filter(
            is_last_rejected & (pl.col("sent_order") == pl.col("last_rejected"))
            | (pl.col("sent_order") > pl.col("last_rejected"))
        )
        .with_columns(reset=pl.col("after_denial").cast(pl.Int64) * 2 + pl.col("after_lost"))
        .filter(pl.col("reset") == pl.col("reset").max().over(_TRACK))
        .sort("sent_order")
        .unique(_TRACK, keep="first", maintain_order=True)
    )
    return chosen.select(
        *_TRACK,
        sent_date=pl.col("submitted_date"),
        sent_known_date=pl.col("received_date"),
        sent_charge_cents=pl.col("charge_cents"),
        sent_transaction_id=pl.col("transaction_id"),
        sent_position=pl.col("position"),
        accepted_date=pl.col("accepted_date"),
        proof_date=pl.col("proof_date"),
        taken_date=pl.col("taken_date"),
        accept_transaction_id=pl.col("accept_transaction_id"),
        accept_position=pl.col("accept_position"),
        is_rejected=pl.col("is_rejected"),
        is_sent_after_denial=pl.col("after_denial"),
        answered_date=pl.col("answered_date"),
        rejected_date=pl.when("is_rejected").then("answered_date"),
        front_kind=pl.col("front_kind"),
        front_category=pl.col("front_category"),
        front_team=pl.col("front_team"),
        front_action=pl.col("front_action"),
        front_code=pl.col("front_code"),
        front_transaction_id=pl.col("front_transaction_id"),
        front_position=pl.col("front_position"),
    )


def _corrections(sent: pl.DataFrame, decided: Decisions) -> pl.DataFrame:
    """Return the replacement or void that the payer has not decided on yet."""
    answered = (
        decided.payments.filter(~pl.col("is_held"))
        .join(
            decided.standing.filter("is_duplicate").select("payment_id"),
            on="payment_id",
            how="anti",
        )
        .group_by(_TRACK)
        .agg(last_payment_date=pl.col("received_date").max())
    )
    return (
        sent.filter("is_correction")
        .unique(_TRACK, keep="last", maintain_order=True)
        .join(answered, on=_TRACK, how="left")
        .filter(
            pl.col("last_payment_date").is_null()
            | (pl.col("submitted_date") > pl.col("last_payment_date"))
        )
        .select(
            *_TRACK,
            correction_date=pl.col("submitted_date"),
            correction_transaction_id=pl.col("transaction_id"),
            correction_position=pl.col("position"),
            correction_frequency=pl.col("frequency"),
            is_correction_rejected=pl.col("is_rejected"),
            correction_answered_date=pl.col("answered_date"),
            correction_category=pl.col("front_category"),
            correction_team=pl.col("front_team"),
            correction_code=pl.col("front_code"),
            correction_kind=pl.col("front_kind"),
            correction_answer_transaction_id=pl.col("front_transaction_id"),
            correction_answer_position=pl.col("front_position"),
        )
    )


def _statuses(answers: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Return the payer's latest word on the claim that is out (277), never older than the claim."""
    said = answers.filter(
        pl.col("kind") == "277",
        pl.col("level") == "claim",
        pl.col("status_class").is_not_null(),
        pl.col("status_class") != "INQ_ERROR",
    )
    return (
        said.join(current.select(*_TRACK, "sent_date"), on=_TRACK)
        .filter(pl.col("received_date") >= pl.col("sent_date"))
        .sort("received_date", "answer_id")
        .unique(_TRACK, keep="last", maintain_order=True)
        .select(
            *_TRACK,
            status_class=pl.col("status_class"),
            status_code=_status_text(),
            status_category=pl.col("category"),
            status_team=pl.col("team"),
            status_action=pl.col("next_action"),
            status_known_date=pl.col("received_date"),
            status_date=pl.coalesce("status_date", "received_date"),
            status_transaction_id=pl.col("transaction_id"),
            status_position=pl.col("position"),
        )
    )


def _decision(decided: Decisions) -> pl.DataFrame:
    """Return the decision that rules each track: refused or pended before anything else."""
    rank = pl.col("state").replace_strict(
        {"pended": 0, "denied": 1, "unknown": 2, "reduced": 3, "capitated": 4, "settled": 5},
        return_dtype=pl.Int64,
    )
    standing = decided.standing.with_columns(rank=rank)
    first_decided = standing.group_by(_TRACK).agg(
        first_remittance_date=pl.col("payment_date").min(),
        decided_charge_cents=pl.col("charge_cents").sum(),
        last_remittance_known_date=pl.col("received_date").max(),
    )
    return (
        standing.sort("rank", "open_cents", "payment_order", descending=[False, True, True])
        .unique(_TRACK, keep="first", maintain_order=True)
        .select(
            *_TRACK,
            decision=pl.col("state"),
            decision_is_whole=pl.col("is_whole"),
            decision_is_duplicate=pl.col("is_duplicate"),
            decision_status=pl.col("status"),
            decision_date=pl.col("payment_date"),
            decision_known_date=pl.col("received_date"),
            decision_transaction_id=pl.col("transaction_id"),
            decision_position=pl.col("position"),
            group_code=pl.col("group_code"),
            reason_code=pl.col("reason_code"),
            **{f"reason_{name}": pl.col(name) for name in REASON_COLUMNS},
        )
        .join(first_decided, on=_TRACK, how="left")
    )


def _reversal(decided: Decisions) -> pl.DataFrame:
    return (
        decided.payments.filter(pl.col("status") == reversals.REVERSAL_STATUS, ~pl.col("is_held"))
        .unique(_TRACK, keep="last", maintain_order=True)
        .select(
            *_TRACK,
            reversal_date=pl.col("payment_date"),
            reversal_known_date=pl.col("received_date"),
            reversal_transaction_id=pl.col("transaction_id"),
            reversal_position=pl.col("position"),
        )
    )


def _held(decided: Decisions) -> pl.DataFrame:
    """Return the payments that wait in suspense with nothing posted of that payer since."""
    last = decided.payments.unique(_TRACK, keep="last", maintain_order=True)
    return last.filter("is_held").select(
        *_TRACK,
        held_known_date=pl.col("received_date"),
        held_transaction_id=pl.col("transaction_id"),
        held_position=pl.col("position"),
    )


def _forwarded(decided: Decisions) -> pl.DataFrame:
    """Return, for the payer after, the remittance that says the claim was passed on to it."""
    return (
        decided.payments.filter(
            ~pl.col("is_held"),
            ~pl.col("is_taken_back"),
            pl.col("is_forwarded") | pl.col("status").is_in(_FORWARDING),
        )
        .with_columns(sequence=pl.col("sequence") + 1)
        .unique(_TRACK, keep="last", maintain_order=True)
        .select(
            *_TRACK,
            forward_date=pl.col("payment_date"),
            forward_known_date=pl.col("received_date"),
            forward_transaction_id=pl.col("transaction_id"),
            forward_position=pl.col("position"),
        )
    )


def _lower_payer(decided: Decisions) -> pl.DataFrame:
    """Return, for each payer after, the last remittance of a payer before it that stands.

    An answer to a claim sent twice decides nothing: no limit starts anew with it.
    """
    before = decided.payments.filter(
        ~pl.col("is_held"), pl.col("status") != reversals.REVERSAL_STATUS
    ).select(
        "claim_id", "sequence", "payment_date", "received_date", "transaction_id", "position",
        "payer_type", "stands",
    )  # fmt: skip
    later = pl.DataFrame({"later": [2, 3]}, schema={"later": pl.Int64})
    return (
        before.join(later, how="cross")
        .filter(pl.col("later") > pl.col("sequence"))
        .sort("stands", "sequence", "received_date")
        .unique(["claim_id", "later"], keep="last", maintain_order=True)
        .select(
            "claim_id",
            sequence=pl.col("later"),
            prior_date=pl.col("payment_date"),
            prior_known_date=pl.col("received_date"),
            prior_transaction_id=pl.col("transaction_id"),
            prior_position=pl.col("position"),
            prior_payer_type=pl.col("payer_type"),
        )
    )


def _snapshots(facts: BarrierFacts) -> pl.DataFrame:
    return (
        facts.ledger.snapshots.sort("claim_id", "snapshot_date", "order_key", "position")
        .unique("claim_id", keep="last", maintain_order=True)
        .select(
            "claim_id",
            "snapshot_date",
            snapshot_known_date=pl.col("received_date"),
            snapshot_transaction_id=pl.col("transaction_id"),
            snapshot_position=pl.col("position"),
        )
    )
