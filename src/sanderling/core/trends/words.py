"""An issue in words: its title, what may have caused it, which team's it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sanderling.core.codes.carc import carcs
from sanderling.core.codes.meaning import rarcs
from sanderling.core.codes.names import Category, Team
from sanderling.core.codes.statuses import status_meaning
from sanderling.core.trends.findings import Description

_NOUNS: Final = {
    "denial": "denials",
    "rejection": "rejections",
    "underpayment": "underpayments",
    "slow_payment": "slow answers",
    "missing_remittance": "missing remittances",
    "unbilled_secondary": "secondary claims not billed",
    "documentation_hold": "claims held for documents",
}
_FORMS: Final = {"P": "professional", "I": "institutional", "D": "dental"}
_TEAMS: Final = {
    "rejection": Team.BILLING,
    "underpayment": Team.CONTRACTS,
    "slow_payment": Team.AR,
    "missing_remittance": Team.POSTING,
    "unbilled_secondary": Team.BILLING,
    "documentation_hold": Team.AR,
}
_TEAM_OF_CATEGORY: Final = {
    Category.ELIGIBILITY: Team.INTAKE,
    Category.AUTHORIZATION: Team.AUTHORIZATION,
    Category.CODING: Team.CODING,
    Category.BUNDLING: Team.CODING,
    Category.MEDICAL_NECESSITY: Team.CODING,
    Category.TIMELY_FILING: Team.BILLING,
    Category.DUPLICATE: Team.BILLING,
    Category.COORDINATION_OF_BENEFITS: Team.INTAKE,
    Category.MISSING_INFORMATION: Team.BILLING,
    Category.DOCUMENTATION: Team.AR,
    Category.PROVIDER: Team.CREDENTIALING,
    Category.NON_COVERED: Team.INTAKE,
    Category.BENEFIT_LIMIT: Team.INTAKE,
    Category.CONTRACTUAL: Team.CONTRACTS,
    Category.PATIENT: Team.PATIENT,
    Category.OTHER: Team.AR,
}
# What usually lies behind it, when it is the client's side and when it is the payer's.
_BEHIND_CLIENT: Final = {
    Category.ELIGIBILITY: "coverage may no longer be checked before the visit",
    Category.AUTHORIZATION: "authorizations may no longer be asked for, or not be put on the claim",
    Category.CODING: "a charge template or coding habit may have changed",
    Category.BUNDLING: "a charge template may have begun to bill parts that belong together",
    Category.MEDICAL_NECESSITY: "diagnoses may be missing or too general",
    Category.TIMELY_FILING: "charges may reach billing too late",
    Category.COORDINATION_OF_BENEFITS: "other coverage may no longer be asked for at the desk",
    Category.MISSING_INFORMATION: "a field may have gone missing in the client's system",
    Category.PROVIDER: "a provider may not be enrolled, or under the wrong number",
}
_BEHIND_PAYER: Final = {
    Category.ELIGIBILITY: "the payer's member file may be wrong or have moved",
    Category.AUTHORIZATION: "the payer may have begun to require an authorization",
    Category.CODING: "an edit of the payer changed",
    Category.BUNDLING: "a bundling edit of the payer changed",
    Category.MEDICAL_NECESSITY: "a coverage policy of the payer changed",
    Category.COORDINATION_OF_BENEFITS: "the payer may be updating its data on other coverage",
    Category.MISSING_INFORMATION: "the payer may require a field that it did not before",
    Category.PROVIDER: "the payer's provider file may be wrong",
    Category.NON_COVERED: "a coverage policy of the payer changed",
}
_BEHIND_KIND: Final = {
    "rejection": "an edit at the clearinghouse or payer, or what is sent, changed",
    "underpayment": "another fee schedule or payment rule may be loaded at the payer",
    "slow_payment": "the payer may have a backlog or hold claims for review",
    "missing_remittance": "remittances may go to another address, or enrollment for 835 has lapsed",
    "unbilled_secondary": "the payer may no longer forward claims, and nobody bills the next payer",
    "documentation_hold": "the payer may have begun to ask for records before it decides",
}


def title_of(description: Description) -> str:
    """Return a short title; it names neither payer nor client."""
    parts = description.dimensions
    noun = _NOUNS[description.kind]
    said = [parts[name] for name in ("carc", "rarc") if name in parts]
    if not said and "category" in parts:
        said = [parts["category"].replace("_", " ")]
    if description.basis == "steady":
        said = ["more", *said]
    text = " ".join([*said, noun]) + _scope_words(parts)
    return f"{text[:1].upper()}{text[1:]}"


def _scope_words(parts: Mapping[str, str]) -> str:
    words = ""
    if "procedure" in parts:
        words += f" of {parts['procedure']}"
    if "code_family" in parts:
        words += f" of {parts['code_family'].replace('_', ' ')}"
    if "modifier" in parts:
        words += f" with modifier {parts['modifier']}"
    if "form" in parts:
        words += f" on {_FORMS.get(parts['form'], parts['form'])} claims"
    if "provider" in parts:
        words += f" of provider {parts['provider']}"
    if "location" in parts:
        words += f" at {parts['location']}"
    if "plan" in parts:
        words += f" in plan {parts['plan']}"
    return words


def category_of(description: Description, category: str = "") -> str:
    """Return the category of an issue: said, or what its code means (`category`: of its claims)."""
    return description.dimensions.get("category", category)


def team_of(description: Description, category: str) -> str:
    """Return the team whose work it most likely is."""
    fixed = _TEAMS.get(description.kind)
    if fixed is not None:
        return fixed.value
    known = category if category in set(Category) else Category.OTHER
    return _TEAM_OF_CATEGORY[Category(known)].value


def hypothesis_of(
    description: Description, *, payer: str, onset: date | None, caused_by: str, category: str
) -> str:
    """Return what seems to have happened, in sentences; names no client and no count.

    Args:
        description: of the issue.
        payer: its name; empty when it is several payers.
        onset: since when; None: since ever.
        caused_by: payer, client, unknown.
        category: of its denials.
    """
    what = title_of(description)
    code = _code_title(description)
    subject = f"{what} by {payer}" if payer else f"{what}, whatever the payer"
    if code:
        subject += f" ({code})"
    if onset is None:
        return (
            f"{subject}: always more than our other clients have with the same payers, so that it"
            f" is the client's side: {_behind(description, 'client', category)}."
        )
    when = f"{subject} since about {onset:%B} {onset.day}, {onset.year}."
    why = _behind(description, caused_by, category)
    if caused_by == "payer":
        return f"{when} Other clients are hit at the same time: {why}."
    if caused_by == "client" and description.payer_id is None:
        return f"{when} It is not one payer's doing: {why}."
    if caused_by == "client":
        return f"{when} The payer's other clients are not hit: {why}."
    return f"{when} No other client shows whose change it is; {why}."


def _behind(description: Description, caused_by: str, category: str) -> str:
    of_kind = _BEHIND_KIND.get(description.kind)
    if of_kind is not None:
        return of_kind
    known = Category(category) if category in set(Category) else Category.OTHER
    if caused_by == "payer":
        return _BEHIND_PAYER.get(known, "a rule of the payer changed")
    if caused_by == "client":
        return _BEHIND_CLIENT.get(known, "something changed in what the client sends")
    return "ask the payer what changed, and look at what was sent"


def _code_title(description: Description) -> str:
    parts = description.event
    if "rarc" in parts and parts["rarc"] in rarcs():
        return rarcs()[parts["rarc"]].title
    code = parts.get("carc", "")
    if description.kind == "rejection" and ":" in code:
        status_category, status_code = code.split(":", 1)
        return status_meaning(status_category, status_code, "").title
    reason = carcs().get(code.partition("-")[2])
    return reason.title if reason is not None else ""
