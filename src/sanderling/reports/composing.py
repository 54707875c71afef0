"""Saves, copies and archives compositions; writes the note of a draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.reports.blocks import checked
from sanderling.reports.models import Definition

NAME_MAX: Final = 80


class CannotSave(Refusal):
    """What was given cannot be kept."""


def save_definition(
    definition: Definition | None,
    *,
    name: str,
    audience: str,
    blocks: object,
    client_id: int | None,
    by: User | None,
    at: datetime,
) -> Definition:
    """Keep a composition, a new one or as changed. Reports made before keep what they had.

    Raises:
        CannotSave: no name, one that is taken, or a composition of the product's.
        BadBlocks: blocks that cannot be.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX:
        raise CannotSave(f"give it a name of at most {NAME_MAX} letters")
    values: dict[str, Any] = {
        "name": name,
        "audience": audience,
        "blocks": checked(blocks),
        "client_id": client_id,
    }
    if definition is not None and definition.preset:
        raise CannotSave("this came with the product; copy it and change the copy")
    try:
        with transaction.atomic():
            if definition is None:
                return Definition.objects.create(**values, made_by=by, made_at=at)
            for field, value in values.items():
                setattr(definition, field, value)
            definition.save(update_fields=list(values))
            return definition
    except IntegrityError as error:
        raise CannotSave("there is a composition of that name") from error


def copy_definition(definition: Definition, *, by: User | None, at: datetime) -> Definition:
    """Return a copy under a free name; a second call makes a second copy."""
    taken = set(Definition.objects.filter(is_archived=False).values_list("name", flat=True))
    number = 1
    while (name := f"{definition.name} ({'copy' if number == 1 else f'copy {number}'})") in taken:
        number += 1
    return save_definition(
        None, name=name, audience=definition.audience, blocks=definition.blocks,
        client_id=definition.client_id, by=by, at=at,
    )  # fmt: skip


def archive_definition(definition: Definition, *, is_archived: bool) -> None:
    """Take a composition out of use, or back; a second call changes nothing.

    Raises:
        CannotSave: another one has its name by now.
    """
    definition.is_archived = is_archived
    try:
        with transaction.atomic():
            definition.save(update_fields=["is_archived"])
    except IntegrityError as error:
        raise CannotSave("there is a composition of that name by now") from error
