"""Workload: capacity against what is due, for leads; derives everything, stores nothing."""
