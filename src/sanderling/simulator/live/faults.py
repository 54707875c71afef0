"""What may go wrong on demand, for tests of whoever talks to this world."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Switched on and off while the world runs; nothing goes wrong by itself."""

    # What the world says.
    reordered: bool = False  # answers come up to three turns late, in another order
    doubled: bool = False  # each answer twice: the same bytes, or framed anew
    # What the server does.
    drop_after_bytes: int = -1  # end the connection after so many bytes of a file, once
    disk_is_full: bool = False  # refuse every write
    seconds_a_call: float = 0.0  # answer slowly
