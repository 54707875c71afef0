"""Posting units: transaction sets that are posted together, in one database transaction.

Small sets of one day are gathered so that a thousand small files cost a hundred round trips and not
ten thousand; a large one is written batch by batch as it is read, in a transaction of its own, so
that memory does not grow with the file. Either way a set is posted wholly or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import polars as pl
import psycopg
from django.db import connection, transaction

from sanderling.barriers.stale import mark_answered, mark_stale
from sanderling.core.ledger.provider_level import claimless_entries, provider_level_entries
from sanderling.core.ledger.rules import claim_entries
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.problems import Problem, Severity
from sanderling.files.models import FileProblem, SetStatus, StoredFile, TransactionSet
from sanderling.intake.answers import (
    AnswerSet,
    tell_early_acknowledgments,
    write_acknowledgments,
    write_statuses,
)
from sanderling.intake.deriving import derive_claims, find_lost
from sanderling.intake.parties import Parties
from sanderling.intake.remittances import RemittanceWriter
from sanderling.intake.snapshot_facts import SNAPSHOT_KIND, write_snapshots
from sanderling.intake.submissions import SetRow, write_claims
from sanderling.intake.touched import Touched
from sanderling.ledger.actions import post_entries
from sanderling.postgres.frames import read_frame, reserve_ids
from sanderling.remits.facts import load_facts

# Claims whose entries are worked out at once: bounds memory.
CLAIMS_PER_POSTING: Final = 40_000
_STATUS_KINDS: Final = ("277", "277CA")
_ACKNOWLEDGMENT_KINDS: Final = ("999", "TA1")
_PLB_COLUMNS: Final = {
    "transaction_id": pl.Int64,
    "position": pl.Int64,
    "part": pl.Int64,
    "client_id": pl.Int64,
    "code": pl.String,
    "amount_cents": pl.Int64,
    "payment_date": pl.Date,
    "received_date": pl.Date,
}
_PLB: Final = """
SELECT a.transaction_id, a.position, a.part, a.client_id, a.code, a.amount_cents, r.payment_date,
       a.received_date
  FROM remits_provider_adjustment a JOIN remits_remittance r ON r.id = a.remittance_id
 WHERE a.transaction_id = ANY (%s)
"""
_CLAIMLESS: Final = """
SELECT p.transaction_id, p.position, 0, p.client_id, p.paid_cents, p.payment_date, p.received_date
  FROM remits_claim_payment p WHERE p.transaction_id = ANY (%s) AND p.claim_id IS NULL
