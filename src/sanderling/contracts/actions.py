"""Adds and withdraws versions of contracts. What stands follows from the days of the versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.contracts.models import Contract, ContractVersion, FeeSchedule
from sanderling.contracts.signals import contract_changed
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.postgres.locks import Lock, hold_lock

TEXT_MAX = 2_000
TERMS_MAX = 200_000
ONE_DAY = timedelta(days=1)


class VersionRefused(Refusal):
    """The version would make no sense, or somebody else was quicker; the text says which."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom a contract binds; `plan`: one plan, product or network, empty: any."""

    client: Client
    payer: Payer
    plan: str = ""


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """What a version is to say: its days (both included), its rates and its terms."""

    from_date: date
    to_date: date | None = None
    schedule: FeeSchedule | None = None
    terms: str = ""
    note: str = ""


@dataclass(slots=True)
class VersionAdded:
    """What became of it, and what else changed by it: one sentence each."""

    version: ContractVersion
    is_new: bool = True
    replaced: ContractVersion | None = None
    said: list[str] = field(default_factory=list)


def normalized_plan(text: str) -> str:
    """Return a plan as contracts and claims are compared by it."""
    return " ".join(text.upper().split())


def find_or_make_contract(parties: Parties, *, by: User | None, at: datetime) -> Contract:
    """Return the contract between these parties; make it where there is none."""
    contract, _ = Contract.objects.get_or_create(
        client=parties.client,
        payer=parties.payer,
        plan=normalized_plan(parties.plan),
        defaults={"made_by": by, "made_at": at},
    )
    return contract


@transaction.atomic
def add_version(
    *, contract: Contract, says: VersionTerms, by: User | None, at: datetime, source: str
) -> VersionAdded:
    """Add a version from a day on; what says the same as the one of that day changes nothing.

    A standing version of the same first day is withdrawn: this one takes its place. One that holds
    on that day ends the day before; and this one ends before the next one begins.

    Raises:
        BadTerms: the terms cannot be read.
        VersionRefused: the days are out of order, or it says nothing.
    """
    _check(says)
    hold_lock(Lock.CONTRACTS)
    standing = list(
        ContractVersion.objects.filter(contract=contract, withdrawn_at__isnull=True)
        .select_related("schedule")
        .order_by("from_date")
    )
    same_day = next((one for one in standing if one.from_date == says.from_date), None)
    if same_day is not None and _says_the_same(same_day, says):
        return VersionAdded(same_day, is_new=False)
    if same_day is not None:
        _withdraw(same_day, by=by, at=at, note="replaced by a version from the same day")
    version = ContractVersion.objects.create(
        contract=contract,
        client_id=contract.client_id,
        from_date=says.from_date,
        to_date=says.to_date,
        schedule=says.schedule,
        terms=says.terms,
        note=says.note.strip(),
        source=source,
        made_by=by,
        made_at=at,
    )
    added = VersionAdded(version, replaced=same_day)
    added.said = _consequences(version, [one for one in standing if one is not same_day], same_day)
    _tell(version)
    return added


@transaction.atomic
def withdraw_version(*, version: ContractVersion, note: str, by: User | None, at: datetime) -> None:
    """Take a version back, as if it had never been; the one before it holds on.

    Raises:
        VersionRefused: it is withdrawn already, or nothing says why.
    """
    if not note.strip():
        raise VersionRefused("say why the version is withdrawn")
    hold_lock(Lock.CONTRACTS)
    version.refresh_from_db()
    if version.withdrawn_at is not None:
        raise VersionRefused("the version is withdrawn already; look at it again")
    _withdraw(version, by=by, at=at, note=note.strip()[:TEXT_MAX])
    _tell(version)


@transaction.atomic
def describe_contract(*, contract: Contract, name: str, reference: str, note: str) -> bool:
    """Change what the contract is called and where its document lies; return whether it differs.

    A trigger writes what changed to the audit trail.
    """
    changed = {
        "name": name.strip()[:TEXT_MAX],
        "reference": reference.strip()[:TEXT_MAX],
        "note": note.strip()[:TEXT_MAX],
    }
    if all(getattr(contract, key) == value for key, value in changed.items()):
        return False
    for key, value in changed.items():
        setattr(contract, key, value)
    contract.save(update_fields=list(changed))
    return True


def _check(says: VersionTerms) -> None:
    if len(says.terms) > TERMS_MAX:
        raise VersionRefused("the terms are longer than 200,000 characters; shorten them")
    parse_terms(says.terms)
    if says.to_date is not None and says.to_date < says.from_date:
        raise VersionRefused("the last day is before the first; change one of them")
    if says.schedule is None and not says.terms.strip():
        raise VersionRefused("a version needs rates or terms; add a fee schedule or a terms file")


def _says_the_same(version: ContractVersion, says: VersionTerms) -> bool:
    mine = version.schedule.content_sha256 if version.schedule else ""
    other = says.schedule.content_sha256 if says.schedule else ""
    return (
        version.to_date == says.to_date
        and mine == other
        and parse_terms(version.terms) == parse_terms(says.terms)
    )


def _withdraw(version: ContractVersion, *, by: User | None, at: datetime, note: str) -> None:
    version.withdrawn_at, version.withdrawn_by, version.withdrawn_note = at, by, note
    version.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_note"])


def _consequences(
    version: ContractVersion, others: list[ContractVersion], replaced: ContractVersion | None
) -> list[str]:
    said = []
    if replaced is not None:
        said.append(f"it replaces the version of the same day ({replaced.pk}), which is withdrawn")
    before = max(
        (one for one in others if one.from_date < version.from_date),
        key=lambda one: one.from_date,
        default=None,
    )
    after = min(
        (one for one in others if one.from_date > version.from_date),
        key=lambda one: one.from_date,
        default=None,
    )
    if (
        replaced is None
        and before is not None
        and (before.to_date is None or before.to_date >= version.from_date)
    ):
        said.append(
            f"the version from {before.from_date} now ends on {version.from_date - ONE_DAY}"
        )
    had = replaced or before
    if had is not None and had.terms.strip() and not version.terms.strip():
        said.append(f"it has no terms, which the version from {had.from_date} has")
    if after is not None and (version.to_date is None or version.to_date >= after.from_date):
        said.append(
            f"it ends on {after.from_date - ONE_DAY}, because another version begins the day after"
        )
    return said


def _tell(version: ContractVersion) -> None:
    contract_changed.send(
        sender=ContractVersion,
        client_id=version.client_id,
        payer_id=version.contract.payer_id,
        from_date=version.from_date,
        to_date=version.to_date,
    )
