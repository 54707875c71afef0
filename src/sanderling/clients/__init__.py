"""Clients: the practices and hospitals we bill for."""
