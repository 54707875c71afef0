"""Finds payers by the ids, names and originator numbers that files name them with."""

from __future__ import annotations

from sanderling.core.names import normalized_name, normalized_number
from sanderling.payers.models import AliasKind, Payer, PayerAlias


def find_payer(*, payer_id: str = "", trn: str = "", name: str = "") -> Payer | None:
    """Return the payer with this id (or alias id), else this TRN03, else this name, else None."""
    for kind, value in alias_keys(payer_id=payer_id, trn=trn, name=name):
        alias = PayerAlias.objects.select_related("payer").filter(kind=kind, value=value).first()
        if alias is not None:
            return alias.payer
    return None


def alias_keys(*, payer_id: str = "", trn: str = "", name: str = "") -> list[tuple[str, str]]:
    """Return the (kind, value) pairs to look up, surest first; the payer's own are among them."""
    keys = [
        (AliasKind.ID.value, normalized_number(payer_id)),
        (AliasKind.TRN.value, normalized_number(trn)),
        (AliasKind.NAME.value, normalized_name(name)),
    ]
    return [(kind, value) for kind, value in keys if value]


def payer_ids_by_alias() -> dict[tuple[str, str], int]:
    """Return all aliases, own ids and names too, as (kind, value) -> payer pk: for bulk work."""
    return {
        (kind, value): payer
        for kind, value, payer in PayerAlias.objects.values_list("kind", "value", "payer_id")
    }


def payers_by_pk() -> dict[int, Payer]:
    """Return all payers by their key."""
    return Payer.objects.in_bulk()
