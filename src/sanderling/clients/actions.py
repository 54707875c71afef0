"""Makes and changes clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from sanderling.clients.models import Client, ClientIdentifier, IdentifierKind, Tier
from sanderling.clients.queries import find_client
from sanderling.core.csv_rows import CsvRow, RowProblem, choice, read_rows, whole_number
from sanderling.core.names import is_tin, normalized_number
from sanderling.core.x12.read.values import is_npi
from sanderling.postgres.locks import Lock, hold_lock

REQUIRED = ("code", "name")
OPTIONAL = ("npis", "tins", "tier", "follow_up_days", "high_dollar_cents")


@dataclass(slots=True)
class ClientImport:
    """What an import did: counts of clients, and each thing refused."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)


@transaction.atomic
def import_clients(*, text: str, at: datetime) -> ClientImport:
    """Create or update the clients of a CSV text; importing it twice changes nothing.

    A row with a fault is refused as a whole, the others are taken. Identifiers are added, never
    taken away. A provisional client that has one of the row's identifiers becomes this client.
    """
    hold_lock(Lock.PARTIES)
    rows, problems = read_rows(text, required=REQUIRED, optional=OPTIONAL)
    result = ClientImport(rows=len(rows), problems=problems)
    seen: dict[str, int] = {}
    for row in rows:
        before = seen.setdefault(row.text("code"), row.number)
        if before != row.number:
            result.problems.append(
                RowProblem(row.number, "code", f"is in row {before} already; keep one of them")
            )
            continue
        _import_row(row, at=at, result=result)
    result.problems.sort(key=lambda problem: problem.row)
    return result


def _import_row(row: CsvRow, *, at: datetime, result: ClientImport) -> None:
    faults: list[RowProblem] = []
    identifiers = _identifiers(row, faults)
    values = _values(row, faults)
    client = Client.objects.filter(code=row.text("code")).first()
    holders = _holders(identifiers)
    provisional = [holder for holder in holders.values() if holder.is_provisional]
    if client is None and provisional:
        client = provisional[0]
    for (kind, value), holder in holders.items():
        if client is None or holder.pk != client.pk:
            faults.append(
                RowProblem(
                    row.number,
                    f"{kind}s",
                    f"{value} belongs to client {holder.code} already; take it from one of them",
                )
            )
    if faults:
        result.problems.extend(faults)
        return
    if client is None:
        client = Client.objects.create(code=row.text("code"), created_at=at, **values)
        _add_identifiers(client, identifiers)
        result.created += 1
        return
    changed = _apply(client, {"code": row.text("code"), "is_provisional": False, **values})
    added = _add_identifiers(client, identifiers)
    if changed or added:
        result.updated += 1
    else:
        result.unchanged += 1


def _values(row: CsvRow, faults: list[RowProblem]) -> dict[str, str | int | None]:
    """Return the client's fields that the file speaks of; a column it lacks changes nothing."""
    values: dict[str, str | int | None] = {"name": row.text("name")}
    if "tier" in row.cells:
        values["tier"] = choice(
            row, "tier", known=Tier.values, default=Tier.STANDARD.value, problems=faults
        )
    if "follow_up_days" in row.cells:
        values["follow_up_days"] = whole_number(
            row, "follow_up_days", minimum=1, maximum=365, problems=faults
        )
    if "high_dollar_cents" in row.cells:
        values["high_dollar_cents"] = whole_number(
            row, "high_dollar_cents", minimum=0, maximum=10**12, problems=faults
        )
    return values


def _identifiers(row: CsvRow, faults: list[RowProblem]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in row.parts("npis"):
        value = normalized_number(part)
        if not is_npi(value):
            faults.append(
                RowProblem(row.number, "npis", f"{part} is no NPI (ten digits, check digit)")
            )
        found.append((IdentifierKind.NPI.value, value))
    for part in row.parts("tins"):
        value = normalized_number(part)
        if not is_tin(value):
            faults.append(RowProblem(row.number, "tins", f"{part} is no tax number (nine digits)"))
        found.append((IdentifierKind.TIN.value, value))
    return list(dict.fromkeys(found))


def _holders(identifiers: list[tuple[str, str]]) -> dict[tuple[str, str], Client]:
    """Return who has these identifiers now. A tax number may be shared: it has one holder only."""
    holders: dict[tuple[str, str], Client] = {}
    for kind, value in identifiers:
        entry = (
            ClientIdentifier.objects.select_related("client").filter(kind=kind, value=value).first()
        )
        if entry is not None:
            holders[(kind, value)] = entry.client
    return holders


def _apply(client: Client, values: dict[str, str | int | None]) -> bool:
    changed = [name for name, value in values.items() if getattr(client, name) != value]
    for name in changed:
        setattr(client, name, values[name])
    if changed:
        client.save(update_fields=changed)
    return bool(changed)


def _add_identifiers(client: Client, identifiers: list[tuple[str, str]]) -> int:
    had = set(client.identifiers.values_list("kind", "value"))
    missing = [pair for pair in identifiers if pair not in had]
    ClientIdentifier.objects.bulk_create(
        ClientIdentifier(client=client, kind=kind, value=value) for kind, value in missing
    )
    return len(missing)


@transaction.atomic
def ensure_client(*, npi: str, tin: str, name: str, at: datetime) -> Client:
    """Return the client that a file names, making a provisional one when nobody knows it.

    Two at once make one; a transaction that makes a client holds off others until it ends.
    """
    found = find_client(npi=npi, tin=tin)
    if found is not None:
        return found
    hold_lock(Lock.PARTIES)
    found = find_client(npi=npi, tin=tin)  # somebody may have made it while we waited
    if found is not None:
        return found
    npi, tin = normalized_number(npi), normalized_number(tin)
    code = f"NPI{npi}" if npi else f"TIN{tin}" if tin else "UNKNOWN"
    client, _ = Client.objects.get_or_create(
        code=code,
        defaults={"name": name or code, "is_provisional": True, "created_at": at},
    )
    for kind, value in ((IdentifierKind.NPI, npi), (IdentifierKind.TIN, tin)):
        if value:
            ClientIdentifier.objects.get_or_create(
                kind=kind, value=value, defaults={"client": client}
            )
    return client
