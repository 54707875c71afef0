"""Claims, lines and submissions."""
