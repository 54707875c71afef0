"""Appeals, disputes and records sent to payers."""
