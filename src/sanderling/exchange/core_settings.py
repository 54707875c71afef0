"""The form of a mailbox of kind CORE, and keeping what it says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django import forms

from sanderling.accounts.secrets import HELP
from sanderling.clients.queries import client_choices
from sanderling.exchange.actions import save_mailbox
from sanderling.exchange.core_endpoint import Form
from sanderling.exchange.core_mailboxes import STATUS_KIND, TEXTS, check_endpoint
from sanderling.exchange.models import Kind, Mailbox
from sanderling.payers.models import Payer

_FORMS: Final = [
    (Form.SOAP.value, "SOAP (vC2.2.0)"),
    (Form.MIME.value, "HTTP MIME form (vC2.2.0)"),
    (Form.REST.value, "REST (vC4.0.0)"),
]


class CoreMailboxForm(forms.Form):
    """A counterpart reached by CAQH CORE connectivity."""

    name = forms.CharField(max_length=80)
    url = forms.CharField(max_length=500, label="Address", help_text="https://...")
    form = forms.ChoiceField(choices=_FORMS, label="Form of the envelope")
    sender_id = forms.CharField(max_length=80, label="Who we are there (SenderID)")
    receiver_id = forms.CharField(max_length=80, label="Who they are (ReceiverID)")
    user_name = forms.CharField(max_length=200, required=False)
    password_reference = forms.CharField(
        max_length=300, required=False, label="Where the password is", help_text=f"{HELP}."
    )
    certificate = forms.CharField(
        max_length=300,
        required=False,
        label="Our certificate with its key",
        help_text="file:/path, for counterparts that ask for one.",
    )
    authorities = forms.CharField(
        max_length=300,
        required=False,
        label="Authorities to trust instead of the usual ones",
        help_text="file:/path.",
    )
    token_url = forms.CharField(
        max_length=500, required=False, label="Where tokens come from", help_text="REST only."
    )
    rule_version = forms.CharField(
        max_length=20, required=False, label="CORERuleVersion", help_text="Empty: that of the form."
    )
    real_time = forms.BooleanField(required=False, label="Answers one claim in real time")
    batch = forms.BooleanField(required=False, label="Takes batches")
    client_ids = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="For clients", help_text="None chosen: for all."
    )
    payer_ids = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="For payers", help_text="None chosen: for all."
    )
    is_on = forms.BooleanField(required=False, initial=True, label="It is on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        clients, payers = self.fields["client_ids"], self.fields["payer_ids"]
        assert isinstance(clients, forms.ChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(payers, forms.ChoiceField)  # noqa: S101 - for the type checker
        clients.choices = client_choices()
        payers.choices = [
            (pk, f"{name} ({code})")
            for pk, name, code in Payer.objects.order_by("name").values_list(
                "pk", "name", "payer_id"
            )
        ]


def form_of(mailbox: Mailbox) -> CoreMailboxForm:
    """Return the form of a mailbox as it is."""
    own = ("name", "password_reference", "client_ids", "payer_ids", "is_on")
    initial: dict[str, Any] = {name: getattr(mailbox, name) for name in own}
    return CoreMailboxForm(initial={"real_time": True, **initial, **mailbox.endpoint})


def save_core_mailbox(mailbox: Mailbox, values: dict[str, Any], *, at: datetime) -> Mailbox:
    """Keep a CORE mailbox as a valid form says.

    Raises:
        EndpointRefused, MailboxRefused: it lacks something; nothing was kept.
    """
    endpoint = {name: values.get(name, "") for name in TEXTS}
    endpoint |= {"real_time": bool(values["real_time"]), "batch": bool(values["batch"])}
    mailbox.endpoint, mailbox.password_reference = endpoint, values["password_reference"]
    check_endpoint(mailbox)
    return save_mailbox(
        mailbox,
        values={
            "name": values["name"],
            "kind": Kind.CORE,
            "sends": [STATUS_KIND],
            "password_reference": values["password_reference"],
            "client_ids": values["client_ids"],
            "payer_ids": values["payer_ids"],
            "is_on": values["is_on"],
            "endpoint": endpoint,
        },
        at=at,
    )
