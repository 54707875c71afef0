"""What can be done to many items at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanderling.worklists.act_asking import ASKING_KINDS
from sanderling.worklists.act_parts import Kind
from sanderling.worklists.act_transferring import TRANSFER_KINDS
from sanderling.worklists.act_work import WORK_KINDS
from sanderling.worklists.act_writing_off import WRITE_OFF_KINDS

KINDS: Final[Mapping[str, Kind]] = {
    **WORK_KINDS,
    **ASKING_KINDS,
    **WRITE_OFF_KINDS,
    **TRANSFER_KINDS,
}
