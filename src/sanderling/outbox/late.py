"""Which files of ours nobody has confirmed in time."""

from __future__ import annotations

from typing import Final

# Files sent whose receipt, or the acceptance of whose claims, is past its day (`today`).
LATE: Final = """
SELECT f.* FROM outbox_file f
 WHERE f.state = 'sent'
   AND ((f.standing = '' AND f.receipt_due_date < %(today)s)
        OR (f.standing IN ('', 'received') AND f.acceptance_due_date < %(today)s))
"""
