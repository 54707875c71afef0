"""Acts on the work itself: who has it, when it is due, its marks, what is noted and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

from sanderling.accounts.models import User
from sanderling.followup.content import NOTE_CHARACTERS_MAX, clean_note, clean_text
from sanderling.followup.many import record_many
from sanderling.worklists.act_parts import (
    DAY_COLUMNS,
    Added,
    Faults,
    InvalidParameters,
    Kind,
    NotAllowed,
    Values,
    Who,
    claims_text,
    counted,
    read_day,
    read_number,
    read_optional_day,
)
from sanderling.worklists.inquiries import queue_inquiries
from sanderling.worklists.models import Project
from sanderling.worklists.targets import Target

PEND_BUSINESS_DAYS: Final = 3
TAGS_MAX: Final = 10
TAG_CHARACTERS_MAX: Final = 40
NAME_CHARACTERS_MAX: Final = 120


# Assigning.


def _clean_assign(parameters: Mapping[str, Any], who: Who) -> Values:
    assignee_id = read_number(parameters.get("assignee"), "assignee")
    if assignee_id is None:
        return {"assignee": None, "name": "", "clients": set()}
    assignee = User.objects.filter(pk=assignee_id, is_active=True).first()
    if assignee is None or not assignee.may("claims.work"):
        raise InvalidParameters(("assignee", "choose somebody who works claims"))
    if who.user is not None and assignee.pk != who.user.pk and not who.may("claims.assign"):
        raise NotAllowed("only leads assign to others; take the claims yourself, or ask your lead")
    with connection.cursor() as cursor:
        cursor.execute("SELECT sanderling_clients_of(%s)", [assignee.pk])
        clients = set(cursor.fetchone()[0] or ())
    return {"assignee": assignee.pk, "name": assignee.name, "clients": clients}


def _fault_assign(target: Target, values: Values, who: Who) -> str:
    if target.assignee_id == values["assignee"]:
        name = target.assignee_name
        return f"is {name}'s already" if target.assignee_id else "has no owner"
    if values["assignee"] and target.client_id not in values["clients"]:
        return f"{values['name']} does not see client {target.client_code}"
    owners = {None} if who.user is None else {None, who.user.pk}
    if target.assignee_id not in owners and not who.may("claims.assign"):
        return f"is {target.assignee_name}'s: ask your lead"
    return ""


def _words_assign(count: int, values: Values) -> str:
    if values["assignee"] is None:
        return f"Took the owner off {claims_text(count)}"
    return f"Assigned {claims_text(count)} to {values['name']}"


# Days: deferring and pending.


def _clean_day(parameters: Mapping[str, Any], who: Who) -> Values:
    return {"day": read_day(parameters, who, default_days=None)}


def _clean_pend(parameters: Mapping[str, Any], who: Who) -> Values:
    day = read_day(parameters, who, default_days=PEND_BUSINESS_DAYS)
    if day <= who.today:
        raise InvalidParameters(("date", "choose a day after today"))
    return {"day": day, "owner": who.user.pk if who.user else None}


def _fault_day(target: Target, values: Values, who: Who) -> str:
    deadline = target.deadline_date
    if deadline and not target.is_deadline_met and who.today <= deadline < values["day"]:
        return f"its deadline {deadline.isoformat()} comes before that day"
    return ""


def _fault_unpend(target: Target, _values: Values, _who: Who) -> str:
    return "" if target.is_pended else "is not pended"


# What is written down.


def _clean_note(parameters: Mapping[str, Any], who: Who) -> Values:
    note = clean_note(str(parameters.get("note") or ""))
    if not note:
        raise InvalidParameters(("note", "write what is to be remembered"))
    if len(note) > NOTE_CHARACTERS_MAX:
        raise InvalidParameters(("note", f"at most {NOTE_CHARACTERS_MAX} characters"))
    return {"note": note, "day": read_optional_day(parameters, who)}


def _add_note(targets: Sequence[Target], values: Values, who: Who) -> tuple[Added, Faults]:
    return _activities(
        targets,
        record_many(
            claims=[(one.claim_id, one.client_id) for one in targets],
            activity_date=who.today,
            channel="internal",
            action="wait",
            outcome="other",
            at=who.at,
            user=who.user,
            next_date=values["day"],
            note=values["note"],
        ),
    ), {}


def _activities(targets: Sequence[Target], added: dict[int, int]) -> Added:
    """Say for each item which activity its claim got; the first item of a claim names it."""
    left = dict(added)
    named: Added = {}
    for one in targets:
        if one.claim_id in added:
            pk = left.pop(one.claim_id, None)
            named[one.item_id] = [["activity", pk]] if pk is not None else []
    return named


def _clean_tags(parameters: Mapping[str, Any], _who: Who) -> Values:
    given = parameters.get("tags") or ()
    parts = given.split(",") if isinstance(given, str) else given
    tags = sorted({clean_text(str(part)).lower() for part in parts} - {""})
    if not tags:
        raise InvalidParameters(("tags", "write a tag, or several with commas between"))
    if len(tags) > TAGS_MAX or any(len(tag) > TAG_CHARACTERS_MAX for tag in tags):
        raise InvalidParameters(
            ("tags", f"at most {TAGS_MAX} tags of {TAG_CHARACTERS_MAX} characters each")
        )
    return {"tags": tags}


def _fault_tag(target: Target, values: Values, _who: Who) -> str:
    if set(values["tags"]) <= set(target.tags):
        return "has the tag already"
    if len(set(values["tags"]) | set(target.tags)) > TAGS_MAX:
        return f"would have more than {TAGS_MAX} tags"
    return ""


def _fault_untag(target: Target, values: Values, _who: Who) -> str:
    return "" if set(values["tags"]) & set(target.tags) else "does not have the tag"


def _clean_project(parameters: Mapping[str, Any], who: Who) -> Values:
    chosen = read_number(parameters.get("project"), "project")
    name = clean_text(str(parameters.get("name") or ""))
    if chosen is None and not name:
        raise InvalidParameters(("project", "choose a project, or name a new one"))
    if len(name) > NAME_CHARACTERS_MAX:
        raise InvalidParameters(("name", f"at most {NAME_CHARACTERS_MAX} characters"))
    if chosen is not None:
        project = Project.objects.filter(pk=chosen, is_closed=False).first()
        if project is None:
            raise InvalidParameters(("project", "choose a project that is open"))
    else:
        project, _ = Project.objects.get_or_create(
            name=name, is_closed=False, defaults={"owner": who.user, "created_at": who.at}
        )
    return {"project": project.pk, "name": project.name}


def _fault_project(target: Target, values: Values, _who: Who) -> str:
    return "is in the project already" if target.project_id == values["project"] else ""


# Asking the payer.


def _fault_inquiry(target: Target, _values: Values, _who: Who) -> str:
    if target.is_credit:
        return "is a credit balance: there is no payment to ask for"
    if target.is_patients:
        return "is owed by the patient: there is no payer to ask"
    if target.payer_id is None:
        return "has no known payer to ask"
    return "waits for a status inquiry already" if target.has_inquiry else ""


def _add_inquiries(targets: Sequence[Target], _values: Values, who: Who) -> tuple[Added, Faults]:
    queued = queue_inquiries(targets, user=who.user, at=who.at)
    return {item_id: [["status_inquiry", pk]] for item_id, pk in queued.items()}, {}


_OWNER: Final = ("assignee_id", "assigned_at")
WORK_KINDS: Final[Mapping[str, Kind]] = {
    "assign": Kind(
        "Assign",
        _words_assign,
        clean=_clean_assign,
        fault=_fault_assign,
        columns=_OWNER,
        sets="assignee_id = %(assignee)s,"
        " assigned_at = CASE WHEN %(assignee)s::int IS NULL THEN NULL ELSE %(at)s END",
    ),
    "defer": Kind(
        "Follow up on",
        lambda count, values: f"Put {claims_text(count)} to {values['day'].isoformat()}",
        clean=_clean_day,
        fault=_fault_day,
        columns=DAY_COLUMNS,
        sets="follow_up_date = %(day)s, is_pended = false",
    ),
    "pend": Kind(
        "Pend",
        lambda count, values: f"Pended {claims_text(count)} until {values['day'].isoformat()}",
        clean=_clean_pend,
        fault=_fault_day,
        columns=(*DAY_COLUMNS, *_OWNER),
        sets="follow_up_date = %(day)s, is_pended = true,"
        " assigned_at = CASE WHEN assignee_id IS NULL AND %(owner)s::int IS NOT NULL THEN %(at)s"
        "                    ELSE assigned_at END,"
        " assignee_id = coalesce(assignee_id, %(owner)s)",
    ),
    "unpend": Kind(
        "Take back from pend",
        counted("Took {claims} back from pend"),
        fault=_fault_unpend,
        columns=DAY_COLUMNS,
        sets="follow_up_date = NULL, is_pended = false",
    ),
    "note": Kind(
        "Note",
        counted("Wrote a note on {claims}"),
        clean=_clean_note,
        add=_add_note,
        columns=DAY_COLUMNS,
    ),
    "tag": Kind(
        "Tag",
        lambda count, values: f"Tagged {claims_text(count)}: {', '.join(values['tags'])}",
        clean=_clean_tags,
        fault=_fault_tag,
        columns=("tags",),
        sets="tags = ARRAY(SELECT DISTINCT t FROM unnest(tags || %(tags)s::text[]) AS t"
        " ORDER BY t)",
    ),
    "untag": Kind(
        "Take a tag off",
        lambda count, values: f"Took a tag off {claims_text(count)}: {', '.join(values['tags'])}",
        clean=_clean_tags,
        fault=_fault_untag,
        columns=("tags",),
        sets="tags = ARRAY(SELECT t FROM unnest(tags) AS t"
        " WHERE NOT t = ANY (%(tags)s::text[]) ORDER BY t)",
    ),
    "status_inquiry": Kind(
        "Ask for the status",
        counted("Queued a status inquiry for {claims}"),
        fault=_fault_inquiry,
        add=_add_inquiries,
    ),
    "project": Kind(
        "Add to project",
        lambda count, values: f"Added {claims_text(count)} to project {values['name']}",
        clean=_clean_project,
        fault=_fault_project,
        columns=("project_id",),
        sets="project_id = %(project)s",
    ),
}
