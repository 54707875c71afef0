"""The names a caller relies on: categories, next actions and teams, and how the tables map to them.

The tables keep finer categories (here: subcategories), steps and abbreviated teams; one mapping
leads from them to the names of the command line. Source: CLI "How DOMAIN.md's tables map", DOMAIN
3.2 and 3.3.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Category(StrEnum):
    """What kind of trouble a denial, rejection or pend is."""

    ELIGIBILITY = "eligibility"
    AUTHORIZATION = "authorization"
    CODING = "coding"
    BUNDLING = "bundling"
    MEDICAL_NECESSITY = "medical_necessity"
    TIMELY_FILING = "timely_filing"
    DUPLICATE = "duplicate"
    COORDINATION_OF_BENEFITS = "coordination_of_benefits"
    MISSING_INFORMATION = "missing_information"
    DOCUMENTATION = "documentation"
    PROVIDER = "provider"
    NON_COVERED = "non_covered"
    BENEFIT_LIMIT = "benefit_limit"
    CONTRACTUAL = "contractual"
    PATIENT = "patient"
    OTHER = "other"


class NextAction(StrEnum):
    """What a person does next."""

    WAIT = "wait"
    CHECK_STATUS = "check_status"
    CALL_PAYER = "call_payer"
    RESUBMIT = "resubmit"
    CORRECT_AND_REBILL = "correct_and_rebill"
    APPEAL = "appeal"
    SEND_RECORDS = "send_records"
    REQUEST_DOCUMENTS = "request_documents"
    OBTAIN_AUTHORIZATION = "obtain_authorization"
    VERIFY_ELIGIBILITY = "verify_eligibility"
    BILL_SECONDARY = "bill_secondary"
    DISPUTE_UNDERPAYMENT = "dispute_underpayment"
    FIND_PAYMENT = "find_payment"
    TRANSFER_TO_PATIENT = "transfer_to_patient"
    REFUND = "refund"
    WRITE_OFF = "write_off"
    ESCALATE = "escalate"


class Team(StrEnum):
    """Who does it."""

    AR = "ar"
    BILLING = "billing"
    CODING = "coding"
    INTAKE = "intake"
    AUTHORIZATION = "authorization"
    CREDENTIALING = "credentialing"
    CLIENT = "client"
    POSTING = "posting"
    CONTRACTS = "contracts"
    PATIENT = "patient"
    MANAGEMENT = "management"


class Nature(StrEnum):
    """What an adjustment is to the money (DOMAIN 3.2); R and U are answers of the posting rules."""

    NORMAL = "N"
    DENIAL = "D"
    PATIENT_SHARE = "P"
    INFORMATION = "I"
    PENDED = "W"
    BY_AMOUNT = "X"
    REDUCED = "R"
    UNKNOWN = "U"


UNKNOWN_SUBCATEGORY: Final = "UNKNOWN"

# The first subcategory of a category stands for it where only the category is known.
CATEGORY_OF_SUBCATEGORY: Final = MappingProxyType(
    {
        "ELIGIBILITY": Category.ELIGIBILITY,
        "REGISTRATION": Category.ELIGIBILITY,
        "AUTHORIZATION": Category.AUTHORIZATION,
        "CODING": Category.CODING,
        "FREQUENCY": Category.CODING,
        "BUNDLING": Category.BUNDLING,
        "MEDICAL_NECESSITY": Category.MEDICAL_NECESSITY,
        "TIMELY_FILING": Category.TIMELY_FILING,
        "DUPLICATE": Category.DUPLICATE,
        "COB": Category.COORDINATION_OF_BENEFITS,
        "MISSING_INFO": Category.MISSING_INFORMATION,
        "DOCUMENTATION": Category.DOCUMENTATION,
        "PROVIDER_ENROLLMENT": Category.PROVIDER,
        "NETWORK": Category.PROVIDER,
        "NON_COVERED": Category.NON_COVERED,
        "BENEFIT_MAX": Category.BENEFIT_LIMIT,
        "CONTRACTUAL": Category.CONTRACTUAL,
        "CONTRACT_LOAD": Category.CONTRACTUAL,
        "CAPITATION": Category.CONTRACTUAL,
        "INCENTIVE": Category.CONTRACTUAL,
        "PATIENT_RESP": Category.PATIENT,
        "INFO": Category.OTHER,
        "PENDING": Category.OTHER,
        "APPEAL_RESULT": Category.OTHER,
        "RECOUPMENT": Category.OTHER,
        UNKNOWN_SUBCATEGORY: Category.OTHER,
    }
)

ACTION_OF_STEP: Final = MappingProxyType(
    {
        "POST": NextAction.FIND_PAYMENT,
        "F7": NextAction.CORRECT_AND_REBILL,
        "F8": NextAction.CORRECT_AND_REBILL,
        "COD": NextAction.CORRECT_AND_REBILL,
        "F1": NextAction.RESUBMIT,
        "INT": NextAction.VERIFY_ELIGIBILITY,
        "PTU": NextAction.VERIFY_ELIGIBILITY,
        "AUTH": NextAction.OBTAIN_AUTHORIZATION,
        "CRED": NextAction.ESCALATE,
        "MGT": NextAction.ESCALATE,
        "REC": NextAction.SEND_RECORDS,
        "APC": NextAction.APPEAL,
        "APA": NextAction.APPEAL,
        "PRICE": NextAction.DISPUTE_UNDERPAYMENT,
        "CON": NextAction.DISPUTE_UNDERPAYMENT,
        "CALL": NextAction.CALL_PAYER,
        "B2": NextAction.BILL_SECONDARY,
        "BP": NextAction.TRANSFER_TO_PATIENT,
        "CLI": NextAction.REQUEST_DOCUMENTS,
        "WAIT": NextAction.WAIT,
        "REF": NextAction.REFUND,
        "WO": NextAction.WRITE_OFF,
    }
)

# The steps of a chain, as a person reads them.
STEP_TITLES: Final = MappingProxyType(
    {
        "POST": "post, nothing to follow up",
        "F7": "corrected claim",
        "F8": "void the claim",
        "F1": "new claim",
        "COD": "coder's review",
        "INT": "verify eligibility and member data",
        "PTU": "patient updates the payer",
        "AUTH": "find or request the authorization",
        "CRED": "fix enrollment",
        "REC": "send records",
        "APC": "clinical appeal",
        "APA": "administrative appeal",
        "PRICE": "dispute the price",
        "CON": "look at the contract",
        "CALL": "ask the payer",
        "B2": "bill the next or other payer",
        "BP": "transfer to the patient",
        "CLI": "ask the client",
        "WAIT": "wait",
        "REF": "refund",
        "WO": "request a write-off",
        "MGT": "management decides",
    }
)

TEAM_OF_ABBREVIATION: Final = MappingProxyType(
    {
        "AR": Team.AR,
        "BIL": Team.BILLING,
        "COD": Team.CODING,
        "INT": Team.INTAKE,
        "AUT": Team.AUTHORIZATION,
        "CRE": Team.CREDENTIALING,
        "CLI": Team.CLIENT,
        "POS": Team.POSTING,
        "CON": Team.CONTRACTS,
        "PAT": Team.PATIENT,
        "MGT": Team.MANAGEMENT,
    }
)

# Which denial names the claim when amounts are equal (DOMAIN 3.3); what DOMAIN leaves out follows.
SUBCATEGORY_PRIORITY: Final = (
    "TIMELY_FILING",
    "ELIGIBILITY",
    "REGISTRATION",
    "COB",
    "AUTHORIZATION",
    "PROVIDER_ENROLLMENT",
    "MEDICAL_NECESSITY",
    "DOCUMENTATION",
    "MISSING_INFO",
    "CODING",
    "BUNDLING",
    "FREQUENCY",
    "BENEFIT_MAX",
    "NON_COVERED",
    "DUPLICATE",
    "NETWORK",
    "CONTRACT_LOAD",
    "CAPITATION",
    "APPEAL_RESULT",
    "RECOUPMENT",
    "PENDING",
    "CONTRACTUAL",
    "INCENTIVE",
    "PATIENT_RESP",
    "INFO",
    UNKNOWN_SUBCATEGORY,
)

# What a payer did with a claim (CLP02), as pages and exhibits say it.
CLAIM_PAYMENT_STATUSES: Final = MappingProxyType(
    {
        "1": "processed as primary",
        "2": "processed as secondary",
        "3": "processed as tertiary",
        "4": "denied",
        "19": "processed as primary, forwarded",
        "20": "processed as secondary, forwarded",
        "21": "processed as tertiary, forwarded",
        "22": "reversal of an earlier payment",
        "23": "not this payer's claim, forwarded",
        "25": "priced only, no payment",
    }
)


def subcategory_of(category: str) -> str:
    """Return the subcategory that stands for a category of the command line."""
    return next(finer for finer, name in CATEGORY_OF_SUBCATEGORY.items() if name == category)
