"""What the pages of write-offs were asked or told, from strings to values."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django import forms

from sanderling.core.barriers.words import PARTIES
from sanderling.writeoffs.actions import TEXT_MAX
from sanderling.writeoffs.policy import Limits
from sanderling.writeoffs.reasons import REASONS

DOLLARS_MAX: Final = Decimal(10_000_000)


class DollarsField(forms.DecimalField):
    """An amount in dollars that becomes whole cents."""

    def __init__(self, *, label: str, lowest: str = "0.01") -> None:
        super().__init__(
            label=label,
            min_value=Decimal(lowest),
            max_value=DOLLARS_MAX,
            decimal_places=2,
            widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
        )


def cents_of(dollars: Decimal) -> int:
    """Return dollars with at most two places as cents, without rounding."""
    return int(dollars.scaleb(2))


class RequestForm(forms.Form):
    """A request to write a balance off."""

    party = forms.TypedChoiceField(label="Owed by", coerce=int, choices=list(PARTIES.items()))
    amount = DollarsField(label="Amount in dollars")
    reason = forms.ChoiceField(
        label="Why",
        choices=[("", "Choose a reason"), *REASONS.items()],
        error_messages={"required": "Choose why it is written off."},
    )
    note = forms.CharField(
        label="Note",
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    evidence = forms.CharField(
        label="Evidence",
        max_length=TEXT_MAX,
        required=False,
        help_text="What shows that nothing can be collected: a letter, an appeal, a reference.",
    )
    despite_warnings = forms.BooleanField(
        label="Write it off all the same", required=False, widget=forms.HiddenInput
    )

    def show_warnings(self) -> None:
        """Let the person confirm what speaks against it."""
        self.fields["despite_warnings"].widget = forms.CheckboxInput()


class DecisionForm(forms.Form):
    """A yes or a no to a write-off."""

    note = forms.CharField(max_length=TEXT_MAX, required=False)
    client_yes = forms.CharField(max_length=TEXT_MAX, required=False)
    despite_warnings = forms.BooleanField(required=False)


class LimitsForm(forms.Form):
    """Who may approve how much."""

    auto_below = DollarsField(label="Without approval below", lowest="0")
    lead_below = DollarsField(label="By a lead below", lowest="0")
    manager_below = DollarsField(label="By an account manager below", lowest="0")
    needs_second = forms.ChoiceField(
        label="A second approver",
        choices=[("", "For key clients"), ("yes", "Always"), ("no", "Never")],
        required=False,
    )

    def limits(self) -> Limits:
        """Return the limits."""
        values = self.cleaned_data
        return Limits(
            auto_below_cents=cents_of(values["auto_below"]),
            lead_below_cents=cents_of(values["lead_below"]),
            manager_below_cents=cents_of(values["manager_below"]),
        )

    def second(self) -> bool | None:
        """Return whether a second approver is needed; None: for key clients."""
        return {"yes": True, "no": False}.get(self.cleaned_data["needs_second"])
