"""Forms of break-glass: opening a client, and the review afterwards."""

from __future__ import annotations

from django import forms

from sanderling.accounts.break_glass import MINUTES


class OpenForm(forms.Form):
    """Which client, why, how long."""

    client = forms.CharField(
        max_length=100, label="Code of the client",
        help_text="As on its claims and statements; it is not in your lists.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    reason = forms.CharField(
        max_length=1_000, label="Why", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="At least 20 characters; no patient's name. Compliance reads it at once.",
    )  # fmt: skip
    minutes = forms.TypedChoiceField(
        coerce=int, choices=[(one, f"{one} minutes") for one in MINUTES], initial=30,
        label="How long",
    )  # fmt: skip


class ReviewForm(forms.Form):
    """Whether it was right."""

    was_right = forms.TypedChoiceField(
        choices=[("yes", "It was right"), ("no", "It was not right")],
        coerce=lambda word: word == "yes",
        label="Verdict",
    )
    note = forms.CharField(
        required=False, max_length=2_000, label="Note", widget=forms.Textarea(attrs={"rows": 3})
    )
