"""Which kind of transaction set an ST begins.

ST01 alone does not tell: 837 is three sets, 277 several. The implementation guide (ST03, else
GS08) decides; where none is named, BHT06 tells the 277s apart and the service segment the 837s.

Source: TR3s' GS08 notes; the 5010 guides of 45 CFR 162 subparts K to P.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Guide without its errata suffix -> (ST01, kind).
_GUIDES: Final = {
    "005010X221": ("835", "835"),
    "005010X222": ("837", "837P"),
    "005010X223": ("837", "837I"),
    "005010X224": ("837", "837D"),
    "005010X231": ("999", "999"),
    "005010X214": ("277", "277CA"),
}
_STATUS_GUIDE: Final = "005010X212"  # serves two sets: 276 and 277
_SINGLE_KIND: Final = {"835": "835", "999": "999", "276": "276"}
# What tells the kinds of a set apart when no guide is named: BHT06 of a 277, the service segment
# of an 837.
_KIND_BY_HINT: Final = {
    "277": {"DG": "277", "TH": "277CA"},
    "837": {"SV1": "837P", "SV2": "837I", "SV3": "837D"},
}
PURPOSES: Final = {"0010": "DG", "0085": "TH"}  # BHT01 -> BHT06 that goes with it
FUNCTIONAL_CODES: Final = {"835": "HP", "837": "HC", "999": "FA", "276": "HR", "277": "HN"}
_VERSION: Final = "005010"
_GUIDE_LENGTH: Final = len("005010X221")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a transaction set, and what is wrong with the way it says so."""

    kind: str  # "" when it is not known
    code: str = ""  # of a problem; "" when all is well
    refused: bool = False
    message: str = ""


def is_bare(guide: str) -> bool:
    """Tell whether `guide` names no guide, at most the version."""
    return not guide or guide == _VERSION


def kind_of(set_code: str, guide: str, interchange_version: str, hint: str) -> Verdict:
    """Decide the kind from ST01, the guide, ISA12 and `hint` (the last three may be empty).

    `hint` is BHT06 of a 277, the tag of the first service segment of an 837; it counts only when
    no guide is named.
    """
    if set_code not in FUNCTIONAL_CODES:
        return Verdict(
            "",
            "set_not_supported",
            refused=True,
            message=f"Transaction set {set_code[:6]!r} is not one that is read here; "
            "835, 837, 999, TA1, 276 and 277 are.",
        )
    stem = guide[:_GUIDE_LENGTH]
    if stem == _STATUS_GUIDE and set_code in {"276", "277"}:
        return Verdict(set_code)
    if stem in _GUIDES:
        code, kind = _GUIDES[stem]
        if code == set_code:
            return Verdict(kind)
        return Verdict(
            "",
            "guide_contradicts_set",
            refused=True,
            message=f"Guide {guide} is not one for transaction set {set_code}; "
            "ask the sender which of ST01 and GS08 is right.",
        )
    return _kind_without_guide(set_code, guide, interchange_version, hint)


def _kind_without_guide(set_code: str, guide: str, interchange_version: str, hint: str) -> Verdict:
    if not is_bare(guide) or (not guide and interchange_version and interchange_version < "00501"):
        named = guide or f"of version {interchange_version[:5]}"
        return Verdict(
            "",
            "guide_not_supported",
            refused=True,
            message=f"Guide {named[:30]} is not supported; ask the sender for the 005010 guide "
            f"of transaction set {set_code}.",
        )
    kind = _SINGLE_KIND.get(set_code) or _KIND_BY_HINT.get(set_code, {}).get(hint, "")
    if not kind:
        return Verdict(
            "",
            "guide_missing",
            refused=True,
            message=f"Neither ST03 nor GS08 names a guide and transaction set {set_code} exists "
            "in several; ask the sender to name it.",
        )
    return Verdict(
        kind,
        "guide_missing",
        message=f"Neither ST03 nor GS08 names a guide; read as {kind} of version {_VERSION}.",
    )
