"""Notes for the truth which claims the problems of a recipe have touched, and when it showed.

Problems without a name (worlds without a recipe) are not noted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sanderling.core.x12.write.claim import Claim
from sanderling.simulator.episodes import Episode, Submission
from sanderling.simulator.payer_desk import Due
from sanderling.simulator.planted import FAMILIES, PlantedProblem, Struck, of_kind, renewed
from sanderling.simulator.pricing import Price, price_lines
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.worldstate import WorldState


def note_posted(state: WorldState, due: Due, day: date) -> None:
    """Note a decision that came in on a day with the problems that made it what it is."""
    ruling, submission = due.ruling, due.submission
    named = {problem.name: problem for problem in state.problems if problem.name}
    causes = dict.fromkeys((*ruling.planted, *(item.cause for item in ruling.short_lines)))
    planted = [named[name] for name in causes if name in named]
    if not planted:
        return
    received = due.payments[-1].payment.received_date or submission.sent_date
    prices = _prices(state, submission)
    paid = sum(part.payment.paid_cents for part in due.payments if part.payment.status != "22")
    for problem in planted:
        family = FAMILIES[problem.kind]
        if family in {"underpayment", "overpayment"}:
            for item in ruling.short_lines:
                if item.cause == problem.name:
                    cents = item.allowed_cents - item.expected_cents
                    _note(state, problem, submission, received, day, item.line_number,
                          item.expected_cents, cents)  # fmt: skip
        elif family == "slow_payment":
            _note(state, problem, submission, received, day, 0, paid)
        else:
            touched = prices if not ruling.denied_line else prices[ruling.denied_line - 1 :][:1]
            expected = sum(price.allowed_cents for price in touched)
            _note(state, problem, submission, received, day, ruling.denied_line, expected)


def note_lost(state: WorldState, name: str, dues: Iterable[Due], day: date) -> None:
    """Note the claims of a remittance that never comes; `day` is that of the payment run."""
    problem = _named(state, name)
    for due in dues:
        paid = sum(part.payment.paid_cents for part in due.payments)
        received = due.payments[-1].payment.received_date or due.submission.sent_date
        _note(state, problem, due.submission, received, day, 0, paid)


def note_rejection(
    state: WorldState, submission: Submission, reason: FrontEndReason, day: date
) -> None:
    """Note a claim that a planted problem rejected; a clearinghouse looks the day it is sent."""
    problem = _named(state, reason.planted)
    if problem is not None:
        looked = day if problem.payer else submission.sent_date
        expected = sum(price.allowed_cents for price in _prices(state, submission))
        _note(state, problem, submission, looked, day, 0, expected)


def note_unbilled(state: WorldState, episode: Episode, rank: int, day: date) -> bool:
    """Note a claim whose next payer hears nothing, if a planted problem is the reason."""
    track = episode.tracks[rank]
    submission = track.submission
    if submission is None:
        return False
    client = episode.account.client.code
    payer = episode.account.patient.coverages[rank].payer.code
    for problem in of_kind(state.problems, "unbilled_secondaries"):
        if problem.lines_of(submission.claim, payer, client, day):
            left = episode.book.party_cents(rank + 1)
            _note(state, problem, submission, day, day, 0, left)
            return True
    return False


def _named(state: WorldState, name: str) -> PlantedProblem | None:
    return next((item for item in state.problems if item.name and item.name == name), None)


def _prices(state: WorldState, submission: Submission) -> tuple[Price, ...]:
    claim: Claim = submission.claim
    payer = claim.payer.identifier
    own = state.rates[payer][submission.episode.account.client.code]
    return price_lines(claim, renewed(own, payer, state.renewals, claim.service_date))


def _note(
    state: WorldState,
    problem: PlantedProblem | None,
    submission: Submission,
    received: date,
    seen: date,
    line: int,
    expected_cents: int,
    variance_cents: int = 0,
) -> None:
    """Note a claim or line; the first time it is touched counts."""
    if problem is None or not problem.name:
        return
    account, claim = submission.episode.account, submission.claim
    key = problem.name, account.client.code, account.control_number, line
    if key in state.struck:
        return
    first = claim.lines[max(line, 1) - 1]
    state.struck[key] = Struck(
        problem.name, account.client.code, account.control_number, line, claim.payer.identifier,
        first.code, claim.rendering.npi if claim.rendering else "", received, claim.service_date,
        seen, first.charge_cents if line else claim.charge_cents, expected_cents, variance_cents,
    )  # fmt: skip
