"""Claims that a client has flagged, their owners, clocks and answers."""
