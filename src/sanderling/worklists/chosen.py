"""Which work items a form of the worklist is about: the ticked rows, or the whole view."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from sanderling.worklists.questioning import whole_view


def chosen_items(request: HttpRequest) -> list[int]:
    """Return the ids of the chosen items; every room that does something to several asks here.

    Raises:
        Refusal: the whole view is chosen, and it has more items than one act may touch.
    """
    is_whole = request.POST.get("all") == "1"
    return whole_view(request) if is_whole else ticked_items(request.POST)


def ticked_items(data: QueryDict) -> list[int]:
    """Return the ids of the ticked rows, or those that a form carries on in one field."""
    texts = [*data.getlist("item"), *data.get("ids", "").split(",")]
    return sorted({int(text) for text in texts if text.strip().isdigit()})
