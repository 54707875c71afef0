"""What followup, tasks and write-offs say to the rooms above them."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that adds activities, with `claim_ids`, a sorted list of the claims
# that have new ones, and `known_date`, the earliest day of these. A receiver that raises undoes the
# activities, too. For what a person records on a page it runs under the web application's role.
activities_recorded: Final = Signal()

# Sent inside the transaction in which the work on some claims changed (an activity, a promise, a
# task, a write-off request), with `claim_ids`, a sorted list. Runs under the role of whoever acts.
work_recorded: Final = Signal()

# Sent inside the transaction that finds promises kept or broken, with `decided`, a list of
# `promises.Decided`, and `at`. Runs under the worker's role.
promises_decided: Final = Signal()
