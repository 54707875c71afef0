"""What a page was asked or told, from strings to values."""

from __future__ import annotations

from typing import Final

from django import forms
from django.http import QueryDict

from sanderling.clients.models import Client
from sanderling.codes.actions import RuleCodes, RuleMeaning, RuleScope
from sanderling.codes.listing import KINDS, CodeQuestion
from sanderling.codes.models import GROUPS, NATURES, PREVENTABLE, CodeRule
from sanderling.core.codes.names import Category, Nature, NextAction, Team
from sanderling.payers.models import Payer, PayerType

CODE_MAX: Final = 30
NOTE_MAX: Final = 1000
NATURE_TITLES: Final = {
    Nature.NORMAL: "normal reduction",
    Nature.DENIAL: "denial",
    Nature.PATIENT_SHARE: "patient share",
    Nature.INFORMATION: "information",
    Nature.PENDED: "pended",
    Nature.BY_AMOUNT: "by the amount",
}
AS_THE_TABLES_SAY: Final = ("", "as the tables say")

# A status has no adjustment around it; a remark's own page says the remark.
_NOT_OF_KIND: Final = {
    "status": ("group", "remark", "nature", "preventable"),
    "remark": ("remark",),
}


def words(name: str) -> str:
    """Return a name of ours as a person reads it: medical_necessity -> medical necessity."""
    return name.replace("_", " ")


class CodeFilterForm(forms.Form):
    """Which codes to list."""

    q = forms.CharField(label="Code or words", required=False, max_length=80)
    kind = forms.ChoiceField(
        label="Kind", choices=[("", "All kinds"), *KINDS.items()], required=False
    )
    category = forms.ChoiceField(
        label="Category",
        choices=[("", "All categories"), *((one.value, words(one.value)) for one in Category)],
        required=False,
    )
    used = forms.BooleanField(label="In our files", required=False)
    overridden = forms.BooleanField(label="With overrides", required=False)

    def question(self) -> CodeQuestion:
        """Return what was asked; a form with errors asks for everything."""
        asked = self.cleaned_data if self.is_valid() else {}
        return CodeQuestion(
            words=asked.get("q", ""),
            kind=asked.get("kind", ""),
            category=asked.get("category", ""),
            is_used=asked.get("used", False),
            is_overridden=asked.get("overridden", False),
        )


class DateInput(forms.DateInput):
    """A day picker that says days as 2026-03-05."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PayerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A payer, by name and id."""

    def label_from_instance(self, obj: Payer) -> str:
        """Return what the list shows."""
        return f"{obj.name} ({obj.payer_id})"


class ClientField(forms.ModelChoiceField):  # type: ignore[type-arg]  # as above
    """A client that the session may see, by name and code."""

    def label_from_instance(self, obj: Client) -> str:
        """Return what the list shows."""
        return f"{obj.name} ({obj.code})"


class RuleForm(forms.Form):
    """An override: for whom, what it says and why. `kind` and `code` come with the page."""

    kind = forms.ChoiceField(choices=KINDS.items(), widget=forms.HiddenInput())
    code = forms.CharField(max_length=CODE_MAX, widget=forms.HiddenInput())
    # Also one that no longer stands: who was slower is told so.
    replaces = forms.ModelChoiceField(
        CodeRule.objects.all(), required=False, widget=forms.HiddenInput()
    )
    payer_type = forms.ChoiceField(
        label="Type of payer", choices=[("", "All types"), *PayerType.choices], required=False
    )
    payer = PayerField(
        Payer.objects.order_by("name", "pk"), empty_label="All payers", required=False
    )
    client = ClientField(
        Client.objects.order_by("name", "pk"), empty_label="All clients", required=False
    )
    group = forms.ChoiceField(
        label="Group", choices=[("", "Any group"), *GROUPS.items()], required=False
    )
    remark = forms.CharField(label="Only with remark", required=False, max_length=CODE_MAX)
    category = forms.ChoiceField(
        choices=[AS_THE_TABLES_SAY, *((one.value, words(one.value)) for one in Category)],
        required=False,
    )
    nature = forms.ChoiceField(
        choices=[
            AS_THE_TABLES_SAY,
            *((one.value, f"{one.value}: {NATURE_TITLES[one]}") for one in NATURES),
        ],
        required=False,
        help_text="Explains only: what was posted stays as it is.",
    )
    next_action = forms.ChoiceField(
        label="Next action",
        choices=[AS_THE_TABLES_SAY, *((one.value, words(one.value)) for one in NextAction)],
        required=False,
    )
    team = forms.ChoiceField(
        choices=[AS_THE_TABLES_SAY, *((one.value, one.value) for one in Team)], required=False
    )
    preventable = forms.ChoiceField(
        choices=[AS_THE_TABLES_SAY, *PREVENTABLE.items()], required=False
    )
    valid_from = forms.DateField(label="Received from", required=False, widget=DateInput())
    valid_to = forms.DateField(label="Received until", required=False, widget=DateInput())
    note = forms.CharField(
        label="Why",
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A letter, a call, a manual. No patient data.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        kind = str(self.data.get("kind") or self.initial.get("kind"))
        for name in _NOT_OF_KIND.get(kind, ()):
            del self.fields[name]

    def scope(self) -> RuleScope:
        """Return for whom the override is."""
        told = self.cleaned_data
        return RuleScope(
            payer_id=told["payer"].pk if told["payer"] else None,
            payer_type=PayerType(told["payer_type"]) if told["payer_type"] else None,
            client_id=told["client"].pk if told["client"] else None,
        )

    def codes(self) -> RuleCodes:
        """Return about which codes it is."""
        told = self.cleaned_data
        kind, code = told["kind"], told["code"]
        return RuleCodes(
            group=told.get("group", ""),
            reason=code if kind == "reason" else "",
            remark=code if kind == "remark" else told.get("remark", ""),
            status=code if kind == "status" else "",
        )

    def meaning(self) -> RuleMeaning:
        """Return what the codes mean there."""
        told = self.cleaned_data
        return RuleMeaning(
            category=Category(told["category"]) if told["category"] else None,
            nature=Nature(told["nature"]) if told.get("nature") else None,
            next_action=NextAction(told["next_action"]) if told["next_action"] else None,
            team=Team(told["team"]) if told["team"] else None,
            preventable=told.get("preventable", ""),
            valid_from_date=told["valid_from"],
            valid_to_date=told["valid_to"],
        )


class EndForm(forms.Form):
    """Why an override ends."""

    note = forms.CharField(label="Why", max_length=NOTE_MAX)
