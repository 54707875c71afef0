"""Inquiries: claim status requests (276), which are due, what is written, what came back."""
