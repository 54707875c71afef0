"""A fair sample of each person's notes for review, the checklist, and what later facts say of them.

The sample of a week is random but always the same: whoever opens it sees the same notes, and
nobody can choose them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.ledger.accounts import Account
from sanderling.core.refusal import Refusal
from sanderling.web.templatetags.sanderling import money
from sanderling.workload.models import QualityReview

SAMPLE: Final = 5  # notes of one person and week
COMMENT_MAX: Final = 4_000
CHECKLIST: Final[Mapping[str, str]] = {
    "source": "Says who said it, or where it was read",
    "reference": "Has the call's reference or the payer's claim number",
    "status": "Says the status and its reason in the payer's words or codes",
    "action": "The next action fits the reason",
    "date": "The next date fits what was promised, and the deadline",
    "privacy": "Says no more of the patient than is needed",
}
ANSWERS: Final = ("yes", "no", "na")
SOON: Final = timedelta(days=30)
_SAMPLE: Final = """
SELECT * FROM (
    SELECT a.id, a.claim_id, a.client_id, a.user_id, u.name, k.code, c.number, a.activity_date,
           a.channel, a.action, a.outcome, a.reference, a.next_date, a.note,
           row_number() OVER (
               PARTITION BY a.user_id
               ORDER BY md5(%(from)s::date::text || ':' || a.id::text), a.id) AS place
      FROM followup_standing_activity a
      JOIN accounts_user u ON u.id = a.user_id
      JOIN claims_claim c ON c.id = a.claim_id JOIN clients_client k ON k.id = a.client_id
     WHERE a.activity_date BETWEEN %(from)s AND %(from)s::date + 6 AND a.note <> ''
  ) s
 WHERE place <= %(count)s
 ORDER BY lower(name), user_id, place
"""
_PAID_AFTER: Final = f"""
SELECT a.id, min(l.posted_date), coalesce(sum(l.amount_cents), 0)::bigint
  FROM followup_standing_activity a
  JOIN ledger_entry l ON l.claim_id = a.claim_id AND l.debit = {int(Account.CASH)}
       AND l.credit BETWEEN 11 AND 13
       AND l.posted_date BETWEEN a.activity_date AND a.activity_date + %(days)s
 WHERE a.id = ANY (%(activities)s)
 GROUP BY a.id HAVING sum(l.amount_cents) > 0
"""  # noqa: S608 - text of ours


class ReviewRefused(Refusal):
    """The review cannot be taken as it stands."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One note of the sample."""

    activity_id: int
    claim_id: int
    client_id: int
    user_id: int
    user_name: str
    client: str
    claim: str
    activity_date: date
    channel: str
    action: str
    outcome: str
    reference: str
    next_date: date | None
    note: str
    place: int

    @property
    def outcome_text(self) -> str:
        """What came of it, in words."""
        return self.outcome.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Score:
    """What reviews of one person found."""

    user_id: int
    reviews: int
    good: int  # answers yes
    judged: int  # answers yes or no

    @property
    def rate(self) -> float | None:
        """The share of what was right; None when nothing was judged."""
        return self.good / self.judged if self.judged else None


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def sample(week: date) -> list[Sampled]:
    """Return the sample of the week from this Monday: at most SAMPLE notes of each person."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"from": week, "count": SAMPLE})
        return [Sampled(*row) for row in cursor.fetchall()]


def hints(notes: Sequence[Sampled], *, today: date) -> dict[int, str]:
    """Return for notes what later payments say against them, in words."""
    params: dict[str, Any] = {
        "activities": [one.activity_id for one in notes],
        "days": SOON.days,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAID_AFTER, params)
        paid = {pk: (day, cents) for pk, day, cents in cursor.fetchall()}
    found = {}
    for one in notes:
        text = _hint(one, paid.get(one.activity_id), today=today)
        if text:
            found[one.activity_id] = text
    return found


def _hint(note: Sampled, paid: tuple[date, int] | None, *, today: date) -> str:
    if paid and note.outcome in {"denied", "not_on_file"}:
        day, cents = paid
        said = note.outcome.replace("_", " ")
        return f"It was said to be {said}; insurance paid {money(cents)} from {day} on."
    if note.outcome == "paid" and not paid and today > note.activity_date + SOON:
        return f"It was said to be paid; no payment came within {SOON.days} days."
    return ""


def reviews_of(notes: Sequence[Sampled]) -> dict[int, list[QualityReview]]:
    """Return the reviews of these notes, by note."""
    found: dict[int, list[QualityReview]] = {}
    for one in QualityReview.objects.filter(
        activity_id__in=[note.activity_id for note in notes]
    ).select_related("reviewer"):
        found.setdefault(one.activity_id, []).append(one)
    return found


def scores(*, since: date) -> dict[int, Score]:
    """Return what reviews since a day found, by person."""
    sums: dict[int, list[int]] = {}
    for one in QualityReview.objects.filter(reviewed_at__date__gte=since):
        good, judged = counted(one.answers)
        row = sums.setdefault(one.user_id, [0, 0, 0])
        row[0] += 1
        row[1] += good
        row[2] += judged
    return {user_id: Score(user_id, *row) for user_id, row in sums.items()}


def counted(answers: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many answers are yes, and how many yes or no."""
    good = sum(answer == "yes" for answer in answers.values())
    return good, good + sum(answer == "no" for answer in answers.values())


@transaction.atomic
def review(
    note: Sampled, *, reviewer: User, answers: Mapping[str, str], comment: str, at: datetime
) -> QualityReview:
    """Keep a review; a second one by the same person is refused, one's own work is not reviewed.

    Raises:
        ReviewRefused: a question without an answer, one's own note, a review that stands.
    """
    if reviewer.pk == note.user_id:
        raise ReviewRefused("somebody else reviews your own notes")
    if set(answers) != set(CHECKLIST) or not set(answers.values()) <= set(ANSWERS):
        raise ReviewRefused("answer each question with yes, no or does not apply")
    if len(comment) > COMMENT_MAX:
        raise ReviewRefused(f"write at most {COMMENT_MAX} characters")
    kept, is_new = QualityReview.objects.get_or_create(
        activity_id=note.activity_id,
        reviewer=reviewer,
        defaults={
            "client_id": note.client_id,
            "claim_id": note.claim_id,
            "user_id": note.user_id,
            "answers": dict(answers),
            "comment": comment.strip(),
            "reviewed_at": at,
        },
    )
    if not is_new:
        raise ReviewRefused("you have reviewed this note already; a review stays as it is")
    good, judged = counted(kept.answers)
    record_event(
        action="quality.review",
        at=at,
        client_id=note.client_id,
        claim_id=note.claim_id,
        subject=("activity", note.activity_id),
        detail={"user": note.user_id, "good": good, "judged": judged},
    )
    return kept
