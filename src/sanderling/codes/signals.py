"""Tells the rooms above that people decided anew what a code means.

`code_rules_changed` is sent inside the transaction of the change, once for each change, with

    payer_id     key of the payer, or None when the rule is of a type or of all payers
    payer_type   the type, or None when the rule is of a payer or of all
    client_id    key of the client whose rule it is, or None for all clients
    codes        the codes the rule is about: group, reason, remark, status (empty: any)

A receiver that fails undoes the change. For what a person decides on a page it runs under the web
application's role.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

code_rules_changed: Final = Signal()
