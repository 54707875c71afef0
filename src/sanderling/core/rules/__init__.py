"""Rules: conditions in CEL syntax, compiled to Polars, SQL and plain words."""
