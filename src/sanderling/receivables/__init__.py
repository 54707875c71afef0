"""Asking: aging, roll-forward, and everything about one claim."""
