"""Forms of delivery: who gets a report, and when one is made by itself."""

from __future__ import annotations

from typing import Any

from django import forms

from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.core.report_schedules import BUSINESS_DAY_MAX
from sanderling.reports.delivery_models import Rhythm
from sanderling.reports.models import Definition
from sanderling.reports.recipients import Choice, addresses_in
from sanderling.reports.schedules import WEEKDAYS


class ChoiceForm(forms.Form):
    """Who gets a report."""

    to_client_users = forms.BooleanField(
        required=False, label="All of the client's own people (by log-in)"
    )
    addresses = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "ann@practice.com"}),
        label="Other addresses, one a line (by a link that ends after 30 days)",
    )
    attaches_pdf = forms.BooleanField(required=False, label="Attach the PDF")

    def __init__(self, *args: Any, choice: Choice | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        if choice is not None:
            kwargs["initial"] = {
                "to_client_users": choice.to_client_users,
                "addresses": "\n".join(choice.addresses),
                "attaches_pdf": choice.attaches_pdf,
                **kwargs.get("initial", {}),
            }
        super().__init__(*args, **kwargs)

    def clean_addresses(self) -> tuple[str, ...]:
        """Return the addresses, each once."""
        try:
            return addresses_in(self.cleaned_data["addresses"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from None

    def choice(self) -> Choice:
        """Return what was chosen, of a valid form."""
        values = self.cleaned_data
        return Choice(values["to_client_users"], values["addresses"], values["attaches_pdf"])


class ScheduleForm(ChoiceForm):
    """Which report is made by itself, of which clients, when, and for whom."""

    definition = forms.ModelChoiceField(queryset=Definition.objects.none(), label="Report")
    clients = forms.ModelMultipleChoiceField(
        queryset=Client.objects.none(),
        label="Clients",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    rhythm = forms.ChoiceField(choices=Rhythm.choices, label="How often")
    business_day = forms.TypedChoiceField(
        choices=[(day, str(day)) for day in range(1, BUSINESS_DAY_MAX + 1)],
        coerce=int,
        initial=3,
        label="Business day of the month",
    )
    weekday = forms.TypedChoiceField(
        choices=list(enumerate(WEEKDAYS)), coerce=int, initial=0, label="Day of the week"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        self.fields["definition"].queryset = Definition.objects.filter(  # type: ignore[attr-defined]  # a model's field
            is_archived=False
        ).order_by("name", "pk")
        self.fields["clients"].queryset = Client.objects.order_by("code")  # type: ignore[attr-defined]  # as above

    @property
    def day(self) -> int:
        """Return the chosen day, of a valid form."""
        values = self.cleaned_data
        is_weekly = values["rhythm"] == Rhythm.WEEKLY
        return int(values["weekday"] if is_weekly else values["business_day"])
