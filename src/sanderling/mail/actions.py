"""Puts mails into the queue, in the transaction of whoever makes them; stops and retries them.

Nothing is sent here: `sending` does that in the worker, after the transaction has committed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.mail.models import Attachment, Content, Mail, State
from sanderling.postgres.jobs import defer_on_commit
from sanderling.web.actor import current_actor

SEND: Final = "mail.send"  # the job that takes them from here
SUBJECT_MAX: Final = 150
ATTACHMENTS_BYTES_MAX: Final = 10 * 1024 * 1024  # mail servers refuse more
_FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}\.(pdf|xlsx|csv|ics)")


class MailRefused(Refusal):
    """The mail cannot be queued, stopped or tried again so."""


@dataclass(frozen=True, slots=True)
class File:
    """A file for a mail. `name` is plain: what it is and of which day, never of whom.

    One of `text/calendar` is shown as an invitation by the reader's calendar, too.
    """

    name: str
    content_type: str
    data: bytes


@transaction.atomic
def queue_mail(  # noqa: PLR0913 - what a mail says
    *,
    kind: str,
    to: str,
    subject: str,
    body: str,
    key: str,
    at: datetime,
    client_id: int | None = None,
    attachments: Sequence[File] = (),
    not_after_at: datetime | None = None,
) -> Mail:
    """Queue a mail to one address; a second call with the same key returns the first one's mail.

    Subject, body and names of attachments hold no patient data. `not_after_at`: it is given up
    when it could not be sent by then.

    Raises:
        MailRefused: no address, a subject of two lines, or files that no mail may carry.
    """
    _check(to, subject, attachments)
    mail, is_new = Mail.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "client_id": client_id,
            "to_address": to,
            "subject": subject,
            "message_id": f"<{uuid.uuid4().hex}@{_own_domain()}>",
            "attachment_names": [one.name for one in attachments],
            "actor": current_actor()[0] or "unknown",
            "queued_at": at,
            "due_at": at,
            "not_after_at": not_after_at,
            "changed_at": at,
        },
    )
    if not is_new:
        return mail
    Content.objects.create(mail=mail, text=body)
    Attachment.objects.bulk_create(
        Attachment(mail=mail, place=place, name=one.name, content_type=one.content_type,
                   data=one.data)
        for place, one in enumerate(attachments)
    )  # fmt: skip
    _ask_sending()
    return mail


def _check(to: str, subject: str, attachments: Sequence[File]) -> None:
    check_address(to)
    if not subject.strip() or len(subject) > SUBJECT_MAX or "\n" in subject or "\r" in subject:
        raise MailRefused(f"the subject must be one line of 1 to {SUBJECT_MAX} characters")
    for one in attachments:
        if not _FILE_NAME.fullmatch(one.name):
            raise MailRefused("attachments are pdf, xlsx, csv or ics files with plain small names")
    if sum(len(one.data) for one in attachments) > ATTACHMENTS_BYTES_MAX:
        raise MailRefused("attachments are larger than 10 MB together; send a link instead")


def check_address(address: str) -> None:
    """Refuse what is no address of one mailbox.

    Raises:
        MailRefused: it is none.
    """
    try:
        validate_email(address)
    except ValidationError:
        raise MailRefused("that is no e-mail address; write one like name@example.com") from None


def _own_domain() -> str:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return sender.rpartition("@")[2] or "localhost"


@transaction.atomic
def retry_mail(mail_id: int, *, at: datetime) -> Mail:
    """Try a mail again that was given up.

    Raises:
        MailRefused: it has not failed, or its time is over.
    """
    mail = Mail.objects.select_for_update().get(pk=mail_id)
    if mail.state != State.FAILED:
        raise MailRefused(f"the mail has not failed: {mail.get_state_display().lower()}")
    if mail.not_after_at is not None and mail.not_after_at <= at:
        raise MailRefused("what the mail says is out of date; have it made anew where it came from")
    _try_again(mail, at=at)
    return mail


def _try_again(mail: Mail, *, at: datetime) -> None:
    mail.state, mail.attempts, mail.due_at, mail.changed_at = State.WAITING, 0, at, at
    mail.save(update_fields=["state", "attempts", "due_at", "changed_at"])
    _record("mail.retry", mail, at)
    _ask_sending()


@transaction.atomic
def retry_all_failed(*, at: datetime) -> int:
    """Try all mails again that were given up and are not out of date; return how many."""
    useful = Q(not_after_at__isnull=True) | Q(not_after_at__gt=at)
    failed = list(Mail.objects.select_for_update().filter(useful, state=State.FAILED))
    for mail in failed:
        _try_again(mail, at=at)
    return len(failed)


@transaction.atomic
def cancel_mail(mail_id: int, *, at: datetime) -> Mail:
    """Keep a mail from going out; one that is cancelled already stays so.

    Raises:
        MailRefused: it is sent or being sent.
    """
    mail = Mail.objects.select_for_update().get(pk=mail_id)
    if mail.state == State.CANCELLED:
        return mail
    if mail.state not in (State.WAITING, State.FAILED):
        raise MailRefused("the mail can no longer be stopped; it is on its way or sent")
    mail.state, mail.changed_at = State.CANCELLED, at
    mail.save(update_fields=["state", "changed_at"])
    _record("mail.cancel", mail, at)
    return mail


def _ask_sending() -> None:
    """Have the worker send it when this transaction commits; asked twice it does it once."""
    defer_on_commit(app.configure_task(SEND, queueing_lock=SEND))


def _record(action: str, mail: Mail, at: datetime) -> None:
    record_event(action=action, at=at, client_id=mail.client_id, subject=("mail", mail.pk))
