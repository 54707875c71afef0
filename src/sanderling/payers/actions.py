"""Makes and changes payers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from sanderling.core.csv_rows import CsvRow, RowProblem, choice, read_rows, whole_number
from sanderling.core.names import normalized_name, normalized_number
from sanderling.payers.models import AliasKind, Payer, PayerAlias, PayerType
from sanderling.payers.queries import find_payer
from sanderling.payers.signals import payer_rules_changed
from sanderling.postgres.locks import Lock, hold_lock

REQUIRED = ("payer_id", "name")
DAYS = ("timely_filing_days", "corrected_claim_days", "appeal_days", "response_days")
RULE_FIELDS = (*DAYS, "type")  # what deadlines and waiting times go by
TEXTS = ("phone", "portal_url", "call_hours")
OPTIONAL = ("aliases", "type", *DAYS, *TEXTS, "claims_per_call")
DAYS_MAX = 3650
CLAIMS_PER_CALL_MAX = 100
TRN_DIGITS = 10  # TRN03 is 1 and the payer's tax number, as a rule


@dataclass(slots=True)
class PayerImport:
    """What an import did: counts of payers, and each thing refused."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)


@transaction.atomic
def import_payers(*, text: str, at: datetime) -> PayerImport:
    """Create or update the payers of a CSV text; importing it twice changes nothing.

    A row with a fault is refused as a whole, the others are taken. Aliases are added, never taken
    away. A provisional payer that has the row's id or one of its aliases becomes this payer.
    """
    hold_lock(Lock.PARTIES)
    rows, problems = read_rows(text, required=REQUIRED, optional=OPTIONAL)
    result = PayerImport(rows=len(rows), problems=problems)
    seen: dict[str, int] = {}
    for row in rows:
        before = seen.setdefault(normalized_number(row.text("payer_id")), row.number)
        if before != row.number:
            result.problems.append(
                RowProblem(row.number, "payer_id", f"is in row {before} already; keep one of them")
            )
            continue
        _import_row(row, at=at, result=result)
    result.problems.sort(key=lambda problem: problem.row)
    return result


def _import_row(row: CsvRow, *, at: datetime, result: PayerImport) -> None:
    faults: list[RowProblem] = []
    aliases = _aliases(row)
    values = _values(row, faults)
    payer = Payer.objects.filter(payer_id=row.text("payer_id")).first()
    own_id = (AliasKind.ID.value, normalized_number(row.text("payer_id")))
    holders = _holders([own_id, *aliases])
    provisional = [holder for holder in holders.values() if holder.is_provisional]
    if payer is None and provisional:
        payer = provisional[0]
    faults.extend(
        RowProblem(
            row.number,
            "payer_id" if key == own_id else "aliases",
            f"{key[1]} means payer {holder.payer_id} already; take it from one of them",
        )
        for key, holder in holders.items()
        if payer is None or holder.pk != payer.pk
    )
    if faults:
        result.problems.extend(faults)
        return
    if payer is None:
        payer = Payer.objects.create(payer_id=row.text("payer_id"), created_at=at, **values)
        _add_aliases(payer, aliases)
        result.created += 1
        return
    changed = _apply(payer, {"payer_id": row.text("payer_id"), "is_provisional": False, **values})
    added = _add_aliases(payer, aliases)
    if not changed.isdisjoint(RULE_FIELDS):
        payer_rules_changed.send(sender=Payer, payer_id=payer.pk, payer_type=None, client_id=None)
    if changed or added:
        result.updated += 1
    else:
        result.unchanged += 1


def _values(row: CsvRow, faults: list[RowProblem]) -> dict[str, str | int | None]:
    """Return the payer's fields that the file speaks of; a column it lacks changes nothing."""
    values: dict[str, str | int | None] = {"name": row.text("name")}
    if "type" in row.cells:
        values["type"] = choice(
            row, "type", known=PayerType.values, default=PayerType.COMMERCIAL.value, problems=faults
        )
    for column in DAYS:
        if column in row.cells:
            values[column] = whole_number(row, column, minimum=1, maximum=DAYS_MAX, problems=faults)
    if "claims_per_call" in row.cells:
        values["claims_per_call"] = whole_number(
            row, "claims_per_call", minimum=1, maximum=CLAIMS_PER_CALL_MAX, problems=faults
        )
    values.update({name: row.text(name) for name in TEXTS if name in row.cells})
    return values


