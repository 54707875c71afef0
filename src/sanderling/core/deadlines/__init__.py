"""Deadlines: how long a claim may still be filed, corrected, appealed, answered or refunded."""
