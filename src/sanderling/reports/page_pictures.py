"""The pages of a report as pictures, kept for a moment: a browser asks for each by itself."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from sanderling.reports.models import Report
from sanderling.reports.rendering import pictures_of

KEPT: Final = 6  # reports, in this process's memory
_kept: OrderedDict[tuple[int, str, str], list[bytes]] = OrderedDict()
_lock: Final = threading.Lock()


def pages_of(report: Report) -> list[bytes]:
    """Return the pages as PNG, the same bytes as long as numbers and note are the same."""
    key = (report.pk, report.numbers_hash, report.note)
    with _lock:  # two requests for two pages of one report: the second waits and finds it
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        pages = _kept[key] = pictures_of(report)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return pages
