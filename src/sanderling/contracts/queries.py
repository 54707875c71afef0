"""What contracts say: the versions in force, their rates and terms, reference schedules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import polars as pl
from django.db import connection

from sanderling.clients.models import Client
from sanderling.contracts.models import ContractVersion
from sanderling.core.contracts.frames import (
    CONVERSION_FACTORS,
    FEES,
    GPCIS,
    RATES,
    RVUS,
    References,
    Schema,
)
from sanderling.core.contracts.terms import Terms
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer
from sanderling.payers.queries import find_payer
from sanderling.postgres.frames import read_frame

# Which version of which contract is in force when. Both days are included; a null last day: open.
# `plan` in capitals, as claims_claim.plan is to be compared; "": any plan without its own contract.
ASSIGNMENTS: Final[Schema] = {
    "client_id": pl.Int64,
    "payer_id": pl.Int64,
    "plan": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "version_id": pl.Int64,
    "tolerance_cents": pl.Int64,
    "tolerance_rate": pl.Decimal(9, 6),
}

# A version ends the day before the next one of its contract begins, or earlier as agreed.
STANDING: Final = """
SELECT v.id, v.contract_id, v.client_id, v.schedule_id, v.from_date,
       least(v.to_date, lead(v.from_date) OVER later - 1) AS to_date
  FROM contracts_version v
 WHERE v.withdrawn_at IS NULL
WINDOW later AS (PARTITION BY v.contract_id ORDER BY v.from_date)
"""
_ASSIGNED: Final = f"""
SELECT c.client_id, c.payer_id, c.plan, s.from_date, s.to_date, s.id
  FROM ({STANDING}) s JOIN contracts_contract c ON c.id = s.contract_id
 WHERE (%s::int[] IS NULL OR c.client_id = ANY (%s::int[]))
 ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - texts of ours only
_RATES: Final = f"""
SELECT s.id, r.code, r.modifier, r.place_of_service, r.allowed_cents, s.from_date, s.to_date
  FROM ({STANDING}) s JOIN contracts_rate r ON r.schedule_id = s.schedule_id
 WHERE (%s::int[] IS NULL OR s.client_id = ANY (%s::int[]))
"""  # noqa: S608 - as above
_TERMS: Final = """
SELECT id, terms FROM contracts_version
 WHERE withdrawn_at IS NULL AND (%s::int[] IS NULL OR client_id = ANY (%s::int[]))
"""
_DAYS: Final = f"""
SELECT s.from_date, s.to_date FROM ({STANDING}) s WHERE s.contract_id = %s AND s.id = %s
"""  # noqa: S608 - as above
_REFERENCES: Final = """
SELECT s.id, s.name, s.kind, s.conversion_factor, s.anesthesia_factor, s.from_date,
       lead(s.from_date) OVER (PARTITION BY s.name, s.kind ORDER BY s.from_date) - 1 AS to_date
  FROM contracts_reference_schedule s
 WHERE s.withdrawn_at IS NULL
"""


@dataclass(frozen=True)
class ContractBook:
    """What pricing needs of the contracts of some clients; `contract_id` is the version's id."""

    terms: dict[int, Terms]
    rates: pl.DataFrame  # frames.RATES
    assignments: pl.DataFrame  # ASSIGNMENTS


def contract_book(client_ids: Sequence[int] | None = None) -> ContractBook:
    """Return the standing versions of these clients' contracts; None: of all clients one may see.

    A version that ended long ago is in it: claims of its days are priced by it.
    """
    terms = terms_of_versions(client_ids)
    return ContractBook(
        terms=terms,
        rates=read_frame(_RATES, RATES, _wanted(client_ids)),
        assignments=_assignments(client_ids, terms),
    )


def _wanted(client_ids: Sequence[int] | None) -> list[list[int] | None]:
    return [None, None] if client_ids is None else [sorted(client_ids)] * 2


def _assignments(client_ids: Sequence[int] | None, terms: dict[int, Terms]) -> pl.DataFrame:
    """Return which version holds for whom and when (ASSIGNMENTS)."""
    assigned = read_frame(
        _ASSIGNED,
        {name: ASSIGNMENTS[name] for name in list(ASSIGNMENTS)[:6]},
        _wanted(client_ids),
    )
    tolerances = pl.DataFrame(
        [(key, one.tolerance_cents, one.tolerance_rate) for key, one in terms.items()],
        schema={name: ASSIGNMENTS[name] for name in list(ASSIGNMENTS)[5:]},
        orient="row",
    )
    return assigned.join(tolerances, on="version_id", how="left", maintain_order="left")


