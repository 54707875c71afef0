"""The form of a mailbox: strings to values, nothing more."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from sanderling.accounts.secrets import HELP
from sanderling.clients.queries import client_choices
from sanderling.exchange.actions import KINDS_SENT
from sanderling.exchange.models import AfterFetch, Kind, Mailbox
from sanderling.payers.models import Payer

_KINDS: Final = {
    "837P": "837P, professional claims",
    "837I": "837I, institutional claims",
    "837D": "837D, dental claims",
    "276": "276, status requests",
    "packet": "appeal packets (PDF)",
}


class MailboxForm(forms.Form):
    """A mailbox: where it is, who logs in, what goes there and what comes from there."""

    name = forms.CharField(max_length=80)
    kind = forms.ChoiceField(
        choices=[(one.value, one.label) for one in Kind if one is not Kind.CORE]
    )
    host = forms.CharField(max_length=253, required=False, help_text="SFTP only.")
    port = forms.IntegerField(min_value=1, max_value=65_535, initial=22)
    user = forms.CharField(max_length=200, required=False, help_text="SFTP only.")
    password_reference = forms.CharField(
        max_length=300, required=False, label="Where the password is", help_text=f"{HELP}."
    )
    key_reference = forms.CharField(
        max_length=300, required=False, label="Where the private key is", help_text=f"{HELP}."
    )
    host_key = forms.CharField(
        max_length=60,
        required=False,
        label="Host key",
        help_text="SHA256:... as the counterpart told it. Try the connection to see the one shown.",
    )
    root = forms.CharField(
        max_length=400, required=False, label="Folder", help_text="A folder mailbox: its path here."
    )
    sends = forms.MultipleChoiceField(
        choices=[(kind, _KINDS[kind]) for kind in KINDS_SENT],
        required=False,
        label="Takes",
        widget=forms.CheckboxSelectMultiple,
    )
    client_ids = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="For clients", help_text="None chosen: for all."
    )
    payer_ids = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="For payers", help_text="None chosen: for all."
    )
    outgoing_folder = forms.CharField(max_length=300, required=False, label="Folder for our files")
    incoming_folders = forms.CharField(
        max_length=1_000,
        required=False,
        label="Folders with their files",
        help_text="One a line.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pattern = forms.CharField(
        max_length=100, initial="*", label="Which of their files", help_text="* and ? as wildcards."
    )
    after_fetch = forms.ChoiceField(
        choices=AfterFetch.choices, label="When a file is taken in", help_text="Never before."
    )
    done_folder = forms.CharField(max_length=300, required=False, label="Folder for done files")
    every_minutes = forms.IntegerField(
        min_value=1, max_value=1_440, initial=15, label="Minutes between visits"
    )
    receipt_days = forms.IntegerField(
        min_value=1,
        max_value=30,
        initial=1,
        label="Receipt within",
        help_text="Business days until a TA1 or 999.",
    )
    acceptance_days = forms.IntegerField(
        min_value=1,
        max_value=60,
        initial=2,
        label="Acceptance within",
        help_text="Business days until a 277CA.",
    )
    is_on = forms.BooleanField(required=False, initial=True, label="Visits are on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        clients, payers = self.fields["client_ids"], self.fields["payer_ids"]
        assert isinstance(clients, forms.ChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(payers, forms.ChoiceField)  # noqa: S101 - for the type checker
        clients.choices = client_choices()
        payers.choices = [
            (pk, f"{name} ({payer_id})")
            for pk, name, payer_id in Payer.objects.order_by("name").values_list(
                "pk", "name", "payer_id"
            )
        ]

    def clean_incoming_folders(self) -> list[str]:
        """Return the folders, one a line."""
        text: str = self.cleaned_data["incoming_folders"]
        return [line.strip() for line in text.splitlines() if line.strip()]


def form_of(mailbox: Mailbox) -> MailboxForm:
    """Return the form of a mailbox as it is."""
    initial = {name: getattr(mailbox, name) for name in MailboxForm.base_fields}
    return MailboxForm(initial={**initial, "incoming_folders": "\n".join(mailbox.incoming_folders)})
