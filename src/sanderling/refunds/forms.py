"""What the pages of credits were asked or told, from strings to values."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django import forms

from sanderling.refunds.actions import REFERENCE_MAX, TEXT_MAX
from sanderling.refunds.models import Cause, Method

DOLLARS_MAX: Final = Decimal(10_000_000)


def _day(label: str, *, is_required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, required=is_required, widget=forms.DateInput(attrs={"type": "date"})
    )


class RequestForm(forms.Form):
    """A request to give a credit back."""

    amount = forms.DecimalField(
        label="Amount in dollars",
        min_value=Decimal("0.01"),
        max_value=DOLLARS_MAX,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    method = forms.ChoiceField(label="How", choices=Method.choices)
    cause = forms.ChoiceField(label="Why it is in credit", choices=Cause.choices)
    note = forms.CharField(
        label="Note",
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DecisionForm(forms.Form):
    """A yes or a no to a refund."""

    note = forms.CharField(max_length=TEXT_MAX, required=False)


class MadeForm(forms.Form):
    """When and by what a refund was made."""

    made_date = _day("Made on")
    reference = forms.CharField(label="Check number or confirmation", max_length=REFERENCE_MAX)


class IdentifiedForm(forms.Form):
    """That a credit is an overpayment, and since when that is known."""

    day = _day("Known since", is_required=False)
    note = forms.CharField(max_length=TEXT_MAX, required=False)


class InvestigationForm(forms.Form):
    """When an investigation of related overpayments began and ended."""

    started = _day("Investigation began")
    ended = _day("Ended", is_required=False)


def cents_of(dollars: Decimal) -> int:
    """Return dollars with at most two places as cents, without rounding."""
    return int(dollars.scaleb(2))
