"""Notices of a person: the bell, the list, opening one."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.news.bell import COUNT_MAX, mark_read, newest_id, since, unread_count, unread_of
from sanderling.news.models import Notice

PAGE_NOTICES: Final = 50


@require_GET
@requires("notices.view")
def notices_bell(request: HttpRequest) -> HttpResponse:
    """Return the bell, with toasts for what came since the notice that the browser saw last."""
    user_id = person_of(request).pk
    seen = request.GET.get("seen", "")
    context = {
        "unread": unread_count(user_id),
        "most": COUNT_MAX,
        "toasts": since(user_id, int(seen)) if seen.isdigit() else [],
        "newest": newest_id(user_id),
    }
    return render(request, "news/bell.html", context)


@require_GET
@requires("notices.view")
def notices(request: HttpRequest) -> HttpResponse:
    """List one's notices, unread ones by themselves."""
    user_id = person_of(request).pk
    shows_all = request.GET.get("show") == "all"
    found = Notice.objects.filter(user_id=user_id).order_by("-at", "-pk")
    page = Paginator(found if shows_all else unread_of(user_id), PAGE_NOTICES).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "shows_all": shows_all, "unread": unread_count(user_id)}
    return render(request, "news/notices.html", context)


@require_GET
@requires("notices.view")
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Open what a notice is about; it counts as read."""
    mine = get_object_or_404(Notice, pk=notice_id, user_id=person_of(request).pk)
    mark_read(mine.user_id, [mine.pk], at=timezone.now())
    is_ours = url_has_allowed_host_and_scheme(mine.url, allowed_hosts={request.get_host()})
    return redirect(mine.url if mine.url and is_ours else "notices")


@require_POST
@requires("notices.view")
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(person_of(request).pk, None, at=timezone.now())
    return redirect("notices")
