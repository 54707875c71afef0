"""Who of a client gets requests by mail, and after how many days what happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.document_requests.cycle import (
    LIMITS,
    Days,
    add_contact,
    addresses_of,
    cycles,
    days_of,
    remove_contact,
    set_days,
)
from sanderling.document_requests.models import Contact

UNPROCESSABLE: Final = 422
_LABELS: Final = {
    "reminder": ("A reminder to the client after", "days since the first mail"),
    "lead": ("Our leads hear of it after", "days"),
    "manager": ("The account manager hears of it after", "days; then a mail to the client weekly"),
    "risk": ("All hear that money is at risk", "days before a claim's time limit"),
    "link": ("A link works for", "days"),
}


class DaysForm(forms.Form):
    """The days of a cycle."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # Django's
        for name, (label, unit) in _LABELS.items():
            least, most = LIMITS[name]
            self.fields[name] = forms.IntegerField(
                label=label, help_text=unit, min_value=least, max_value=most
            )


class ContactForm(forms.Form):
    """One more address."""

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="E-mail")


@require_http_methods(["GET", "POST"])
@requires("clients.edit")
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show and set the days of all clients or (client=CODE) of one, with its contacts."""
    client = _client(request)
    days_form = DaysForm(initial=asdict(_days(client)))
    contact_form = ContactForm()
    if request.method == "POST":
        is_contact = "email" in request.POST
        form: forms.Form = (ContactForm if is_contact else DaysForm)(request.POST)
        if form.is_valid() and _save(request, form, client):
            return redirect(_address(client))
        if is_contact:
            contact_form = form  # type: ignore[assignment]  # is one
        else:
            days_form = form  # type: ignore[assignment]  # is one
    context = {
        "client": client,
        "clients": Client.objects.order_by("code"),
        "own": {pk for pk in cycles() if pk is not None},
        "days_form": days_form,
        "contact_form": contact_form,
        "contacts": Contact.objects.filter(client_id=client.pk).order_by("email") if client else (),
        "addresses": addresses_of(client.pk) if client else (),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "document_requests/settings.html", context, status=status)


@require_POST
@requires("clients.edit")
def forget_contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Write to an address no more."""
    found = get_object_or_404(Contact, pk=contact_id)
    client = Client.objects.get(pk=found.client_id)
    remove_contact(found, at=timezone.now())
    messages.success(request, "The address gets no more requests.")
    return redirect(_address(client))


def _save(request: HttpRequest, form: forms.Form, client: Client | None) -> bool:
    now = timezone.now()
    try:
        if isinstance(form, ContactForm):
            if client is None:
                raise Http404
            add_contact(client.pk, at=now, **form.cleaned_data)
            messages.success(request, "The address gets requests from now on.")
        else:
            set_days(client.pk if client else None, form.cleaned_data, at=now)
            messages.success(request, "The days hold from now on.")
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return False
    return True


def _client(request: HttpRequest) -> Client | None:
    code = request.GET.get("client", "")
    if not code:
        return None
    return get_object_or_404(Client, code=code)


def _days(client: Client | None) -> Days:
    return days_of(client.pk) if client else cycles().get(None) or Days()


def _address(client: Client | None) -> str:
    address = reverse("document-request-settings")
    return f"{address}?client={client.code}" if client else address
