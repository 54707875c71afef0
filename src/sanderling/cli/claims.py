"""`sanderling claims ...`."""

from __future__ import annotations

import click

from sanderling.cli.claims_show import show


@click.group("claims")
def command() -> None:
    """Claims: show, import."""


command.add_command(show)
