"""The idle time-out: a session that is used lives on, without being written with every request.

A session ends SESSION_COOKIE_AGE after it was written last. Writing it costs a committed
transaction, so a session in use is written once in a while: somebody idle is logged out up to that
much earlier, never later.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Final

from django.http import HttpRequest, HttpResponse

WRITTEN: Final = "written_at"  # in the session: seconds since 1970
SECONDS: Final = 30


class KeepsSession:
    """Has the session of a logged-in user written when that is long enough ago."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the session changed if it is time; Django's middleware then writes it."""
        if request.user.is_authenticated:
            now = int(time())
            if not 0 <= now - request.session.get(WRITTEN, 0) < SECONDS:
                request.session[WRITTEN] = now
        return self.get_response(request)
