"""Sends approved reports, sends them again, withdraws them. A mail says where, never what.

A client's own people, and ours, are led to the log-in; anybody else gets a link of his own that
ends after some days. The PDF goes along only where no claim is named.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.agreements.clocks import stop_clock
from sanderling.links.actions import make_link, revoke_links
from sanderling.links.models import Purpose
from sanderling.mail.actions import File, MailRefused, cancel_mail, queue_mail
from sanderling.news.actions import notify
from sanderling.reports.approving import (
    ReportRefused,
    approve,
    checked_reason,
    end,
    locked,
    step,
)
from sanderling.reports.delivery_models import Delivery, Due, StepKind
from sanderling.reports.models import Report, State
from sanderling.reports.patients import names_claims
from sanderling.reports.recipients import Choice, Recipient, recipients
from sanderling.reports.rendering import pdf_of
from sanderling.web.addresses import full_address

logger = logging.getLogger(__name__)

LINK_DAYS: Final = 30
CLOCK: Final = "report"


@transaction.atomic
def approve_and_send(report_id: int, choice: Choice, *, user: User, at: datetime) -> list[Delivery]:
    """Approve a draft and send it; neither without the other.

    Raises:
        ReportRefused: see `approve` and `send`.
        MailRefused: an address is none.
    """
    approve(report_id, user=user, at=at)
    return send(report_id, choice, user=user, at=at)


@transaction.atomic
def send(report_id: int, choice: Choice, *, user: User, at: datetime) -> list[Delivery]:
    """Send an approved report, or one that is sent to more people; return the new deliveries.

    Who has it already gets no second one: a double click sends once.

    Raises:
        ReportRefused: it is not approved, nobody is chosen, or its PDF must not be attached.
        MailRefused: an address is none.
    """
    report = locked(report_id)
    if report.state not in (State.APPROVED, State.SENT):
        raise ReportRefused("only an approved report is sent; have it approved first")
    people = recipients(report.client_id, choice)
    if not people:
        raise ReportRefused(
            "nobody would get it: the client has no people here, and no address is given"
        )
    if choice.attaches_pdf and names_claims(report.numbers):
        raise ReportRefused(
            "this report names claims, so its PDF goes into no mail; send the link alone"
        )
    have = set(
        Delivery.objects.filter(report=report, ended_at=None).values_list("address", flat=True)
    )
    wanted = [one for one in people if one.address not in have]
    if report.state == State.APPROVED:
        report.state, report.sent_at = State.SENT, at
        report.save(update_fields=["state", "sent_at"])
        _stop_clocks(report, at)
    if not wanted:
        return []
    step(report, StepKind.SEND, user, at, f"to {len(wanted)}")
    files = _files(report) if choice.attaches_pdf else ()
    return [_deliver(report, one, files, user=user, at=at) for one in wanted]


@transaction.atomic
def send_again(delivery_id: int, *, user: User, at: datetime) -> Delivery:
    """Send a report to one person anew, with a new link; the link before ends.

    Raises:
        ReportRefused: the report is withdrawn, or this delivery was replaced already.
    """
    old = Delivery.objects.get(pk=delivery_id)
    report = locked(old.report_id)
    old.refresh_from_db()
    if report.state != State.SENT:
        raise ReportRefused("the report is not sent (any more); there is nothing to send again")
    if old.ended_at is not None:
        raise ReportRefused("a later mail has taken this one's place; send that one again")
    people = recipients(report.client_id, Choice(False, (old.address,)))
    _end_delivery(old, at)
    step(report, StepKind.RESEND, user, at)
    files = _files(report) if old.has_pdf else ()
    return _deliver(report, people[0], files, user=user, at=at)


@transaction.atomic
def withdraw(report_id: int, reason: str, *, tells: bool, user: User, at: datetime) -> Report:
    """Take a report back: its links end, the client does not see it any more.

    What a mail server has, stays there: an attached PDF is not taken back. `tells`: who was sent it
    gets a mail that it is withdrawn (without the reason, which may name a patient).

    Raises:
        ReportRefused: it is withdrawn already, or there is no reason.
    """
    report = locked(report_id)
    if report.state == State.WITHDRAWN:
        raise ReportRefused("the report is withdrawn already")
    reason = checked_reason(reason)
    for delivery in Delivery.objects.filter(report=report, ended_at=None).select_related("mail"):
        was_stopped = _end_delivery(delivery, at)
        if tells and not was_stopped:
            _tell_withdrawn(report, delivery, at)
    end(report, reason, user=user, at=at)
    step(report, StepKind.WITHDRAW, user, at, reason)
    return report


def note_opened(delivery: Delivery, *, at: datetime) -> None:
    """Note that a person read the report or took its PDF."""
    changed = {"last_opened_at": at}
    if delivery.opened_at is None:
        changed["opened_at"] = at
    Delivery.objects.filter(pk=delivery.pk).update(**changed)


def _end_delivery(delivery: Delivery, at: datetime) -> bool:
    """End a delivery and its link; return whether its mail was stopped before it went out."""
    revoke_links(purpose=Purpose.REPORT, subject_id=delivery.pk, at=at)
    Delivery.objects.filter(pk=delivery.pk).update(ended_at=at)
    if delivery.mail_id is None:
        return True
    try:
        cancel_mail(delivery.mail_id, at=at)
    except MailRefused:  # it is on its way or sent; the link in it leads nowhere now
        return False
    return True


def _deliver(
    report: Report, to: Recipient, files: Sequence[File], *, user: User, at: datetime
) -> Delivery:
    delivery = Delivery.objects.create(
        report=report,
        client_id=report.client_id,
        user=to.user,
        address=to.address,
        has_pdf=bool(files),
        sent_by=user,
        queued_at=at,
    )
    if to.user is None:
        expires_at = at + timedelta(days=LINK_DAYS)
        link = make_link(
            purpose=Purpose.REPORT, subject_id=delivery.pk, client_id=report.client_id,
            expires_at=expires_at, at=at, by=user,
        )  # fmt: skip
        delivery.link_expires_at = expires_at
    else:
        link = _page_of(report, to.user)
    delivery.mail = queue_mail(
        kind="report",
        to=to.address,
        subject=f"Report: {_about(report)}"[:150],
        body=_text(report, link, delivery.link_expires_at, has_pdf=bool(files)),
        key=f"report:{delivery.pk}",
        at=at,
        client_id=report.client_id,
        attachments=files,
        not_after_at=delivery.link_expires_at,
    )
    delivery.save(update_fields=["mail", "link_expires_at"])
    if to.user is not None:
        notify(
            user_ids=[to.user.pk],
            kind="report",
            key=f"report:{delivery.pk}",
            text=f"A report is ready: {_about(report)}",
            at=at,
            url=_path_of(report, to.user),
            client_id=report.client_id,
        )
    return delivery


def _text(report: Report, link: str, expires_at: datetime | None, *, has_pdf: bool) -> str:
    until = (
        "Log in to read it."
        if expires_at is None
        else f"The link is meant for you alone and ends on {expires_at.date().isoformat()}."
    )
    lines = [f"The report is ready: {_about(report)}.", "", link, "", until]
    if has_pdf:
        lines += ["The report is attached as PDF, too."]
    return "\n".join(lines)


def _about(report: Report) -> str:
    days = f"{report.from_date.isoformat()} to {report.to_date.isoformat()}"
    return f"{report.title}, {report.client.name}, {days}".replace("\n", " ").replace("\r", " ")


def _page_of(report: Report, user: User) -> str:
    return full_address(_path_of(report, user))


def _path_of(report: Report, user: User) -> str:
    page = "portal-report" if user.may("portal.view") else "report"
    return reverse(page, args=[report.pk])


def _files(report: Report) -> tuple[File, ...]:
    name = f"report-{report.to_date.isoformat()}.pdf"
    return (File(name, "application/pdf", pdf_of(report)),)


def _stop_clocks(report: Report, at: datetime) -> None:
    """Stop the clocks of what the report answers to, also where it was made anew by hand."""
    dues = Due.objects.filter(
        schedule__definition_id=report.definition_id,
        client_id=report.client_id,
        from_date=report.from_date,
        to_date=report.to_date,
    )
    for due_id in dues.values_list("pk", flat=True):
        stop_clock(kind=CLOCK, subject=f"report-due:{due_id}", at=at)


def _tell_withdrawn(report: Report, delivery: Delivery, at: datetime) -> None:
    queue_mail(
        kind="report",
        to=delivery.address,
        subject=f"Withdrawn: {_about(report)}"[:150],
        body=f"The report {_about(report)} was withdrawn and can no longer be opened. Please do not"
        " rely on its numbers.",
        key=f"report-withdrawn:{delivery.pk}",
        at=at,
        client_id=report.client_id,
    )
