"""Tables of the feature; none yet."""

from __future__ import annotations
