"""The compliance desk: audit search, access review, break-glass, retention."""
