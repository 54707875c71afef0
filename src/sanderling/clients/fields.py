"""Fields of forms in which clients are chosen."""

from __future__ import annotations

from django import forms

from sanderling.clients.models import Client


def _label(client: Client) -> str:
    return f"{client.code} · {client.name}"


class ClientField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no class at run time
    """A client by code and name."""

    def label_from_instance(self, obj: Client) -> str:
        """Return code and name."""
        return _label(obj)


class ClientsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # none at run time
    """Clients by code and name."""

    def label_from_instance(self, obj: Client) -> str:
        """Return code and name."""
        return _label(obj)
