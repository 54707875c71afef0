"""Files in: kept, read, matched, posted; or quarantined with the reason."""
