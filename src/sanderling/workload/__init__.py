"""Workload: capacity against what is due, queue and quality; keeps hours, days off, reviews."""
