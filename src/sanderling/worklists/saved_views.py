"""Saved views, the view one opens with, and the columns one likes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from sanderling.accounts.permissions import requires
from sanderling.worklists import grid_page
from sanderling.worklists.preferring import (
    ViewRefused,
    change_view,
    delete_view,
    prefer_columns,
    prefer_query,
    save_view,
    without_search,
)


@require_POST
@requires("worklist.view")
def work_columns(request: HttpRequest) -> HttpResponse:
    """Keep the columns that were chosen, in their order."""
    columns = [] if "usual" in request.POST else request.POST.getlist("col")
    prefer_columns(user_id=_user_id(request), columns=columns)
    return _back(request, cols=None)


@require_POST
@requires("worklist.view")
def work_save_view(request: HttpRequest) -> HttpResponse:
    """Keep the question of the page under a name."""
    query = without_search(_query(request))
    try:
        view = save_view(
            user_id=_user_id(request),
            name=request.POST.get("name", ""),
            query=query,
            is_shared="shared" in request.POST,
            at=timezone.now(),
        )
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
        return _back(request)
    messages.success(request, f"Saved as {view.name}.")
    return redirect(f"{reverse('worklist')}?{query}")


@require_POST
@requires("worklist.view")
def work_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename, share or delete a saved view."""
    try:
        if "delete" in request.POST:
            delete_view(view_id, user_id=_user_id(request), at=timezone.now())
            messages.success(request, "The view was deleted.")
        else:
            view = change_view(
                view_id,
                user_id=_user_id(request),
                name=request.POST.get("name", ""),
                is_shared="shared" in request.POST,
                at=timezone.now(),
            )
            messages.success(request, f"Saved as {view.name}.")
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
    return _back(request)


@require_POST
@requires("worklist.view")
def work_default(request: HttpRequest) -> HttpResponse:
    """Open the worklist with the question of the page, or with due today again."""
    query = "" if "usual" in request.POST else without_search(_query(request))
    prefer_query(user_id=_user_id(request), query=query)
    messages.success(
        request,
        "The worklist opens with this view now." if query else "The worklist opens with due today.",
    )
    return _back(request)


def _query(request: HttpRequest) -> str:
    """Return the page's question from the form: only what an address of the page may say."""
    return grid_page.address(QueryDict(request.POST.get("query", "")))[1:]


def _back(request: HttpRequest, **changes: None) -> HttpResponse:
    asked = QueryDict(request.POST.get("query", ""))
    return redirect(reverse("worklist") + grid_page.address(asked, **changes))


def _user_id(request: HttpRequest) -> int:
    return int(request.user.pk or 0)
