"""Works out which alerts there are now, kind by kind, and brings the open ones in step.

Each evaluator returns all alerts of its kind; `raising.settle_kind` raises the new ones, resolves
those that are gone. One that fails leaves the others of its hour alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError
from django.urls import reverse

from sanderling.automation.contract_alerts import contract_alerts
from sanderling.automation.kinds import ALERTS
from sanderling.automation.late_answers import late_acknowledgment
from sanderling.automation.models import Alert, AlertRule
from sanderling.automation.payer_alerts import denial_spike, missing_remittance
from sanderling.automation.raising import NewAlert, People, settle_kind
from sanderling.automation.sums import (
    Limits,
    broken_promise,
    deadline_risk,
    names_of,
    rows_of,
    sla,
    unowned_overdue,
)

logger = logging.getLogger(__name__)


def evaluate(*, at: datetime) -> dict[str, tuple[int, int]]:
    """Bring the alerts of every kind in step; return how many of each were raised and resolved.

    A kind that is switched off resolves.
    """
    people = People()
    rules = {one.kind: one for one in AlertRule.objects.all()}
    found = {}
    for kind, evaluator in EVALUATORS.items():
        rule = rules.get(kind)
        limits = {name: limit.default for name, limit in ALERTS[kind].limits.items()}
        limits |= rule.parameters if rule else {}
        try:
            current = [] if rule and rule.is_off else evaluator(people, limits, at.date())
            found[kind] = settle_kind(kind, current, at=at)
        except (OperationalError, InterfaceError):
            raise  # the database is away: the job is tried again
        except Exception:
            logger.exception("alerts of kind %s could not be worked out", kind)
    _end_day(at=at)
    return found


def _end_day(*, at: datetime) -> None:
    """Resolve what was said of rules' limits on an earlier day."""
    stale = Alert.objects.filter(kind="rule_limit", resolved_at__isnull=True)
    stale.filter(changed_at__date__lt=at.date()).update(resolved_at=at)


_QUARANTINED: Final = """
SELECT f.client_ids, count(*) FROM files_stored_file f
 WHERE f.status = 'quarantined' AND f.received_date >= %(from)s GROUP BY 1 ORDER BY 1
"""


def _intake_failure(people: People, limits: Limits, today: date) -> list[NewAlert]:
    """Return quarantined files; failed folders are reported by intake until they recover."""
    found = []
    rows = rows_of(_QUARANTINED, {"from": today - timedelta(days=limits["days"])})
    codes = names_of("clients_client", "code")
    for client_ids, count in rows:
        is_one = len(client_ids) == 1
        names = ", ".join(codes.get(pk, "?") for pk in client_ids) or "Client not known"
        files = "1 file is" if count == 1 else f"{count} files are"
        told = people.leads_of(client_ids) if client_ids else people.leads_of_all()
        found.append(
            NewAlert(
                "intake_failure",
                f"intake_failure:quarantined:{','.join(map(str, client_ids))}",
                f"{names}: {files} quarantined; nothing of it is posted",
                told,
                client_id=client_ids[0] if is_one else None,
                items=count,
                url=f"{reverse('files')}?status=quarantined",
            )
        )
    reported = Alert.objects.filter(kind="intake_failure", resolved_at__isnull=True).exclude(
        key__startswith="intake_failure:quarantined:"
    )
    found += [
        NewAlert(one.kind, one.key, one.text, people.admins(), url=one.url, is_urgent=one.is_urgent)
        for one in reported
    ]
    return [one for one in found if one.user_ids]


EVALUATORS: Final[Mapping[str, Callable[[People, Limits, date], list[NewAlert]]]] = {
    "deadline_risk": deadline_risk,
    "sla": sla,
    "denial_spike": denial_spike,
    "missing_remittance": missing_remittance,
    "contract": contract_alerts,
    "intake_failure": _intake_failure,
    "late_acknowledgment": late_acknowledgment,
    "broken_promise": broken_promise,
    "unowned_overdue": unowned_overdue,
}
