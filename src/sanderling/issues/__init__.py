"""Systemic issues: found every night, confirmed, fixed, verified."""
