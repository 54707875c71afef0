"""Which class reads which kind of transaction set."""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.read.set_835 import Reader835
from sanderling.core.x12.read.set_reader import SetReader

READERS: Final[dict[str, type[SetReader]]] = {
    "835": Reader835,
}
