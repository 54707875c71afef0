"""Saved views and a user's own columns and first view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import QueryDict

from sanderling.audit.actions import record_event
from sanderling.worklists.columns import COLUMNS
from sanderling.worklists.models import Preference, SavedView

NAME_MAX = 60
VIEWS_MAX = 100  # of one person


class ViewRefused(Exception):
    """The view cannot be saved or changed; the text says why."""


def preference_of(user_id: int) -> Preference:
    """Return what the user likes, the usual when nothing was set."""
    return Preference.objects.filter(pk=user_id).first() or Preference(pk=user_id, columns=[])


def prefer_columns(*, user_id: int, columns: Sequence[str]) -> None:
    """Keep the user's columns in their order; none: the usual ones. Twice is once."""
    known = list(dict.fromkeys(name for name in columns if name in COLUMNS))
    Preference.objects.update_or_create(pk=user_id, defaults={"columns": known})


def prefer_query(*, user_id: int, query: str) -> None:
    """Open the worklist with this question from now on; empty: due today."""
    Preference.objects.update_or_create(pk=user_id, defaults={"query": query})


def views_of(user_id: int) -> list[SavedView]:
    """Return the user's views and those that others share, by name."""
    return list(
        SavedView.objects.select_related("owner")
        .filter(Q(owner_id=user_id) | Q(is_shared=True))
        .order_by("name", "pk")
    )


@transaction.atomic
def save_view(*, user_id: int, name: str, query: str, is_shared: bool, at: datetime) -> SavedView:
    """Keep a question under a name; a view of the user's with this name is replaced.

    Raises:
        ViewRefused: no name, or too many views.
    """
    name = _name(name)
    own = SavedView.objects.filter(owner_id=user_id)
    if not own.filter(name=name).exists() and own.count() >= VIEWS_MAX:
        raise ViewRefused(f"You have {VIEWS_MAX} saved views; delete one first.")
    view, _ = SavedView.objects.update_or_create(
        owner_id=user_id,
        name=name,
        defaults={"query": query, "is_shared": is_shared},
        create_defaults={"query": query, "is_shared": is_shared, "created_at": at},
    )
    record_event(action="view.saved", at=at, subject=("view", view.pk))
    return view


@transaction.atomic
def change_view(
    view_id: int, *, user_id: int, name: str, is_shared: bool, at: datetime
) -> SavedView:
    """Rename a view, share it or not.

    Raises:
        ViewRefused: it is not the user's, or the name is taken.
    """
    view = _own(view_id, user_id)
    view.name, view.is_shared = _name(name), is_shared
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "is_shared"])
    except IntegrityError:
        raise ViewRefused(f"You have a view named {view.name} already.") from None
    record_event(action="view.changed", at=at, subject=("view", view.pk))
    return view


@transaction.atomic
def delete_view(view_id: int, *, user_id: int, at: datetime) -> None:
    """Delete a view of the user's.

    Raises:
        ViewRefused: it is not the user's, or gone.
    """
    view = _own(view_id, user_id)
    record_event(action="view.deleted", at=at, subject=("view", view.pk))
    view.delete()


def without_search(query: str) -> str:
    """Return a query without what was searched for: that stays in the session."""
    asked = QueryDict(query, mutable=True)
    asked.pop("search", None)
    asked.pop("same", None)
    return asked.urlencode()


def _own(view_id: int, user_id: int) -> SavedView:
    view = SavedView.objects.filter(pk=view_id, owner_id=user_id).first()
    if view is None:
        raise ViewRefused("This view is not yours, or it has been deleted.")
    return view


def _name(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > NAME_MAX:
        raise ViewRefused(f"Give the view a name of at most {NAME_MAX} letters.")
    return name
