"""The interface of what works a portal, and the adapters there are.

An adapter logs in, looks claims up one after another, and reads what is shown. It keeps no state
between sessions, is polite only in that it does one thing at a time (pace and limits are
`looking`'s), and says plainly when it cannot go on: it never guesses at a page it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from sanderling.core.refusal import Refusal
from sanderling.portals.reading import Reading


@dataclass(frozen=True, slots=True)
class Question:
    """The claim to look up. Patient data: an adapter writes none of it to a log or an address."""

    payer_claim_number: str
    claim_number: str
    member_id: str
    patient_birth_date: date | None
    service_from_date: date | None
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Say nothing of either."""
        return "Credentials(...)"


class PortalStopped(Refusal):
    """Nothing more can be looked up until a person has seen to it."""


class PortalAway(Refusal):
    """The portal is not there now: closed, too slow, cut off. Later it may be."""


class Unreadable(Refusal):
    """This claim's page says nothing that the adapter understands; a person must look."""


class Session(Protocol):
    """A portal one is logged in to."""

    def look_up(self, question: Question) -> Reading | None:
        """Return what the portal shows of the claim, None when it knows none such.

        Raises:
            Unreadable: several claims fit, or the page lacks what it always had.
            PortalStopped, PortalAway: see there.
        """


class Adapter(Protocol):
    """One way to work the portals of one maker."""

    key: str
    title: str

    def fault(self) -> str:
        """Return why it cannot work on this machine, empty when it can."""

    def log_in(self, url: str, credentials: Credentials) -> AbstractContextManager[Session]:
        """Log in; the session ends with the context.

        Raises:
            PortalStopped: wrong or locked account, a captcha, a page that is not as it was.
            PortalAway: the portal is not there.
        """


def adapters() -> Mapping[str, Adapter]:
    """Return the adapters by key. Another maker's portal is another module and a line here."""
    return _ADAPTERS


def _load() -> dict[str, Adapter]:
    from sanderling.portals.plain_site import PlainSite

    found: list[Adapter] = [PlainSite()]
    return {one.key: one for one in found}


_ADAPTERS: Final = _load()
