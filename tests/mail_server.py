"""A mail server for tests: takes, refuses, puts off or breaks off, as told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from pytest_django.fixtures import Settings


class Handler:
    """Keeps what it gets. `answers`: what is said to RCPT (an address) or DATA, instead of yes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.seen: list[str] = []  # addresses, as often as they were named
        self.drops_before = False  # breaks off at the text of the mail, not having kept it
        self.drops_after = False  # ... having kept it

    def forget(self) -> None:
        """Begin anew."""
        self.__init__()  # type: ignore[misc]  # the same empty state

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's
        self, server: object, session: object, envelope: Any, address: str, options: Any
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: object, session: object, envelope: Any, address: str, options: Any
    ) -> str:
        self.seen.append(address)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        if self.drops_before:
            server.transport.abort()
            return "250 never heard"
        if "DATA" in self.answers:
            return self.answers["DATA"]
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        if self.drops_after:
            server.transport.abort()
        return "250 OK"


class Server(Controller):
    """Listens on a free port."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's


@contextmanager
def running() -> Iterator[Server]:
    """Run a server while the block lasts."""
    server = Server(Handler(), hostname="127.0.0.1", port=0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def use(server: Server, settings: Settings) -> Handler:
    """Send mail there from now on; return what it gets, emptied."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_TIMEOUT = 5
    settings.PUBLIC_URL = "https://ar.example.com/"
    handler: Handler = server.handler
    handler.forget()
    return handler


def text_of(mail: EmailMessage) -> str:
    """Return what a mail says."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
