"""The keys of the worklist's pages, as the help on ? lists them."""

from __future__ import annotations

from typing import Final

from sanderling.web.keys import Keys

ACT_KEYS: Final[Keys] = (
    ("a", "assign"),
    ("f", "follow-up date: +1, +3, +7, +14 business days"),
    ("p", "pend: put aside, comes back to you"),
    ("e", "escalate"),
    ("r", "ask the client for documents"),
    ("s", "ask for the status (276)"),
    ("t", "tag"),
    ("u", "undo the latest act"),
)
FOCUS_KEYS: Final[Keys] = (
    ("1 … 9", "what came of it: the note's form opens"),
    ("Ctrl Enter", "save the note; the next claim comes by itself"),
    ("]", "next claim"),
    ("z", "skip this claim, with a reason"),
    ("c", "call sheet"),
    ("o", "the claim's own page"),
    ("h", "hand a question to another team"),
    ("l", "leave: back to the list"),
    *ACT_KEYS,
)
