"""Finds payers by the ids, names and originator numbers of files, and the deadline rules."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.db.models import QuerySet

from sanderling.core.deadlines.rules import OVERRIDE_SCHEMA, PAYER_SCHEMA, rules_frame
from sanderling.core.names import normalized_name, normalized_number
from sanderling.payers.models import AliasKind, DeadlineRule, Payer, PayerAlias
from sanderling.postgres.frames import read_frame

_PAYER_DAYS: Final = """
SELECT id, payer_id, timely_filing_days, corrected_claim_days, appeal_days FROM payers_payer
WHERE (timely_filing_days IS NOT NULL OR corrected_claim_days IS NOT NULL
       OR appeal_days IS NOT NULL) AND (%s::int[] IS NULL OR id = ANY (%s))
ORDER BY id
"""
_STANDING_RULES: Final = """
SELECT rule.id, rule.payer_id, rule.client_id, rule.payer_type, rule.prior_payer_type, rule.kind,
       rule.level, rule.amount, rule.unit, rule.clock, rule.receipt_rule, rule.weekend_rule,
       rule.provider_status, rule.effective_from_date, rule.effective_to_date, rule.source,
       rule.confidence, payer.payer_id, client.code
FROM payers_deadline_rule AS rule
LEFT JOIN payers_payer AS payer ON payer.id = rule.payer_id
LEFT JOIN clients_client AS client ON client.id = rule.client_id
WHERE NOT rule.is_withdrawn
  AND NOT EXISTS (SELECT FROM payers_deadline_rule AS later WHERE later.supersedes_id = rule.id)
  AND (%s::int[] IS NULL OR rule.payer_id IS NULL OR rule.payer_id = ANY (%s))
ORDER BY rule.id
"""


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


def deadline_rules_frame(payer_ids: list[int] | None = None) -> pl.DataFrame:
    """Return all deadline rules that stand, as `core.deadlines.due.deadlines` wants them.

    The system's own, the day counts of payers import, and those that people set; of the latter, as
    everywhere, only those of clients that the session may see. `payer_ids`: those of other payers
    are left out. Two queries.
    """
    asked = [payer_ids, payer_ids]
    return rules_frame(
        payers=read_frame(_PAYER_DAYS, PAYER_SCHEMA, asked),
        overrides=read_frame(_STANDING_RULES, OVERRIDE_SCHEMA, asked),
    )


def standing_rules() -> QuerySet[DeadlineRule]:
    """Return the rules that people set, less those superseded or taken back."""
    return DeadlineRule.objects.filter(is_withdrawn=False, superseded_by__isnull=True)


def payer_codes_by_id() -> dict[int, str]:
    """Return the payers' ids of files by our keys."""
    return dict(Payer.objects.values_list("pk", "payer_id"))


def payer_names_by_id() -> dict[int, str]:
    """Return the payers' names by our keys."""
    return dict(Payer.objects.values_list("pk", "name"))
