"""X12 as it is in the wild: reading into typed tables, and writing."""
