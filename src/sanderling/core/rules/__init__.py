"""Conditions of rules: text in a part of CEL, a typed tree, and SQL, Polars and words from it."""
