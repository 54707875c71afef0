"""The append-only ledger and aging."""
