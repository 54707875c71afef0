"""Cash expected in the weeks to come, and how right it was."""
