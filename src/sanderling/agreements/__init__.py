"""What was agreed with a client: service levels, follow-up schedules, high-dollar rules."""
