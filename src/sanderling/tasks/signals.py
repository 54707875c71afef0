"""What tasks say to the rooms above them."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Sent inside the transaction that asks a team, with `tasks` (of one question), `details` (what the
# asker said beyond the question, for the room that knows the kind), `user` (None: a rule) and `at`.
tasks_asked: Final = Signal()

# Sent inside the transaction in which tasks were answered or withdrawn, with `tasks` and `at`.
tasks_ended: Final = Signal()

# Sent by the worker when documents arrived that were asked for, one at a time, with `origin` (what
# the asker said of where it belongs), `claim_id`, `name`, `title`, `read` (a call that returns the
# bytes) and `at`. A receiver whose it is returns what it did with it, in words.
document_arrived: Final = Signal()
