"""What contracts are worth: yield, comparison, what-if."""
