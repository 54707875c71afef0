"""Aging snapshots of other billing systems become claims with opening balances.

A snapshot says what was owed at the end of a day; the ledger takes it over as opening balances, and
remittances dated up to that day as contained in them (core.ledger.rules). A newer snapshot of a
claim takes the place of the older one: the ledger gets the difference.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl
from django.db import connection, transaction

from sanderling.audit.actions import record_event
from sanderling.clients.models import Client, ClientIdentifier
from sanderling.core.identifiers import number_key_expr
from sanderling.core.ledger.accounts import Account
from sanderling.core.names import normalized_name
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import read_sheet
from sanderling.core.x12.batches import Batch, Interchange, TransactionSet
from sanderling.core.x12.problems import Severity
from sanderling.files.models import Arrival, FileStatus, SetStatus, StoredFile
from sanderling.files.models import TransactionSet as StoredSet
from sanderling.files.storage import hash_file, keep_original, open_original
from sanderling.intake.mappings import Columns, find_columns, infer_columns, keep_mapping
from sanderling.intake.sheet_claims import Clients, SheetClaim, SheetReading, read_claims
from sanderling.intake.snapshot_facts import SNAPSHOT_KIND, SNAPSHOTS
from sanderling.intake.units import PendingSet, PostingUnit
from sanderling.ledger.actions import take_posting_lock

PATIENT = int(Account.PATIENT)
_ABSENT = """
SELECT count(DISTINCT n.claim_id)
  FROM claims_snapshot n JOIN ledger_open_balance b ON b.claim_id = n.claim_id
 WHERE n.client_id = ANY (%s) AND n.snapshot_date < %s
   AND NOT EXISTS (SELECT FROM claims_snapshot m
                    WHERE m.claim_id = n.claim_id AND m.snapshot_date >= %s)
