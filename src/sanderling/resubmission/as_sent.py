"""Claims as they were sent; see `claims.as_sent`, which other rooms read, too."""

from __future__ import annotations

from sanderling.claims.as_sent import NotAsSent, document_of, documents_of

__all__ = ["NotAsSent", "document_of", "documents_of"]
