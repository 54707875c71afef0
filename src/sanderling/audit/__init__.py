"""The append-only, hash-chained trail of changes and of looks at patient data."""
