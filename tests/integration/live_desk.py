"""A product that knows what a living world has on file, with a wire between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import uuid4

from bench.live_office import denied, owed_by_truth, payable, records_of
from tests.builders import Inbox, balances
from tests.live_side import DAY, SETTINGS, Side

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.appeals.models import Letterhead
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.clients.actions import import_clients
from sanderling.clients.models import Client
from sanderling.core.resubmission.kinds import Kind as Way
from sanderling.core.x12.write.claim import Claim as Claim837
from sanderling.core.x12.write.claim import Frequency
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Provider
from sanderling.core.x12.write.remittance import Remittance
from sanderling.core.x12.write.remittances_835 import remittance_transaction
from sanderling.exchange.actions import add_mailbox, save_mailbox
from sanderling.exchange.models import Kind, Mailbox, Run
from sanderling.exchange.running import visit_all
from sanderling.payers.actions import import_payers
from sanderling.resubmission.actions import Asked, decide, send
from sanderling.resubmission.models import Resubmission, State
from sanderling.simulator.live.answering import Batch, Letter, source_of, transaction_277ca
from sanderling.simulator.live.claims import ReceivedClaim
from sanderling.simulator.live.desk import Desk as Payers
from sanderling.simulator.live.front_end import Verdict
from sanderling.simulator.live.sftp import USER
from sanderling.simulator.live.sftp import Mailbox as Server
from sanderling.simulator.live.store import Record, Store
from sanderling.simulator.office import SUBMITTER
from sanderling.simulator.output import write_master_data
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.reasons import FrontEndReason, Reason
from sanderling.simulator.world import World
from sanderling.simulator.worldstate import Settings

NOW: Final = datetime.combine(DAY, time(12), UTC)
UNCHECKED_CENTS: Final = 500_000  # claims of less are sent without a second person


class Desk:
    """The product's side, filled with claims that the living payers have on file."""

    def __init__(self, inbox: Inbox, side: Side, settings: Settings = SETTINGS) -> None:
        self.inbox = inbox
        self.seed = settings.seed
        self.side = side
        self.time = NOW
        self.decided_before = len(side.rows("SELECT id FROM decisions"))
        inbox.at = NOW
        master = inbox.folder / "master"
        master.mkdir()
        write_master_data(World(settings), master)
        import_clients(text=(master / "clients.csv").read_text("utf-8"), at=NOW)
        import_payers(text=(master / "payers.csv").read_text("utf-8"), at=NOW)
        clients = list(Client.objects.values_list("pk", flat=True))
        self.asker = self._user("asker", "specialist", clients)
        self.approver = self._user("approver", "lead", clients)
        add_mailbox(
            at=NOW,
            name="Appeals",
            kind=Kind.FOLDER,
            sends=["packet"],
            root=str(side.mailbox),
            outgoing_folder="appeals",
        )
        self.mailbox = add_mailbox(
            at=NOW,
            name="Tidewater",
            kind=Kind.FOLDER,
            sends=["837P", "837I", "837D", "276"],
            root=str(side.mailbox),
            outgoing_folder="in",
            incoming_folders=["out"],
            after_fetch="delete",
        )

    @staticmethod
    def _user(name: str, role: str, clients: list[int]) -> User:
        return create_user(
            email=f"{name}@x.test",
            name=name,
            role=role,
            password="correct-horse-battery",
            client_ids=clients,
        )

    # What was before.

    def deny(self, reasons: Sequence[tuple[str, Reason]]) -> list[Record]:
        """Let a payer have denied one paid claim for each reason, a line of it where it may be."""
        desk = Payers(self.seed)
        with self.books() as store:
            records = iter(payable(store))
            made = []
            for category, reason in reasons:
                record = next(records)
                while record.claim.charge_cents >= UNCHECKED_CENTS:
                    record = next(records)
                line = None if reason.is_whole or len(record.claim.lines) == 1 else 1
                made.append(denied(desk, record, category, reason, line))
            with store.transaction():
                for record in made:
                    store.keep(record)
        return made

    def know(self, *records: Record) -> None:
        """Take in what was sent and decided of these claims before."""
        self.side.made_date = DAY - timedelta(days=60)
        sent: dict[tuple[str, str], list[Record]] = {}
        told: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            sent.setdefault((record.provider.npi, record.claim.form), []).append(record)
            if record.payments:
                told.setdefault((record.payer, record.provider.npi), []).append(record)
        for alike in sent.values():
            claims = [
                replace(one.claim, frequency=Frequency.ORIGINAL, original_reference="")
                for one in alike
            ]
            text = self.side.file_837(claims, alike[0].provider)
            self.take(text, DAY - timedelta(days=60))
            self.by_payer(claims, alike[0].provider)
        for alike in told.values():
            self.take(self._remittance(alike), DAY - timedelta(days=20))
        self.side.made_date = DAY
        refresh_stale(DAY)

    def by_payer(self, claims: Sequence[Claim837], provider: Provider) -> None:
        """Take in that the payers accepted the claims sent last."""
        number = self.side.number
        for payer in sorted({one.payer.identifier for one in claims}):
            self.side.number, kept = number, self.side.number
            self.answered([one for one in claims if one.payer.identifier == payer], provider)
            self.side.number = max(self.side.number, kept + 1)

    def answered(
        self, claims: Sequence[Claim837], provider: Provider, reason: FrontEndReason | None = None
    ) -> None:
        """Take in that the claims sent last were accepted by their payer, or turned away."""
        received = [ReceivedClaim(one, provider, "1", "", one.charge_cents) for one in claims]
        sent_date = DAY - timedelta(days=60)
        batch = Batch(
            f"SL{self.side.number:09d}", SUBMITTER, sent_date, "SANDBILL", tuple(received)
        )
        self.side.number += 1
        verdicts = tuple(Verdict(one, reason) for one in received)
        source = source_of(BY_CODE[claims[0].payer.identifier])
        transaction = transaction_277ca(source, batch, verdicts, self.side.number, sent_date)
        letter = Letter("TIDEWATER", "SANDBILL", sent_date, (transaction,))
        self.take(letter.render(self.side.number), sent_date)

    def _remittance(self, records: list[Record]) -> str:
        self.side.number += 1
        paid_date = DAY - timedelta(days=21)
        first = records[0]
        remittance = Remittance(
            payer=BY_CODE[first.payer].on_remittance,
            payee=first.provider,
            trace=f"BEFORE{self.side.number}",
            production_date=paid_date,
            payment_date=paid_date,
            claims=tuple(part.payment for record in records for part in record.payments),
        )
        return render_interchange(
            Interchange(
                sender=first.payer,
                receiver="SANDBILL",
                control_number=self.side.number,
                created_at=datetime.combine(paid_date, time(6)),
                groups=(Group(self.side.number, (remittance_transaction(remittance, "0001"),)),),
            )
        )

    def take(self, text: str, received_date: date = DAY - timedelta(days=60)) -> None:
        """Take a file in as of a day."""
        (report,) = self.inbox.take(text, received_date=received_date)
        assert report.status == "posted", report

    # What people do.

    def send(
        self, record: Record, typed: dict[str, str] | None = None, kind: Way | None = None
    ) -> Resubmission:
        """Send a claim again, approved where it must be."""
        row = send(
            claim=self.claim(record),
            party={"P": 11, "S": 12, "T": 13}[record.claim.sequence],
            kind=kind,
            typed=typed or {},
            asked=Asked("As the payer asked.", self.asker, NOW),
            key=uuid4(),
        )
        if row.state == State.HELD:
            _, refused = decide([row.pk], approves=True, user=self.approver, at=NOW)
            assert refused == []
        return row

    def claim(self, record: Record) -> Claim:
        return Claim.objects.select_related("client").get(
            client__code=record.client, number=record.number
        )

    # The wire.

    def pass_turns(self, count: int) -> None:
        """Let files go and come, a turn after the other."""
        for _ in range(count):
            self.visit()
            self.side.turns(1)
        self.visit()
        refresh_stale(DAY)

    def reach_over_sftp(self, server: Server, port: int) -> None:
        """Let the mailbox be reached over SFTP from here on."""
        values = {
            "kind": Kind.SFTP,
            "host": "127.0.0.1",
            "port": port,
            "user": USER,
            "host_key": server.keys.fingerprint(),
            "key_reference": f"file:{server.keys.client_key}",
        }
        save_mailbox(self.mailbox, values=values, at=NOW)

    def visit(self) -> list[Run]:
        """Let the mailbox be visited: what waits goes out, what has come is taken in."""
        return visit_all(list(Mailbox.objects.all()), now=self.now, pause=self.pause)

    def now(self) -> datetime:
        """The time of this test: it passes while somebody waits."""
        return self.time

    def pause(self, seconds: float) -> None:
        """Wait without waiting."""
        self.time += timedelta(seconds=seconds)

    # What is true.

    def decisions(self, record: Record) -> int:
        """How often payers have decided a claim since it was known here."""
        return len(
            self.side.rows(
                "SELECT id FROM decisions WHERE client = ? AND number = ? AND id > ?",
                record.client, record.number, self.decided_before,
            )
        )  # fmt: skip

    @contextmanager
    def books(self) -> Iterator[Store]:
        """The payers' books."""
        store = Store(self.side.folder)
        try:
            yield store
        finally:
            store.close()

    def records(self, record: Record) -> list[Record]:
        """What all payers have on file of a claim."""
        with self.books() as store:
            return records_of(store, record.client, record.number)

    def owed(self, record: Record) -> tuple[dict[int, int], dict[int, int] | None]:
        """What the product says that parties owe, and what they owe by the payers' books."""
        return balances().get(record.number, {}), owed_by_truth(self.records(record))

    def letterhead(self, record: Record) -> None:
        """Give the client of a claim what its letters begin with."""
        Letterhead.objects.create(
            client_id=self.claim(record).client_id,
            name=record.provider.name,
            address="100 Main St, Ashton OH 43302",
            contact_name="Ann Lee",
            contact_phone="555-0100",
            contact_fax="555-0101",
            signer="Ann Lee",
            signer_title="Billing manager",
            changed_at=NOW,
        )
