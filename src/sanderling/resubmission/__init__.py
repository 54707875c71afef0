"""Claims sent again: corrected, replaced, voided, and to the next payer."""
