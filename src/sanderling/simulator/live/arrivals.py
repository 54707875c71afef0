"""What came in: takes files out of `in` and `appeals`, reads them, and answers their syntax.

A file is first moved away under a running number, then read in the turn's transaction; killed in
between, the next turn finds it there and reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from sanderling.core.x12.write.envelope import Transaction
from sanderling.core.x12.write.parties import TradingPartner
from sanderling.simulator.files import BILLING_COMPANY, CLEARINGHOUSE
from sanderling.simulator.live.answering import Batch, Letter, ta1_for, transaction_999
from sanderling.simulator.live.claims import batch_reference, party_of, read_claims
from sanderling.simulator.live.desk import Desk
from sanderling.simulator.live.inquiries import Request, answer_request, read_request
from sanderling.simulator.live.packets import Packet, read_packets
from sanderling.simulator.live.reading import (
    FunctionalGroup,
    NotAnInterchange,
    Received,
    TransactionSet,
    read_interchange,
)
from sanderling.simulator.live.store import Store
from sanderling.simulator.live.syntax import check_set
from sanderling.simulator.live.turns import (
    AT_CLEARINGHOUSE,
    CLEARINGHOUSE_TURNS,
    JUDGMENT,
    JUDGMENT_TURNS,
    STATUS,
    STATUS_TURNS,
)

MAILBOX: Final = "mailbox"  # what our partner sees: in, out and appeals
IN, OUT, APPEALS, TAKEN = "in", "out", "appeals", "taken"
UNFINISHED: Final = (".part", ".tmp", ".filepart")  # names of files that are still being sent
OWN: Final = frozenset({"log.csv"})  # what we ourselves put among the appeals

Answer = Callable[[Store, Letter, str, str, int], None]


class Arrivals:
    """The way in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self, busy: frozenset[str]) -> None:
        """Move what has arrived to `taken`, each under a number of its own."""
        taken = self._folder / TAKEN
        numbers = [int(path.name.partition("-")[0]) for path in taken.iterdir()]
        number = max(numbers, default=0)
        for source in (IN, APPEALS):
            waiting = sorted((self._folder / MAILBOX / source).iterdir(), key=_order)
            for path in waiting:
                if path.is_file() and _is_whole(path) and f"/{source}/{path.name}" not in busy:
                    number += 1
                    path.rename(taken / f"{number:08d}-{source}-{path.name}")

    def read(self, store: Store, turn: int, day: date, answer: Answer) -> tuple[str, ...]:
        """Read what was collected and not read yet; answer its syntax, arrange the rest."""
        known = {row[0] for row in store.rows("SELECT name FROM arrivals")}
        names = []
        for path in sorted((self._folder / TAKEN).iterdir()):
            if path.name in known:
                continue
            _, source, name = path.name.split("-", 2)
            if source == APPEALS:
                found = self._packet(store, path, turn, day)
            else:
                text = path.read_bytes().decode("ascii", "replace")
                found = _take_interchange(store, text, turn, day, answer)
            store.run(
                "INSERT INTO arrivals VALUES (?, ?, ?, ?, ?)",
                path.name, source, turn, day.isoformat(), found,
            )  # fmt: skip
            names.append(name)
        return tuple(names)

    def _packet(self, store: Store, path: Path, turn: int, day: date) -> str:
        if path.suffix == ".json":
            return "sidecar"
        named = f"-{APPEALS}-{path.stem.split('-', 2)[2]}.json"
        beside = [one for one in sorted(path.parent.iterdir()) if one.name.endswith(named)]
        packets = read_packets(store, path, beside[-1] if beside else None)
        for packet in packets:
            _take_packet(store, packet, turn, day)
        return packets[0].kind if packets else "unknown claim"


def _take_packet(store: Store, packet: Packet, turn: int, day: date) -> None:
    """Note an appeal or records; what is being looked at already is not taken twice."""
    same = store.rows(
        "SELECT file FROM appeals WHERE payer = ? AND client = ? AND number = ? AND level = ? "
        "AND kind = ? AND state = 'received'",
        packet.payer, packet.client, packet.number, packet.level, packet.kind,
    )  # fmt: skip
    if same:
        return
    store.run(
        "INSERT INTO appeals (file, payer, client, number, kind, level, received, state, "
        "decided) VALUES (?, ?, ?, ?, ?, ?, ?, 'received', '')",
        packet.file, packet.payer, packet.client, packet.number, packet.kind, packet.level,
        day.isoformat(),
    )  # fmt: skip
    store.arrange(turn + JUDGMENT_TURNS, JUDGMENT, packet)


