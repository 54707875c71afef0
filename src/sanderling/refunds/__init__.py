"""Credit balances and what is paid back."""