def _aliases(row: CsvRow) -> list[tuple[str, str]]:
    """Return the row's aliases as (kind, value).

    `id:`, `name:` or `trn:` in front says the kind. Without it: ten digits are a TRN03, other
    words with a digit and no blank are an id, the rest is a name.
    """
    found = []
    for part in row.parts("aliases"):
        prefix, colon, rest = part.partition(":")
        kind = prefix.strip().lower() if colon else ""
        if kind not in AliasKind.values:
            kind, rest = _guessed_kind(part), part
        value = normalized_name(rest) if kind == AliasKind.NAME else normalized_number(rest)
        if value:
            found.append((kind, value))
    return list(dict.fromkeys(found))


def _guessed_kind(part: str) -> str:
    if part.isdigit() and len(part) == TRN_DIGITS:
        return AliasKind.TRN.value
    if " " not in part and any(letter.isdigit() for letter in part):
        return AliasKind.ID.value
    return AliasKind.NAME.value


def _holders(keys: list[tuple[str, str]]) -> dict[tuple[str, str], Payer]:
    holders: dict[tuple[str, str], Payer] = {}
    for kind, value in keys:
        alias = PayerAlias.objects.select_related("payer").filter(kind=kind, value=value).first()
        if alias is not None:
            holders[(kind, value)] = alias.payer
    return holders


def _apply(payer: Payer, values: dict[str, str | int | None]) -> set[str]:
    """Change the payer; return the names of the fields that were changed."""
    changed = {name for name, value in values.items() if getattr(payer, name) != value}
    for name in changed:
        setattr(payer, name, values[name])
    if changed:
        payer.save(update_fields=sorted(changed))
    return changed


def _add_aliases(payer: Payer, aliases: list[tuple[str, str]]) -> int:
    """Add what is missing, with the payer's own id and name; return how many were added.

    The own name is left out when another payer has it: two plans may share a name, an id never.
    """
    own_name = (AliasKind.NAME.value, normalized_name(payer.name))
    wanted = dict.fromkeys([(AliasKind.ID.value, normalized_number(payer.payer_id)), *aliases])
    if own_name[1] and not _holders([own_name]):
        wanted[own_name] = None
    had = set(payer.aliases.values_list("kind", "value"))
    missing = [key for key in wanted if key not in had]
    PayerAlias.objects.bulk_create(
        PayerAlias(payer=payer, kind=kind, value=value) for kind, value in missing
    )
    return len(missing)


@transaction.atomic
def ensure_payer(*, payer_id: str, name: str, at: datetime, trn: str = "") -> Payer:
    """Return the payer that a file names, making a provisional one when nobody knows it.

    Two at once make one; a transaction that makes a payer holds off others until it ends.
    """
    found = find_payer(payer_id=payer_id, trn=trn, name=name)
    if found is not None:
        return found
    hold_lock(Lock.PARTIES)
    found = find_payer(payer_id=payer_id, trn=trn, name=name)  # made while we waited?
    if found is not None:
        return found
    identifier = normalized_number(payer_id) or normalized_number(trn) or normalized_name(name)
    payer, was_created = Payer.objects.get_or_create(
        payer_id=identifier or "UNKNOWN",
        defaults={
            "name": name or identifier or "UNKNOWN",
            "type": PayerType.OTHER,
            "is_provisional": True,
            "created_at": at,
        },
    )
    if was_created:
        number = normalized_number(trn)
        _add_aliases(payer, [(AliasKind.TRN.value, number)] if number else [])
    return payer


@transaction.atomic
def set_state(*, payer: Payer, state: str) -> bool:
    """Say whose prompt-pay law binds a payer's plans, "" for none; return whether that is new.

    The audit trail has the change, as any of a payer; `payers import` leaves the state alone.
    """
    return bool(_apply(payer, {"state": state}))


@transaction.atomic
def set_calling(
    *, payer: Payer, phone: str, portal_url: str, call_hours: str, claims_per_call: int | None
) -> bool:
    """Say how a payer is reached and what a call takes; return whether that is new.

    The audit trail has the change, as any of a payer.
    """
    values: dict[str, str | int | None] = {
        "phone": phone,
        "portal_url": portal_url,
        "call_hours": call_hours,
        "claims_per_call": claims_per_call,
    }
    return bool(_apply(payer, values))
