"""How commands find what is named on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sanderling.claims.models import Claim
    from sanderling.contracts.actions import Parties


def parties_named(client: str, payer_id: str, plan: str) -> Parties:
    """Return the parties of a contract by their codes.

    Raises:
        click.UsageError: there is no such client, or no such payer.
    """
    from sanderling.contracts.actions import Parties
    from sanderling.contracts.queries import NotFound, client_of, payer_of

    try:
        return Parties(client_of(client), payer_of(payer_id), plan)
    except NotFound as error:
        raise click.UsageError(str(error)) from None


def claim_named(client: str, number: str) -> Claim:
    """Return a claim by its client's code and its patient control number.

    Raises:
        click.UsageError: there is none.
    """
    from sanderling.receivables.claim import NoSuchClaim, find_claim

    try:
        return find_claim(client=client, number=number)
    except NoSuchClaim as error:
        raise click.UsageError(str(error)) from None
