"""The true standing of a claim on a day: one barrier for each party with an open balance.

Names are those of the command line's contract (barriers, categories, next actions). Order of the
rules and kinds of deadlines: the project's agreed design of barriers; the facts are those the
billing company has, what only the payer knows stands in `detail`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.activities import Activity, Effect
from sanderling.simulator.episodes import Episode, Stage, Track
from sanderling.simulator.limits import NONE, Limit, Limits
from sanderling.simulator.readings import Reading, read_denial, read_rejection, read_status
from sanderling.simulator.reasons import PENDED_REASON
from sanderling.simulator.ruling import Outcome

PARTIES = ("primary", "secondary", "tertiary", "patient")
CROSSOVER_DAYS = 30  # domain reference 5.1: after that a crossover counts as failed
NOT_FOUND = frozenset({"A4", "D0"})
IN_PROCESS = frozenset({"P0", "P1", "P2", "P5"})
IN_PROCESS_DAYS = 14  # domain reference 3.6: after that the payer is asked again
CORRECTED_DAYS = 25  # domain reference 9.3, as the next two
APPEAL_DAYS = 35
SECOND_APPEAL_DAYS = {"medicare": 180}  # domain reference 4.5
SECOND_APPEAL_DAYS_USUAL = 60
ACTION_DETAIL = {Effect.CLIENT_ASKED: "client asked", Effect.TEAM_ASKED: "another team asked"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """Why one party's balance is open."""

    barrier: str
    next_action: str
    limit: Limit
    since_date: date | None
    category: str = ""
    detail: str = ""
    reason: str = ""
    due_date: date | None = None  # until when waiting is right


@dataclass(frozen=True, slots=True)
class Standing:
    """Why one party's balance of one claim is open."""

    client: str
    claim: str
    party: str
    payer_id: str
    balance_cents: int
    barrier: str
    category: str
    detail: str
    reason: str  # group, CARC and remarks, or the front end's status
    since_date: date | None
    next_action: str
    deadline: date | None
    deadline_kind: str
    due_date: date | None = None  # until when waiting is right


def standings(episode: Episode, as_of: date) -> list[Standing]:
    """Answer one row for each party with a balance other than zero."""
    rows = []
    account = episode.account
    totals = episode.book.totals_cents()
    for party, cents in enumerate(totals):
        if not cents:
            continue
        if party == PATIENT_RANK:
            payer_id = ""
            facts = _patient(episode, cents)
        else:
            payer_id = account.patient.coverages[party].payer.code
            facts = _credit(episode, party) if cents < 0 else _insurance(episode, party, as_of)
        rows.append(
            Standing(
                account.client.code, account.control_number, PARTIES[party], payer_id, cents,
                facts.barrier, facts.category, facts.detail, facts.reason, facts.since_date,
                facts.next_action, facts.limit.on_date, facts.limit.kind, facts.due_date,
            )
        )  # fmt: skip
    return rows


def _patient(episode: Episode, cents: int) -> _Facts:
    if cents < 0:
        arose_date = episode.book.in_credit_since(PATIENT_RANK)
        return _Facts("credit_balance", "refund", NONE, arose_date, "other")
    return _Facts("patient_responsibility", "transfer_to_patient", NONE, None, "patient")


def _credit(episode: Episode, party: int) -> _Facts:
    arose_date = episode.book.in_credit_since(party)
    limit = _limits(episode, party).refund(arose_date)
    return _Facts("credit_balance", "refund", limit, arose_date, "other")


def _limits(episode: Episode, rank: int) -> Limits:
    before = episode.tracks[rank - 1].payment_date if rank else None
    return Limits(episode.account, rank, before)


def _insurance(episode: Episode, rank: int, as_of: date) -> _Facts:
    track = episode.tracks[rank]
    limits = _limits(episode, rank)
    if track.hidden == "held":
        detail = "claim payment does not balance"
        return _Facts("awaiting_internal", "find_payment", NONE, track.held_date, detail=detail)
    if track.is_correction_rejected or track.is_correction_open:
        return _correcting(track, limits, as_of)
    beneath = _beneath(track, limits, as_of)
    if track.activity is None:
        return beneath
    return _after_activity(track, track.activity, beneath, limits, as_of)


