"""The values that fields with a list may have, with words: the choices of a form.

Source: DOMAIN 2.2 and 2.3; the code lists of the 837 TR3s, section 2.3.
"""

from __future__ import annotations

from typing import Final

PAYER_ORDER: Final = (("P", "first"), ("S", "second"), ("T", "third"))
FILING_INDICATORS: Final = (
    *(("11", "Other non-federal"), ("12", "PPO"), ("13", "POS"), ("14", "EPO")),
    *(("15", "Indemnity"), ("16", "HMO Medicare risk"), ("17", "Dental maintenance")),
    *(("AM", "Automobile"), ("BL", "Blue Cross Blue Shield"), ("CH", "TRICARE")),
    *(("CI", "Commercial"), ("DS", "Disability"), ("FI", "Federal employees"), ("HM", "HMO")),
    *(("LM", "Liability medical"), ("MA", "Medicare Part A"), ("MB", "Medicare Part B")),
    *(("MC", "Medicaid"), ("OF", "Other federal"), ("TV", "Title V"), ("VA", "Veterans")),
    *(("WC", "Workers' compensation"), ("ZZ", "Mutually defined")),
)
RELATIONSHIPS: Final = (
    *(("01", "spouse"), ("19", "child"), ("20", "employee"), ("21", "unknown")),
    *(("39", "organ donor"), ("40", "cadaver donor"), ("53", "life partner"), ("G8", "other")),
)
SEXES: Final = (("F", "Female"), ("M", "Male"), ("U", "Unknown"))
ASSIGNMENTS: Final = (
    ("A", "Accepted"),
    ("B", "Accepted for laboratory only"),
    ("C", "Not accepted"),
)
ACCIDENTS: Final = (("AA", "Automobile"), ("EM", "Employment"), ("OA", "Other accident"))
DELAY_REASONS: Final = (
    ("1", "Proof of eligibility unknown"),
    ("2", "Litigation"),
    ("3", "Authorization delays"),
    ("4", "Delay in certifying the provider"),
    ("5", "Delay in supplying billing forms"),
    ("6", "Delay in delivery of custom appliances"),
    ("7", "Third party processing delay"),
    ("8", "Delay in eligibility determination"),
    ("9", "Original rejected or denied for another reason"),
    ("10", "Administration delay"),
    ("11", "Other"),
    ("15", "Natural disaster"),
)
PRESENT_ON_ADMISSION: Final = (("Y", "Yes"), ("N", "No"), ("U", "Unknown"), ("W", "Undetermined"))
REPORT_TYPES: Final = (
    *(("03", "Report justifying treatment"), ("04", "Drugs administered")),
    *(("05", "Treatment diagnosis"), ("06", "Initial assessment"), ("07", "Functional goals")),
    *(("08", "Plan of treatment"), ("09", "Progress report")),
    *(("B3", "Physician order"), ("B4", "Referral form"), ("CT", "Certification")),
    *(("DA", "Dental models"), ("DG", "Diagnostic report"), ("DS", "Discharge summary")),
    *(("EB", "Explanation of benefits"), ("LA", "Laboratory results"), ("M1", "Medical record")),
    *(("NN", "Nursing notes"), ("OB", "Operative note"), ("OD", "Orders and treatments")),
    *(("OZ", "Support data for claim"), ("PN", "Physical therapy notes"), ("PO", "Prosthetics")),
    *(("RB", "Radiology films"), ("RR", "Radiology reports"), ("RX", "Renewable oxygen")),
)
REPORT_WAYS: Final = (
    *(("AA", "Available on request"), ("BM", "By mail"), ("EL", "Electronically")),
    *(("EM", "By e-mail"), ("FT", "File transfer"), ("FX", "By fax")),
)
NDC_UNITS: Final = (("F2", "International unit"), ("GR", "Gram"), ("ME", "Milligram"),
                    ("ML", "Milliliter"), ("UN", "Unit"))  # fmt: skip
SEND: Final = (("yes", "is sent"), ("no", "is left out"))
# Why a Medicare institutional claim is adjusted: one of them on every 7 and 8 (DOMAIN 2.3).
CHANGE_REASONS: Final = (
    ("D0", "Changes to service dates"),
    ("D1", "Changes to charges"),
    ("D2", "Changes in revenue or procedure codes"),
    ("D3", "Second or subsequent PPS bill"),
    ("D4", "Change in grouper input"),
    ("D5", "Cancel: wrong ID"),
    ("D6", "Cancel: duplicate or OIG"),
    ("D7", "Change to make Medicare secondary"),
    ("D8", "Change to make Medicare primary"),
    ("D9", "Any other change"),
    ("E0", "Change in patient status"),
)
