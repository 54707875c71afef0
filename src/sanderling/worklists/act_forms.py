"""Forms of bulk acts: one a kind, with the claims that it is about and the key of one sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from django import forms

from sanderling.accounts.models import User
from sanderling.accounts.roles import PERMISSIONS
from sanderling.core.document_kinds import DOCUMENT_KINDS
from sanderling.core.followup.ladder import LADDER
from sanderling.worklists.act_work import PEND_BUSINESS_DAYS, TAG_CHARACTERS_MAX
from sanderling.worklists.models import Project
from sanderling.writeoffs.reasons import REASONS

_DAYS: Final = [("1", "+1"), ("3", "+3"), ("7", "+7"), ("14", "+14"), ("", "on a day:")]
_TEXT: Final = {"rows": 3, "maxlength": 10_000, "autofocus": True}


class ActForm(forms.Form):
    """What every act's form has; the fields of a kind are added by `act_form`."""

    kind = forms.CharField(widget=forms.HiddenInput)
    ids = forms.CharField(widget=forms.HiddenInput, required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    next = forms.CharField(widget=forms.HiddenInput, required=False)

    def parameters(self) -> dict[str, Any]:
        """Return what the act is told, less what every form has."""
        own = ("kind", "ids", "key", "next")
        return {name: value for name, value in self.cleaned_data.items() if name not in own}

    def add_faults(self, faults: list[tuple[str, str]]) -> None:
        """Show each fault at its field, or above the form when it has none."""
        for name, message in faults:
            self.add_error(
                name if name in self.fields else None, message[:1].upper() + message[1:] + "."
            )


def act_form(
    kind: str, user: User, *, data: Mapping[str, Any] | None = None, initial: Mapping[str, Any]
) -> ActForm:
    """Return the form of a kind, bound to `data` when there is some."""
    form = ActForm(data=data, initial={"kind": kind, "key": uuid4().hex, **initial})
    form.fields.update(FIELDS[kind](user) if kind in FIELDS else {})
    return form


def _assign(user: User) -> dict[str, forms.Field]:
    choices = [(str(user.pk), f"{user.name} (me)"), ("", "nobody")]
    if user.may("claims.assign"):
        roles = [role for role, held in PERMISSIONS.items() if "claims.work" in held]
        others = User.objects.filter(is_active=True, role__in=roles).exclude(pk=user.pk)
        named = others.order_by("name").values_list("pk", "name")
        choices += [(str(pk), name) for pk, name in named]
    return {
        "assignee": forms.ChoiceField(
            label="Owner",
            choices=choices,
            required=False,
            widget=forms.Select(attrs={"autofocus": True}),
        )
    }


def _day(first: str) -> dict[str, forms.Field]:
    return {
        "business_days": forms.ChoiceField(
            label="Business days from today",
            choices=_DAYS,
            required=False,
            initial=first,
            widget=forms.RadioSelect,
        ),
        "date": forms.DateField(
            label="Day",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
            error_messages={"invalid": "Write a day like 2026-03-05."},
        ),
    }


def _note(_user: User) -> dict[str, forms.Field]:
    return {
        "note": forms.CharField(label="Note", widget=forms.Textarea(attrs=_TEXT)),
        "date": forms.DateField(
            label="Follow up on",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
            help_text="Empty: the day stays as it is.",
        ),
    }


def _tags(_user: User) -> dict[str, forms.Field]:
    return {
        "tags": forms.CharField(
            label="Tags",
            help_text=f"With commas between, up to {TAG_CHARACTERS_MAX} characters each."
            " No names of patients.",
            widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        )
    }


def _project(_user: User) -> dict[str, forms.Field]:
    found = Project.objects.filter(is_closed=False).order_by("name").values_list("pk", "name")
    return {
        "project": forms.ChoiceField(
            label="Project",
            choices=[("", "a new one:"), *((str(pk), name) for pk, name in found)],
            required=False,
            widget=forms.Select(attrs={"autofocus": True}),
        ),
        "name": forms.CharField(label="Name of a new project", required=False, max_length=120),
    }


def _documents(_user: User) -> dict[str, forms.Field]:
    return {
        "documents": forms.MultipleChoiceField(
            label="Of each claim",
            choices=list(DOCUMENT_KINDS.items()),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        ),
        "question": forms.CharField(
            label="What for (the client reads it)",
            widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2_000, "autofocus": True}),
        ),
        "date": forms.DateField(
            label="Needed by",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
            help_text="Empty: within the days that clients have.",
        ),
        "mails": forms.BooleanField(
            label="Send the client a mail with a link for the upload",
            required=False,
            initial=True,
        ),
    }


def _write_off(_user: User) -> dict[str, forms.Field]:
    return {
        "reason": forms.ChoiceField(
            label="Why",
            choices=[("", "Choose a reason"), *REASONS.items()],
            widget=forms.Select(attrs={"autofocus": True}),
            error_messages={"required": "Choose why they are written off."},
        ),
        "note": forms.CharField(
            label="Note",
            required=False,
            widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4_000}),
            help_text="All that is owed on each is requested; somebody else approves it.",
        ),
    }


def _transfer(_user: User) -> dict[str, forms.Field]:
    return {
        "note": forms.CharField(
            label="Note",
            required=False,
            widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4_000, "autofocus": True}),
            help_text="Of each what its payer leaves to the patient (group PR) and is still open;"
            " somebody else approves what was denied.",
        )
    }


def _step(rungs: list[tuple[str, str]]) -> dict[str, forms.Field]:
    return {
        "level": forms.ChoiceField(label="To", choices=rungs, required=False),
        "reason": forms.CharField(
            label="Why", max_length=500, widget=forms.TextInput(attrs={"autofocus": True})
        ),
    }


_RUNGS: Final = [(str(rung.level), f"{rung.level}: {rung.title}") for rung in LADDER]
FIELDS: Final[Mapping[str, Callable[[User], dict[str, forms.Field]]]] = {
    "assign": _assign,
    "defer": lambda _user: _day("7"),
    "pend": lambda _user: _day(str(PEND_BUSINESS_DAYS)),
    "note": _note,
    "tag": _tags,
    "untag": _tags,
    "project": _project,
    "request_documents": _documents,
    "write_off": _write_off,
    "transfer": _transfer,
    "escalate": lambda _user: _step([("", "one level up"), *_RUNGS[1:]]),
    "de_escalate": lambda _user: _step(_RUNGS[:-1]),
}
