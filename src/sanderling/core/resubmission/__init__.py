"""Claims sent again: the claim as sent, its fields, edits, checks; claims to the next payer."""
