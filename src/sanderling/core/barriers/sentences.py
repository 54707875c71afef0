"""One sentence that says why a balance is open, as a biller would tell a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sanderling.core.barriers.rows import SILENT_DETAIL
from sanderling.core.barriers.words import TEAMS
from sanderling.core.codes.carc import title_of
from sanderling.core.codes.remarks import remark_title, status_category_title, status_title

Row = Mapping[str, Any]
PATIENT_PARTY = 14


def sentence(row: Row, *, payer_name: str, as_of: date) -> str:
    """Return why the balance of `row` (core.barriers.rows.ROWS) is open.

    `payer_name`: that of the row's payer, "" when unknown.
    """
    teller = _TELLERS[str(row["barrier"])]
    told = teller(row, payer_name or "the payer", as_of)
    return told if payer_name else told[:1].upper() + told[1:]


def _day(day: Any) -> str:  # noqa: ANN401  (a date or nothing, out of a row)
    return f"{day:%b} {day.day}, {day.year}" if isinstance(day, date) else "an unknown day"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _code(row: Row) -> str:
    """Return the reason with its code, its title, and the remark that makes it more precise."""
    reason = f"{row['group_code']}-{row['reason_code']}"
    text = f"{reason}, {_lower(title_of(row['reason_code']))}"
    remark = row["remark_code"]
    if remark:
        title = remark_title(remark)
        text += f" ({remark}: {_lower(title)})" if title else f" ({remark})"
    return text


def _lower(title: str) -> str:
    """Return a title as part of a sentence; an abbreviation keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def _status(row: Row) -> str:
    category, _, rest = str(row["status_code"]).partition(":")
    code = rest.partition(":")[0]
    title = status_title(code) or status_category_title(category) or "no reason given"
    return f"{row['status_code']}, {_lower(title)}"


