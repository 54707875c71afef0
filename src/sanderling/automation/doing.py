"""Does what a rule says to the items it matched, each act through the one door of work items."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.automation.matching import Match
from sanderling.automation.models import Run, RunItem
from sanderling.automation.rules import visible_clients
from sanderling.automation.teams import ask_team
from sanderling.news.actions import notify
from sanderling.web.templatetags.sanderling import money
from sanderling.worklists.acting import NothingToDo, act
from sanderling.worklists.models import BulkChange

# Acts of a rule that are one act on work items: kind -> kind and parameters of worklists.acting.
_PLAIN: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]]] = {
    "follow_up": lambda said: ("defer", {"business_days": said["days"]}),
    "tag": lambda said: ("tag", {"tags": said["tags"]}),
    "status_inquiry": lambda _: ("status_inquiry", {}),
    "request_documents": lambda said: (
        "request_documents",
        {
            "question": said["question"],
            "documents": said.get("documents", []),
            "by_portal": said.get("by_portal", False),
        },
    ),
    "escalate": lambda said: ("escalate", {"level": said["level"], "reason": said["reason"]}),
}


@dataclass(slots=True)
class Done:
    """What was done: the bulk acts, and the items that something was done to."""

    act_ids: list[int] = field(default_factory=list)
    task_ids: list[int] = field(default_factory=list)  # questions to teams
    items: set[tuple[int, int]] = field(default_factory=set)


def do_acts(
    run: Run, acts: Sequence[Mapping[str, Any]], matches: Sequence[Match], *, at: datetime
) -> Done:
    """Do all acts of a rule to the items; items that cannot have one are left to the others.

    Raises:
        Refusal: an act cannot be understood any more (a person left): nothing stands then, for the
            caller's transaction ends.
    """
    done = Done()
    for number, said in enumerate(acts):
        if said["kind"] == "notify":
            _notify(run, said, matches, at=at)
            done.items |= {(one.claim_id, one.party) for one in matches}
            continue
        if said["kind"] == "hand_to_team":
            done.task_ids += ask_team(said, matches, at=at)
            done.items |= {(one.claim_id, one.party) for one in matches}
            continue
        for kind, parameters, items in _steps(run, said, matches):
            key = f"run:{run.pk}:{number}:{parameters.get('assignee', '')}"
            try:
                made = act(
                    kind,
                    [one.item_id for one in items],
                    parameters,
                    user=None,
                    actor=f"rule:{run.rule_id}",
                    at=at,
                    key=key,
                )
            except NothingToDo:  # all have it already, or somebody works on them
                continue
            done.act_ids.append(made.pk)
    done.items |= set(
        BulkChange.objects.filter(act_id__in=done.act_ids).values_list("claim_id", "party")
    )
    return done


def _steps(
    run: Run, said: Mapping[str, Any], matches: Sequence[Match]
) -> list[tuple[str, dict[str, Any], list[Match]]]:
    if said["kind"] != "assign":
        kind, parameters = _PLAIN[said["kind"]](said)
        return [(kind, parameters, list(matches))]
    given: dict[int, list[Match]] = defaultdict(list)
    for one, user_id in _shared_out(run, said, matches):
        given[user_id].append(one)
    return [("assign", {"assignee": user_id}, items) for user_id, items in sorted(given.items())]


def _shared_out(
    run: Run, said: Mapping[str, Any], matches: Sequence[Match]
) -> list[tuple[Match, int]]:
    """Return who gets which item: only people who see its client, evenly in the way asked for."""
    users = User.objects.filter(pk__in=said["users"], is_active=True).order_by("pk")
    sees = {user.pk: frozenset(visible_clients(user)) for user in users if user.may("claims.work")}
    load = Counter(_open_items(list(sees)) if said["how"] == "least" else {})
    people = list(sees)
    # In turns: on from where the runs before have come to.
    before = RunItem.objects.filter(rule_id=run.rule_id, is_dry=False).count()
    place = {pk: (at - before) % len(people) for at, pk in enumerate(people)}
    turn = Counter[int]()
    found = []
    for one in matches:
        able = [pk for pk, clients in sees.items() if one.client_id in clients]
        if not able:
            continue
        chosen = min(able, key=lambda pk: (load[pk] + turn[pk], place[pk]))
        turn[chosen] += 1
        found.append((one, chosen))
    return found


def _open_items(user_ids: list[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT assignee_id, count(*) FROM worklists_work_item"
            " WHERE assignee_id = ANY (%s) GROUP BY 1",
            [user_ids],
        )
        return dict(cursor.fetchall())


def _notify(run: Run, said: Mapping[str, Any], matches: Sequence[Match], *, at: datetime) -> None:
    """Tell people how many items, and how much, of the clients that each sees."""
    owned: dict[int, list[Match]] = defaultdict(list)
    for one in matches if said.get("owner") else ():
        if one.assignee_id is not None:
            owned[one.assignee_id].append(one)
    named = User.objects.filter(pk__in=said.get("users", ())) | User.objects.filter(
        role__in=said.get("roles", ())
    )
    told = {user.pk: user for user in User.objects.filter(pk__in=owned)}
    told |= {user.pk: user for user in named}
    everything = {user.pk for user in named}
    for pk, user in sorted(told.items()):
        clients = set(visible_clients(user)) if user.may("worklist.view") else set()
        mine = [
            one for one in (matches if pk in everything else owned[pk]) if one.client_id in clients
        ]
        if not mine:
            continue
        cents = sum(one.balance_cents for one in mine)
        count = "1 claim" if len(mine) == 1 else f"{len(mine):,} claims"
        notify(
            user_ids=[pk],
            kind="rule.notice",
            key=f"run:{run.pk}",
            text=f"{run.rule.name}: {count}, {money(cents)}",
            at=at,
            url=reverse("rule-run", args=[run.pk]),
            amount_cents=cents,
        )
