"""What the pages of flags were told, from strings to values."""

from __future__ import annotations

from django import forms

from sanderling.flags.checking import TEXT_MAX
from sanderling.flags.words import REASONS, Urgency


class FlagForm(forms.Form):
    """A claim is flagged."""

    reason = forms.ChoiceField(
        label="Why",
        choices=[("", "Choose"), *REASONS.items()],
        error_messages={"required": "Choose why the claim is flagged."},
    )
    urgency = forms.ChoiceField(
        label="How urgent",
        choices=Urgency.choices,
        initial=Urgency.NORMAL,
    )
    text = forms.CharField(
        label="In your words",
        required=False,
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class TextForm(forms.Form):
    """Something is written."""

    text = forms.CharField(
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write something first."},
    )
