"""The letters that we ship, one for each case, in our own words: to start from, and to change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from sanderling.core.appeals.cases import Vehicle, cases
from sanderling.core.appeals.template import Block, read_template

# Above every letter, in this order: what a payer needs to find the claim.
HEADS = (
    "patient",
    "birth_date",
    "member_id",
    "plan",
    "payer_claim_number",
    "claim_number",
    "service_dates",
    "billed_amount",
    "provider",
    "provider_npi",
    "tax_id",
    "decision_date",
    "denial_codes",
    "level_name",
    "control_number",
)


@dataclass(frozen=True, slots=True)
class ShippedLetter:
    """One letter that we ship."""

    key: str
    title: str
    case: str
    vehicle: Vehicle
    text: str

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Return its blocks."""
        return read_template(self.text)


@cache
def shipped_letters() -> tuple[ShippedLetter, ...]:
    """Return them in the order of cases.csv; coding has none, as it needs a corrected claim."""
    folder = resources.files(__package__).joinpath("letters")
    found = {}
    for path in folder.iterdir():
        if path.name.endswith(".md"):
            key = path.name.removesuffix(".md")
            found[key] = _letter(key, path.read_text(encoding="utf-8"))
    return tuple(found[key] for key in cases() if key in found)


def _letter(key: str, content: str) -> ShippedLetter:
    head, _, text = content.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return ShippedLetter(
        key=key,
        title=fields["title"],
        case=fields["case"],
        vehicle=Vehicle(fields["vehicle"]),
        text=text.strip() + "\n",
    )