def _order(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def _is_whole(path: Path) -> bool:
    is_hidden = path.name.startswith(".") or path.name in OWN
    return not is_hidden and not path.name.endswith(UNFINISHED)


def envelope_fault(store: Store, received: Received) -> str:
    """Answer TA105 for an interchange that is refused, or nothing."""
    if received.fault:
        return received.fault
    if received.sender != store.meta("partner", BILLING_COMPANY):
        return "006"
    if received.receiver != CLEARINGHOUSE:
        return "008"
    known = store.rows(
        "SELECT turn FROM interchanges WHERE sender = ? AND control_number = ?",
        received.sender, received.control_number,
    )  # fmt: skip
    return "025" if known else ""


def _take_interchange(store: Store, text: str, turn: int, day: date, answer: Answer) -> str:
    try:
        received = read_interchange(text)
    except NotAnInterchange:
        return "unreadable"
    number = store.next_number("999")
    stem = f"{CLEARINGHOUSE}-{number:06d}"
    partner = received.sender or BILLING_COMPANY
    fault = envelope_fault(store, received)
    if fault:
        letter = Letter(
            CLEARINGHOUSE, partner, day, acknowledgements=(ta1_for(received, "R", fault),)
        )
        answer(store, letter, stem, "ta1", turn)
        return f"TA1 {fault}"
    store.run(
        "INSERT INTO interchanges VALUES (?, ?, ?)", received.sender, received.control_number, turn
    )
    transactions: list[Transaction] = []
    for group in received.groups:
        transactions.append(_take_group(store, received, group, turn, day, len(transactions) + 1))
    accepted = (ta1_for(received, "A", "000"),) if received.wants_ta1 else ()
    letter = Letter(CLEARINGHOUSE, partner, day, tuple(transactions), accepted)
    answer(store, letter, stem, "999", turn)
    return "999"


def _take_group(
    store: Store, received: Received, group: FunctionalGroup, turn: int, day: date, place: int
) -> Transaction:
    responses = []
    for item in group.sets:
        response = check_set(item)
        responses.append(response)
        if response.code != "A":
            continue
        if item.set_id == "276":
            request = read_request(item, received.sender)
            store.arrange(turn + STATUS_TURNS, STATUS, request)
        else:
            batch = Batch(
                batch_reference(item), _submitter(item), day, received.sender, read_claims(item)
            )
            store.arrange(turn + CLEARINGHOUSE_TURNS, AT_CLEARINGHOUSE, batch)
    return transaction_999(group, tuple(responses), f"{place:04d}")


def _submitter(item: TransactionSet) -> TradingPartner:
    for segment in item.segments:
        if segment[0] == "NM1" and segment[1] == "41":
            party = party_of(segment)
            return TradingPartner(party.last, party.identifier)
    return TradingPartner("", "")


def real_time_answer(store: Store, desk: Desk, text: str, day: date) -> str:
    """Answer a 276 at once, as an interchange.

    Raises NotAnInterchange.
    """
    received = read_interchange(text)
    number = store.next_number("real time")
    partner = received.sender or BILLING_COMPANY
    fault = received.fault
    if fault:
        letter = Letter(
            CLEARINGHOUSE, partner, day, acknowledgements=(ta1_for(received, "R", fault),)
        )
        return letter.render(number)
    answers: list[Transaction] = []
    for group in received.groups:
        responses = tuple(check_set(item) for item in group.sets)
        if any(response.code != "A" for response in responses):
            refusal = transaction_999(group, responses, "0001")
            return Letter(CLEARINGHOUSE, partner, day, (refusal,)).render(number)
        for item in group.sets:
            request: Request = read_request(item, partner)
            running = store.next_number("277")
            answers.append(answer_request(store, desk, request, day, running))
    return Letter(CLEARINGHOUSE, partner, day, tuple(answers)).render(number)
