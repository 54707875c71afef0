"""People who log in, their roles, and the clients assigned to them."""