"""
_CLAIMLESS_COLUMNS: Final = {name: kind for name, kind in _PLB_COLUMNS.items() if name != "code"}


_PAYMENT_FACTS: Final = [
    "claim_number",
    "status",
    "charge_cents",
    "paid_cents",
    "payer_claim_number",
]
_DIFFERENT_PAYMENTS: Final = """
WITH first AS (
    SELECT number_key, status, charge_cents, paid_cents, payer_claim_number
      FROM remits_claim_payment WHERE transaction_id = %(first)s
), other AS (
    SELECT number_key, status, charge_cents, paid_cents, payer_claim_number
      FROM remits_claim_payment WHERE transaction_id = %(other)s
)
(TABLE first EXCEPT ALL TABLE other) UNION ALL (TABLE other EXCEPT ALL TABLE first) LIMIT 1
"""


class CashDiffers(Exception):
    """The entries bring in another sum than the remittances paid: a bug, nothing was posted."""


@dataclass(slots=True)
class PendingSet:
    """A transaction set on its way in, with all or the next of its batches."""

    file: StoredFile
    received_date: date
    batches: Iterable[Batch]
    # Filled while it is written:
    last: Batch | None = None
    problems: list[Problem] = field(default_factory=list)
    claim_count: int = 0
    charge_cents: int = 0
    paid_cents: int = 0
    client_ids: list[int] = field(default_factory=list)
    status: SetStatus = SetStatus.POSTED
    payments_digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def begun_again(self) -> PendingSet:
        """Return the set as it was before anything of it was written (what is read stays read)."""
        return PendingSet(
            file=self.file,
            received_date=self.received_date,
            batches=self.batches,
            last=self.last,
        )


class _Refused(Exception):
    """The set turned out to be refused, or known, after rows of it were written."""


class PostingUnit:
    """One database transaction's worth of transaction sets."""

    def __init__(self, *, posted_date: date, recorded_at: datetime) -> None:
        self.posted_date = posted_date
        self.recorded_at = recorded_at
        self._parties = Parties(now=recorded_at)
        self._touched = Touched()
        self._remittance_set_ids: list[int] = []
        self._claim_set_ids: list[int] = []
        self._file_ids: set[int] = set()
        # Answers are many and small: they are written all at once, after the claims.
        self._answers: list[tuple[PendingSet, AnswerSet]] = []

    def add(self, pending: PendingSet) -> None:
        """Write the facts of one set; record it as posted, duplicate or quarantined."""
        set_id = reserve_ids("files_transaction_set", 1)[0]
        self._file_ids.add(pending.file.pk)
        if self._keep_answer(pending, set_id):
            return
        touched = Touched()
        try:
            with transaction.atomic():
                self._write(pending, set_id, touched)
        except _Refused:
            pending.claim_count = pending.charge_cents = pending.paid_cents = 0
            pending.client_ids = []
            # Clients and payers created for the set went with it.
            self._parties = Parties(now=self.recorded_at)
        else:
            self._touched.add(touched)
            if pending.last is not None and pending.last.transaction.kind == "835":
                self._remittance_set_ids.append(set_id)
            elif pending.last is not None and pending.last.transaction.kind.startswith("837"):
                self._claim_set_ids.append(set_id)
        _record(pending, set_id)

    def post(self) -> int:
        """Work out and append the ledger entries of everything added; return how many.

        Raises:
            CashDiffers: they do not add up to what the remittances paid.
        """
        self._write_answers()
        find_lost(self._touched)
        derive_claims(self._touched)
        claim_ids = self._touched.claim_ids
        outside = self._entries_outside_claims()
        count = cash_cents = 0
        # Acknowledgments and statuses alone, most of the files of a day, post nothing.
        pieces = max(len(claim_ids), 0 if outside.is_empty() else 1)
        for start in range(0, pieces, CLAIMS_PER_POSTING):
            part = claim_ids[start : start + CLAIMS_PER_POSTING]
            posted = post_entries(
                wanted=claim_entries(load_facts(part)),
                claim_ids=part,
                provider_entries=outside if start == 0 else outside.clear(),
                file_id=min(self._file_ids) if len(self._file_ids) == 1 else None,
                reason="intake",
                posted_date=self.posted_date,
                recorded_at=self.recorded_at,
            )
            count += posted.entry_count
            cash_cents += posted.cash_cents
        mark_stale(self._touched.known_ids, self.posted_date)
        mark_answered(self._touched.answer_set_ids, self.posted_date)
        if cash_cents != self._touched.cash_cents:
            raise CashDiffers(f"{cash_cents} cents posted, {self._touched.cash_cents} paid")
        return count

    def _keep_answer(self, pending: PendingSet, set_id: int) -> bool:
        """Put a whole 277, 277CA, 999 or TA1 aside for `post`; say whether it was one."""
        batches = pending.batches
        if not isinstance(batches, list) or len(batches) != 1:
            return False
        (batch,) = batches
        if batch.transaction.kind not in (*_STATUS_KINDS, *_ACKNOWLEDGMENT_KINDS):
            return False
        try:
            _check_before(pending, batches)
        except _Refused:
            _record(pending, set_id)
            return True
        if any(
            other.last is not None and fingerprint(other.last) == fingerprint(batch)
            for other, _ in self._answers
        ):
            pending.last, pending.status = batch, SetStatus.DUPLICATE
            _record(pending, set_id)
            return True
        pending.last = batch
        pending.problems += batch.problems
        if "status_claims" in batch.tables:
            pending.claim_count = batch.tables["status_claims"].height
        of = _set_row(set_id, pending, batch)
        self._answers.append((pending, AnswerSet(of=of, tables=batch.tables)))
        return True

    def _write_answers(self) -> None:
        sets = [answer for _, answer in self._answers]
        statuses = [answer for answer in sets if answer.of.kind in _STATUS_KINDS]
        others = [answer for answer in sets if answer.of.kind in _ACKNOWLEDGMENT_KINDS]
        clients = write_statuses(statuses, self._parties, self._touched)
        clients |= write_acknowledgments(others)
        self._touched.answered(answer.of.id for answer in sets)
        for pending, answer in self._answers:
            pending.client_ids = clients.get(answer.of.id, [])
            _record(pending, answer.of.id)
        self._answers = []
        tell_early_acknowledgments(self._claim_set_ids)

    def _entries_outside_claims(self) -> pl.DataFrame:
        ids = [self._remittance_set_ids]
        return pl.concat(
            [
                provider_level_entries(read_frame(_PLB, _PLB_COLUMNS, ids)),
                claimless_entries(read_frame(_CLAIMLESS, _CLAIMLESS_COLUMNS, ids)),
            ]
        )

    def _write(self, pending: PendingSet, set_id: int, touched: Touched) -> None:
        remittance: RemittanceWriter | None = None
        of: SetRow | None = None
        if isinstance(pending.batches, list):
            _check_before(pending, pending.batches)
        for batch in pending.batches:
            pending.problems += batch.problems
            pending.last = batch
            if of is None:
                of = _set_row(set_id, pending, batch)
                if batch.transaction.kind == "835":
                    remittance = RemittanceWriter(of, self._parties, touched)
            if batch.is_last and batch.refused:
                pending.status = SetStatus.QUARANTINED
                raise _Refused
            self._write_batch(pending, batch, of, remittance, touched)
        _refuse_known(pending, set_id)

    def _write_batch(
        self,
        pending: PendingSet,
        batch: Batch,
        of: SetRow,
        remittance: RemittanceWriter | None,
        touched: Touched,
    ) -> None:
        held = {
            problem.claim_index
            for problem in batch.problems
            if problem.severity is Severity.CLAIM and problem.claim_index >= 0
        }
        tables = batch.tables
        if remittance is not None:
            remittance.write(tables, held, is_first=batch.is_first)
            payments = tables["claim_payments"]
            pending.claim_count += payments.height
            pending.charge_cents += int(payments["charge_cents"].sum())
            pending.paid_cents += int(payments["paid_cents"].sum())
            for row in payments.select(_PAYMENT_FACTS).iter_rows():
                pending.payments_digest.update(repr(row).encode())
            if batch.is_last:
                pending.client_ids = remittance.finish(tables)
        elif of.kind.startswith("837"):
            written = write_claims(tables, of, held, self._parties, touched)
            pending.claim_count += tables["claims"].height
            pending.charge_cents += int(written["charge_cents"].sum())
            pending.client_ids = sorted(
                {*pending.client_ids, *written["client_id"].unique().to_list()}
            )
        elif of.kind == SNAPSHOT_KIND:
            rows = tables["snapshots"]
            pending.claim_count += rows.height
            pending.client_ids = write_snapshots(rows, of, self._parties, touched)
        elif of.kind in ("277", "277CA"):
            answer = AnswerSet(of=of, tables=tables)
            found = write_statuses([answer], self._parties, touched).get(of.id, [])
            touched.answered([of.id])
            pending.claim_count += tables["status_claims"].height
            pending.client_ids = sorted({*pending.client_ids, *found})
        elif of.kind in ("999", "TA1"):
            answer = AnswerSet(of=of, tables=tables)
            pending.client_ids = write_acknowledgments([answer]).get(of.id, [])
            touched.answered([of.id])
        else:
            # A 276 is a question of ours: kept and counted, nothing follows from it.
            pending.claim_count += tables["status_claims"].height


