"""What the pages of tasks were asked or told, from strings to values."""

from __future__ import annotations

from typing import Final

from django import forms

from sanderling.core.barriers.words import team_title
from sanderling.core.codes.names import Team
from sanderling.tasks.checking import TEXT_MAX
from sanderling.tasks.inbox import ORDERS, STATES, WHOSE
from sanderling.tasks.kinds import KINDS

_TEAMS: Final = [(team.value, team_title(team.value)) for team in Team]


class InboxForm(forms.Form):
    """Which tasks to show; anything unknown is left out."""

    whose = forms.ChoiceField(choices=list(WHOSE.items()), required=False)
    team = forms.ChoiceField(choices=[("", "All"), *_TEAMS], required=False)
    state = forms.ChoiceField(choices=list(STATES.items()), required=False)
    order = forms.ChoiceField(choices=[(name, name) for name in ORDERS], required=False)
    page = forms.IntegerField(min_value=1, required=False)

    def asked(self, name: str, otherwise: str) -> str:
        """Return what was asked of one field; what is wrong or missing is `otherwise`."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or otherwise)


class QuestionForm(forms.Form):
    """A question to a team."""

    kind = forms.ChoiceField(
        label="What is needed", choices=[(key, kind.title) for key, kind in KINDS.items()]
    )
    team = forms.ChoiceField(
        label="Team",
        choices=[("", "The usual team for it"), *_TEAMS],
        required=False,
    )
    question = forms.CharField(
        label="Question",
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the team should find out or do."},
    )
    due_date = forms.DateField(
        label="Answer by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: the days that the team has.",
    )

    def team_asked(self) -> str:
        """Return the team, the usual one where none was chosen."""
        return str(self.cleaned_data["team"] or KINDS[self.cleaned_data["kind"]].team.value)


class AnswerForm(forms.Form):
    """A team's answer."""

    result = forms.ChoiceField(
        label="What came of it",
        choices=(),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of it."},
    )
    value = forms.CharField(label="", max_length=TEXT_MAX, required=False)
    text = forms.CharField(
        label="In words",
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    answers_all = forms.BooleanField(
        label="This answers all claims of the question", required=False
    )

    def __init__(self, *, kind: str, is_shared: bool, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # passed through
        results = KINDS[kind].results
        field = self.fields["result"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [
            (key, f"{one.title} ({one.value_label.lower()})" if one.value_label else one.title)
            for key, one in results.items()
        ]
        labels = [one.value_label for one in results.values() if one.value_label]
        if labels:
            self.fields["value"].label = labels[0]
        else:
            del self.fields["value"]
        if not is_shared:
            del self.fields["answers_all"]


class TextForm(forms.Form):
    """A question back, a reply, or why a question is withdrawn."""

    text = forms.CharField(max_length=TEXT_MAX, required=False)
