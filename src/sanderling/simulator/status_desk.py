"""Status requests (276) the office sends, and what payers answer (277) the next business day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    StatusReply,
    status_request_transaction,
    status_response_transaction,
)
from sanderling.core.x12.write.parties import Provider
from sanderling.simulator.calendar import add_business_days
from sanderling.simulator.episodes import Episode, Stage, ToldStatus
from sanderling.simulator.files import FileTotals
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.office import SUBMITTER
from sanderling.simulator.payers import BY_CODE, PayerProfile
from sanderling.simulator.worldstate import WorldState

Asked = tuple[Episode, str]  # who and our trace


class StatusDesk:
    """Writes 276 files and the 277 that answer them; about primary claims only."""

    def __init__(self, state: WorldState) -> None:
        self._state = state

    def ask(self, episodes: list[Episode], day: date) -> None:
        """Send one 276 to each payer."""
        by_payer: dict[str, list[Asked]] = {}
        for episode in episodes:
            code = episode.account.patient.coverages[0].payer.code
            trace = f"SR{self._state.next_number('status'):08d}"
            by_payer.setdefault(code, []).append((episode, trace))
        for code, asked in sorted(by_payer.items()):
            payer = BY_CODE[code]
            batch = self._batch(payer, asked, day, {})
            transaction = status_request_transaction(batch, "0001")
            text, _ = self._state.outgoing((transaction,), day)
            totals = FileTotals(claims=len(asked))
            self._state.emit(f"{code}-{batch.reference}.276", "276", text, day, totals)
            when = add_business_days(day, 1)
            self._state.agenda.at(when, partial(self._answer, payer, asked))

    def _answer(self, payer: PayerProfile, asked: list[Asked], day: date) -> None:
        replies = {trace: self._reply(episode, trace, day) for episode, trace in asked}
        for episode, trace in asked:
            reply = replies[trace]
            track = episode.tracks[0]
            track.latest_status = ToldStatus(reply.category, reply.status, day, reply.status_date)
            track.payer_spoke(day)
        batch = self._batch(payer, asked, day, replies)
        transaction = status_response_transaction(batch, "0001")
        text = self._state.incoming(payer.code, ((transaction,),), day, delimiters=payer.delimiters)
        totals = FileTotals(claims=len(asked))
        self._state.emit(f"{payer.code}-{batch.reference}.277", "277", text, day, totals)

    def _reply(self, episode: Episode, trace: str, day: date) -> StatusReply:
        track = episode.tracks[0]
        yesterday = day - timedelta(days=1)
        dice = dice_for(self._state.settings.seed, "status", trace)
        if dice.random() < self._state.parameters.noise["contradictory_status"]:
            return StatusReply("P1", "20", yesterday)  # the help desk's usual answer
        quirks = self._state.parameters.quirks
        if track.is_sent_twice and dice.random() < quirks["status_about_duplicate"]:
            episode.noise.append("status_about_duplicate")
            return StatusReply("F2", "54", yesterday)
        if track.hidden == "missing_remit" and track.unseen_payment is not None:
            number, paid_date, paid = track.unseen_payment
            if not paid:
                return StatusReply("F2", "1", paid_date, adjudicated_date=paid_date)
            return StatusReply(
                "F1", "65", paid_date, paid_cents=paid, adjudicated_date=paid_date,
                payment_date=paid_date, payment_trace=number,
            )  # fmt: skip
        if track.hidden == "lost" or track.stage is Stage.SENT:
            is_a4 = dice.random() < self._state.parameters.choices["not_found_is_a4"]
            return StatusReply("A4" if is_a4 else "D0", "35", yesterday)
        if track.hidden == "pended":
            is_r4 = dice.random() < quirks["status_records_wanted_is_r4"]
            return StatusReply("R4" if is_r4 else "P3", "297", yesterday)
        if track.stage is Stage.FINAL:
            return StatusReply("F0", "3", track.posted_date or yesterday)
        return self._odd_reply(episode, yesterday, dice)

    def _odd_reply(self, episode: Episode, yesterday: date, dice: Random) -> StatusReply:
        """Answer about a claim in process; some payers' desks are wrong about it."""
        quirks = self._state.parameters.quirks
        if episode.tracks[0].hidden == "silent" and dice.random() < quirks["status_denied_unsent"]:
            episode.noise.append("status_denied_unsent")
            return StatusReply("F2", dice.choice(("1", "88")), yesterday)
        mark = dice.random()
        if mark < quirks["status_paid_too_early"]:
            episode.noise.append("status_paid_too_early")
            return StatusReply("F1", "65", yesterday)
        if mark < quirks["status_paid_too_early"] + quirks["status_not_found_too_early"]:
            episode.noise.append("status_not_found_too_early")
            return StatusReply("D0", "35", yesterday)
        return StatusReply("P1", "20", yesterday)

    def _batch(
        self,
        payer: PayerProfile,
        asked: list[Asked],
        day: date,
        replies: dict[str, StatusReply],
    ) -> StatusBatch:
        by_provider: dict[str, tuple[Provider, list[StatusClaim]]] = {}
        for episode, trace in asked:
            provider = episode.account.department.billing
            reply = replies.get(trace)
            claim = _status_claim(episode, trace, (reply,) if reply else ())
            by_provider.setdefault(provider.npi, (provider, []))[1].append(claim)
        return StatusBatch(
            reference=f"S{self._state.next_number('statusbatch'):08d}",
            created_at=datetime.combine(day, time(10, 10)),
            payer=payer.on_claim,
            receiver=SUBMITTER,
            providers=tuple((who, tuple(claims)) for who, claims in by_provider.values()),
        )


def _status_claim(episode: Episode, trace: str, replies: tuple[StatusReply, ...]) -> StatusClaim:
    account = episode.account
    patient = account.patient
    facts = account.institutional
    track = episode.tracks[0]
    known = track.payer_claim_number if track.stage is not Stage.SENT else ""
    return StatusClaim(
        trace=trace,
        control_number=account.control_number,
        charge_cents=account.charge_cents,
        subscriber=patient.subscriber or patient.person,
        member_id=patient.coverages[0].member_id,
        patient=patient.person if patient.subscriber is not None else None,
        service_from_date=account.service_date,
        service_to_date=facts.statement_to_date if facts else account.service_date,
        payer_claim_number=known,
        replies=replies,
    )
