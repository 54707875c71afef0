"""Projects of underpaid lines: begun, filled, sent, closed.

A remittance line is in one project at a time; what was sent stays as it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Sum

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.claims.models import Claim
from sanderling.core.ledger.accounts import Account, Kind
from sanderling.core.refusal import Refusal
from sanderling.files.storage import keep_bytes
from sanderling.followup.actions import record
from sanderling.followup.models import Outcome
from sanderling.followup.signals import work_recorded
from sanderling.pricing.models import LineVariance, Pattern
from sanderling.underpayments.letter import letter_pdf, sheet_xlsx
from sanderling.underpayments.models import (
    Channel,
    DisputedLine,
    LineState,
    State,
    UnderpaymentProject,
)
from sanderling.worklists.models import Project

LINES_MAX: Final = 5_000
NAME_MAX: Final = 200
TEXT_MAX: Final = 500
ANSWER_DAYS: Final = 45  # asked for again when nothing has come by then
_CHANNELS: Final = {
    Channel.PORTAL: "portal", Channel.EMAIL: "electronic", Channel.FAX: "fax", Channel.MAIL: "mail",
}  # fmt: skip
# What the party's payer has paid on a line (0: on the claim) by the ledger, taken back subtracted.
PAID: Final = f"""
SELECT l.id, coalesce(sum(e.amount_cents), 0)::bigint
  FROM underpayments_line l
  LEFT JOIN ledger_entry e ON e.claim_id = l.claim_id AND e.kind = {Kind.INSURANCE_PAYMENT.value}
       AND e.debit = {Account.CASH.value} AND e.credit = {Account.PRIMARY.value}
       AND (l.line = 0 OR e.line = l.line)
 WHERE l.id = ANY (%s) GROUP BY l.id
"""  # noqa: S608 - numbers of ours
_JOIN_ITEMS: Final = """
UPDATE worklists_work_item w SET project_id = %s
 WHERE w.party = 11 AND w.claim_id = ANY (%s) AND w.project_id IS DISTINCT FROM %s
"""


class ProjectRefused(Refusal):
    """What was asked of a project cannot be done."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A project that was begun, its lines, and how many were left out."""

    project: UnderpaymentProject
    lines: int
    left_out: int


