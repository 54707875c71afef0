"""Payers: the insurers who owe."""
