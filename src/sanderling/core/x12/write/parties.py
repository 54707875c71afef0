"""People and organizations as the transaction sets name them, and their segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sanderling.core.x12.write.segments import clean, day, segment


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the United States."""

    street: str  # N301
    city: str  # N401
    state: str  # N402, two letters
    postal_code: str  # N403, 5 or 9 digits; billing providers need 9
    street_more: str = ""  # N302

    def segments(self) -> tuple[str, str]:
        """N3 and N4."""
        return (
            segment("N3", clean(self.street, 55), clean(self.street_more, 55)),
            segment("N4", clean(self.city, 30), self.state, self.postal_code),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A patient or insured."""

    last_name: str
    first_name: str
    birth_date: date
    sex: str  # DMG03: F, M, U; empty: not told
    address: Address | None = None
    middle_name: str = ""
    suffix: str = ""

    def demographics(self) -> str:
        """DMG: birth date and sex."""
        return segment("DMG", "D8", day(self.birth_date), self.sex)


@dataclass(frozen=True, slots=True)
class Provider:
    """A billing, rendering, attending, referring or facility provider."""

    name: str  # NM103: organization name, or last name when `first_name` is given
    npi: str  # NM109 with qualifier XX
    first_name: str = ""
    tax_id: str = ""  # REF*EI, billing provider only
    taxonomy: str = ""  # PRV03
    address: Address | None = None

    @property
    def is_person(self) -> bool:
        """True for an individual (NM102 = 1)."""
        return bool(self.first_name)

    def name_segment(self, entity: str) -> str:
        """NM1 with the NPI; `entity` is NM101."""
        return name_segment(
            entity,
            self.name,
            first_name=self.first_name,
            is_person=self.is_person,
            qualifier="XX" if self.npi else "",
            identifier=self.npi,
        )


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer as a claim or status request names it."""

    name: str
    identifier: str  # NM109 with qualifier PI; SVD01 must repeat it
    address: Address | None = None

    def name_segment(self, entity: str = "PR") -> str:
        """NM1 with the payer identifier."""
        return name_segment(entity, self.name, qualifier="PI", identifier=self.identifier)


@dataclass(frozen=True, slots=True)
class TradingPartner:
    """A submitter or receiver (loops 1000A and 1000B; 2100B in a status request)."""

    name: str
    identifier: str  # NM109 with qualifier 46
    contact: str = "EDI DESK"
    phone: str = "5555550100"

    def name_segment(self, entity: str) -> str:
        """NM1*41 or NM1*40."""
        return name_segment(entity, self.name, qualifier="46", identifier=self.identifier)

    def contact_segment(self) -> str:
        """PER*IC."""
        return segment("PER", "IC", clean(self.contact), "TE", self.phone)


def name_segment(
    entity: str,
    name: str,
    *,
    first_name: str = "",
    middle_name: str = "",
    suffix: str = "",
    is_person: bool = False,
    qualifier: str = "",
    identifier: str = "",
) -> str:
    """NM1 for any party; `entity` is NM101, `qualifier` and `identifier` are NM108 and NM109."""
    return segment(
        "NM1",
        entity,
        "1" if is_person else "2",
        clean(name, 60),
        clean(first_name, 35),
        clean(middle_name, 25),
        "",
        clean(suffix, 10),
        qualifier if identifier else "",
        clean(identifier, 80),
    )


def person_segment(entity: str, person: Person, member_id: str = "") -> str:
    """NM1 for a patient or insured, with the member identifier when there is one (MI)."""
    return name_segment(
        entity,
        person.last_name,
        first_name=person.first_name,
        middle_name=person.middle_name,
        suffix=person.suffix,
        is_person=True,
        qualifier="MI",
        identifier=member_id,
    )
