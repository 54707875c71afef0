"""Items, people and a lead of one client, with a stranger of another: what a lead's pages show."""

from __future__ import annotations

from typing import Any

from tests.integration.listed_items import AT, TODAY, make_client, make_payer, make_user, put_item

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.worklists.models import WorkItem

__all__ = ["AT", "TODAY", "Desk"]


class Desk:
    """Two clients, three people, a few items; THEIRS is another lead's."""

    def __init__(self) -> None:
        self.mine, self.theirs = make_client("MINE"), make_client("THEIRS")
        self.acme, self.bolt = make_payer("ACME"), make_payer("BOLT")
        self.lead = make_user("lead", self.mine, role="lead")
        self.ann = make_user("ann", self.mine)
        self.bob = make_user("bob", self.mine)
        self.stranger = make_user("stranger", self.theirs)

    def put(self, number: str, owner: User | None = None, **more: Any) -> WorkItem:
        client: Client = more.pop("client", self.mine)
        return put_item(client, number, payer=more.pop("payer", self.acme), assignee=owner, **more)
