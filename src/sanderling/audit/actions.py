"""Writes the audit trail and seals it into a chain of hashes.

The chain: link n holds SHA-256 over the hash of link n-1 and the event's canonical text; `chain.py`
walks it and names what was changed, removed or slipped in. Events are sealed in batches by one
process at a time, so that writers never wait for each other; until sealed (a minute, as a rule) an
event is protected by the trigger alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from sanderling.audit.models import AuditEvent, AuditSeal
from sanderling.postgres.locks import Lock, try_lock
from sanderling.web.actor import current_actor

SEAL_EVENTS_MAX = 10_000
EVENTS_AT_ONCE = 1_000
FIRST_HASH = "0" * 64
# Who acts is known to the session: nearly every request writes one event, in one round trip.
_INSERT = """
    INSERT INTO audit_event (at, actor, role, client_id, claim_id, action, subject_kind, subject_id,
                             detail, ip, correlation_id)
    VALUES (%s, coalesce(nullif(current_setting('sanderling.actor', true), ''), 'unknown'),
            coalesce(current_setting('sanderling.role', true), ''), %s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING id, actor, role
"""


def record_event(
    *,
    action: str,
    at: datetime,
    client_id: int | None = None,
    claim_id: int | None = None,
    subject: tuple[str, object] | None = None,
    detail: dict[str, Any] | None = None,
    ip: str | None = None,
    correlation_id: UUID | None = None,
) -> AuditEvent:
    """Write one event for the connection's actor, in the caller's transaction.

    `action` is noun.verb ("file.ingest"), `subject` a kind and an id. Never patient data: ids,
    counts, sums, hashes.
    """
    kind, identifier = subject or ("", "")
    event = AuditEvent(
        at=at,
        client_id=client_id,
        claim_id=claim_id,
        action=action,
        subject_kind=kind,
        subject_id=str(identifier),
        detail=detail or {},
        ip=ip,
        correlation_id=correlation_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [at, client_id, claim_id, action, kind, event.subject_id, json.dumps(event.detail), ip,
             correlation_id],
        )  # fmt: skip
        event.pk, event.actor, event.role = cursor.fetchone()
    return event


def record_claim_events(
    *,
    action: str,
    at: datetime,
    claims: Iterable[tuple[int, int, int]],
    subject_kind: str,
    detail: dict[str, Any],
) -> None:
    """Write the same event for each of many claims: client, claim and subject's id."""
    actor, role = current_actor()
    AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                at=at,
                actor=actor or "unknown",
                role=role,
                client_id=client_id,
                claim_id=claim_id,
                action=action,
                subject_kind=subject_kind,
                subject_id=str(subject_id),
                detail=detail,
            )
            for client_id, claim_id, subject_id in claims
        ],
        batch_size=EVENTS_AT_ONCE,
    )


def seal_events(*, at: datetime) -> int:
    """Append all events not yet sealed to the chain, in batches; return how many.

    Only one process seals at a time; a second one returns 0 at once.
    """
    sealed = 0
    while True:
        with transaction.atomic():
            if not try_lock(Lock.AUDIT_SEAL):
                return sealed
            batch = list(
                AuditEvent.objects.raw(
                    "SELECT event.* FROM audit_event AS event WHERE NOT EXISTS"
                    " (SELECT FROM audit_seal WHERE audit_seal.event_id = event.id)"
                    " ORDER BY event.id LIMIT %s",
                    [SEAL_EVENTS_MAX],
                )
            )
            _append(batch, at=at)
        sealed += len(batch)
        if len(batch) < SEAL_EVENTS_MAX:
            return sealed


def _append(batch: list[AuditEvent], *, at: datetime) -> None:
    latest = AuditSeal.objects.order_by("-pk").first()
    previous = latest.hash if latest else FIRST_HASH
    links = []
    for event in batch:
        own = link_hash(previous, event)
        links.append(AuditSeal(event_id=event.pk, previous_hash=previous, hash=own, sealed_at=at))
        previous = own
    AuditSeal.objects.bulk_create(links)


def link_hash(previous: str, event: AuditEvent) -> str:
    """Return the hash of the link that seals the event after the link with hash `previous`."""
    parts = [
        previous,
        event.pk,
        event.at.isoformat(),
        event.actor,
        event.role,
        event.client_id,
        event.claim_id,
        event.action,
        event.subject_kind,
        event.subject_id,
        event.detail,
        event.ip,
        str(event.correlation_id) if event.correlation_id else None,
    ]
    if event.recorded_at is not None:  # rows from before the database dated them have none
        parts.append(event.recorded_at.isoformat())
    canonical = json.dumps(parts, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
