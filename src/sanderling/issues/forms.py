"""What the pages of issues are told."""

from __future__ import annotations

from typing import Final

from django import forms

from sanderling.accounts.models import User
from sanderling.core.barriers.words import team_title
from sanderling.core.codes.names import Team

TEAMS: Final = [(team.value, team_title(team.value)) for team in Team]


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no class at run time
    """A choice of one person by name."""

    def label_from_instance(self, obj: User) -> str:
        """Return the name."""
        return obj.name


class StepForm(forms.Form):
    """A step: from the state that the person saw."""

    from_state = forms.CharField(widget=forms.HiddenInput)
    to_state = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=2_000, required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2})
    )


class HandOverForm(forms.Form):
    """Who sees to it."""

    owner = PersonField(
        queryset=User.objects.none(), required=False, label="Owner", empty_label="nobody"
    )
    team = forms.ChoiceField(choices=TEAMS, label="Team")

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Form's
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)  # noqa: S101 - declared above
        people = User.objects.filter(is_active=True).exclude(role="client_user")
        owner.queryset = people.order_by("name")


class AskForm(forms.Form):
    """A question to a team about the open claims of one client."""

    ids = forms.CharField(widget=forms.HiddenInput)
    team = forms.ChoiceField(choices=TEAMS, label="Team")
    question = forms.CharField(
        max_length=4_000,
        label="Question",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the team should find out or do."},
    )

    def items(self) -> list[int]:
        """Return the ids of the work items."""
        texts = str(self.data.get("ids", "")).split(",")
        return sorted({int(text) for text in texts if text.strip().isdecimal()})
