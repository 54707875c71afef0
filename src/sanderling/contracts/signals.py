"""Tells the rooms above that a contract has changed.

`contract_changed` is sent inside the transaction of the change, once for each version that was
added or withdrawn, with

    client_id  key of the client
    payer_id   key of the payer
    from_date  first day of the version
    to_date    its last day as agreed, or None

A receiver that fails undoes the change. For what a person does on a page it runs under the web
application's role.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

contract_changed: Final = Signal()
