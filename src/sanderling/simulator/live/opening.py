"""Begins a living world where a simulated one has ended.

Each payer has on file what it last told the billing company of a claim. What it had not told yet is
in process and is decided when its day comes; what it had lost it does not know.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sanderling.core.x12.write.claim import Claim
from sanderling.core.x12.write.segments import clean
from sanderling.simulator.adjudication import PayerRecord
from sanderling.simulator.billing import make_claim
from sanderling.simulator.episodes import Episode, Stage, Track
from sanderling.simulator.identifiers import dice_for
from sanderling.simulator.live.arrivals import APPEALS, IN, MAILBOX, OUT, TAKEN
from sanderling.simulator.live.store import (
    FILE,
    FINAL,
    IN_PROCESS,
    PENDED,
    SILENT,
    VOIDED,
    Record,
    Refusal,
    Store,
)
from sanderling.simulator.ruling import Outcome
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings

DUE_DAYS_MAX = 21  # what was in process is decided within three weeks


def is_open(folder: Path) -> bool:
    """Tell whether a living world begins, or goes on, in a folder."""
    return (folder / FILE).exists()


def open_live(settings: Settings, folder: Path) -> None:
    """Live through a simulated world without writing it, and begin a living one from its end."""
    world = World(settings)
    for offset in range(settings.days):
        world.advance(settings.start_date + timedelta(days=offset))
    begin(world, folder)


def begin(world: World, folder: Path) -> None:
    """Write what the payers of a simulated world have on file; nothing is there until all is.

    A world that lived in the folder before is gone; its keys stay.
    """
    (folder / FILE).unlink(missing_ok=True)
    for name in (MAILBOX, TAKEN):  # of a world that lived here before
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (IN, OUT, APPEALS):
        (folder / MAILBOX / name).mkdir(parents=True, exist_ok=True)
    (folder / TAKEN).mkdir(exist_ok=True)
    settings = world.state.settings
    last_date = settings.start_date + timedelta(days=settings.days - 1)
    building = folder / ".building"
    building.mkdir(exist_ok=True)
    (building / FILE).unlink(missing_ok=True)
    store = Store(building)
    store.create()
    with store.transaction():
        store.set_meta("seed", str(settings.seed))
        store.set_meta("turn", "0")
        store.set_meta("day", last_date.isoformat())
        for episode in world.state.episodes:
            _keep_members(store, episode)
            for rank, track in enumerate(episode.tracks):
                _keep_track(store, world, episode, rank, track, last_date)
    store.close()
    (building / FILE).replace(folder / FILE)
    building.rmdir()


def _keep_members(store: Store, episode: Episode) -> None:
    patient = episode.account.patient
    for rank, coverage in enumerate(patient.coverages):
        holder = patient.subscriber if rank == 0 and patient.subscriber else patient.person
        store.run(
            "INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)",
            coverage.payer.code, coverage.member_id, clean(holder.last_name),
            holder.birth_date.isoformat(),
        )  # fmt: skip


def _keep_track(
    store: Store, world: World, episode: Episode, rank: int, track: Track, last_date: date
) -> None:
    account = episode.account
    payer = account.patient.coverages[rank].payer
    claim = _claim(episode, rank, track)
    if track.stage is Stage.REJECTED and track.rejection is not None:
        refusal = Refusal(claim, track.rejection)
        store.keep_refusal(payer.code, account.client.code, account.control_number, refusal)
        return
    on_file = world.desks[payer.code].on_file(account)
    if on_file is None:
        return
    record = Record(
        payer=payer.code,
        client=account.client.code,
        number=account.control_number,
        state=IN_PROCESS,
        icn=track.payer_claim_number or on_file.payer_claim_number,
        claim=claim,
        provider=account.department.billing,
        received_date=track.accepted_date or track.original_sent_date or last_date,
    )
    store.keep(_told(record, world, episode, track, on_file, last_date))


def _told(
    record: Record,
    world: World,
    episode: Episode,
    track: Track,
    on_file: PayerRecord,
    last_date: date,
) -> Record:
    """Add what the payer last said."""
    if track.hidden == "missing_remit" and on_file.payments and track.unseen_payment:
        trace, paid_date, _ = track.unseen_payment
        return replace(
            record, state=FINAL, payments=on_file.payments, category=on_file.category,
            icn=on_file.payer_claim_number, trace=trace, payment_date=paid_date,
        )  # fmt: skip
    ruling = track.ruling
    dice = dice_for(world.state.settings.seed, "opening", record.payer, record.number)
    due_date = last_date + timedelta(days=1 + dice.randrange(DUE_DAYS_MAX))
    if ruling is None or ruling.outcome in {Outcome.PENDED, Outcome.DUPLICATE}:
        state = {"pended": PENDED, "silent": SILENT}.get(track.hidden, IN_PROCESS)
        return replace(record, state=state, due_date=due_date if state == IN_PROCESS else None)
    in_force = tuple(part for part in ruling.payments if part.payment.status != "22")
    if ruling.outcome is Outcome.VOIDED and episode.is_voided:
        return replace(record, state=VOIDED)
    if not in_force:  # taken back, the correction is to come
        return replace(record, due_date=due_date)
    decided = replace(
        record,
        state=FINAL,
        icn=in_force[-1].payment.payer_claim_number,
        payments=in_force,
        category=ruling.category,
        denial=ruling.denial,
        payment_date=track.payment_date,
    )
    if track.is_correction_open:
        return replace(decided, state=IN_PROCESS, due_date=due_date)
    return decided


def _claim(episode: Episode, rank: int, track: Track) -> Claim:
    """The newest version the payer decided, or has to decide."""
    if track.submission is not None:
        return track.submission.claim
    prior = [earlier.decision for earlier in episode.tracks[:rank]]
    return make_claim(episode.account, rank, prior=tuple(one for one in prior if one is not None))
