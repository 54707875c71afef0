"""Filters of the templates of codes."""
