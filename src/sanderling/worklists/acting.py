"""Does one thing to many work items at once, and takes it back: the only door to what people set.

One transaction, one statement a step, whatever the number. Items that cannot have it are refused by
name and the rest goes on. What each item was and became is kept in BulkChange, so that an act can
be undone where nobody changed the same since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.urls import reverse
from psycopg.types.json import Jsonb

from sanderling.accounts.models import User
from sanderling.audit.actions import record_claim_events
from sanderling.core.refusal import Refusal
from sanderling.news.actions import NewEvent, notify, record_events, wanted_kinds
from sanderling.worklists.act_kinds import KINDS
from sanderling.worklists.act_parts import (
    Added,
    InvalidParameters,
    Kind,
    NotAllowed,
    Values,
    Who,
)
from sanderling.worklists.act_undo import take_back
from sanderling.worklists.models import BulkAct
from sanderling.worklists.targets import Target, find_targets

UNDO_FOR: Final = timedelta(hours=24)
ALREADY: Final = "has the same already"
NOT_HERE: Final = "is not on your worklist: it was settled, or it is another client's"

_BEGIN: Final = """
INSERT INTO worklists_bulk_act (user_id, actor, kind, words, key, items, refused, made_at)
VALUES (%s, %s, %s, '', %s, 0, '[]', %s)
    ON CONFLICT (actor, key) WHERE NOT (key = '') DO NOTHING
RETURNING id
"""
_CHANGE: Final = """
WITH asked AS (
    SELECT * FROM unnest(%(items)s::bigint[], %(before)s::jsonb[], %(added)s::jsonb[])
        AS a (id, before, added)
), becomes AS (
    UPDATE worklists_work_item AS w SET {sets} FROM asked WHERE w.id = asked.id
    RETURNING w.id, w.client_id, w.claim_id, w.party, {columns} AS after
)
INSERT INTO worklists_bulk_change (act_id, client_id, claim_id, party, before, after, added)
SELECT %(act)s, becomes.client_id, becomes.claim_id, becomes.party, asked.before, becomes.after,
       asked.added
  FROM becomes JOIN asked USING (id) ORDER BY becomes.claim_id, becomes.party
"""
_LOCK_CHANGED: Final = """
SELECT FROM worklists_work_item WHERE (claim_id, party) IN (
       SELECT claim_id, party FROM worklists_bulk_change WHERE act_id = %s)
 ORDER BY claim_id, party FOR UPDATE
"""
_NOTHING: Final = "tags = w.tags"
_UNCHANGED: Final = """
SELECT w.claim_id, w.party
  FROM worklists_bulk_change c JOIN worklists_work_item w USING (claim_id, party)
 WHERE c.act_id = %(act)s AND {columns} = c.after
"""
_RESTORE: Final = """
UPDATE worklists_work_item AS w SET {sets}
  FROM worklists_bulk_change c, jsonb_populate_record(NULL::worklists_work_item, c.before) AS was
 WHERE c.act_id = %(act)s AND w.claim_id = c.claim_id AND w.party = c.party
   AND (w.claim_id, w.party) IN (
       SELECT * FROM unnest(%(claims)s::bigint[], %(parties)s::smallint[]))
"""
_CHANGES: Final = """
SELECT c.claim_id, c.party, c.client_id, c.added, w.id IS NOT NULL
  FROM worklists_bulk_change c LEFT JOIN worklists_work_item w USING (claim_id, party)
 WHERE c.act_id = %s ORDER BY c.claim_id, c.party
"""


class NothingToDo(Refusal):
    """No item can have it; `refused` has (item id, why not)."""

    def __init__(self, refused: Sequence[tuple[int, str]]) -> None:
        reasons = sorted({reason for _, reason in refused})
        super().__init__(f"Nothing was done. Each of the claims {' or '.join(reasons[:3])}.")
        self.refused = list(refused)


class CannotUndo(Refusal):
    """The act cannot be taken back, or not by this person, or not any more."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing did: how many items are as before, and (claim, party, why not) of the others."""

    act: BulkAct
    restored: int
    kept: tuple[tuple[int, int, str], ...]


