"""News: what happened that other rooms or people want to know."""
