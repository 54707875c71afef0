"""The true standing of a claim on a day: one barrier for each party with an open balance.

Names are those of the command line's contract (barriers and categories).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sanderling.simulator.accounts import PATIENT_RANK
from sanderling.simulator.episodes import Episode, Stage, Track
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.reasons import PENDED_REASON
from sanderling.simulator.ruling import Outcome

PARTIES = ("primary", "secondary", "tertiary", "patient")
CROSSOVER_DAYS = 30  # domain reference 5.1: after that a crossover counts as failed


# barrier, category, detail, reason, since
_Facts = tuple[str, str, str, str, date | None]


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


def standings(episode: Episode, as_of: date) -> list[Standing]:
    """Answer one row for each party with a balance other than zero."""
    rows = []
    account = episode.account
    for party in range(PATIENT_RANK + 1):
        cents = episode.book.party_cents(party)
        if not cents:
            continue
        if party == PATIENT_RANK:
            payer_id = ""
            facts: _Facts = ("patient_responsibility", "patient", "", "", None)
        else:
            payer = account.patient.coverages[party].payer
            payer_id = payer.code
            facts = _insurance(episode.tracks[party], payer, party, as_of)
        barrier, category, detail, reason, since = facts
        if cents < 0:
            barrier, category = "credit_balance", "other"
        rows.append(
            Standing(
                account.client.code, account.control_number, PARTIES[party], payer_id, cents,
                barrier, category, detail, reason, since,
            )
        )  # fmt: skip
    return rows


def _insurance(track: Track, payer: PayerProfile, party: int, as_of: date) -> _Facts:
    if track.hidden == "held":
        return "awaiting_internal", "", "claim payment does not balance", "", None
    if track.is_correction_rejected or track.is_correction_open:
        return _correcting(track)
    if track.stage is Stage.UNBILLED:
        return _unbilled(track, party, as_of)
    if track.stage is Stage.REJECTED:
        return _rejected(track)
    if track.stage is Stage.REVERSED:
        return "awaiting_payer", "", "reversed, correction to come", "", track.posted_date
    if track.stage is Stage.FINAL:
        return _after_remittance(track)
    return _waiting(track, payer, as_of)


def _correcting(track: Track) -> _Facts:
    if track.is_correction_rejected:
        return "rejected", "missing_information", "replacement or void", "999", track.sent_dates[-1]
    return "corrected_pending", "", "replacement or void sent", "", track.sent_dates[-1]


def _rejected(track: Track) -> _Facts:
    reason = track.rejection
    assert reason is not None  # noqa: S101 - stage and reason are set together
    text = f"{reason.status_category}:{reason.status}:{reason.entity}".rstrip(":")
    return "rejected", reason.category, track.rejected_by, text, track.sent_dates[-1]


def _unbilled(track: Track, party: int, as_of: date) -> _Facts:
    if track.crossover_date is None:
        return "secondary_unbilled", "coordination_of_benefits", f"rank {party}", "", None
    overdue = as_of > track.crossover_date + timedelta(days=CROSSOVER_DAYS)
    barrier = "no_response" if overdue else "awaiting_payer"
    return barrier, "", f"crossover{_hidden(track)}", "", track.crossover_date


def _after_remittance(track: Track) -> _Facts:
    ruling = track.ruling
    if ruling is not None and ruling.reason == PENDED_REASON:
        return "pended", "other", "remittance", ruling.reason, track.posted_date
    if ruling is not None and ruling.category and ruling.outcome is not Outcome.DUPLICATE:
        kind = "line" if ruling.outcome is Outcome.PARTIAL else "claim"
        return "denied", ruling.category, kind, ruling.reason, track.posted_date
    return "unexplained", "", "paid, balance left", "", track.posted_date


def _waiting(track: Track, payer: PayerProfile, as_of: date) -> _Facts:
    hidden = _hidden(track)
    status = track.latest_status
    sent = track.original_sent_date
    if status is not None and (sent is None or status[2] >= sent):
        text = f"{status[0]}:{status[1]}"
        if status[0] in {"A4", "D0"}:
            return "not_on_file", "", f"277{hidden}", text, status[2]
        if status[0] == "P3":
            return "pended", "documentation", f"277{hidden}", text, status[2]
        if status[0] == "F1":
            return "paid_unposted", "", f"277{hidden}", text, status[2]
    if track.crossover_date is not None:
        start = track.crossover_date
        due = start + timedelta(days=CROSSOVER_DAYS)
    else:
        start = track.accepted_date or sent or as_of
        due = start + timedelta(days=payer.response_days)
    barrier = "awaiting_payer" if as_of <= due else "no_response"
    return barrier, "", f"{track.stage.value}{hidden}", "", start


def _hidden(track: Track) -> str:
    text = f", {track.hidden}" if track.hidden else ""
    return f"{text}, duplicate answered" if track.is_duplicate_answered else text
