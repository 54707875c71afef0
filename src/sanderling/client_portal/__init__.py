"""What a client's own people see."""
