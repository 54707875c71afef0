"""Priority: the expected extra dollars of a touch now against later, per minute of work."""
