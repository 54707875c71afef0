"""Payer portals: who to ask there, and what they said."""
