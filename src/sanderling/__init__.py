"""Sanderling: accounts-receivable follow-up for medical billing companies."""
