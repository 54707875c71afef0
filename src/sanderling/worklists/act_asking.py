"""Acts that ask others about the claims: the client for documents, a higher rung for help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.document_kinds import DOCUMENT_KINDS, OTHER
from sanderling.core.followup.ladder import LEVEL_MAX, level_title
from sanderling.core.refusal import Refusal
from sanderling.followup.content import clean_text
from sanderling.followup.escalations import TEXT_CHARACTERS_MAX, de_escalate, escalate
from sanderling.tasks.actions import create_tasks
from sanderling.tasks.checking import CLAIMS_MAX
from sanderling.tasks.kinds import DOCUMENTS
from sanderling.tasks.models import UNDONE, Task
from sanderling.worklists.act_parts import (
    DAY_COLUMNS,
    Added,
    Faults,
    InvalidParameters,
    Kind,
    Values,
    Who,
    claims_text,
    counted,
    read_number,
    read_optional_day,
)
from sanderling.worklists.targets import Target

# Documents from the client.


def _clean_documents(parameters: Mapping[str, Any], who: Who) -> Values:
    """Read the question, the kinds wanted of each claim, and how the client hears of it.

    `mails`: it gets a mail; `by_portal`: none where it has people in the portal, told there.
    `wanted` (kind, text and origin of each document) says it instead of `documents` where another
    room asks, an appeal for its checklist.
    """
    question = clean_text(str(parameters.get("question") or ""))
    if not question:
        raise InvalidParameters(("question", "write which documents are needed, and for what"))
    kinds = parameters.get("documents") or []
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if not set(kinds) <= set(DOCUMENT_KINDS):
        raise InvalidParameters(("documents", f"choose some of {', '.join(DOCUMENT_KINDS)}"))
    wanted = parameters.get("wanted") or [{"kind": kind} for kind in kinds or [OTHER]]
    return {
        "question": question,
        "day": read_optional_day(parameters, who),
        "wanted": wanted,
        "is_mailed": bool(parameters.get("mails", True)),
        "by_portal": bool(parameters.get("by_portal", False)),
    }


def _fault_documents(target: Target, _values: Values, _who: Who) -> str:
    return "is a credit balance: no document is needed" if target.is_credit else ""


def _add_documents(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    """Ask each client one question about all its claims: one answer can answer all.

    A rule does not ask again while the client has a question about documents of the claim.
    """
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in targets])
    asked: set[tuple[int, int]] = set()
    if who.user is None:
        waiting = Task.objects.filter(
            claim_id__in=claims, team=Team.CLIENT, kind=DOCUMENTS, state__in=UNDONE
        )
        asked = set(waiting.values_list("claim_id", "party"))
    of_client: dict[int, list[Target]] = {}
    for one in targets:
        if (one.claim_id, one.party) not in asked:
            of_client.setdefault(one.client_id, []).append(one)
    added: Added = {}
    for theirs in of_client.values():
        tasks = create_tasks(
            claims=[(claims[one.claim_id], one.party) for one in theirs],
            team=Team.CLIENT,
            kind=DOCUMENTS,
            question=values["question"],
            due_date=values["day"],
            asked_by=who.user,
            at=who.at,
            details={name: values[name] for name in ("wanted", "is_mailed", "by_portal")},
        )
        pairs = zip(theirs, tasks, strict=True)
        added |= {one.item_id: [["task", task.pk]] for one, task in pairs}
    return added, {
        one.item_id: "waits for documents of the client already"
        for one in targets
        if (one.claim_id, one.party) in asked
    }


# The ladder.


def _clean_step(parameters: Mapping[str, Any], _who: Who) -> Values:
    reason = clean_text(str(parameters.get("reason") or ""))
    level = read_number(parameters.get("level"), "level")
    if not reason:
        raise InvalidParameters(("reason", "write why"))
    if len(reason) > TEXT_CHARACTERS_MAX:
        raise InvalidParameters(("reason", f"at most {TEXT_CHARACTERS_MAX} characters"))
    if level is not None and not 0 <= level <= LEVEL_MAX:
        raise InvalidParameters(("level", "choose a rung of the ladder"))
    return {"reason": reason, "level": level}


def _fault_up(target: Target, values: Values, _who: Who) -> str:
    level = _level_up(target, values)
    return "" if target.escalation_level < level <= LEVEL_MAX else "is as high or higher already"


def _fault_down(target: Target, values: Values, _who: Who) -> str:
    if not target.escalation_level:
        return "is not escalated"
    return "" if (values["level"] or 0) < target.escalation_level else "is as low or lower already"


def _level_up(target: Target, values: Values) -> int:
    return target.escalation_level + 1 if values["level"] is None else int(values["level"])


def _add_up(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    return one_by_one(
        targets,
        "escalation",
        lambda claim, one: (
            escalate(
                claim=claim,
                party=one.party,
                level=_level_up(one, values),
                reason=values["reason"],
                user=who.user,
                at=who.at,
            ).pk
        ),
    )


def _add_down(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    return one_by_one(
        targets,
        "escalation",
        lambda claim, one: (
            de_escalate(
                claim=claim,
                party=one.party,
                level=values["level"] or 0,
                reason=values["reason"],
                user=who.user,
                at=who.at,
            ).pk
        ),
    )


def _words_up(count: int, values: Values) -> str:
    if values["level"] is None:
        return f"Escalated {claims_text(count)} by one level"
    return f"Escalated {claims_text(count)} to {level_title(values['level']).lower()}"


def one_by_one(
    targets: Sequence[Target], kind: str, add: Callable[[Claim, Target], int]
) -> tuple[Added, Faults]:
    """Add something to each item by itself; one that is refused leaves nothing behind."""
    claims = Claim.objects.select_related("client").in_bulk([one.claim_id for one in targets])
    added: Added = {}
    faults: Faults = {}
    for one in targets:
        try:
            with transaction.atomic():
                added[one.item_id] = [[kind, add(claims[one.claim_id], one)]]
        except Refusal as refusal:
            faults[one.item_id] = f"was refused: {refusal}"
    return added, faults


ASKING_KINDS: Final[Mapping[str, Kind]] = {
    "request_documents": Kind(
        "Ask the client for documents",
        counted("Asked the client for documents about {claims}"),
        clean=_clean_documents,
        fault=_fault_documents,
        columns=DAY_COLUMNS,
        add=_add_documents,
        items_max=CLAIMS_MAX,
    ),
    "escalate": Kind(
        "Escalate",
        _words_up,
        clean=_clean_step,
        fault=_fault_up,
        add=_add_up,
        items_max=CLAIMS_MAX,
    ),
    "de_escalate": Kind(
        "De-escalate",
        counted("De-escalated {claims}"),
        clean=_clean_step,
        fault=_fault_down,
        add=_add_down,
        items_max=CLAIMS_MAX,
    ),
}
