"""Codes: what payers' codes mean here, and what people have decided otherwise."""
