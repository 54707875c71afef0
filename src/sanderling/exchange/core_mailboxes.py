"""Mailboxes of kind CORE: which one reaches a payer, and how it is spoken to."""

from __future__ import annotations

from typing import Any, Final

from sanderling.accounts.secrets import SecretMissing, check_reference
from sanderling.exchange.core_endpoint import CoreEndpoint, CoreFailed, Form
from sanderling.exchange.core_wire import check_address
from sanderling.exchange.models import Kind, Mailbox

# What `Mailbox.endpoint` holds, beside what every mailbox has.
TEXTS: Final = (
    *("url", "form", "sender_id", "receiver_id", "user_name", "certificate", "authorities"),
    *("token_url", "rule_version"),
)
STATUS_KIND: Final = "276"


class EndpointRefused(CoreFailed):
    """The mailbox cannot be as asked."""

    def __init__(self, text: str) -> None:
        super().__init__(text, is_passing=False)


def endpoint_of(mailbox: Mailbox) -> CoreEndpoint:
    """Return how the mailbox's counterpart is spoken to."""
    values: dict[str, Any] = {name: mailbox.endpoint.get(name, "") for name in TEXTS}
    return CoreEndpoint(
        **{**values, "form": Form(values["form"])}, password=mailbox.password_reference
    )


def check_endpoint(mailbox: Mailbox) -> None:
    """Refuse a mailbox that could not be spoken to.

    Raises:
        EndpointRefused: it lacks something, or patient data must not go there.
    """
    values = {name: str(mailbox.endpoint.get(name, "")).strip() for name in TEXTS}
    if values["form"] not in list(Form):
        raise EndpointRefused("choose SOAP, MIME or REST")
    for name, words in (("sender_id", "who we are"), ("receiver_id", "who they are")):
        if not values[name]:
            raise EndpointRefused(f"say {words} there")
    if not values["user_name"] and not values["certificate"]:
        raise EndpointRefused("say how we log in: a user name with its password, or a certificate")
    try:
        check_address(values["url"])
        if values["token_url"]:
            check_address(values["token_url"])
        for reference in (
            *(values["certificate"], values["authorities"], mailbox.password_reference),
        ):
            if reference:
                check_reference(reference)
    except (CoreFailed, SecretMissing) as refused:
        raise EndpointRefused(str(refused)) from None


def core_mailbox_for(client_id: int, payer_id: int | None, *, in_real_time: bool) -> Mailbox | None:
    """Return the CORE mailbox that takes status requests to this payer: the most specific one."""
    found = [
        one
        for one in Mailbox.objects.filter(kind=Kind.CORE, is_on=True, stopped_at=None)
        if STATUS_KIND in one.sends
        and bool(one.endpoint.get("real_time" if in_real_time else "batch"))
        and (not one.client_ids or client_id in one.client_ids)
        and (not one.payer_ids or payer_id in one.payer_ids)
    ]
    return max(
        found,
        key=lambda one: (bool(one.client_ids) + bool(one.payer_ids), bool(one.payer_ids), -one.pk),
        default=None,
    )
