"""Sends what is queued, one sender at a time, over one connection for many mails.

SMTP cannot say whether a mail arrived when the connection breaks after the mail was handed over and
before the server's answer (RFC 5321, 4.5.4.1 and 6.1): such a mail is sent again, under the same
Message-ID, and marked `may_be_double`. Whatever breaks before that has certainly not gone out.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from sanderling.mail.models import Attachment, Content, Mail, State
from sanderling.postgres.locks import Lock, session_lock

logger = logging.getLogger(__name__)

ATTEMPTS_MAX: Final = 10
MAILS_AT_ONCE: Final = 200
FIRST_WAIT: Final = timedelta(minutes=1)  # then 4, 16, 64, 256 minutes, then 8 hours each
WAIT_MAX: Final = timedelta(hours=8)
AWAY_WAIT: Final = timedelta(minutes=1)  # the server itself is away: no attempt of the mail's
INTERRUPTED: Final = "interrupted while it was sent"
_DONE: Final = (State.SENT, State.CANCELLED)
_PERMANENT: Final = 500
_TOO_LARGE: Final = 552
_CLOSING: Final = 421


class _Away(Exception):
    """The server cannot be used for any mail now."""


def send_queued(*, now: Callable[[], datetime]) -> int:
    """Send what is due; return how many were sent. A mail that fails stops no other.

    Does nothing while another process sends.
    """
    with session_lock(Lock.MAIL) as is_ours:
        if not is_ours:
            return 0
        at = now()
        _take_back_interrupted(at=at)
        _forget_contents()
        _give_up_late(at=at)
        return _send_due(now)


def _send_due(now: Callable[[], datetime]) -> int:
    sent = 0
    connection = get_connection(fail_silently=False)
    try:
        for _ in range(MAILS_AT_ONCE):
            mail = _next(at=now())
            if mail is None:
                break
            sent += _send(mail, connection, now)
    except _Away as error:
        logger.warning("the mail server cannot be used: %s", error)
    finally:
        _close(connection)
    return sent


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        logger.info("the mail server did not say good-bye: %s", type(error).__name__)


def _take_back_interrupted(*, at: datetime) -> None:
    """Queue again what a sender that died had in hand: the lock says that there is no other."""
    for mail in Mail.objects.filter(state=State.SENDING):
        _failed(mail, INTERRUPTED, at=at, is_open=mail.handed_at is not None)


def _forget_contents() -> None:
    Content.objects.filter(mail__state__in=_DONE).delete()
    Attachment.objects.filter(mail__state__in=_DONE).delete()


def _give_up_late(*, at: datetime) -> None:
    late = Mail.objects.filter(state=State.WAITING, not_after_at__lte=at)
    late.update(state=State.FAILED, result="could not be sent in time", changed_at=at)


@transaction.atomic
def _next(*, at: datetime) -> Mail | None:
    """Take the next mail that is due: committed before anything is sent."""
    mail = (
        Mail.objects.select_for_update()
        .filter(state=State.WAITING, due_at__lte=at)
        .order_by("due_at", "pk")
        .first()
    )
    if mail is None:
        return None
    mail.state, mail.changed_at, mail.handed_at = State.SENDING, at, None
    mail.attempts += 1
    mail.save(update_fields=["state", "changed_at", "handed_at", "attempts"])
    return mail


def _send(mail: Mail, connection: BaseEmailBackend, now: Callable[[], datetime]) -> bool:
    """Send one; return whether the server took it.

    Raises:
        _Away: the server can be used for no mail.
    """
    _open(mail, connection, now)
    Mail.objects.filter(pk=mail.pk).update(handed_at=now())
    try:
        connection.send_messages([_message(mail, connection)])
    except smtplib.SMTPRecipientsRefused as error:
        code = next((code for code, _ in error.recipients.values()), 0)
        _refused(mail, code, "the server refuses the address", at=now())
    except smtplib.SMTPSenderRefused as error:
        # A matter of our settings, not of the mail (but for its size): always tried again.
        is_for_good = error.smtp_code == _TOO_LARGE
        reason = "the server refuses us as the sender"
        _refused(mail, error.smtp_code, reason, at=now(), is_for_good=is_for_good)
    except smtplib.SMTPResponseException as error:
        _refused(mail, error.smtp_code, "the server refuses the mail", at=now())
    except (smtplib.SMTPException, OSError) as error:
        at = now()
        _failed(mail, f"the connection broke ({type(error).__name__})", at=at, is_open=True)
        raise _Away(type(error).__name__) from error
    else:
        _sent(mail, at=now())
        return True
    return False


def _open(mail: Mail, connection: BaseEmailBackend, now: Callable[[], datetime]) -> None:
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        at = now()
        # Not this mail's fault: it counts as no attempt.
        mail.attempts -= 1
        reason = f"the mail server cannot be used ({type(error).__name__})"
        _wait(mail, reason, due_at=at + AWAY_WAIT, at=at)
        raise _Away(type(error).__name__) from error


def _message(mail: Mail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.content.text,
        to=[mail.to_address],
        connection=connection,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    for one in mail.attachments.order_by("place"):
        data = bytes(one.data)
        if one.content_type.startswith("text/calendar"):
            message.attach_alternative(data.decode(), one.content_type)
        if one.content_type.startswith("text/"):
            message.attach(one.name, data.decode(), one.content_type)
        else:
            message.attach(one.name, data, one.content_type)
    return message


def _refused(
    mail: Mail, code: int, reason: str, *, at: datetime, is_for_good: bool | None = None
) -> None:
    """Note a refusal. The server's own words stay out: they are not ours to vouch for.

    `is_for_good`: trying again is pointless; None: as the code says.

    Raises:
        _Away: the server takes no more.
    """
    is_last = code >= _PERMANENT if is_for_good is None else is_for_good
    _failed(mail, f"{reason} ({code})", at=at, is_last=is_last)
    if code == _CLOSING:
        raise _Away(str(code))


def _failed(
    mail: Mail, reason: str, *, at: datetime, is_last: bool = False, is_open: bool = False
) -> None:
    """Have it tried again later, or give it up. `is_open`: it may have arrived all the same."""
    if not is_last and mail.attempts < ATTEMPTS_MAX:
        wait = min(FIRST_WAIT * 4 ** (mail.attempts - 1), WAIT_MAX)
        _wait(mail, reason, due_at=at + wait, at=at, is_open=is_open)
        return
    Mail.objects.filter(pk=mail.pk).update(
        state=State.FAILED,
        result=reason,
        changed_at=at,
        may_be_double=mail.may_be_double or is_open,
    )
    logger.warning("mail %s is given up: %s", mail.pk, reason)


def _wait(
    mail: Mail, reason: str, *, due_at: datetime, at: datetime, is_open: bool = False
) -> None:
    Mail.objects.filter(pk=mail.pk).update(
        state=State.WAITING,
        attempts=mail.attempts,
        result=reason,
        due_at=due_at,
        changed_at=at,
        handed_at=None,
        may_be_double=mail.may_be_double or is_open,
    )


@transaction.atomic
def _sent(mail: Mail, *, at: datetime) -> None:
    Mail.objects.filter(pk=mail.pk).update(state=State.SENT, result="", sent_at=at, changed_at=at)
    Content.objects.filter(mail=mail).delete()
    Attachment.objects.filter(mail=mail).delete()
