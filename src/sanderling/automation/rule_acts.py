"""What a rule can do, in words; and which events that raises, which other rules may wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.core.barriers.words import team_title

HOWS: Final[Mapping[str, str]] = {
    "user": "one person",
    "turns": "in turns",
    "least": "whoever has least",
}
# In the order in which they are done: kind -> events it raises.
RAISES: Final[Mapping[str, tuple[str, ...]]] = {
    "assign": ("item.assigned",),
    "follow_up": (),
    "tag": (),
    "status_inquiry": (),
    "request_documents": ("task.created", "activity.recorded", "item.changed"),
    "hand_to_team": ("task.created", "activity.recorded", "item.changed"),
    "escalate": ("item.escalated",),
    "notify": (),
}
Act = Mapping[str, Any]


def acts_in_words(acts: Sequence[Act]) -> str:
    """Return what a rule does: assign in turns to Sam and Lena; tag “vip”."""
    names = {
        user.pk: user.name
        for user in User.objects.filter(pk__in=[pk for act in acts for pk in act.get("users", ())])
    }
    return "; ".join(_words(act, names) for act in acts)


def _words(act: Act, names: Mapping[int, str]) -> str:
    people = ", ".join(names.get(pk, "somebody who is gone") for pk in act.get("users", ()))
    kind = act["kind"]
    if kind == "assign":
        how = {"user": "to", "turns": "in turns to", "least": "to whoever has least of"}[act["how"]]
        return f"assign {how} {people}"
    if kind == "notify":
        told = ["the owner"] if act.get("owner") else []
        told += [f"every {Role(role).label.lower()}" for role in act.get("roles", ())]
        return "notify " + ", ".join([*told, *([people] if people else [])])
    return _PLAIN[kind](act)


_PLAIN: Final[Mapping[str, Callable[[Act], str]]] = {
    "follow_up": lambda act: (
        f"follow up in {act['days']} business day{'' if act['days'] == 1 else 's'}"
    ),
    "tag": lambda act: f"tag “{act['tags']}”",
    "status_inquiry": lambda _: "ask the payer for the status",
    "request_documents": lambda _: "ask the client for documents",
    "hand_to_team": lambda act: f"hand to {team_title(act['team'])}",
    "escalate": lambda act: f"escalate to level {act['level']}",
}


def raised_by(acts: Sequence[Act]) -> set[str]:
    """Return the kinds of event that these acts may raise."""
    return {kind for act in acts for kind in RAISES[act["kind"]]}