def _awaiting_payer(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    since, due = _day(row["since_date"]), _day(row["due_date"])
    told = {
        "crossover": f"The payer before forwarded the claim to {payer} on {since}; an answer is due"
        f" by {due}.",
        "reversed": f"{payer} took its decision back on {since}; the corrected one is due by"
        f" {due}.",
        "accepted": f"{payer} accepted the claim on {since} and has until {due} to answer.",
        "in_process": f"{payer} says that it is working on the claim; ask again after {due}.",
        "passed_on": f"{payer} says that the claim is not its own and passed it on on {since}; an"
        f" answer is due by {due}.",
        "part": f"{payer} has decided part of the claim; the rest is due by {due}.",
        "act": f"Asked about on {since}; {payer} is to answer by {due}.",
        "act_sent": f"What was needed went to {payer} on {since}; an answer is due by {due}.",
        "snapshot": f"Taken over open from another system on {since}; {payer} has until {due}.",
    }
    sent = (
        f"The claim was sent to {payer} on {since}, which has not confirmed it; an answer is due"
        f" by {due}."
    )
    return told.get(row["detail"], sent)


def _no_response(row: Row, payer: str, as_of: date) -> str:
    due = row["due_date"]
    late = _days((as_of - due).days) if isinstance(due, date) else "some days"
    if row["detail"] == "crossover":
        return f"The claim crossed over to {payer}, which should have answered {late} ago."
    if row["detail"] == "passed_on":
        return (
            f"{payer} passed the claim on to another payer, which should have answered {late} ago."
        )
    if row["detail"] == "part":
        return f"{payer} decided part of a split claim and is {late} late with the rest."
    if row["detail"] == "reversed":
        return f"{payer} took its decision back and is {late} late with the corrected one."
    return f"{payer} should have answered by {_day(due)}, {late} ago, and has not."


def _rejected(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    what = "The corrected claim" if row["detail"] == "replacement" else "The claim"
    since = _day(row["since_date"])
    if row["detail"] in ("999", "TA1"):
        return (
            f"{what} went out in a file that was refused on {since} ({row['detail']}): it never"
            f" reached {payer}."
        )
    return f"{what} was rejected before processing on {since}: {_status(row)}."


def _not_on_file(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    return f"{payer} said on {_day(row['since_date'])} that it has no such claim."


def _pended(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    since = _day(row["since_date"])
    if row["reason_code"]:
        return f"{payer} put the claim on hold with its remittance of {since}: {_code(row)}."
    if row["status_code"]:
        return f"{payer} wants something before it decides: {_status(row)} (since {since})."
    return f"{payer} said on {since} that it wants something before it decides."


def _denied(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    since = _day(row["since_date"])
    if row["reason_code"]:
        what = "part of the claim" if row["detail"] == "line" else "the claim"
        return f"{payer} denied {what} on {since}: {_code(row)}."
    if row["status_code"]:
        return f"{payer} says it denied the claim ({_status(row)}); its remittance is missing."
    return f"{payer} said on {since} that it denied the claim; its remittance is missing."


def _underpaid(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    if row["detail"] == SILENT_DETAIL:
        short = -int(row["variance_cents"])
        return (
            f"{payer} paid on {_day(row['since_date'])}, allowed ${short / 100:,.2f} less than its"
            " price and wrote the difference down itself: nothing is open on the books."
        )
    if row["group_code"] == "PR":
        return (
            f"{payer} paid on {_day(row['since_date'])} and leaves what is above its allowed amount"
            f" to the patient ({_code(row)}); whether the patient may be billed has to be checked."
        )
    return (
        f"{payer} paid on {_day(row['since_date'])} and cut the rest without a contract for it:"
        f" {_code(row)}."
    )


def _secondary_unbilled(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    return (
        f"The payer before has paid, its remittance came on {_day(row['since_date'])}; {payer} is"
        " on file for the rest, and nobody has billed it or forwarded the claim."
    )


def _corrected_pending(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    return f"A corrected claim went to {payer} on {_day(row['since_date'])}; no decision yet."


def _appeal_pending(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    return f"An appeal went to {payer} on {_day(row['since_date'])}; no decision yet."


def _awaiting_client(row: Row, payer: str, as_of: date) -> str:
    waited = (as_of - row["since_date"]).days
    return f"The client was asked {_days(waited)} ago for what {payer} needs."


def _awaiting_internal(row: Row, payer: str, as_of: date) -> str:
    if row["detail"] == "held":
        return (
            f"A payment of {payer}, received on {_day(row['since_date'])}, could not be posted: it"
            " does not balance or does not fit the claim."
        )
    if row["detail"] == "capitated":
        return (
            f"{payer} pays this service by the month and said so on {_day(row['since_date'])}"
            f" ({_code(row)}): nothing more comes for it, and it is to be written off."
        )
    waited = (as_of - row["since_date"]).days
    team = TEAMS.get(row["team"], row["team"])
    return f"Another team ({team}) has had it for {_days(waited)}."


def _paid_unposted(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    if row["status_code"] and not str(row["status_code"]).startswith("F1"):
        return (
            f"{payer} said on {_day(row['since_date'])} that it has finished the claim"
            f" ({_status(row)}); no remittance for it has come in."
        )
    return (
        f"{payer} said on {_day(row['since_date'])} that it paid; no remittance for it has come in."
    )


def _patient_responsibility(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    if row["remark_code"]:
        return (
            f"The payers left this to a patient who may not be billed for it"
            f" ({row['remark_code']}: a Qualified Medicare Beneficiary); Medicaid may owe it."
        )
    if row["remark_code"]:
        return (
            f"All payers have decided, and a remark ({row['remark_code']}) says that the patient"
            " may not be billed: Medicaid is to be asked."
        )
    return "All payers have decided; what is left is the patient's."


def _credit_balance(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    who = "the patient" if row["party"] == PATIENT_PARTY else payer
    return f"More was paid or written down than was owed: this may have to go back to {who}."


def _unexplained(row: Row, payer: str, as_of: date) -> str:  # noqa: ARG001
    if row["detail"] == "unknown_code":
        return (
            f"{payer} reduced the payment with a code nobody knows"
            f" ({row['group_code']}-{row['reason_code']}); a person has to read it."
        )
    if row["detail"] == "no_facts":
        return "Nothing on file says that it was billed, and nothing that it was not."
    return f"{payer} decided the claim, and what is left is explained by none of its codes."


_TELLERS = {
    "awaiting_payer": _awaiting_payer,
    "no_response": _no_response,
    "rejected": _rejected,
    "not_on_file": _not_on_file,
    "pended": _pended,
    "denied": _denied,
    "underpaid": _underpaid,
    "secondary_unbilled": _secondary_unbilled,
    "corrected_pending": _corrected_pending,
    "appeal_pending": _appeal_pending,
    "awaiting_client": _awaiting_client,
    "awaiting_internal": _awaiting_internal,
    "paid_unposted": _paid_unposted,
    "patient_responsibility": _patient_responsibility,
    "credit_balance": _credit_balance,
    "unexplained": _unexplained,
}
