"""Template tags of the worklist."""
