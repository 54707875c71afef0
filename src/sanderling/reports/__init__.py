"""Reports to clients: composed, approved, sent, and made again with the same numbers."""