@transaction.atomic
def act(
    kind: str,
    item_ids: Sequence[int],
    parameters: Mapping[str, Any],
    *,
    user: User | None,
    actor: str,
    at: datetime,
    key: str = "",
) -> BulkAct:
    """Do it to those of the items that can have it; with the same `key` again nothing is done.

    `user` None: a rule, which sees what its connection sees. `refused` of the act has the others.

    Raises:
        InvalidParameters: what was asked for cannot be understood.
        NotAllowed: the user may not.
        NothingToDo: no item can have it; nothing was written.
    """
    if kind not in KINDS:
        raise InvalidParameters(("kind", "choose what to do"))
    asked = sorted(set(item_ids))
    if not asked:
        raise InvalidParameters(("items", "choose some claims first"))
    most = KINDS[kind].items_max
    if len(asked) > most:
        raise InvalidParameters(("items", f"choose at most {most:,} claims at once for this"))
    who = Who(user=user, at=at)
    if not who.may("claims.work"):
        raise NotAllowed("your role does not work claims")
    act_id = _begin(kind, user=user, actor=actor, at=at, key=key)
    if act_id is None:
        return BulkAct.objects.get(actor=actor, key=key)
    values = KINDS[kind].clean(parameters, who)
    kept, refused = sort_out(kind, asked, values, who)
    added: Added = {}
    add = KINDS[kind].add
    if add and kept:
        added, faults = add(kept, values, who)
        refused += [
            (one.item_id, faults.get(one.item_id, ALREADY))
            for one in kept
            if one.item_id not in added
        ]
        kept = [one for one in kept if one.item_id in added]
    if not kept:
        raise NothingToDo(refused)
    _change(KINDS[kind], act_id, kept, values | {"at": at}, added)
    BulkAct.objects.filter(pk=act_id).update(
        words=KINDS[kind].words(len(kept), values), items=len(kept), refused=refused
    )
    done = BulkAct.objects.get(pk=act_id)
    _tell(done, kept, values, who)
    return done


def sort_out(
    kind: str, asked: Sequence[int], values: Values, who: Who, *, is_locking: bool = True
) -> tuple[list[Target], list[tuple[int, str]]]:
    """Return the items that can have it, locked, and why each other one cannot."""
    found = find_targets(
        asked, user_id=who.user.pk if who.user else None, at=who.at, is_locking=is_locking
    )
    here = {one.item_id for one in found}
    refused = [(item_id, NOT_HERE) for item_id in asked if item_id not in here]
    kept = []
    for one in found:
        fault = f"{one.locked_by} is working on it" if one.locked_by else ""
        fault = fault or KINDS[kind].fault(one, values, who)
        if fault:
            refused.append((one.item_id, fault))
        else:
            kept.append(one)
    return kept, refused


def _begin(kind: str, *, user: User | None, actor: str, at: datetime, key: str) -> int | None:
    """Return the id of a new act, None when one with this key stands already."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [user.pk if user else None, actor, kind, key, at])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _change(kind: Kind, act_id: int, kept: Sequence[Target], values: Values, added: Added) -> None:
    """Set the items' own columns, and keep what they were and became."""
    was = [json.loads(one.work) for one in kept]
    with connection.cursor() as cursor:
        cursor.execute(
            _CHANGE.format(sets=kind.sets or _NOTHING, columns=_columns_json(kind)),
            {
                **values,
                "act": act_id,
                "items": [one.item_id for one in kept],
                "before": [Jsonb({name: work[name] for name in kind.columns}) for work in was],
                "added": [Jsonb(added.get(one.item_id, [])) for one in kept],
            },
        )


def _columns_json(kind: Kind) -> str:
    """Return SQL of the kind's columns of item w as JSON, {} for none."""
    pairs = ", ".join(f"'{name}', w.{name}" for name in kind.columns)
    return f"jsonb_build_object({pairs})"


