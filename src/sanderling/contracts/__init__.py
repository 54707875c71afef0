"""Payer contracts: versions, rates, terms, reference schedules."""
