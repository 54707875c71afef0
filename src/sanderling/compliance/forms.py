"""Forms of the compliance desk: strings to values."""

from __future__ import annotations

from django import forms


class CampaignForm(forms.Form):
    """A new review of access."""

    name = forms.CharField(max_length=200, label="Name", help_text="Such as 2026, fourth quarter.")
    due_date = forms.DateField(
        label="To be done by", widget=forms.DateInput(attrs={"type": "date"})
    )


class HoldForm(forms.Form):
    """A new legal hold."""

    client = forms.TypedChoiceField(coerce=int, required=False, empty_value=None, label="Client")
    reason = forms.CharField(
        max_length=1_000, label="For what", help_text="A case or letter; no patient's name."
    )

    def __init__(self, data: object = None, *, clients: list[tuple[int, str]]) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # passed through
        self.fields["client"].choices = [("", "Everybody"), *clients]  # type: ignore[attr-defined]
