"""What each line should have brought, and what it fell short of."""
