"""Whom a file means: the client by NPI and tax number, the payer by id, trace number and name.

A file may name a client or payer that nobody imported. Nothing is lost for that: it is created,
marked provisional, and shown on the clients and payers pages to be completed. The numbers known are
read once for a posting unit and kept in step; units post one at a time, so two files cannot create
the same client twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from sanderling.clients.actions import ensure_client
from sanderling.clients.models import ClientIdentifier, IdentifierKind
from sanderling.clients.queries import client_ids_by_identifier
from sanderling.core.names import normalized_number
from sanderling.payers.actions import ensure_payer
from sanderling.payers.models import AliasKind, Payer, PayerAlias, PayerType
from sanderling.payers.queries import alias_keys, payer_ids_by_alias

_TYPE_BY_FILING_INDICATOR = {
    "MA": PayerType.MEDICARE,
    "MB": PayerType.MEDICARE,
    "16": PayerType.MEDICARE_ADVANTAGE,
    "MC": PayerType.MEDICAID,
    "BL": PayerType.BCBS,
    "CI": PayerType.COMMERCIAL,
    "12": PayerType.COMMERCIAL,
    "HM": PayerType.COMMERCIAL,
    "CH": PayerType.TRICARE,
    "VA": PayerType.VA,
    "WC": PayerType.WORKERS_COMP,
    "AM": PayerType.AUTO,
}


class Parties:
    """The clients and payers that files name, found or created."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._clients = client_ids_by_identifier()
        self._payers = payer_ids_by_alias()
        self._provisional: dict[int, str] = dict(
            Payer.objects.filter(is_provisional=True).values_list("pk", "payer_id")
        )

    def known_client(self, npi: str, tin: str) -> int | None:
        """Return the client's id by NPI, else by tax number, else None."""
        return self._clients.get((IdentifierKind.NPI, normalized_number(npi))) or self._clients.get(
            (IdentifierKind.TIN, normalized_number(tin))
        )

    def client(self, npi: str, tin: str, name: str) -> int:
        """Return the client's id, creating a provisional client when nobody knows it."""
        found = self.known_client(npi, tin)
        if found is None:
            found = ensure_client(npi=npi, tin=tin, name=name, at=self._now).pk
        for kind, number in ((IdentifierKind.NPI, npi), (IdentifierKind.TIN, tin)):
            key = (kind.value, normalized_number(number))
            if key[1] and key not in self._clients:
                ClientIdentifier.objects.get_or_create(
                    kind=kind, value=key[1], defaults={"client_id": found}
                )
                self._clients[key] = found
        return found

    def payer(
        self, *, code: str = "", name: str = "", trace_id: str = "", filing_indicator: str = ""
    ) -> int | None:
        """Return the payer's row id, creating a provisional payer; None when none is named."""
        keys = alias_keys(payer_id=code, trn=trace_id, name=name)
        if not keys:
            return None
        found = next((self._payers[key] for key in keys if key in self._payers), None)
        if found is None:
            found = self._create(code, name, trace_id, filing_indicator)
        elif code and found in self._provisional:
            self._promote(found, code, filing_indicator)
        for kind, value in keys:
            if (kind, value) not in self._payers:
                PayerAlias.objects.get_or_create(
                    kind=kind, value=value, defaults={"payer_id": found}
                )
                self._payers[kind, value] = found
        return found

    def _create(self, code: str, name: str, trace_id: str, filing_indicator: str) -> int:
        payer = ensure_payer(payer_id=code, name=name, trn=trace_id, at=self._now)
        self._tell_type(payer.pk, filing_indicator)
        self._provisional[payer.pk] = payer.payer_id
        return payer.pk

    def _tell_type(self, pk: int, filing_indicator: str) -> None:
        if filing_indicator in _TYPE_BY_FILING_INDICATOR:
            Payer.objects.filter(pk=pk, type=PayerType.OTHER).update(
                type=_TYPE_BY_FILING_INDICATOR[filing_indicator]
            )

    def _promote(self, pk: int, code: str, filing_indicator: str) -> None:
        """Let a payer first met by name or trace number go by the id a claim gives it."""
        known_as = self._provisional[pk]
        if self._payers.get((AliasKind.ID.value, known_as)) == pk and not known_as.isdigit():
            return
        wanted = normalized_number(code)
        if known_as != wanted and not Payer.objects.filter(payer_id=wanted).exists():
            Payer.objects.filter(pk=pk).update(payer_id=wanted)
            self._provisional[pk] = wanted
        self._tell_type(pk, filing_indicator)

    def with_clients(self, frame: pl.DataFrame, npi: str, tin: str, name: str) -> pl.DataFrame:
        """Return `frame` with client_id by its NPI, tax number and name columns."""
        return _resolved(frame, [npi, tin, name], "client_id", lambda row: self.client(*row))

    def with_payers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` with payer_key, reading payer_id, payer_name and filing_indicator."""
        return _resolved(
            frame,
            ["payer_id", "payer_name", "filing_indicator"],
            "payer_key",
            lambda row: self.payer(code=row[0], name=row[1], filing_indicator=row[2]),
        )


def _resolved(
    frame: pl.DataFrame,
    columns: list[str],
    into: str,
    resolve: Callable[[tuple[Any, ...]], int | None],
) -> pl.DataFrame:
    blank = frame.with_columns(pl.col(columns).fill_null(""))
    distinct = blank.select(columns).unique().sort(columns)
    ids = [resolve(row) for row in distinct.iter_rows()]
    found = distinct.with_columns(pl.Series(into, ids, dtype=pl.Int64))
    return blank.join(found, on=columns, how="left", maintain_order="left")
