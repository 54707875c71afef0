"""Brings up what a command needs: Django, the database, the schema, the actor."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def start_django() -> None:
    """Set Django up for the command line, which works as the database's owner."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    import django

    django.setup()


def start_database() -> None:
    """Set Django up, start the embedded database when needed, bring the schema up to date.

    The audit trail will say `cli:<operating system user>`.
    """
    start_django()
    from sanderling.config.database import ensure_database, ensure_schema
    from sanderling.postgres.home import operating_system_user
    from sanderling.web.actor import set_actor

    ensure_database()
    ensure_schema(report=say)
    set_actor(f"cli:{operating_system_user()}")


def needs_database(command: F) -> F:
    """Make the database ready before the command's body runs."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        start_database()
        return command(*arguments, **options)

    return wrapped  # type: ignore[return-value]  # the same signature by functools.wraps


def say(text: str) -> None:
    """Print a line for a person: on stderr, since stdout belongs to rows."""
    click.echo(text, err=True)
