"""Open-source accounts-receivable follow-up for medical billing companies."""
