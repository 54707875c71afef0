"""The weekly review: how receivables moved, and its agenda."""
