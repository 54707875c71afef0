"""Fields out of a text that a person pasted: a portal's answer, a call log, an e-mail.

Only what is labelled, or can be nothing else, is taken; the rest is left to the person, who sees
and corrects every field before anything is saved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sanderling.core.followup import questions as q

_NUMBER: Final = r"(?:\s*(?:no|nbr|number|num|id|\#)\.?)?\s*[:#]?\s*"
_VALUE: Final = r"([A-Za-z0-9][A-Za-z0-9/_-]*\d[A-Za-z0-9/_-]*)"
_DAY: Final = r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))"
_LINK: Final = r"(?:\s+(?:on|date|by|is|was))*\s*[:=]?\s*"
_MONEY: Final = r"\$\s?(\d{1,3}(?:,\d{3})+(?:\.\d{2})?|\d+(?:\.\d{2})?)"
_SPOKE: Final = r"rep(?:resentative)?\b\.?\s*(?:name)?\s*[:=]?|spoke (?:to|with)"

_PATTERNS: Final = (
    (q.CLAIM_NUMBER.key, rf"\b(?:icn|dcn|tcn|payer claim|claim){_NUMBER}{_VALUE}"),
    (q.REFERENCE.key, rf"\b(?:call\s+)?ref(?:erence)?{_NUMBER}{_VALUE}"),
    (q.TRACE.key, rf"\b(?:check|chk|eft|ach|trace){_NUMBER}{_VALUE}"),
    (q.REPRESENTATIVE.key, rf"\b(?i:{_SPOKE})\s+([A-Z][\w'-]+(?:\s[A-Z]\b\.?)?)"),
    (q.REASON.key, r"\b((?:CO|PR|OA|PI)\s?-\s?[A-Z]?\d{1,3})\b"),
    (q.REASON.key, r"\bcarc\s*[:#]?\s*([A-Z]?\d{1,3})\b"),
    (q.REMARK.key, r"\b(?:rarc\s*[:#]?\s*)?((?:MA|N|M)\d{2,3})\b"),
    (q.RECEIVED.key, rf"\b(?:received|recd|rec'd|receipt){_LINK}{_DAY}"),
    (q.PROCESSED.key, rf"\b(?:processed|finalized|adjudicated){_LINK}{_DAY}"),
    (q.PAID.key, rf"\b(?:paid|issued|check date|payment date){_LINK}{_DAY}"),
    (q.CASHED.key, rf"\b(?:cashed|cleared){_LINK}{_DAY}"),
    (q.DENIED.key, rf"\bdenied{_LINK}{_DAY}"),
    (q.APPEAL_DEADLINE.key, rf"\b(?:appeal|appeal deadline){_LINK}{_DAY}"),
    (q.DEADLINE.key, rf"\b(?:deadline|due){_LINK}{_DAY}"),
    (q.PROMISED.key, rf"\b(?:will pay|to pay|expected payment|will be paid){_LINK}{_DAY}"),
    (q.EXPECTED.key, rf"\b(?:expected|decision){_LINK}{_DAY}"),
    (q.ALLOWED.key, rf"\ballowed(?:\s+amount)?\s*[:=]?\s*{_MONEY}"),
    (q.SHARE.key, rf"\b(?:deductible|copay|coinsurance|patient)[\w' ]*[:=]?\s*{_MONEY}"),
    (q.PAID_AMOUNT.key, rf"\b(?:paid|payment)(?:\s+amount)?\s*[:=]?\s*{_MONEY}"),
    (q.PROMISED_AMOUNT.key, rf"\b(?:will pay|to pay)\s*[:=]?\s*{_MONEY}"),
)
# A name must be written like one: no letter stands for another here.
_BY_CASE: Final = frozenset({q.REPRESENTATIVE.key, q.REASON.key, q.REMARK.key})
PASTE_CHARACTERS_MAX: Final = 5_000


def parse_pasted(text: str) -> Mapping[str, str]:
    """Return the answers that the text gives clearly, by question, as they would be typed."""
    text = q.clean(text[:PASTE_CHARACTERS_MAX], lines=True)
    found: dict[str, str] = {}
    for key, pattern in _PATTERNS:
        if key in found:
            continue
        by_case = key in _BY_CASE and not pattern.startswith(r"\bcarc")
        flags = 0 if by_case else re.IGNORECASE
        values = {match[1].strip() for match in re.finditer(pattern, text, flags)}
        if len(values) == 1:  # two that differ: not clear
            found[key] = values.pop()
    if found.get(q.PROMISED.key) == found.get(q.EXPECTED.key):
        found.pop(q.EXPECTED.key, None)
    return found
