"""Sheets brought in by the page: kept, looked at, read as the person says, then taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.importing import ContractImport, RateSheet, import_contract
from sanderling.contracts.models import ContractUpload
from sanderling.core.refusal import Refusal
from sanderling.files.storage import keep_bytes, open_original

NAME_LETTERS_MAX = 200


class AlreadyTaken(Refusal):
    """The sheet was made a version before."""


def keep_upload(
    parties: Parties, *, says: VersionTerms, name: str, content: bytes, user: User, at: datetime
) -> ContractUpload:
    """Keep a sheet to be looked at; nothing of it counts yet."""
    sha256, is_encrypted = keep_bytes(content)
    return ContractUpload.objects.create(
        user=user,
        client_id=parties.client.pk,
        payer=parties.payer,
        plan=parties.plan,
        from_date=says.from_date,
        to_date=says.to_date,
        terms=says.terms,
        note=says.note,
        name=_bare(name),
        sha256=sha256,
        is_encrypted=is_encrypted,
        made_at=at,
    )


def sheet_of(upload: ContractUpload) -> RateSheet:
    """Return the kept sheet and how it is to be read."""
    with open_original(upload.sha256, is_encrypted=upload.is_encrypted) as stream:
        content = stream.read()
    return RateSheet(upload.name, content, upload.mapping_name, upload.given)


def read_as(upload: ContractUpload, *, given: Mapping[str, str], mapping_name: str) -> None:
    """Say how the sheet is to be read from now on."""
    upload.given, upload.mapping_name = dict(given), mapping_name
    upload.save(update_fields=["given", "mapping_name"])


@transaction.atomic
def take_contract_upload(token: str, *, user: User, at: datetime) -> ContractImport:
    """Make the kept sheet a version.

    Raises:
        AlreadyTaken: it was taken before (a double click, another window).
        Refusal: as import_contract; nothing was taken.
    """
    upload = ContractUpload.objects.select_for_update().get(pk=token)
    if upload.version_id is not None:
        raise AlreadyTaken("the sheet was taken already; look at the contract")
    report = import_contract(
        Parties(Client.objects.get(pk=upload.client_id), upload.payer, upload.plan),
        sheet=sheet_of(upload),
        says=VersionTerms(upload.from_date, upload.to_date, terms=upload.terms, note=upload.note),
        by=user,
        at=at,
        source="upload",
    )
    upload.version = report.version
    upload.save(update_fields=["version"])
    return report


def _bare(name: str) -> str:
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    bare = "".join(letter for letter in bare if letter.isprintable()).strip()
    return bare[:NAME_LETTERS_MAX] or "unnamed"
