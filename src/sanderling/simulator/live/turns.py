"""What is arranged, and how many turns it takes."""

from __future__ import annotations

AT_CLEARINGHOUSE = "clearinghouse"
AT_PAYER = "payer"
DECISION = "decision"
STATUS = "status"
JUDGMENT = "judgment"

CLEARINGHOUSE_TURNS = 1  # from the file to the clearinghouse's 277CA
PAYER_TURNS = 1  # from there to the payer's
DECISION_TURNS = 2  # from there to the 835
STATUS_TURNS = 1
JUDGMENT_TURNS = 6