def _set_row(set_id: int, pending: PendingSet, batch: Batch) -> SetRow:
    found = batch.transaction
    envelope = found.interchange
    order = (
        envelope.created_date.isoformat() if envelope.created_date else "",
        envelope.created_time,
        envelope.control_number.rjust(9, "0"),
        found.group_control_number.rjust(9, "0"),
        found.control_number.rjust(9, "0"),
        # Senders reuse control numbers; what tells the files apart then is what is in them.
        pending.file.sha256[:16],
    )
    return SetRow(
        id=set_id,
        kind=found.kind,
        order_key=" ".join(order),
        received_date=pending.received_date,
    )


def fingerprint(batch: Batch) -> str:
    """Return the SHA-256 by which a posted set is known again; `batch` is its last.

    It is that of the bytes ST..SE. A 999 or TA1 names what it answers by numbers that are only its
    receiver's, and says the same of every batch that was accepted: sender, receiver, control number
    and time of its interchange belong to it, or one that came for another batch would be lost.
    """
    if batch.transaction.kind not in _ACKNOWLEDGMENT_KINDS:
        return batch.content_sha256
    envelope = batch.transaction.interchange
    parts = (
        batch.content_sha256,
        envelope.sender_id,
        envelope.receiver_id,
        envelope.control_number,
        # Some senders give every interchange the same number.
        envelope.created_date.isoformat() if envelope.created_date else "",
        envelope.created_time,
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _check_before(pending: PendingSet, batches: list[Batch]) -> None:
    """Refuse what a look at the whole set refuses, before rows of it are written.

    Raises:
        _Refused: it is refused by the reader, or was posted before.
    """
    last = batches[-1]
    known = TransactionSet.objects.filter(
        kind=last.transaction.kind,
        status=SetStatus.POSTED,
        content_sha256=fingerprint(last),
    )
    is_refused = last.is_last and last.refused
    if is_refused or known.exists():
        pending.last = last
        for batch in batches:
            pending.problems += batch.problems
        pending.status = SetStatus.QUARANTINED if is_refused else SetStatus.DUPLICATE
        raise _Refused


def _refuse_known(pending: PendingSet, set_id: int) -> None:
    """Refuse a set, or a payment, that was posted before.

    Raises:
        _Refused: it was; the status says duplicate, or quarantined with a problem that explains.
    """
    assert pending.last is not None  # noqa: S101  (a set has a batch)
    posted = TransactionSet.objects.filter(
        kind=pending.last.transaction.kind, status=SetStatus.POSTED
    )
    if posted.filter(content_sha256=fingerprint(pending.last)).exists():
        pending.status = SetStatus.DUPLICATE
        raise _Refused
    identity = payment_identity(pending)
    other = posted.filter(identity=identity).first() if identity else None
    if other is None:
        return
    same = _same_payments(other.pk, set_id)
    pending.status = SetStatus.DUPLICATE if same else SetStatus.QUARANTINED
    if not same:
        pending.problems.append(
            Problem(
                code="payment_identity_reused",
                severity=Severity.REFUSED,
                message="A payment with this trace number, date, amount and payee was posted "
                "before, with other claims. Ask the payer which of the two is right.",
                segment="TRN",
                position=pending.last.transaction.position,
            )
        )
    raise _Refused


def _same_payments(first_set_id: int, other_set_id: int) -> bool:
    """Say whether two remittances pay the same claims alike."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT_PAYMENTS, {"first": first_set_id, "other": other_set_id})
        return cursor.fetchone() is None


def payment_identity(pending: PendingSet) -> str:
    """Return what makes an 835 the same payment however it is written; "" for other sets.

    Payers are careless with the trace number of a remittance that pays nothing: there the claims
    belong to its identity.
    """
    batch = pending.last
    assert batch is not None  # noqa: S101  (a set has a batch)
    if batch.transaction.kind != "835" or batch.tables["remittances"].is_empty():
        return ""
    row = batch.tables["remittances"].to_dicts()[0]
    if not row["trace"]:
        return ""
    parts = (
        row["payer_trace_id"],
        row["trace"],
        row["payment_date"],
        row["amount_cents"],
        row["payee_npi"] or row["payee_tin"],
        None if row["amount_cents"] else pending.payments_digest.hexdigest(),
    )
    return "|".join("" if part is None else str(part) for part in parts)


def _record(pending: PendingSet, set_id: int) -> None:
    """Store the set's own row and its problems."""
    last = pending.last
    assert last is not None  # noqa: S101  (a set has a batch)
    found = last.transaction
    is_posted = pending.status == SetStatus.POSTED
    TransactionSet.objects.create(
        pk=set_id,
        file=pending.file,
        index=found.index,
        kind=found.kind,
        guide=found.guide,
        sender_id=found.interchange.sender_id,
        receiver_id=found.interchange.receiver_id,
        interchange_control_number=found.interchange.control_number,
        functional_code=found.functional_code,
        group_control_number=found.group_control_number,
        control_number=found.control_number,
        position=found.position,
        end_position=last.end_position,
        content_sha256=fingerprint(last),
        identity=payment_identity(pending) if is_posted else "",
        status=pending.status,
        received_date=pending.received_date,
        claim_count=pending.claim_count,
        charge_cents=pending.charge_cents,
        paid_cents=pending.paid_cents,
        client_ids=pending.client_ids,
    )
    keep_problems(pending.problems, file=pending.file, set_id=set_id, client_ids=pending.client_ids)


def keep_problems(
    problems: Iterable[Problem], *, file: StoredFile, set_id: int | None, client_ids: list[int]
) -> None:
    """Store problems of a set, or (`set_id` None) of the file outside its sets."""
    FileProblem.objects.bulk_create(
        FileProblem(
            file=file,
            transaction_id=set_id,
            code=problem.code,
            severity=problem.severity,
            segment=problem.segment,
            position=problem.position,
            loop=problem.loop,
            element=problem.element,
            message=problem.message,
            client_ids=client_ids,
        )
        for problem in problems
    )


# SQLSTATE classes that speak of what was to be stored, not of the server.
_CONTENT_STATES: Final = ("22", "23", "54")


def is_about_content(error: Exception) -> bool:
    """Say whether posting failed because of what a set contains, not of where it runs.

    Too long a number, an amount beyond all bounds, sums that contradict each other: the same set
    would fail again every time, and its neighbors must not wait for it.
    """
    if isinstance(error, CashDiffers | pl.exceptions.PolarsError | OverflowError):
        return True
    # COPY raises the driver's errors, everything else Django's with the driver's as the cause.
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return (state or "").startswith(_CONTENT_STATES)


def quarantine_unposted(pending: PendingSet) -> None:
    """Record a set that could not be posted as it stands, so that a person sees it."""
    for batch in pending.batches:  # of a large set: the rest of it is read over
        pending.last = batch
        pending.problems += batch.problems
    pending.status = SetStatus.QUARANTINED
    assert pending.last is not None  # noqa: S101  (a set has a batch)
    pending.problems.append(
        Problem(
            code="posting_failed",
            severity=Severity.REFUSED,
            message="The transaction set holds something that the ledger cannot take (a number "
            "too long, an amount too large, sums that contradict each other). Nothing of it was "
            "posted. Report it, and replay the file after a fix.",
            segment="ST",
            position=pending.last.transaction.position,
        )
    )
    _record(pending, reserve_ids("files_transaction_set", 1)[0])
