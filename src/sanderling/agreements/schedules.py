"""The follow-up schedules of all clients as a frame, as they held on a day."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from sanderling.agreements.models import Schedule
from sanderling.core.followup.schedules import SCHEDULES
from sanderling.postgres.frames import read_frame

# The usual days between touches hold for clients with whom something was agreed.
_SCHEDULES: Final = """
WITH holds AS (
    SELECT DISTINCT ON (client_id) id, client_id FROM agreements_agreement
     WHERE (made_at AT TIME ZONE 'UTC')::date <= %s
     ORDER BY client_id, number DESC
)
SELECT s.id, s.client_id, s.barrier, s.payer_id, s.payer_type, s.from_age_days, s.min_cents,
       s.first_days, s.repeat_days
  FROM agreements_schedule s JOIN holds h ON h.id = s.agreement_id
 UNION ALL
SELECT NULL, h.client_id, '', NULL, '', 0, 0, NULL, k.follow_up_days
  FROM holds h JOIN clients_client k ON k.id = h.client_id
 WHERE k.follow_up_days IS NOT NULL
"""


def schedules_on(day: date) -> pl.DataFrame:
    """Return the schedules (core.followup.schedules.SCHEDULES) that held at the end of a day."""
    return read_frame(_SCHEDULES, SCHEDULES, [day])


def repeat_days(schedule_id: int | None) -> int | None:
    """Return the days between touches by a schedule, None where there is none."""
    if schedule_id is None:
        return None
    return Schedule.objects.filter(pk=schedule_id).values_list("repeat_days", flat=True).first()
