"""Which fields a payer's or clearinghouse's reason names, so that a correction begins with them.

`line.charge` stands for the field of every line. Entities are those of STC01-3.

Source: DOMAIN 3.4 (adjustment reasons), 3.5 (remarks), 3.7 (claim statuses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.fields import fields_of

_MEMBER: Final = ("member_id", "subscriber.last_name", "subscriber.first_name",
                  "subscriber.birth_date")  # fmt: skip
_PROVIDERS: Final[Mapping[str, str]] = {
    "85": "billing", "82": "rendering", "DN": "referring", "71": "attending", "72": "operating",
    "77": "facility", "1P": "billing", "FA": "facility", "DK": "referring",
}  # fmt: skip
_STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "33": _MEMBER, "116": ("payer_id",), "164": ("member_id",), "97": _MEMBER,
    "125": ("subscriber.last_name", "subscriber.first_name"), "128": ("billing.tax_id",),
    "145": ("billing.taxonomy",), "153": ("member_id",), "157": ("subscriber.sex",),
    "158": ("subscriber.birth_date",), "178": ("line.charge",), "187": ("line.from",),
    "188": ("statement_from", "statement_to"), "218": ("line.ndc",), "228": ("place_of_service",),
    "249": ("place_of_service",), "252": ("authorization",), "254": ("diagnosis.1",),
    "255": ("diagnosis.1", "diagnosis.2"), "453": ("line.modifiers",), "454": ("line.procedure",),
    "455": ("line.revenue",), "464": ("original_reference",), "476": ("line.units",),
    "477": ("line.pointers",), "48": ("referral",), "495": ("original_reference",),
    "507": ("line.procedure",), "562": ("billing.npi", "rendering.npi"),
    "665": ("original_reference",), "732": ("line.from",), "189": ("admission_date",),
}  # fmt: skip
_REMARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "M20": ("line.procedure",), "M44": ("condition_codes",), "M47": ("original_reference",),
    "M50": ("line.revenue",), "M51": ("line.procedure",), "M52": ("line.from",),
    "M53": ("line.units",), "M54": ("line.charge",), "M56": ("payer_id",), "M59": ("line.to",),
    "M62": ("authorization",), "M64": ("diagnosis.2",), "M76": ("diagnosis.1", "diagnosis.2"),
    "M77": ("place_of_service", "line.place"), "M119": ("line.ndc",), "MA27": _MEMBER,
    "MA30": ("place_of_service",), "MA36": ("subscriber.last_name",), "MA61": ("member_id",),
    "MA63": ("diagnosis.1",), "MA83": ("payer_order",), "MA112": ("billing.npi",),
    "MA120": ("clia",), "MA04": ("payer_order",), "N56": ("line.procedure",),
    "N209": ("billing.tax_id",), "N256": ("billing.npi",), "N257": ("billing.npi",),
    "N264": ("referring.last_name",), "N265": ("referring.npi",), "N286": ("referring.npi",),
    "N288": ("billing.taxonomy",), "N290": ("rendering.npi",), "N329": ("subscriber.birth_date",),
    "N382": _MEMBER, "N517": (), "N519": ("line.modifiers",), "N521": ("billing.npi",),
    "N822": ("line.modifiers",),
}  # fmt: skip
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "4": ("line.modifiers",), "5": ("place_of_service", "line.place"), "6": ("line.procedure",),
    "7": ("subscriber.sex", "line.procedure"), "9": ("diagnosis.1",), "10": ("diagnosis.1",),
    "11": ("diagnosis.1", "line.pointers"), "15": ("authorization",), "22": ("payer_order",),
    "29": ("delay_reason",), "31": _MEMBER, "58": ("place_of_service", "line.place"),
    "109": ("payer_id",), "111": ("assignment",), "140": _MEMBER, "146": ("diagnosis.1",),
    "151": ("line.units",), "163": ("attachment.number",), "181": ("line.procedure",),
    "182": ("line.modifiers",), "183": ("referring.npi",), "185": ("rendering.npi",),
    "189": ("line.procedure",), "197": ("authorization",), "198": ("authorization",),
    "199": ("line.revenue", "line.procedure"), "206": ("billing.npi", "rendering.npi"),
    "207": ("billing.npi", "rendering.npi"), "208": ("billing.npi", "billing.tax_id"),
    "236": ("line.modifiers",), "284": ("authorization",), "287": ("referral",),
    "288": ("referral",), "296": ("authorization",), "B7": ("rendering.npi",),
    "B22": ("diagnosis.1",), "B23": ("clia",),
}  # fmt: skip


def fields_named(
    document: ClaimDocument,
    *,
    statuses: Iterable[tuple[str, str]] = (),
    remarks: Iterable[str] = (),
    reasons: Iterable[str] = (),
) -> list[str]:
    """Return the paths that the codes name and the claim has, in the order of its form.

    `statuses` are (code, entity) of a 277CA or 277, `remarks` RARCs, `reasons` CARCs.
    """
    named: set[str] = set()
    for code, entity in statuses:
        provider = _PROVIDERS.get(entity)
        if provider and code in {"21", "125", "145", "153", "562"}:
            part = {"125": "last_name", "145": "taxonomy"}.get(code, "npi")
            named.add(f"{provider}.{part}")
        else:
            named |= set(_STATUSES.get(code, ()))
    for code in remarks:
        named |= set(_REMARKS.get(code, ()))
    for code in reasons:
        named |= set(_REASONS.get(code, ()))
    if document.patient:  # the patient's own data, where the patient is not the subscriber
        named |= {path.replace("subscriber.", "patient.") for path in named}
    return [field.path for field in fields_of(document) if _general(field.path) in named]


def _general(path: str) -> str:
    parts = path.split(".")
    return f"line.{parts[2]}" if parts[0] == "line" else path
