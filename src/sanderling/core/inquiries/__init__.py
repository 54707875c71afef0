"""Status requests: when a payer may be asked, and which of its replies is about our claim."""
