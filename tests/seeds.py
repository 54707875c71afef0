"""How many made-up worlds a test goes through: all of them at a desk, the first in CI.

`.ci/run` has a quarter of an hour on two cores; `make test` elsewhere takes the time it needs.
"""

from __future__ import annotations

import os
from typing import Final

IS_CI: Final = bool(os.environ.get("CI"))


def seeds(*every: int) -> tuple[int, ...]:
    """Return all of the seeds, only the first in CI."""
    return every[:1] if IS_CI else every
