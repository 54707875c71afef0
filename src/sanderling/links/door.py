"""The door for people without an account: a view that a link opens, and nothing else.

`@by_link("documents")` takes the place of `@requires(...)`: the view gets the opened link instead
of the token. Whoever comes through it is nobody: a log-in of the same browser does not count here.
Visible are the rows of the link's client only, so a view must keep to what the link names.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from sanderling.accounts.middleware import forget_session
from sanderling.audit.looks import client_address
from sanderling.links.actions import LinkRefused, OpenedLink, opened
from sanderling.links.models import Purpose

View = Callable[..., HttpResponseBase]
WINDOW_SECONDS: Final = 60
REQUESTS_MAX: Final = 60  # a minute, of one link
REFUSALS_MAX: Final = 30  # a minute, of one address: then it is told to wait
_TOO_MANY: Final = 429


def by_link(purpose: str) -> Callable[[View], View]:
    """Let a view run for who has a good link of this purpose; anybody else sees one same page."""
    purpose = Purpose(purpose).value

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(
            request: HttpRequest, token: str, *args: object, **kwargs: object
        ) -> HttpResponseBase:
            request.user = AnonymousUser()
            answer = _let_in(purpose, view, request, token, args, kwargs)
            answer["Cache-Control"] = "no-store"
            answer["Referrer-Policy"] = "no-referrer"
            answer["X-Robots-Tag"] = "noindex, nofollow"
            return answer

        # No cookie counts here, so nothing can be forged with one; and the check of a form's token
        # would read a stranger's whole body before the link is looked at.
        guarded.csrf_exempt = True  # type: ignore[attr-defined]  # read by Django
        guarded.link_purpose = purpose  # type: ignore[attr-defined]  # read by the test
        return guarded

    return decorate


def refused_page(request: HttpRequest) -> HttpResponse:
    """Return the one page for every link that is not good."""
    return render(request, "links/refused.html", status=404)


def _let_in(
    purpose: str,
    view: View,
    request: HttpRequest,
    token: str,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> HttpResponseBase:
    try:
        link = opened(token, purpose=purpose, at=timezone.now())
    except LinkRefused:
        if _is_too_often(f"refused:{client_address(request)}", REFUSALS_MAX):
            return _wait_page(request)
        return refused_page(request)
    if _is_too_often(f"link:{link.link_id}", REQUESTS_MAX):
        return _wait_page(request)
    _see_only(link)
    try:
        return view(request, link, *args, **kwargs)
    except LinkRefused:  # used up, or revoked, since
        return refused_page(request)
    finally:
        forget_session()


def _wait_page(request: HttpRequest) -> HttpResponse:
    answer = render(request, "links/wait.html", status=_TOO_MANY)
    answer["Retry-After"] = str(WINDOW_SECONDS)
    return answer


def _see_only(link: OpenedLink) -> None:
    """Let the connection see the link's client only, and act in the link's name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, false),"
            " set_config('sanderling.actor', %s, false),"
            " set_config('sanderling.role', 'link', false),"
            " set_config('sanderling.sees_all', '', false)",
            [f"{{{link.client_id}}}", f"link:{link.link_id}"],
        )


def _is_too_often(who: str, most: int) -> bool:
    """Count one more; two at the same instant may count as one, so the limit is a little soft."""
    key = f"links-rate:{who}:{int(_now()) // WINDOW_SECONDS}"
    if cache.add(key, 1, timeout=2 * WINDOW_SECONDS):
        return False
    try:
        return bool(cache.incr(key) > most)
    except ValueError:  # it ended between the two
        return False


def _now() -> float:
    return time.time()
