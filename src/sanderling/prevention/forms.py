"""What the pages of preventive actions are told."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import uuid4

from django import forms

from sanderling.accounts.models import User
from sanderling.clients.fields import ClientsField
from sanderling.clients.models import Client
from sanderling.core.barriers.words import CATEGORIES
from sanderling.core.trends.findings import ANY_OF
from sanderling.issues.forms import PersonField
from sanderling.payers.fields import PayerField
from sanderling.payers.models import Payer
from sanderling.prevention.models import Kind, Metric, PreventiveAction, RootCause, Team

WHYS: Final = 5
_CARC: Final = re.compile(r"[A-Z]{2}-[A-Z]?\d{1,3}|A\d:\d{1,3}")
_LONG: Final = {"rows": 2}
# Fields of the form that narrow what is counted.
SCOPE_FIELDS: Final = (
    *(
        "procedure",
        "code_family",
        "modifier",
        "category",
        "carc",
        "rarc",
        "provider",
        "location",
        "plan",
    ),
)


_ORDER: Final = (
    *("title", "problem", "root_cause", *(f"why_{at}" for at in range(1, WHYS + 1))),
    *("containment", "kind", "correction", "team", "owner", "due_date", "window_weeks"),
)


class ActionForm(forms.Form):
    """What is done so that something does not happen again."""

    title = forms.CharField(max_length=200, label="Title")
    problem = forms.CharField(
        max_length=2_000,
        label="Problem",
        help_text="What goes wrong, how often, since when. No patients' names.",
        widget=forms.Textarea(attrs=_LONG),
    )
    root_cause = forms.ChoiceField(choices=RootCause, label="Root cause")
    kind = forms.ChoiceField(choices=Kind, label="What is done")
    correction = forms.CharField(max_length=2_000, label="How", widget=forms.Textarea(attrs=_LONG))
    containment = forms.CharField(
        max_length=2_000,
        required=False,
        label="Until then",
        help_text="What keeps the damage small until it works.",
        widget=forms.Textarea(attrs=_LONG),
    )
    team = forms.ChoiceField(choices=Team, label="Owner team")
    owner = PersonField(
        queryset=User.objects.none(), required=False, label="Owner", empty_label="the team"
    )
    due_date = forms.DateField(label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    window_weeks = forms.IntegerField(
        min_value=4, max_value=26, initial=8, label="Verified over weeks"
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Form's
        for at in range(1, WHYS + 1):
            self.fields[f"why_{at}"] = forms.CharField(
                max_length=400, required=False, label="Why?" if at == 1 else "And why is that?"
            )
        self.order_fields(_ORDER)
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)  # noqa: S101 - declared above
        owner.queryset = (
            User.objects.filter(is_active=True).exclude(role="client_user").order_by("name")
        )

    def values(self) -> dict[str, Any]:
        """Return the fields of an action."""
        names = (
            *("title", "problem", "root_cause", "kind", "correction", "containment", "team"),
            *("owner", "due_date", "window_weeks"),
        )
        found = {name: self.cleaned_data[name] for name in names}
        whys = [self.cleaned_data[f"why_{at}"].strip() for at in range(1, WHYS + 1)]
        return {**found, "whys": [why for why in whys if why]}


class NewActionForm(ActionForm):
    """With what is counted: it does not change later."""

    clients = ClientsField(
        queryset=Client.objects.none(),
        label="Clients",
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text="Several with Ctrl. Who does not see all of them does not see the action.",
    )
    payer = PayerField(
        queryset=Payer.objects.none(), required=False, label="Payer", empty_label="any"
    )
    metric = forms.ChoiceField(choices=Metric, label="The rate that must fall")
    since_date = forms.DateField(
        required=False,
        label="The trouble began",
        help_text="Weeks before are not compared with. Empty: up to 26 weeks before the action.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    category = forms.ChoiceField(
        choices=[("", "any"), *CATEGORIES.items()], required=False, label="Kind of denial"
    )
    carc = forms.CharField(
        max_length=120, required=False, label="Reason", help_text="Group and code: CO-197."
    )
    rarc = forms.CharField(max_length=80, required=False, label="Remark")
    procedure = forms.CharField(max_length=80, required=False, label="Procedure")
    code_family = forms.CharField(
        max_length=40,
        required=False,
        label="Family of codes",
        help_text="As an issue names it: office_visits.",
    )
    modifier = forms.CharField(max_length=40, required=False, label="Modifier")
    provider = forms.CharField(max_length=10, required=False, label="Rendering NPI")
    location = forms.CharField(max_length=80, required=False, label="Place")
    plan = forms.CharField(max_length=80, required=False, label="Plan")

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        clients, payer = self.fields["clients"], self.fields["payer"]
        assert isinstance(clients, ClientsField)  # noqa: S101 - as above
        assert isinstance(payer, PayerField)  # noqa: S101
        clients.queryset = Client.objects.order_by("code")
        payer.queryset = Payer.objects.order_by("name")

    def clean_carc(self) -> str:
        """Return the reason as CO-197; several as an issue names them: CO-16 or CO-252."""
        told = [
            text.strip().upper().replace(" ", "-")
            for text in str(self.cleaned_data["carc"]).split(ANY_OF)
        ]
        if told != [""] and not all(_CARC.fullmatch(text) for text in told):
            raise forms.ValidationError("Write group and code, like CO-197.")
        return ANY_OF.join(told)

    def clean(self) -> dict[str, Any]:
        """Refuse lines where claims as a whole are counted."""
        values = super().clean() or self.cleaned_data
        if values.get("metric") == Metric.REJECTION:
            for name in ("procedure", "code_family", "modifier", "category", "rarc"):
                if values.get(name):
                    self.add_error(name, "Rejections are counted by claim; leave this empty.")
        return values

    def counted(self) -> dict[str, Any]:
        """Return what the rate counts."""
        values = self.cleaned_data
        return {
            "payer_id": values["payer"].pk if values["payer"] else None,
            "metric": values["metric"],
            "since_date": values["since_date"],
            "scope": {name: str(values[name]).strip() for name in SCOPE_FIELDS if values.get(name)},
        }


def first_values(**more: object) -> dict[str, object]:
    """Return initial values: the key makes a form sent twice one action."""
    return {"key": uuid4().hex, "window_weeks": 8, **more}


def filled_in(action: PreventiveAction) -> dict[str, object]:
    """Return the form's values of an action."""
    found: dict[str, object] = {
        name: getattr(action, name)
        for name in (
            *("title", "problem", "root_cause", "kind", "correction", "containment", "team"),
            *("owner", "due_date", "window_weeks"),
        )
    }
    return found | {f"why_{at}": why for at, why in enumerate(action.whys, start=1)}


class StepForm(forms.Form):
    """A step, from the state that the person saw."""

    from_state = forms.CharField()
    to_state = forms.CharField()
    note = forms.CharField(max_length=2_000, required=False)
    effective_date = forms.DateField(required=False)
