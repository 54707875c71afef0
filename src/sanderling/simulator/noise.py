"""Data faults payers make on remittances (domain reference 12.6), each remembered for the truth."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sanderling.core.x12.write.remittance import ClaimPayment, LinePayment
from sanderling.simulator.episodes import Episode
from sanderling.simulator.payers import PayerProfile

TRUNCATED_LENGTH = 8
RECODED = {"99214": "99213", "99204": "99203", "97530": "97110", "D0150": "D0120"}


def with_noise(
    payment: ClaimPayment,
    payer: PayerProfile,
    episode: Episode,
    rates: dict[str, float],
    dice: Random,
) -> ClaimPayment:
    """Answer the claim payment as this payer's system writes it."""
    number = payment.control_number
    if dice.random() < rates["control_number_truncated"] and len(number) > TRUNCATED_LENGTH + 4:
        payment = replace(payment, control_number=number[: len(number) - 3])
        episode.noise.append("control_number_truncated")
    if dice.random() < rates["received_date_missing"]:
        payment = replace(payment, received_date=None)
    payment = _person_noise(payment, episode, rates, dice)
    lines = tuple(_line_with_noise(line, payer, episode, rates, dice) for line in payment.lines)
    return replace(payment, lines=lines)


def _person_noise(
    payment: ClaimPayment, episode: Episode, rates: dict[str, float], dice: Random
) -> ClaimPayment:
    if dice.random() < rates["name_misspelled"]:
        name = payment.patient.last_name
        swapped = f"{name[:2]}{name[3:4]}{name[2:3]}{name[4:]}"
        payment = replace(payment, patient=replace(payment.patient, last_name=swapped))
        episode.noise.append("name_misspelled")
    if dice.random() < rates["member_id_typo"]:
        wrong = f"{payment.member_id[:-1]}{(ord(payment.member_id[-1]) + 1) % 10}"
        payment = replace(payment, member_id=wrong)
        episode.noise.append("member_id_typo")
    return payment


def _line_with_noise(
    line: LinePayment,
    payer: PayerProfile,
    episode: Episode,
    rates: dict[str, float],
    dice: Random,
) -> LinePayment:
    if not payer.sends_line_control or dice.random() < rates["line_control_missing"]:
        line = replace(line, control_number="")
    if line.modifiers and dice.random() < rates["modifier_dropped"]:
        line = replace(line, modifiers=())
        episode.noise.append("modifier_dropped")
    if line.allowed_cents is not None and dice.random() < rates["allowed_missing"]:
        line = replace(line, allowed_cents=None)
    other_code = RECODED.get(line.code)
    if other_code and dice.random() < rates["line_recoded"]:
        line = replace(line, code=other_code, submitted_code=line.code)
        episode.noise.append("line_recoded")
    return line
