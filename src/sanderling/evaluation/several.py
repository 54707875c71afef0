"""What-ifs over several contracts at once: asked by the web, answered by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.models import Client
from sanderling.contracts.models import ContractVersion
from sanderling.core.refusal import Refusal
from sanderling.evaluation.actions import Change, NoWhatIf, work_out_what_if
from sanderling.evaluation.models import WhatIf, WhatIfSet
from sanderling.payers.models import Payer

CONTRACTS_MAX: Final = 1_000
MOVERS_KEPT: Final = 500


def versions_in_force(
    *, payer: Payer | None, client: Client | None, on: date
) -> QuerySet[ContractVersion]:
    """Return the version of each contract that is in force, of a payer, a client or both."""
    found = ContractVersion.objects.filter(withdrawn_at=None, from_date__lte=on).filter(
        Q(to_date=None) | Q(to_date__gte=on)
    )
    if payer is not None:
        found = found.filter(contract__payer=payer)
    if client is not None:
        found = found.filter(contract__client=client)
    latest = found.order_by("contract_id", "-from_date", "-pk").distinct("contract_id")
    return ContractVersion.objects.filter(pk__in=latest.values("pk")).select_related(
        "contract__client", "contract__payer"
    )


@transaction.atomic
def ask_about_several(
    change: Change,
    *,
    payer: Payer | None,
    client: Client | None,
    title: str,
    by: User,
    at: datetime,
) -> WhatIfSet:
    """Write down the question; the worker answers it. A second call asks a second time.

    Raises:
        NoWhatIf: no payer and no client, no change of rates, or no contract in force.
    """
    if payer is None and client is None:
        raise NoWhatIf("choose a payer or a client")
    if change.percent is None:
        raise NoWhatIf("state by how many percent rates change")
    versions = list(versions_in_force(payer=payer, client=client, on=at.date()))
    if not versions:
        raise NoWhatIf("no contract of these is in force today; load one first")
    if len(versions) > CONTRACTS_MAX:
        raise NoWhatIf(f"more than {CONTRACTS_MAX:,} contracts: choose a client, too")
    asked = WhatIfSet.objects.create(
        payer=payer,
        client=client,
        client_ids=sorted({one.contract.client_id for one in versions}),
        version_ids=sorted(one.pk for one in versions),
        title=title or change.words(),
        change=change.words(),
        percent=change.percent,
        codes=change.codes,
        top=change.top,
        made_by=by,
        made_at=at,
    )
    record_event(
        action="contract.what_if_set",
        at=at,
        subject=("what_if_set", asked.pk),
        detail={"contracts": len(versions)},
    )
    return asked


def answer_waiting(*, at: datetime) -> int:
    """Answer every question that waits, also what an interruption left; return how many."""
    waiting = WhatIfSet.objects.filter(finished_at=None).order_by("pk")
    return len([answer(asked, at=at) for asked in waiting])


def answer(asked: WhatIfSet, *, at: datetime) -> WhatIfSet:
    """Answer a question contract by contract, each in a transaction of its own.

    Taken up again it goes on where it was; a question that is answered stays as it is.
    """
    if asked.finished_at is not None:
        return asked
    told = {*asked.answers.values_list("version_id", flat=True), *(one for one, _ in asked.refused)}
    change = Change(percent=asked.percent, codes=asked.codes, top=asked.top)
    versions = ContractVersion.objects.select_related("contract__client", "contract__payer")
    for version in versions.filter(pk__in=asked.version_ids).exclude(pk__in=told).order_by("pk"):
        try:
            work_out_what_if(
                version, change, title=asked.title, by=asked.made_by, at=asked.made_at,
                part_of=asked,
            )  # fmt: skip
        except Refusal as refusal:
            asked.refused = [*asked.refused, [version.pk, refusal.sentence]]
            asked.save(update_fields=["refused"])
    asked.finished_at = at
    asked.save(update_fields=["finished_at"])
    return asked


def progress_of(asked: WhatIfSet) -> tuple[int, int]:
    """Return how many contracts are answered or refused, of how many."""
    return asked.answers.count() + len(asked.refused), len(asked.version_ids)


def contract_rows(asked: WhatIfSet) -> list[dict[str, Any]]:
    """Return one row for each contract that was answered, the largest change first."""
    rows = [
        {
            "what_if": one.pk,
            "client": one.client.code,
            "payer": one.payer.name,
            "version": one.version_id,
            "lines": one.lines,
            "unpriced_lines": one.unpriced_lines,
            "now_cents": one.now_cents,
            "then_cents": one.then_cents,
            "change_cents": one.change_cents,
        }
        for one in asked.answers.select_related("client", "payer").order_by("pk")
    ]
    return sorted(rows, key=lambda row: (-abs(row["change_cents"]), row["client"], row["payer"]))


def code_rows(answers: Sequence[WhatIf]) -> list[dict[str, Any]]:
    """Return the codes of all contracts together, the largest change first.

    Of each contract the codes that it keeps: those that move it most.
    """
    sums: dict[str, dict[str, Any]] = {}
    names = ("lines", "units", "now_cents", "then_cents", "change_cents")
    for one in answers:
        for code, *values in one.by_code:
            row = sums.setdefault(code, {"procedure": code, **dict.fromkeys(names, 0)})
            for name, value in zip(names, values, strict=True):
                row[name] += value
    ranked = sorted(sums.values(), key=lambda row: (-abs(row["change_cents"]), row["procedure"]))
    return ranked[:MOVERS_KEPT]


def total_of(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the sums over the contracts."""
    names = ("lines", "unpriced_lines", "now_cents", "then_cents", "change_cents")
    return {name: sum(row[name] for row in rows) for name in names}
