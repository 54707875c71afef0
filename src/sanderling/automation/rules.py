"""Makes rules, changes them, lets them run and stops them. Each change is one transaction.

A version is never changed: saving adds one, and takes the rule out of service until it has been
tried again. Who lets a rule run answers for it: it touches the clients that this person sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.automation.models import DryRun, Rule, RuleState, RuleVersion
from sanderling.automation.rule_acts import raised_by
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.core.rules.fields import FIELD_OF
from sanderling.core.rules.reading import read_condition
from sanderling.core.rules.schedule import next_run_at
from sanderling.core.rules.tree import AllOf, AnyOf, Condition, Not, TextAmong, TextIs
from sanderling.news.actions import KINDS, register_reader
from sanderling.payers.models import Payer

RULES_MAX: Final = 200
# item.left is no news to a rule: there is nothing left to act on.
EVENTS: Final[Mapping[str, str]] = {
    name: words for name, words in KINDS.items() if name != "item.left"
}
RUNNING: Final = (RuleState.WATCHING, RuleState.LIVE)


class RuleRefused(Refusal):
    """The rule cannot be saved, or cannot go into this state."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version says."""

    trigger: Mapping[str, Any]
    condition: str
    acts: Sequence[Mapping[str, Any]]
    client_ids: Sequence[int] = ()
    run_max: int = 200
    day_max: int = 1_000
    rest_days: int = 7
    stops_others: bool = False


def reader_of(rule: Rule) -> str:
    """Return the name under which a rule takes events: each has its own list."""
    return f"rule:{rule.pk}"


