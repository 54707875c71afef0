"""Forms of the audit search: strings to a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from sanderling.accounts.models import User
from sanderling.audit.searching import Question, known_values
from sanderling.clients.queries import client_choices

KINDS: Final = (
    ("", "Everything"),
    ("look", "Looks only"),
    ("change", "Changes only"),
    ("log_in", "Log-ins only"),
)


class SearchForm(forms.Form):
    """Who, what, which client, which days."""

    actor = forms.ChoiceField(required=False, label="Who")
    action = forms.ChoiceField(required=False, label="What")
    kind = forms.ChoiceField(required=False, choices=KINDS, label="Kind")
    client = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Client")
    from_date = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    to_date = forms.DateField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )
    subject = forms.CharField(
        required=False, max_length=100, label="Subject",
        widget=forms.TextInput(attrs={"placeholder": "file 17"}),
    )  # fmt: skip
    of = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.fields["actor"].choices = _actors()  # type: ignore[attr-defined]  # as declared
        self.fields["action"].choices = _actions()  # type: ignore[attr-defined]  # as declared
        self.fields["client"].choices = [  # type: ignore[attr-defined]  # as declared
            ("", "Any client"),
            *client_choices(),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse days the wrong way round."""
        values = super().clean() or {}
        begins, ends = values.get("from_date"), values.get("to_date")
        if begins and ends and begins > ends:
            self.add_error("to_date", "This day is before the first.")
        return values

    def question(self, claim_ids: tuple[int, ...] | None) -> Question:
        """Return what is asked, once the form is valid."""
        values = self.cleaned_data
        kind, _, identifier = " ".join(values["subject"].split()).partition(" ")
        return Question(
            actor=values["actor"],
            action=values["action"],
            client_id=values["client"],
            claim_ids=claim_ids,
            from_date=values["from_date"],
            to_date=values["to_date"],
            subject_kind=kind,
            subject_id=identifier,
            kind=values["kind"],
        )

    def asked(self) -> dict[str, int | str]:
        """Return the filters that are set, for the trail: keys and days, no words of a person."""
        return {
            name: value if isinstance(value, int) else str(value)
            for name, value in self.cleaned_data.items()
            if value not in ("", None) and name != "subject"
        }


class PatientForm(forms.Form):
    """Whose claims: read from a POST, never from an address."""

    text = forms.CharField(
        max_length=200, label="Patient or claim",
        widget=forms.TextInput(
            attrs={"placeholder": "Last name, first name · member id · claim number",
                   "autocomplete": "off"}
        ),
    )  # fmt: skip
    birth_date = forms.DateField(
        required=False, label="Born on", widget=forms.DateInput(attrs={"type": "date"})
    )


def _actors() -> list[tuple[str, Any]]:
    """Return people by name, then everything else that acts."""
    names = {
        f"user:{pk}": name for pk, name in User.objects.order_by("name").values_list("pk", "name")
    }
    known = set(known_values("actor"))
    people = list(names.items())
    others = sorted(actor for actor in known if actor not in names)
    return [("", "Anybody"), ("People", people), ("Commands and jobs", [(a, a) for a in others])]


def _actions() -> list[tuple[str, Any]]:
    """Return the actions that occur, by their noun."""
    nouns: dict[str, list[tuple[str, str]]] = {}
    for action in known_values("action"):
        noun = action.partition(".")[0]
        nouns.setdefault(noun, [(f"{noun}.", f"{noun}: everything")]).append((action, action))
    return [("", "Anything"), *nouns.items()]