def _tell(done: BulkAct, kept: Sequence[Target], values: Values, who: Who) -> None:
    """Record who did what to which claims; tell those whom it gives work, and the rules."""
    record_claim_events(
        action=f"item.{done.kind}",
        at=who.at,
        claims=[(one.client_id, one.claim_id, done.pk) for one in kept],
        subject_kind="bulk_act",
        detail={"items": len(kept)},
    )
    if done.kind != "assign":
        return
    if "item.assigned" in wanted_kinds():
        record_events(
            [
                NewEvent(
                    "item.assigned",
                    one.client_id,
                    one.claim_id,
                    one.party,
                    one.payer_id,
                    {"was": one.assignee_id, "is": values["assignee"]},
                )
                for one in kept
            ],
            at=who.at,
        )
    is_own = who.user is not None and values["assignee"] == who.user.pk
    if values["assignee"] is not None and not is_own:
        giver = who.user.name if who.user else "A rule"
        notify(
            user_ids=[values["assignee"]],
            kind="item.assigned",
            key=f"act:{done.pk}",
            text=f"{giver} assigned you {len(kept):,} claim{'' if len(kept) == 1 else 's'}",
            at=who.at,
            url=reverse("work-act", args=[done.pk]),
        )


@transaction.atomic
def undo(act: BulkAct, *, user: User, at: datetime) -> Undone:
    """Put back what the act changed, where nobody changed it since, and withdraw what it added.

    Raises:
        CannotUndo: not this person's, too late, or undone already; nothing was written.
    """
    act = BulkAct.objects.select_for_update().get(pk=act.pk)
    _check_undo(act, user=user, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_CHANGED, [act.pk])
        cursor.execute(_CHANGES, [act.pk])
        changes = cursor.fetchall()
    if len(changes) != act.items:
        raise CannotUndo("it also concerns clients that you do not see; ask who did it")
    unchanged = _unchanged(act)
    reasons = _withdraw(changes, user=user, at=at)
    if KINDS[act.kind].columns:
        for claim_id, party, _, _, is_here in changes:
            if (claim_id, party) not in unchanged:
                why = "was changed since" if is_here else "has left the worklist"
                reasons.setdefault((claim_id, party), why)
        _restore(act, sorted(unchanged - reasons.keys()))
    act.undone_at = at
    act.undone_by = user
    act.save(update_fields=["undone_at", "undone_by"])
    record_claim_events(
        action="item.undo",
        at=at,
        claims=[(client_id, claim_id, act.pk) for claim_id, _, client_id, _, _ in changes],
        subject_kind="bulk_act",
        detail={"kind": act.kind, "items": len(changes) - len(reasons)},
    )
    kept = tuple((claim_id, party, why) for (claim_id, party), why in sorted(reasons.items()))
    return Undone(act, len(changes) - len(kept), kept)


def undo_fault(act: BulkAct, *, user: User, at: datetime) -> str:
    """Return why this person cannot take the act back now, an empty text when he can."""
    if act.undone_at is not None:
        return "it was undone already"
    if act.kind not in KINDS:
        return "such things are not done any more"
    if act.user_id != user.pk and not user.may("claims.assign"):
        return "only who did it and leads can undo it"
    if at - act.made_at > UNDO_FOR:
        return "it was done more than 24 hours ago; do the opposite instead"
    return ""


def _check_undo(act: BulkAct, *, user: User, at: datetime) -> None:
    fault = undo_fault(act, user=user, at=at)
    if fault:
        raise CannotUndo(fault)


def _unchanged(act: BulkAct) -> set[tuple[int, int]]:
    """Return the items that are still as the act left them."""
    with connection.cursor() as cursor:
        cursor.execute(_UNCHANGED.format(columns=_columns_json(KINDS[act.kind])), {"act": act.pk})
        return set(cursor.fetchall())


def _restore(act: BulkAct, places: Sequence[tuple[int, int]]) -> None:
    sets = ", ".join(f"{name} = was.{name}" for name in KINDS[act.kind].columns)
    with connection.cursor() as cursor:
        cursor.execute(
            _RESTORE.format(sets=sets),
            {
                "act": act.pk,
                "claims": [claim_id for claim_id, _ in places],
                "parties": [party for _, party in places],
            },
        )


def _withdraw(changes: Sequence[Any], *, user: User, at: datetime) -> dict[tuple[int, int], str]:
    """Take back what was added elsewhere; return what could not be, by claim and party."""
    of_kind: dict[str, dict[int, tuple[int, int]]] = {}
    for claim_id, party, _, added, _ in changes:
        for kind, pk in json.loads(added):
            of_kind.setdefault(kind, {})[pk] = (claim_id, party)
    reasons: dict[tuple[int, int], str] = {}
    for kind, places in of_kind.items():
        left = take_back(kind, list(places), user=user, at=at)
        reasons |= {places[pk]: why for pk, why in left.items()}
    return reasons
