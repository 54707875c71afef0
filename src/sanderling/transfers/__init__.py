"""Shares handed over to the patient."""
