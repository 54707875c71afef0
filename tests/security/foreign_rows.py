"""A row of a foreign client in every table that row-level security protects, made from the models.

Rows are made by the types of their columns, with triggers off and, where they are in the way, check
constraints gone, so that a new table is covered by itself. Texts hold MARK and amounts CENTS:
whoever finds one of them on a page has found a leak.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

MARK = "ZZFOREIGNZZ"
CENTS = 98_765_43
# Of nobody: each row is what code knows by name.
NOT_OF_CLIENTS = {"appeals_template", "appeals_template_version"}
# Read by everybody who has the permission, whoever made them; each says why.
OF_THE_OFFICE = {
    "api_token": "an administrator sees every token",
    "api_webhook": "an administrator sees every webhook",
    "automation_rule": "rules are the office's; what they did is of clients",
    "automation_run": "how a rule ran; what it found is of clients",
    "compliance_access_row": "who may log in is reviewed by the office; foreign codes are left out",
    "compliance_campaign": "a review of access is of the whole office",
    "forecast_run": "when forecasts were made; no figures",
    "portals_portal": "payers' portals are the office's",
    "worklists_project": "names of projects are the office's",
}
OFFICE_MARK = "ZZOFFICEZZ"
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
# How these amounts and words may look on a page or in a file.
SIGNS = (MARK, MARK.lower(), MARK.title(), "98,765.43", "98765.43", str(CENTS))


@dataclass
class Foreign:
    """The foreign client, somebody who works for it, and the id of its row in each table."""

    client_id: int
    user_id: int
    payer_id: int
    ids: dict[str, Any] = field(default_factory=dict)


def protected_tables() -> set[str]:
    """Return the tables with a policy for the web application."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE 'sanderling_app' = ANY (roles)")
        return {name for (name,) in cursor.fetchall()}


def fill(foreign: Foreign, only: Collection[str] = ()) -> None:
    """Make the rows, those of some tables with what they hang on, or all of them."""
    tables = protected_tables()
    wanted = set(only) or tables - NOT_OF_CLIENTS
    found = [model for model in apps.get_models() if model._meta.db_table in wanted]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may wait when a table changes
        for table in sorted(tables):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # rows may point at each other
    for model in found:
        make(model, foreign, tables)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in sorted(tables):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def make(model: type[models.Model], foreign: Foreign, tables: set[str]) -> Any:
    """Return the key of the foreign row of a model, made when there is none yet."""
    table = model._meta.db_table
    if table == "clients_client":
        return foreign.client_id
    if table == "accounts_user":
        return foreign.user_id
    if table == "payers_payer":
        return foreign.payer_id
    if table in foreign.ids:
        return foreign.ids[table]
    if table in NOT_OF_CLIENTS:
        return model._default_manager.values_list("pk", flat=True).first()
    foreign.ids[table] = None  # for those that point at themselves
    row = model()
    for column in model._meta.concrete_fields:
        if column.primary_key and isinstance(column, models.AutoField):
            continue
        value = _value(column, foreign, tables)
        if table not in tables or table in OF_THE_OFFICE:
            value = OFFICE_MARK if value == MARK else value
        setattr(row, column.attname, value)
    try:
        _insert(row)
    except DatabaseError:
        _drop_checks(table)
        _insert(row)
    foreign.ids[table] = row.pk
    return row.pk


def _insert(row: models.Model) -> None:
    with transaction.atomic():
        models.Model.save_base(row, raw=True, force_insert=True)


def _drop_checks(table: str) -> None:
    """Forget what a table asks of its values: nobody may see them anyway."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
            [table],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def _value(column: models.Field[Any, Any], foreign: Foreign, tables: set[str]) -> Any:
    name = column.attname
    if isinstance(column, models.ForeignKey):
        target = column.related_model
        if column.null and target._meta.db_table not in ("clients_client", "claims_claim"):
            return foreign.ids.get(target._meta.db_table)
        return make(target, foreign, tables)
    by_name = {
        "client_id": foreign.client_id, "client_ids": [foreign.client_id],
        "user_id": foreign.user_id, "owner_id": foreign.user_id, "payer_id": foreign.payer_id,
    }  # fmt: skip
    if name in by_name:
        return by_name[name]
    if name in BY_KEY and not column.primary_key:
        return make(apps.get_model(BY_KEY[name]), foreign, tables)
    return _of_type(column)


# Keys without a foreign-key constraint.
BY_KEY = {
    "claim_id": "claims.Claim",
    "submission_id": "claims.Submission",
    "transaction_id": "files.TransactionSet",
    "file_id": "files.StoredFile",
    "claim_payment_id": "remits.ClaimPayment",
    "item_id": "worklists.WorkItem",
}


# By type, the narrower first.
PLAIN: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (ArrayField, []),
    (models.BooleanField, False),
    (models.DateField, date(2026, 2, 2)),
    (models.TimeField, time(9)),
    (models.EmailField, f"{MARK.lower()}@x.test"),
    (models.GenericIPAddressField, "192.0.2.1"),
    (models.UUIDField, uuid.UUID(int=7)),
    (models.JSONField, {}),
    (models.BinaryField, b"x"),
    (models.FloatField, 0.5),
    (models.DecimalField, 0.5),
)


def _of_type(column: models.Field[Any, Any]) -> Any:
    name = column.attname
    if column.choices:
        return next(value for value, _ in column.flatchoices if value != "")
    if isinstance(column, models.DateTimeField):
        ends = name.startswith(("expires", "ends", "due", "not_after"))
        return None if column.null else AT + timedelta(days=365 * 5) if ends else AT
    if isinstance(column, models.BooleanField) and column.null:
        return None
    for kind, value in PLAIN:
        if isinstance(column, kind):
            return value
    if isinstance(column, models.IntegerField):
        return 11 if name == "party" else CENTS if name.endswith("_cents") else 1
    return MARK[: column.max_length] if getattr(column, "max_length", None) else MARK
