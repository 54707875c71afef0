"""`sanderling users ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from sanderling.accounts.roles import Role
from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database
from sanderling.core.refusal import Refusal

COLUMNS = ("email", "name", "role", "is_active", "sees_all_clients", "clients")


class UnknownClient(Refusal):
    """There is no client with this code."""


@click.group("users")
def command() -> None:
    """Users: who may log in, as what, and whose clients they see."""


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="The name to show.")
@click.option("--role", required=True, type=click.Choice(Role.values), help="What the user may do.")
@click.option("--client", "codes", multiple=True, help="Code of an assigned client; repeatable.")
@click.option("--all-clients", is_flag=True, help="Sees all clients.")
@click.option(
    "--password-file",
    type=click.File("r"),
    help="First password, from a file or - for stdin; asked for on a terminal when left out.",
)
@needs_database
def add(
    *,
    email: str,
    name: str,
    role: str,
    codes: tuple[str, ...],
    all_clients: bool,
    password_file: TextIO | None,
) -> None:
    """Make a user EMAIL who can log in at once."""
    from sanderling.accounts.actions import create_user
    from sanderling.clients.queries import client_ids_by_code

    if password_file is not None:
        password = password_file.read().strip()
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    known = client_ids_by_code()
    for code in codes:
        if code not in known:
            raise UnknownClient(f"there is no client {code}")
    create_user(
        email=email,
        name=name,
        role=role,
        password=password,
        client_ids=[known[code] for code in codes],
        sees_all_clients=all_clients,
    )


@command.command("list")
@output_options
@needs_database
def list_(form: str | None, output: Path | None) -> None:
    """List all users and the codes of their clients."""
    from sanderling.accounts.models import User

    wanted = chosen(form, output)
    people = User.objects.prefetch_related("assignments__client").order_by("email")
    rows: list[dict[str, object]] = [
        {
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "is_active": user.is_active,
            "sees_all_clients": user.sees_all_clients,
            "clients": sorted(entry.client.code for entry in user.assignments.all()),
        }
        for user in people
    ]
    print_rows(rows, columns=COLUMNS, as_of=datetime.now(UTC).date(), output=wanted)
