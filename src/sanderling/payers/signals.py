"""Tells the rooms above that a payer's rules have changed.

`payer_rules_changed` is sent inside the transaction of the change, once for each change, with

    payer_id    key of the payer, or None when the rule is of a type
    payer_type  the type, or None when the rule is of a payer
    client_id   key of the client whose rule it is, or None for all clients

Sent for deadline rules, for a payer's day counts (filing, correction, appeal, response) and for its
type. A receiver that fails undoes the change.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

payer_rules_changed: Final = Signal()