@transaction.atomic
def begin(
    variance_ids: Sequence[int],
    *,
    name: str,
    user: User,
    at: datetime,
    pattern: Pattern | None = None,
) -> Begun:
    """Begin a draft with these lines; those that another project has are left out.

    Raises:
        ProjectRefused: no name, none that was paid short, or of several clients or payers.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise ProjectRefused("give the project a name")
    rows = _usable(variance_ids)
    if not rows:
        raise ProjectRefused("choose lines that were paid short and are in no other project")
    if len({(row.client_id, row.payer_id) for row in rows}) > 1:
        raise ProjectRefused("a project is a dispute with one payer for one client")
    if Project.objects.filter(name=name).exists():
        raise ProjectRefused("there is a project of this name; choose another one")
    project = UnderpaymentProject.objects.create(
        project=Project.objects.create(
            name=name, payer_id=rows[0].payer_id, owner=user, created_at=at
        ),
        client_id=rows[0].client_id,
        payer_id=rows[0].payer_id,
        pattern_key=pattern.pattern_key if pattern else "",
        about=pattern.sentence if pattern else "",
        made_by=user,
        made_at=at,
    )
    _add(project, rows)
    _say(project, "begin", at, lines=len(rows))
    return Begun(project, len(rows), len(set(variance_ids)) - len(rows))


@transaction.atomic
def add(project_id: int, variance_ids: Sequence[int], *, at: datetime) -> int:
    """Add lines to a draft; return how many joined it.

    Raises:
        ProjectRefused: it was sent, or none fits it.
    """
    project = _draft(project_id)
    rows = [
        row
        for row in _usable(variance_ids)
        if (row.client_id, row.payer_id) == (project.client_id, project.payer_id)
    ]
    if not rows:
        raise ProjectRefused("none of these lines is this client's and payer's, and free")
    _add(project, rows)
    _say(project, "add", at, lines=len(rows))
    return len(rows)


@transaction.atomic
def absorb(project_id: int, *, at: datetime) -> int:
    """Add to a draft what its pattern has found since; return how many lines."""
    project = _draft(project_id)
    if not project.pattern_key:
        return 0
    found = LineVariance.objects.filter(pattern_key=project.pattern_key, is_set_aside=False)
    rows = _usable(list(found.values_list("pk", flat=True)[:LINES_MAX]))
    _add(project, rows)
    if rows:
        _say(project, "absorb", at, lines=len(rows))
    return len(rows)


@transaction.atomic
def leave_out(project_id: int, line_ids: Sequence[int], *, note: str, at: datetime) -> int:
    """Take lines out of a draft, or retract them of what was sent; return how many.

    Raises:
        ProjectRefused: what was sent is retracted without saying why.
    """
    project = _locked(project_id)
    note = " ".join(note.split())[:TEXT_MAX]
    chosen = project.lines.filter(pk__in=line_ids)
    if project.state == State.DRAFT:
        count, _ = chosen.delete()
    else:
        if not note:
            raise ProjectRefused("say why the line is retracted: the payer may ask")
        count = chosen.filter(state=LineState.SENT).update(state=LineState.RETRACTED, note=note)
    if count:
        _say(project, "leave_out", at, lines=count)
    return count


@transaction.atomic
def send(
    project_id: int, *, channel: str, sent_date: date, reference: str, user: User, at: datetime
) -> UnderpaymentProject:
    """Say that letter and spreadsheet went to the payer; both are kept as they were.

    Each claim has it as a touch of today's user, and its payer is asked again after ANSWER_DAYS.

    Raises:
        ProjectRefused: no lines, sent before, an unknown channel, a day to come or before its
            making.
    """
    project = _draft(project_id)
    if channel not in Channel.values:
        raise ProjectRefused("choose how it was sent")
    if not project.made_at.date() <= sent_date <= at.date():
        raise ProjectRefused("it was sent on a day from its making until today")
    lines = list(project.lines.order_by("pk"))
    if not lines:
        raise ProjectRefused("there are no lines in it; add some first")
    project.state, project.channel, project.sent_date = State.SENT, channel, sent_date
    project.sent_by, project.sent_at = user, at
    project.reference = " ".join(reference.split())[:TEXT_MAX]
    project.answer_due_date = sent_date + timedelta(days=ANSWER_DAYS)
    project.letter_sha256, project.is_encrypted = keep_bytes(letter_pdf(project, as_of=sent_date))
    project.sheet_sha256, _ = keep_bytes(sheet_xlsx(project))
    project.save()
    paid = paid_on([line.pk for line in lines])
    for line in lines:
        line.state, line.paid_before_cents = LineState.SENT, paid[line.pk]
    DisputedLine.objects.bulk_update(lines, ["state", "paid_before_cents"], batch_size=500)
    _touch(project, lines, user=user, at=at)
    _say(project, "send", at, lines=len(lines), channel=channel)
    return project


@transaction.atomic
def close(project_id: int, *, note: str, user: User, at: datetime) -> UnderpaymentProject:
    """Close a project that was sent: what is not recovered by now is not expected any more.

    Raises:
        ProjectRefused: it was never sent, or nobody says why.
    """
    project = _locked(project_id)
    note = " ".join(note.split())[:TEXT_MAX]
    if project.state == State.CLOSED:
        return project
    if project.state != State.SENT:
        raise ProjectRefused("only what was sent is closed; a draft is emptied")
    if not note:
        raise ProjectRefused("say what came of it")
    project.state, project.closed_at, project.closed_by = State.CLOSED, at, user
    project.closing_note = note
    project.save()
    _say(project, "close", at)
    return project


@transaction.atomic
def reopen(project_id: int, *, at: datetime) -> UnderpaymentProject:
    """Take a project up again that was closed."""
    project = _locked(project_id)
    if project.state == State.CLOSED:
        project.state, project.closed_at, project.closed_by = State.SENT, None, None
        project.save()
        _say(project, "reopen", at)
    return project


def paid_on(line_ids: Sequence[int]) -> dict[int, int]:
    """Return what the payer has paid on each disputed line by now, in cents."""
    with connection.cursor() as cursor:
        cursor.execute(PAID, [list(line_ids)])
        return dict(cursor.fetchall())


def sums(project: UnderpaymentProject) -> dict[str, int]:
    """Return lines, claims, sought_cents and recovered_cents; what was retracted counts in none."""
    standing = project.lines.exclude(state=LineState.RETRACTED)
    row = standing.aggregate(sought=Sum("sought_cents"), recovered=Sum("recovered_cents"))
    return {
        "lines": standing.count(),
        "claims": standing.values("claim_id").distinct().count(),
        "sought_cents": row["sought"] or 0,
        "recovered_cents": row["recovered"] or 0,
    }


def _usable(variance_ids: Sequence[int]) -> list[LineVariance]:
    """Return the lines that were paid short, are not set aside, and in no project."""
    taken = set(
        DisputedLine.objects.exclude(state=LineState.RETRACTED)
        .filter(
            payment_id__in=LineVariance.objects.filter(pk__in=variance_ids).values("payment_id")
        )
        .values_list("payment_id", "line_index")
    )
    found = LineVariance.objects.filter(
        pk__in=variance_ids, variance_cents__lt=0, is_set_aside=False
    ).order_by("service_date", "pk")
    return [row for row in found if (row.payment_id, row.line_index) not in taken][:LINES_MAX]


def _add(project: UnderpaymentProject, rows: Sequence[LineVariance]) -> None:
    DisputedLine.objects.bulk_create(
        [
            DisputedLine(
                project=project,
                client_id=row.client_id,
                claim_id=row.claim_id,
                payment_id=row.payment_id,
                line_index=row.line_index,
                line=row.line,
                code=row.code,
                modifiers=row.modifiers,
                service_date=row.service_date,
                charge_cents=row.charge_cents,
                paid_cents=row.paid_cents,
                allowed_cents=row.allowed_cents,
                expected_cents=row.expected_cents,
                sought_cents=-row.variance_cents,
                term=row.term,
            )
            for row in rows
        ],
        batch_size=500,
    )
    with connection.cursor() as cursor:
        claims = sorted({row.claim_id for row in rows})
        cursor.execute(_JOIN_ITEMS, [project.project_id, claims, project.project_id])


def _touch(
    project: UnderpaymentProject, lines: Sequence[DisputedLine], *, user: User, at: datetime
) -> None:
    assert project.sent_date is not None  # noqa: S101 - it was just sent
    ids = sorted({line.claim_id for line in lines})
    for claim in Claim.objects.filter(pk__in=ids).order_by("pk"):
        record(
            claim=claim,
            activity_date=project.sent_date,
            channel=_CHANNELS[Channel(project.channel)],
            action="dispute_underpayment",
            outcome=Outcome.SENT,
            at=at,
            user=user,
            reference=project.reference[:100] or f"U{project.pk}",
            next_date=project.answer_due_date,
            note=f"Underpayment dispute sent, project U{project.pk}.",
        )
    work_recorded.send(sender=UnderpaymentProject, claim_ids=ids)


def _locked(project_id: int) -> UnderpaymentProject:
    found = UnderpaymentProject.objects.select_for_update().filter(pk=project_id).first()
    if found is None:
        raise ProjectRefused("there is no such project")
    return found


def _draft(project_id: int) -> UnderpaymentProject:
    project = _locked(project_id)
    if project.state != State.DRAFT:
        raise ProjectRefused("it was sent to the payer already; begin another project")
    return project


def _say(project: UnderpaymentProject, what: str, at: datetime, **detail: object) -> None:
    record_event(
        action=f"underpayment_project.{what}",
        at=at,
        client_id=project.client_id,
        subject=("underpayment_project", project.pk),
        detail=dict(detail),
    )
