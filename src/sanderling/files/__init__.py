"""Intake: originals kept, sniffed, posted or quarantined."""