"""


class UnknownClient(Refusal):
    """--client names nobody."""


@dataclass(slots=True)
class SnapshotReport:
    """What an import did: `sanderling claims import`."""

    file: StoredFile | None = None
    status: str = ""
    mapping: str = ""
    snapshot_date: date | None = None
    rows: int = 0
    claims: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    insurance_cents: int = 0
    patient_cents: int = 0
    absent: int = 0  # open claims of earlier snapshots that this one does not list
    reading: SheetReading = field(default_factory=SheetReading)


def import_snapshot(
    path: Path,
    *,
    received_date: date,
    recorded_at: datetime,
    source: str,
    client_code: str = "",
    mapping_name: str = "",
    given: Mapping[str, str] | None = None,
) -> SnapshotReport:
    """Take over the balances of a CSV or XLSX aging report; the same content changes nothing.

    The snapshot's day is the one in the titles above the header ("as of 3/31/2026"), else
    `received_date`. All of it commits, or nothing.

    Raises:
        UnreadableSheet, ColumnsUnknown, UnknownClient: nothing was taken.
    """
    content = path.read_bytes()
    rows = read_sheet(content, lambda found: infer_columns(found) is not None)
    sha256, size = hash_file(path)
    is_encrypted = keep_original(path, sha256)
    with transaction.atomic():
        take_posting_lock()
        columns = find_columns(rows, mapping_name=mapping_name, given=given or {})
        reading = read_claims(rows, columns, _clients(client_code))
        stored, is_new = StoredFile.objects.get_or_create(
            sha256=sha256,
            defaults={
                "name": path.name,
                "size_bytes": size,
                "kind": SNAPSHOT_KIND,
                "received_date": received_date,
                "recorded_at": recorded_at,
                "source": source,
                "is_encrypted": is_encrypted,
            },
        )
        Arrival.objects.create(
            file=stored,
            name=path.name,
            received_date=received_date,
            recorded_at=recorded_at,
            source=source,
        )
        if not is_new and stored.status in (FileStatus.POSTED, FileStatus.DUPLICATE):
            return _known(stored, reading)
        return _post(stored, columns, reading, mapping_name, received_date, recorded_at)


def replay_snapshot(stored: StoredFile, *, recorded_at: datetime) -> SnapshotReport:
    """Import a sheet again from its original, after a fix (a missing client, say)."""
    with tempfile.TemporaryDirectory(prefix="sanderling-") as folder:
        path = Path(folder) / "sheet"
        with open_original(stored.sha256, is_encrypted=stored.is_encrypted) as stream:
            path.write_bytes(stream.read())
        path = path.rename(path.with_name(Path(stored.name).name))
        return import_snapshot(
            path,
            received_date=stored.received_date,
            recorded_at=recorded_at,
            source="replay",
        )


def _clients(client_code: str) -> Clients:
    rows = list(Client.objects.values_list("pk", "code", "name"))
    codes = {code: pk for pk, code, _ in rows}
    names: dict[str, list[int]] = {}
    for pk, _, name in rows:
        names.setdefault(normalized_name(name), []).append(pk)
    if client_code and client_code not in codes:
        raise UnknownClient(f"there is no client {client_code}; import clients first")
    return Clients(
        codes=codes,
        names={name: pks[0] for name, pks in names.items() if len(pks) == 1},
        numbers=dict(ClientIdentifier.objects.values_list("value", "client_id")),
        default=codes[client_code] if client_code else None,
    )


def _known(stored: StoredFile, reading: SheetReading) -> SnapshotReport:
    reading.problems = []
    return SnapshotReport(
        file=stored,
        status=FileStatus.DUPLICATE.value,
        rows=reading.row_count,
        claims=stored.claim_count,
        unchanged=len(reading.claims),
        reading=reading,
    )


def _post(
    stored: StoredFile,
    columns: Columns,
    reading: SheetReading,
    mapping_name: str,
    received_date: date,
    recorded_at: datetime,
) -> SnapshotReport:
    snapshot_date = min(reading.as_of_date or received_date, received_date)
    # What an earlier attempt at this file could not take is read anew.
    unposted = stored.transactions.exclude(status=SetStatus.POSTED)
    stored.problems.all().delete()
    unposted.delete()
    report = SnapshotReport(
        file=stored,
        snapshot_date=snapshot_date,
        rows=reading.row_count,
        claims=len(reading.claims),
        insurance_cents=sum(claim.insurance_cents for claim in reading.claims),
        patient_cents=sum(claim.patient_cents for claim in reading.claims),
        reading=reading,
    )
    before = _balances_by_number(reading.claims)
    pending = PendingSet(
        file=stored,
        received_date=received_date,
        batches=[_batch(stored, reading, snapshot_date, recorded_at)],
    )
    unit = PostingUnit(posted_date=received_date, recorded_at=recorded_at)
    unit.add(pending)
    unit.post()
    _count(report, before)
    _settle(stored, pending, report, recorded_at)
    if reading.claims:
        report.mapping = keep_mapping(columns, name=mapping_name, at=recorded_at).name
    with connection.cursor() as cursor:
        cursor.execute(_ABSENT, [stored.client_ids, snapshot_date, snapshot_date])
        (report.absent,) = cursor.fetchone()
    return report


def _batch(
    stored: StoredFile, reading: SheetReading, snapshot_date: date, recorded_at: datetime
) -> Batch:
    """Return the sheet as one transaction set; its order is that of import, day by day."""
    envelope = Interchange(
        index=1,
        position=0,
        sender_qualifier="",
        sender_id="",
        receiver_qualifier="",
        receiver_id="",
        created_date=snapshot_date,
        created_time=recorded_at.isoformat(),
        version="",
        control_number="",
        usage="P",
        element_separator="",
        component_separator="",
        repetition_separator="",
        segment_terminator="",
    )
    found = TransactionSet(
        interchange=envelope,
        index=stored.transactions.count() + 1,
        kind=SNAPSHOT_KIND,
        guide="",
        functional_code="",
        sender_code="",
        receiver_code="",
        group_date=None,
        group_control_number="",
        control_number="",
        position=1,
    )
    claims = [
        (snapshot_date, *astuple(claim))
        for claim in sorted(reading.claims, key=lambda claim: claim.row)
    ]
    # The row is left out: the same balances in another order are the same content.
    content = sorted(json.dumps([*claim[:1], *claim[2:]], default=str) for claim in claims)
    return Batch(
        transaction=found,
        tables={"snapshots": pl.DataFrame(claims, schema=SNAPSHOTS, orient="row")},
        problems=list(reading.problems),
        refused=not claims,
        end_position=max((claim[1] for claim in claims), default=0),
        content_sha256=hashlib.sha256("\n".join(content).encode()).hexdigest(),
    )


Balances = dict[tuple[int, str], tuple[int, int]]


def _balances_by_number(claims: list[SheetClaim]) -> Balances:
    """Return (client, number key) -> (insurance, patient) cents of the claims there are."""
    wanted = pl.DataFrame(
        {"client_id": [c.client_id for c in claims], "number": [c.number for c in claims]},
        schema={"client_id": pl.Int64, "number": pl.String},
    ).with_columns(key=number_key_expr("number"))
    keys = sorted(set(wanted["key"].to_list()))
    clients = sorted(set(wanted["client_id"].to_list()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.client_id, c.number_key,"
            " coalesce(sum(b.balance_cents) FILTER (WHERE b.party <> %s), 0)::bigint,"
            " coalesce(sum(b.balance_cents) FILTER (WHERE b.party = %s), 0)::bigint"
            " FROM claims_claim c LEFT JOIN ledger_open_balance b ON b.claim_id = c.id"
            " WHERE c.client_id = ANY (%s) AND c.number_key = ANY (%s) GROUP BY 1, 2",
            [PATIENT, PATIENT, clients, keys],
        )
        return {(client, key): (ins, pat) for client, key, ins, pat in cursor.fetchall()}


def _count(report: SnapshotReport, before: Balances) -> None:
    """Say how many claims are new, have another balance, or the same."""
    after = _balances_by_number(report.reading.claims)
    report.created = len(after.keys() - before.keys())
    report.unchanged = sum(1 for key, owed in after.items() if before.get(key) == owed)
    report.updated = len(after) - report.created - report.unchanged


def _settle(
    stored: StoredFile, pending: PendingSet, report: SnapshotReport, recorded_at: datetime
) -> None:
    is_partial = any(p.severity is Severity.CLAIM for p in report.reading.problems)
    status: str = pending.status.value
    if is_partial and pending.status != SetStatus.QUARANTINED:
        status = FileStatus.PARTLY.value
    posted = StoredSet.objects.filter(file=stored, status=SetStatus.POSTED)
    if status == FileStatus.QUARANTINED.value and posted.exists():
        status = FileStatus.PARTLY.value
    if status == FileStatus.DUPLICATE.value and posted.exists():
        status = FileStatus.POSTED.value
    report.status = stored.status = status
    stored.interchange_count = 0
    stored.transaction_count = stored.transactions.count()
    stored.claim_count = report.claims
    stored.client_ids = sorted({claim.client_id for claim in report.reading.claims})
    stored.save()
    record_event(
        action="claims.import",
        at=recorded_at,
        subject=("file", stored.pk),
        detail={
            "sha256": stored.sha256,
            "status": status,
            "claims": report.claims,
            "problems": len(report.reading.problems),
            "insurance_cents": report.insurance_cents,
            "patient_cents": report.patient_cents,
        },
    )
