"""The form of filters: what can be chosen, and what is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_labels
from sanderling.core.barriers.words import ACTIONS, BARRIERS, CATEGORIES, TEAMS
from sanderling.payers.models import Payer
from sanderling.worklists.asking import NONE
from sanderling.worklists.grid_page import PARAMETERS
from sanderling.worklists.models import Project

Choices = list[tuple[str, str]]
_NUMBERS: Final = (
    ("min", "Balance at least, $"),
    ("max", "Balance at most, $"),
    ("within", "Deadline within days"),
    ("touched", "Not touched for days"),
    ("touches_min", "Touches at least"),
    ("touches_max", "Touches at most"),
    ("late_min", "Days late at least"),
    ("late_max", "Days late at most"),
    ("level", "Escalation level at least"),
)
_WORDS: Final = (
    ("tag", "Tag"),
    ("reason", "Reason code"),
    ("provider", "Rendering NPI"),
    ("location", "Location"),
    ("plan", "Plan"),
)
_YES: Final = (
    ("due", "Due today"),
    ("insurers", "Insurers' balances only"),
    ("high", "High dollar"),
    ("key", "Key client"),
    ("flagged", "Flagged by the client"),
    ("pended", "Pended"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A field with choices: those that are chosen come marked."""

    name: str
    title: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Fields:
    """The form: numbers and words as (name, title, value), yes as (name, title, is set)."""

    choices: list[Choice]
    numbers: list[tuple[str, str, str]]
    words: list[tuple[str, str, str]]
    yes: list[tuple[str, str, bool]]
    kept: list[tuple[str, str]]  # what the form does not ask and the address says


def filter_fields(asked: QueryDict) -> Fields:
    """Return the fields as the address fills them in."""
    ages = bucket_labels(DEFAULT_BUCKETS)
    nobody = [(NONE, "nobody")]
    sources: list[tuple[str, str, Choices]] = [
        ("client", "Client", _clients()),
        ("payer", "Payer", [*_payers(), (NONE, "unknown payer")]),
        ("barrier", "Why it is open", list(BARRIERS.items())),
        ("category", "Category", list(CATEGORIES.items())),
        ("action", "Next action", list(ACTIONS.items())),
        ("team", "Team", list(TEAMS.items())),
        ("owner", "Owner", [*nobody, *_people()]),
        ("age", "Age, days since service", [(str(i), text) for i, text in enumerate(ages)]),
        ("project", "Project", _projects()),
    ]
    choices = []
    for name, title, known in sources:
        wanted = set(asked.getlist(name))
        choices.append(Choice(name, title, [(key, text, key in wanted) for key, text in known]))
    fields = {*(name for name, _, _ in sources), *(name for name, _ in (*_NUMBERS, *_WORDS, *_YES))}
    return Fields(
        choices,
        [(name, title, asked.get(name, "")) for name, title in _NUMBERS],
        [(name, title, asked.get(name, "")) for name, title in _WORDS],
        [(name, title, asked.get(name) == "1") for name, title in _YES],
        [
            (name, value)
            for name in PARAMETERS
            if name not in fields
            for value in asked.getlist(name)
            if value
        ],
    )


def _clients() -> Choices:
    found = Client.objects.order_by("code").values_list("code", "name")
    return [(code, f"{code} · {name}") for code, name in found]


def _payers() -> Choices:
    return list(Payer.objects.order_by("name").values_list("payer_id", "name"))


def _people() -> Choices:
    found = User.objects.filter(is_active=True).exclude(role="client_user").order_by("name")
    return [(str(pk), name) for pk, name in found.values_list("pk", "name")]


def _projects() -> Choices:
    found = Project.objects.filter(is_closed=False).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in found]