def visible_clients(user: User) -> list[int]:
    """Return the ids of the clients that a person sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_clients_of(%s)", [user.pk])
        return list(cursor.fetchone()[0] or [])


@transaction.atomic
def save_rule(
    *, rule: Rule | None, name: str, content: Content, by: User | None, at: datetime
) -> Rule:
    """Save a new rule, or a new version of one; saving the same again changes nothing.

    Raises:
        RuleRefused: a name that another has, clients or acts that are not for this person, too
            many rules, or rules that would start each other in a circle.
        ConditionRefused: the condition cannot be read.
    """
    read_condition(content.condition)
    name = name.strip()
    namesakes = Rule.objects.filter(name__iexact=name)
    if (namesakes.exclude(pk=rule.pk) if rule else namesakes).exists():
        raise RuleRefused(f"There is a rule “{name}” already; choose another name.")
    _check_clients(content, by)
    if rule is None:
        count = Rule.objects.filter(is_archived=False).count()
        if count >= RULES_MAX:
            raise RuleRefused(f"There are {RULES_MAX} rules already; archive one first.")
        rule = Rule.objects.create(name=name, place=(count + 1) * 10, created_at=at)
    else:
        rule = Rule.objects.select_for_update().get(pk=rule.pk)
        if by is not None:
            check_may_change(rule, by)
    if rule.version is not None and content_of(rule.version) == _plain(content):
        Rule.objects.filter(pk=rule.pk).update(name=name)
        rule.name = name
        return rule
    rule.version = RuleVersion.objects.create(
        rule=rule,
        number=(rule.version.number if rule.version else 0) + 1,
        made_by=by,
        made_at=at,
        **_plain(content),
    )
    rule.name = name
    _check_circle(rule)
    _stop(rule, RuleState.DRAFT, "")
    return rule


def _plain(content: Content) -> dict[str, Any]:
    return {
        "trigger": dict(content.trigger),
        "condition": content.condition.strip(),
        "acts": [dict(act) for act in content.acts],
        "client_ids": sorted(content.client_ids),
        "run_max": content.run_max,
        "day_max": content.day_max,
        "rest_days": content.rest_days,
        "stops_others": content.stops_others,
    }


def content_of(version: RuleVersion) -> dict[str, Any]:
    """Return what a version says, as `save_rule` would write it."""
    names = ("trigger", "condition", "acts", "client_ids", "run_max", "day_max", "rest_days")
    return {name: getattr(version, name) for name in (*names, "stops_others")}


def _check_clients(content: Content, by: User | None) -> None:
    if by is None or by.sees_all_clients:
        return
    if set(content.client_ids) - set(visible_clients(by)):
        raise RuleRefused("The rule names clients that you do not see; choose among yours.")


def check_may_change(rule: Rule, by: User) -> None:
    """Refuse a person who does not see all clients of the rule.

    Raises:
        RuleRefused: it concerns clients that the person does not see.
    """
    if by.sees_all_clients or rule.version_id is None:
        return
    # None: no client of it is seen
    version = RuleVersion.objects.filter(pk=rule.version_id).first()
    made_by_other = version is None or version.made_by_id != by.pk
    named = set(version.client_ids) if version else set()
    if (not named and made_by_other) or named - set(visible_clients(by)):
        raise RuleRefused("The rule concerns clients that you do not see; ask who made it.")


@transaction.atomic
def start_rule(rule: Rule, state: str, *, by: User, at: datetime) -> Rule:
    """Let the rule run: watching (nothing is done) or live. Starting it twice changes nothing.

    Raises:
        RuleRefused: live without a dry run of this version, or not for this person.
    """
    rule = Rule.objects.select_for_update(of=("self",)).select_related("version").get(pk=rule.pk)
    if rule.version is None or rule.is_archived:
        raise RuleRefused("There is nothing to run: save the rule first.")
    check_may_change(rule, by)
    is_tried = DryRun.objects.filter(version=rule.version).exists()
    if state == RuleState.LIVE and not is_tried:
        raise RuleRefused("Run it over history first: it has not been tried as it stands now.")
    _check_circle(rule)
    rule.state, rule.live_by, rule.pause_reason, rule.failures = state, by, "", 0
    rule.next_run_at = next_run_at(rule.version.trigger, at)
    rule.save()
    trigger = rule.version.trigger
    register_reader(reader_of(rule), trigger["events"] if trigger["kind"] == "event" else [])
    record_event(
        action=f"rule.{'start' if state == RuleState.LIVE else 'watch'}",
        at=at,
        subject=("rule", rule.pk),
        detail={"version": rule.version.number},
    )
    return rule


@transaction.atomic
def pause_rule(rule: Rule, *, reason: str, at: datetime) -> Rule:
    """Stop the rule until somebody starts it again; events that wait for it are kept."""
    rule = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    _stop(rule, RuleState.PAUSED, reason)
    record_event(action="rule.pause", at=at, subject=("rule", rule.pk), detail={"reason": reason})
    return rule


@transaction.atomic
def archive_rule(rule: Rule, *, by: User, at: datetime) -> None:
    """Put a rule away for good: it stays readable with what it did.

    Raises:
        RuleRefused: not for this person.
    """
    check_may_change(rule, by)
    rule = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    rule.is_archived = True
    rule.name = f"{rule.name} (archived {at:%Y-%m-%d %H:%M:%S})"
    _stop(rule, RuleState.PAUSED, "archived")
    record_event(action="rule.archive", at=at, subject=("rule", rule.pk))


@transaction.atomic
def move_rule(rule: Rule, step: int, *, by: User) -> None:
    """Move a rule one place up (-1) or down (1) in the order.

    Raises:
        RuleRefused: not for this person.
    """
    check_may_change(rule, by)
    rules = list(
        Rule.objects.select_for_update(of=("self",))
        .filter(is_archived=False)
        .order_by("place", "pk")
    )
    at = next((place for place, one in enumerate(rules) if one.pk == rule.pk), None)
    if at is None or not 0 <= at + step < len(rules):
        return
    rules[at], rules[at + step] = rules[at + step], rules[at]
    for place, one in enumerate(rules, start=1):
        if one.place != place * 10:
            Rule.objects.filter(pk=one.pk).update(place=place * 10)


def _stop(rule: Rule, state: str, reason: str) -> None:
    rule.state, rule.pause_reason, rule.next_run_at = state, reason, None
    rule.save()
    register_reader(reader_of(rule), [])


def _check_circle(rule: Rule) -> None:
    """Refuse rules that would start each other without end: what one does, the next waits for.

    Conservative: it goes by kinds of event, not by conditions. A rule never hears of its own acts.
    """
    standing = Rule.objects.filter(is_archived=False, version__isnull=False)
    rules = {one.pk: one for one in standing.select_related("version").exclude(pk=rule.pk)}
    rules[rule.pk] = rule
    follows: dict[int, list[int]] = {
        pk: [other for other, two in rules.items() if other != pk and _hears(two) & _says(one)]
        for pk, one in rules.items()
    }
    path = _way_back(rule.pk, follows)
    if path:
        names = " → ".join(rules[pk].name for pk in [rule.pk, *path])
        raise RuleRefused(
            f"These rules would start each other in a circle: {names}. Let one of them go by a"
            " schedule, or by another event."
        )


def _says(rule: Rule) -> set[str]:
    return raised_by(rule.version.acts) if rule.version else set()


def _hears(rule: Rule) -> set[str]:
    trigger = rule.version.trigger if rule.version else {}
    return set(trigger.get("events", ()))


def _way_back(start: int, follows: Mapping[int, list[int]]) -> list[int]:
    """Return the shortest way from a rule back to itself, empty when there is none."""
    ways, seen = [[one] for one in follows[start]], set(follows[start])
    for way in ways:
        for following in follows[way[-1]]:
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def unknown_names(condition: Condition) -> list[str]:
    """Return a sentence for each payer, client or person that the condition names but is unknown.

    Texts are compared exactly: a name that nobody has matches nothing.
    """
    found = []
    for name, text in sorted(_named(condition)):
        known = _known(name)
        if known is None or not text or text in known:
            continue
        by_lower = {one.lower(): one for one in known}
        near = get_close_matches(text.lower(), list(by_lower), n=1, cutoff=0.4)
        near = near or [one for one in by_lower if text.lower() in one][:1]
        hint = f"; did you mean “{by_lower[near[0]]}”?" if near else ""
        found.append(f"No {FIELD_OF[name].noun} is “{text}” here{hint}")
    return found


def _known(name: str) -> set[str] | None:
    match name:
        case "payer":
            return set(Payer.objects.values_list("name", flat=True))
        case "payer_id":
            return set(Payer.objects.values_list("payer_id", flat=True))
        case "client":
            return set(Client.objects.values_list("code", flat=True))
        case "assignee":
            return set(User.objects.filter(is_active=True).values_list("email", flat=True))
        case "event":
            return set(KINDS)
    return None


def _named(tree: Condition) -> set[tuple[str, str]]:
    match tree:
        case TextIs(field, text):
            return {(field.name, text)}
        case TextAmong(field, texts):
            return {(field.name, text) for text in texts}
        case Not(part):
            return _named(part)
        case AllOf(parts) | AnyOf(parts):
            return _all_named(parts)
    return set()


def _all_named(parts: Iterable[Condition]) -> set[tuple[str, str]]:
    return {pair for part in parts for pair in _named(part)}
