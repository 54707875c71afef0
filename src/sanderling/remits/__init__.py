"""Remittances, claim payments and adjustments."""