def _beneath(track: Track, limits: Limits, as_of: date) -> _Facts:
    """The standing by what was sent and received, activities of people left out."""
    if track.stage is Stage.UNBILLED:
        return _unbilled(track, limits, as_of)
    if track.stage is Stage.REJECTED:
        return _rejected(track, limits)
    if track.stage is Stage.REVERSED:
        return _reversed(track, limits, as_of)
    if track.stage is Stage.FINAL:
        return _after_remittance(track, limits)
    return _waiting(track, limits, as_of)


def _correcting(track: Track, limits: Limits, as_of: date) -> _Facts:
    since = track.sent_dates[-1]
    if track.is_correction_rejected:
        return _Facts(
            "rejected", "resubmit", limits.corrected(), since, "missing_information",
            "replacement or void", "999",
        )  # fmt: skip
    limit = limits.filing() if track.payment_date is None else limits.appeal(track.payment_date)
    due = since + timedelta(days=CORRECTED_DAYS)
    return _Facts(
        "corrected_pending", _asked_after(due, as_of), limit, since,
        detail="replacement or void sent", due_date=due,
    )  # fmt: skip


def _asked_after(due: date, as_of: date) -> str:
    return "check_status" if as_of > due else "wait"


def _after_activity(
    track: Track, activity: Activity, beneath: _Facts, limits: Limits, as_of: date
) -> _Facts:
    since = activity.on_date
    effect = activity.effect
    if effect is Effect.APPEALED:
        due = since + timedelta(days=APPEAL_DAYS)
        action = _asked_after(due, as_of)
        return _Facts("appeal_pending", action, NONE, since, detail="appeal sent", due_date=due)
    if effect in ACTION_DETAIL:
        is_client = effect is Effect.CLIENT_ASKED
        barrier = "awaiting_client" if is_client else "awaiting_internal"
        action = "request_documents" if is_client else beneath.next_action
        return _Facts(
            barrier, action, beneath.limit, since, detail=ACTION_DETAIL[effect],
            due_date=activity.until_date,
        )  # fmt: skip
    if effect is Effect.PAID:
        return _Facts("paid_unposted", "find_payment", NONE, since, detail="told by the payer")
    if effect is Effect.DENIED:
        # The denial stands, an appeal was turned down: the next level counts from its letter.
        days = SECOND_APPEAL_DAYS.get(limits.payer.kind, SECOND_APPEAL_DAYS_USUAL)
        limit = Limit("appeal", since + timedelta(days=days))
        return replace(beneath, limit=limit)
    if effect is Effect.NOT_ON_FILE:
        return _Facts("not_on_file", "resubmit", limits.filing(), since, detail="told by the payer")
    if effect is Effect.PENDED:
        limit = limits.records(since)
        return _Facts("pended", "send_records", limit, since, "other", "told by the payer")
    is_late = activity.until_date is not None and as_of > activity.until_date
    barrier, action = ("no_response", "check_status") if is_late else ("awaiting_payer", "wait")
    limit = limits.filing()
    if track.stage is Stage.FINAL:  # records were sent for a denial: its appeal is what is left
        limit = limits.appeal(track.payment_date)
    return _Facts(
        barrier, action, limit, since, detail=f"{effect.value}{_hidden(track)}",
        due_date=activity.until_date,
    )  # fmt: skip


def _rejected(track: Track, limits: Limits) -> _Facts:
    reason = track.rejection
    assert reason is not None  # noqa: S101 - stage and reason are set together
    text = f"{reason.status_category}:{reason.status}:{reason.entity}".rstrip(":")
    reading = read_rejection(reason)
    return _Facts(
        "rejected", reading.next_action, limits.filing(), track.sent_dates[-1], reading.category,
        track.rejected_by, text,
    )  # fmt: skip


def _unbilled(track: Track, limits: Limits, as_of: date) -> _Facts:
    if track.crossover_date is None:
        return _Facts(
            "secondary_unbilled", "bill_secondary", limits.filing(), limits.prior_payment_date,
            "coordination_of_benefits", f"rank {limits.rank}",
        )  # fmt: skip
    due = track.crossover_date + timedelta(days=CROSSOVER_DAYS)
    detail = f"crossover{_hidden(track)}"
    return _silence(track.crossover_date, due, limits.filing(), detail, as_of)


