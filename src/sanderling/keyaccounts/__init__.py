"""The account page of a client: cash, gap, clocks of its service levels."""
