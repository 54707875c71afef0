"""The form of a portal: strings to values, nothing more."""

from __future__ import annotations

from typing import Any

from django import forms

from sanderling.accounts.secrets import HELP
from sanderling.payers.models import Payer
from sanderling.portals.adapters import adapters
from sanderling.portals.models import Portal

_BY_HAND = ("", "none: people look, by hand")


class PortalForm(forms.Form):
    """A portal, whose claims it shows, who logs in, and how politely."""

    name = forms.CharField(max_length=80)
    url = forms.CharField(
        max_length=300, label="Log-in page", help_text="Without a claim's data in it."
    )
    payers = forms.TypedMultipleChoiceField(
        coerce=int, required=False, help_text="Whose claims are looked up here."
    )
    adapter = forms.ChoiceField(required=False, label="Worked by")
    user_reference = forms.CharField(
        max_length=200, required=False, label="Where the user name is", help_text=f"{HELP}."
    )
    password_reference = forms.CharField(
        max_length=200, required=False, label="Where the password is", help_text=f"{HELP}."
    )
    looks_per_minute = forms.IntegerField(
        min_value=1, max_value=60, initial=6, label="Look-ups a minute, at most"
    )
    looks_per_day = forms.IntegerField(
        min_value=0,
        max_value=100_000,
        initial=500,
        label="Look-ups a day, at most",
        help_text="What the payer's terms of use allow.",
    )
    hours_from = forms.IntegerField(
        min_value=0, max_value=23, initial=0, label="From hour", help_text="UTC, 0 to 23."
    )
    hours_to = forms.IntegerField(
        min_value=1, max_value=24, initial=24, label="To hour", help_text="UTC, 1 to 24."
    )
    how_to = forms.CharField(
        max_length=2_000,
        required=False,
        label="How to",
        help_text="Where the claim status is, what the payer's people want to hear.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_on = forms.BooleanField(required=False, initial=True, label="Look-ups are on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base takes anything
        super().__init__(*args, **kwargs)
        choice = self.fields["adapter"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - for the type checker
        choice.choices = [_BY_HAND, *((one.key, one.title) for one in adapters().values())]
        payers = self.fields["payers"]
        assert isinstance(payers, forms.ChoiceField)  # noqa: S101 - for the type checker
        payers.choices = [
            (pk, f"{name} ({payer_id})")
            for pk, name, payer_id in Payer.objects.order_by("name").values_list(
                "pk", "name", "payer_id"
            )
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse hours that end before they begin."""
        values = super().clean() or {}
        if values.get("hours_from", 0) >= values.get("hours_to", 24):
            self.add_error("hours_to", "must be after the first hour")
        return values


def form_of(portal: Portal) -> PortalForm:
    """Return the form of a portal as it is."""
    return PortalForm(
        initial={
            **{name: getattr(portal, name) for name in PortalForm.base_fields if name != "payers"},
            "payers": list(portal.payers.values_list("payer_id", flat=True)),
        }
    )