def versions_in_force(lines: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """Return row, version_id, tolerance_cents, tolerance_rate of the lines that have a contract.

    `lines` has row, client_id, payer_id, plan and service_date; `assignments` as ContractBook has
    them. The contract of the line's plan counts before the one for any plan.
    """
    return (
        lines.select("row", "client_id", "payer_id", "plan", "service_date")
        .join(assignments.rename({"plan": "for_plan"}), on=["client_id", "payer_id"])
        .filter(
            (pl.col("for_plan") == "") | (pl.col("for_plan") == pl.col("plan")),
            pl.col("service_date") >= pl.col("from_date"),
            pl.col("to_date").is_null() | (pl.col("service_date") <= pl.col("to_date")),
        )
        .sort("row", pl.col("for_plan") == "", "from_date", descending=[False, False, True])
        .unique("row", keep="first", maintain_order=True)
        .select("row", "version_id", "tolerance_cents", "tolerance_rate")
    )


def paid_by_the_month(lines: pl.DataFrame) -> pl.DataFrame:
    """Return those of `lines` whose procedure the contract of the day pays by capitation.

    `lines` has client_id, payer_id, plan, service_date and procedure, and what else it may.
    """
    client_ids = lines["client_id"].drop_nulls().unique().to_list()
    terms = terms_of_versions(client_ids) if client_ids else {}
    if not any(one.capitation for one in terms.values()):
        return lines.clear()
    numbered = lines.with_row_index("row")
    versions = versions_in_force(numbered, _assignments(client_ids, terms))
    asked = numbered.join(versions, on="row").select("row", "version_id", "procedure")
    said = [row for row, version, code in asked.iter_rows() if code in terms[version].capitation]
    return numbered.filter(pl.col("row").is_in(said)).drop("row")


def names_capitation(client_id: int, payer_id: int) -> bool:
    """Say whether any version between them, withdrawn or not, ever paid a service by the month."""
    texts = ContractVersion.objects.filter(
        contract__client_id=client_id, contract__payer_id=payer_id, terms__contains="capitation"
    ).values_list("terms", flat=True)
    return any(parsed(text).capitation for text in texts)


def terms_of_versions(client_ids: Sequence[int] | None = None) -> dict[int, Terms]:
    """Return version id -> terms of the versions that are not withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, _wanted(client_ids))
        return {version_id: parsed(text) for version_id, text in cursor.fetchall()}


@lru_cache(maxsize=512)
def parsed(text: str) -> Terms:
    """Return the terms of a TOML text that was checked when it was stored."""
    return parse_terms(text)


class NotFound(Refusal):
    """No client or payer of that name."""


def client_of(code: str) -> Client:
    """Return the client of this code.

    Raises:
        NotFound: there is none.
    """
    client = Client.objects.filter(code=code).first()
    if client is None:
        raise NotFound(f"there is no client {code}; import clients first")
    return client


def payer_of(payer_id: str) -> Payer:
    """Return the payer of this id, or of an alias of it.

    Raises:
        NotFound: there is none.
    """
    payer = Payer.objects.filter(payer_id=payer_id).first() or find_payer(payer_id=payer_id)
    if payer is None:
        raise NotFound(f"there is no payer {payer_id}; import payers first")
    return payer


def days_of_version(version: ContractVersion) -> tuple[date, date | None]:
    """Return the days on which a standing version is in force; its own when it is withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [version.contract_id, version.pk])
        found = cursor.fetchone()
    return found or (version.from_date, version.to_date)


def references() -> References:
    """Return all reference schedules that stand, with the days on which each holds."""
    of = f"FROM ({_REFERENCES}) s JOIN"
    return References(
        rvus=read_frame(
            "SELECT s.name, r.code, r.modifier, r.work, r.practice_nonfacility,"
            " r.practice_facility, r.malpractice, r.multiple_procedure, r.bilateral, r.assistant,"
            " r.co_surgeon, r.endoscopic_base, r.pre_operative, r.intra_operative,"
            " r.post_operative, r.anesthesia_base, s.from_date, s.to_date"
            f" {of} contracts_relative_value r ON r.schedule_id = s.id",
            RVUS,
        ),
        gpcis=read_frame(
            "SELECT s.name, r.locality, r.work, r.practice, r.malpractice, s.from_date, s.to_date"
            f" {of} contracts_geographic_factor r ON r.schedule_id = s.id",
            GPCIS,
        ),
        conversion_factors=read_frame(
            f"SELECT s.name, f.kind, f.factor, s.from_date, s.to_date FROM ({_REFERENCES}) s,"  # noqa: S608 - as above
            " LATERAL (VALUES ('', s.conversion_factor), ('anesthesia', s.anesthesia_factor))"
            " AS f(kind, factor) WHERE f.factor IS NOT NULL",
            CONVERSION_FACTORS,
        ),
        fees=read_frame(
            "SELECT s.name, r.locality, r.code, r.modifier, r.amount_cents, s.from_date, s.to_date"
            f" {of} contracts_reference_fee r ON r.schedule_id = s.id",
            FEES,
        ),
    )
