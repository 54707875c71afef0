"""Which overrides stand, and the code book that goes with them."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.db.models import Q, QuerySet

from sanderling.codes.models import CodeRule
from sanderling.core.codes.codebook import RULES, CodeBook, book_with
from sanderling.postgres.frames import read_frame

# An empty text of the table is a null of the frame: any code, or no override.
_STANDING: Final = """
SELECT r.id, nullif(r.payer_type, ''), r.payer_id, r.client_id, nullif(r.group_code, ''),
       nullif(r.reason_code, ''), nullif(r.remark_code, ''), nullif(r.status_code, ''),
       nullif(r.category, ''), nullif(r.nature, ''), nullif(r.next_action, ''),
       nullif(r.team, ''), nullif(r.preventable, ''), r.valid_from_date, r.valid_to_date
  FROM codes_code_rule r
 WHERE NOT r.is_ended
   AND NOT EXISTS (SELECT FROM codes_code_rule later WHERE later.supersedes_id = r.id)
 ORDER BY r.id
"""


def standing_rules() -> QuerySet[CodeRule]:
    """Return the overrides that stand: neither superseded nor ended, visible to the session."""
    return CodeRule.objects.filter(superseded_by__isnull=True, is_ended=False)


def code_rules_frame() -> pl.DataFrame:
    """Return the standing overrides as the core takes them (columns RULES)."""
    return read_frame(_STANDING, RULES)


def code_book() -> CodeBook:
    """Return the tables with the standing overrides."""
    return book_with(code_rules_frame())


def rules_about(*, kind: str, code: str) -> QuerySet[CodeRule]:
    """Return every version of the overrides that name a code, latest first.

    `kind`: reason, remark or status.
    """
    return (
        CodeRule.objects.filter(Q(**{f"{kind}_code": code}))
        .select_related("payer", "client", "recorded_by")
        .order_by("-recorded_at", "-pk")
    )
