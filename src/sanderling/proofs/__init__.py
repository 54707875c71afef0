"""Proof of timely filing: the lineage of what was sent."""
