"""Forms of projects."""

from __future__ import annotations

from django import forms

from sanderling.underpayments.models import Channel
from sanderling.underpayments.projects import NAME_MAX, TEXT_MAX


class NameForm(forms.Form):
    """What a new project is called."""

    name = forms.CharField(label="Name of the project", max_length=NAME_MAX)


class SentForm(forms.Form):
    """How and when a dispute went to the payer."""

    channel = forms.ChoiceField(label="Sent by", choices=Channel.choices)
    sent_date = forms.DateField(label="On", widget=forms.DateInput(attrs={"type": "date"}))
    reference = forms.CharField(
        label="Payer's reference or receipt", max_length=TEXT_MAX, required=False
    )


class NoteForm(forms.Form):
    """Why, or what came of it."""

    note = forms.CharField(label="Note", max_length=TEXT_MAX)
