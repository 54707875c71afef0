"""Finds clients by code and by the numbers that files name them with."""

from __future__ import annotations

from sanderling.clients.models import Client, ClientIdentifier, IdentifierKind
from sanderling.core.names import normalized_number


def find_client(*, npi: str = "", tin: str = "") -> Client | None:
    """Return the client that has the NPI, else the one that has the tax number, else None."""
    for kind, value in ((IdentifierKind.NPI, npi), (IdentifierKind.TIN, tin)):
        found = (
            Client.objects.filter(
                identifiers__kind=kind, identifiers__value=normalized_number(value)
            )
            .order_by("pk")
            .first()
            if value
            else None
        )
        if found is not None:
            return found
    return None


def client_ids_by_identifier() -> dict[tuple[str, str], int]:
    """Return all identifiers as (kind, value) -> client id, in one query: for bulk matching."""
    return {
        (kind, value): client_id
        for kind, value, client_id in ClientIdentifier.objects.values_list(
            "kind", "value", "client_id"
        )
    }


def client_ids_by_code() -> dict[str, int]:
    """Return code -> client id."""
    return dict(Client.objects.values_list("code", "pk"))


def client_codes_by_id() -> dict[int, str]:
    """Return client id -> code."""
    return dict(Client.objects.values_list("pk", "code"))


def client_choices() -> list[tuple[int, str]]:
    """Return the clients that the session sees as choices of a form, by code."""
    found = Client.objects.order_by("code").values_list("pk", "code", "name")
    return [(pk, f"{code} · {name}") for pk, code, name in found]
