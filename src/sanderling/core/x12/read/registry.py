"""Which class reads which kind of transaction set."""

from __future__ import annotations

from typing import Final

from sanderling.core.x12.read.set_277 import Reader277
from sanderling.core.x12.read.set_835 import Reader835
from sanderling.core.x12.read.set_837 import Reader837
from sanderling.core.x12.read.set_999 import Reader999, ReaderTA1
from sanderling.core.x12.read.set_reader import SetReader

READERS: Final[dict[str, type[SetReader]]] = {
    "276": Reader277,
    "277": Reader277,
    "277CA": Reader277,
    "835": Reader835,
    "837D": Reader837,
    "837I": Reader837,
    "837P": Reader837,
    "999": Reader999,
    "TA1": ReaderTA1,
}