def _silence(start: date, due: date, limit: Limit, detail: str, as_of: date) -> _Facts:
    """Not yet due, or late."""
    if as_of <= due:
        return _Facts("awaiting_payer", "wait", limit, start, detail=detail, due_date=due)
    return _Facts("no_response", "check_status", limit, start, detail=detail, due_date=due)


def _reversed(track: Track, limits: Limits, as_of: date) -> _Facts:
    start = track.posted_date
    assert start is not None  # noqa: S101 - a reversal is known by its remittance
    due = start + timedelta(days=limits.payer.response_days)
    limit = limits.takeback(track.payment_date)
    return _silence(start, due, limit, "reversed, correction to come", as_of)


def _after_remittance(track: Track, limits: Limits) -> _Facts:
    ruling = track.ruling
    posted = track.posted_date
    if ruling is not None and ruling.reason == PENDED_REASON:
        limit = limits.records(track.payment_date)
        return _Facts("pended", "wait", limit, posted, "other", "remittance", ruling.reason)
    if ruling is not None and ruling.category and ruling.outcome is not Outcome.DUPLICATE:
        reading = _read(track, limits)
        kind = "line" if ruling.outcome is Outcome.PARTIAL else "claim"
        limit = limits.of_denial(reading.next_action, track.payment_date)
        return _Facts(
            "denied", reading.next_action, limit, posted, reading.category, kind, ruling.reason
        )
    limit = limits.appeal(track.payment_date)
    if ruling is not None and ruling.reduction:
        return _Facts(
            "underpaid", "dispute_underpayment", limit, posted, "contractual",
            "reduction without a contract's basis", ruling.reduction,
        )  # fmt: skip
    return _Facts("unexplained", "call_payer", limit, posted, detail="paid, balance left")


def _read(track: Track, limits: Limits) -> Reading:
    ruling = track.ruling
    if ruling is None or ruling.denial is None:
        return read_status("")
    has_next_payer = limits.rank + 1 < len(limits.account.patient.coverages)
    return read_denial(ruling.denial, has_next_payer=has_next_payer)


def _waiting(track: Track, limits: Limits, as_of: date) -> _Facts:
    sent = track.original_sent_date
    status = track.latest_status
    if status is not None and (sent is None or status.received_date >= sent):
        told = _told(track, limits)
        if told is not None:
            return told
    hidden = _hidden(track)
    detail = f"{track.stage.value}{hidden}"
    if sent is None and track.crossover_date is not None:
        due = track.crossover_date + timedelta(days=CROSSOVER_DAYS)
        return _silence(track.crossover_date, due, limits.filing(), detail, as_of)
    start = track.accepted_date or sent or as_of
    due = start + timedelta(days=limits.payer.response_days)
    if status is not None and status.category in IN_PROCESS and status.received_date >= start:
        due = max(due, status.received_date + timedelta(days=IN_PROCESS_DAYS))
    return _silence(start, due, limits.filing(), detail, as_of)


def _told(track: Track, limits: Limits) -> _Facts | None:
    """What the latest 277 says, when it says more than that the claim is in process."""
    status = track.latest_status
    assert status is not None  # noqa: S101 - the caller has looked
    detail = f"277{_hidden(track)}"
    text = f"{status.category}:{status.code}"
    since = status.received_date
    if status.category in NOT_FOUND:
        limit = limits.filing()
        return _Facts("not_on_file", "resubmit", limit, since, detail=detail, reason=text)
    if status.category in {"P3", "P4"} or status.category.startswith("R"):
        limit = limits.records(status.status_date)
        return _Facts("pended", "send_records", limit, since, "documentation", detail, text)
    if status.category in {"F0", "F1"}:
        return _Facts("paid_unposted", "find_payment", NONE, since, detail=detail, reason=text)
    if status.category == "F2":
        reading = read_status(status.code)
        limit = limits.of_denial(reading.next_action, status.status_date)
        return _Facts("denied", reading.next_action, limit, since, reading.category, detail, text)
    return None


def _hidden(track: Track) -> str:
    text = f", {track.hidden}" if track.hidden else ""
    return f"{text}, duplicate answered" if track.is_duplicate_answered else text
