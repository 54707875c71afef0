"""What a client knows of one claim: patient, coverages, services; and how claims come about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from sanderling.core.x12.write.claim import ClaimLine, Form, InstitutionalFacts
from sanderling.core.x12.write.parties import Person, Provider
from sanderling.simulator.catalog import FIRST_NAMES_F, FIRST_NAMES_M, LAST_NAMES, Procedure
from sanderling.simulator.clients import ClientProfile, Department, charge_key, make_address
from sanderling.simulator.identifiers import pick, poisson
from sanderling.simulator.parameters import Parameters
from sanderling.simulator.payers import (
    BY_CODE,
    MEDICARE,
    PROVIDENT,
    SUPPLEMENT,
    PayerProfile,
)

PATIENT_RANK = 3  # parties: 0 primary, 1 secondary, 2 tertiary, 3 patient
CHILD_AGE_MAX = 20
SEQUENCES = ("P", "S", "T")


@dataclass(frozen=True, slots=True)
class Coverage:
    """One insurance of a patient."""

    payer: PayerProfile
    member_id: str
    group_number: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with coverages in order."""

    person: Person
    coverages: tuple[Coverage, ...]
    record: str
    subscriber: Person | None = None  # a parent or spouse
    relationship: str = "18"


@dataclass(slots=True)
class Account:
    """One episode of care to be paid, by one client."""

    client: ClientProfile
    department: Department
    patient: Patient
    control_number: str
    service_date: date
    lines: tuple[ClaimLine, ...]
    diagnoses: tuple[str, ...]
    rendering: Provider
    authorization: str = ""
    institutional: InstitutionalFacts | None = None
    submissions: int = 0
    traces: list[str] = field(default_factory=list)

    @property
    def is_inpatient(self) -> bool:
        """True for type of bill 11x."""
        return self.department.form is Form.INSTITUTIONAL and (
            self.department.place_of_service == "11"
        )

    @property
    def charge_cents(self) -> int:
        """The present charge."""
        return sum(line.charge_cents for line in self.lines)


class AccountMaker:
    """Draws patients and claims of one client; the same dice give the same claims."""

    def __init__(
        self,
        client: ClientProfile,
        payers: tuple[PayerProfile, ...],
        parameters: Parameters,
        dice: Random,
    ) -> None:
        self.client = client
        self._parameters = parameters
        self._choices = parameters.choices
        self._dice = dice
        self._primaries = [
            (payer, payer.share or (60.0 if payer.is_dental else 0.0))
            for payer in payers
            if not payer.is_secondary_only
        ]
        self._departments = [(part, part.weight) for part in client.departments]
        self._patients: list[Patient] = []
        self._numbers = dice.randrange(1000, 40_000)

    def make(self, service_date: date) -> Account:
        """Draw the next claim for services on a day."""
        dice = self._dice
        department = pick(dice, self._departments)
        patient = self._patient(service_date)
        self._numbers += 2 if dice.random() < self._choices["number_skipped"] else 1
        number = self.client.numbering.format(self._numbers)
        procedures = self._procedures(department)
        lines = tuple(
            self._line(procedure, service_date, number, place)
            for place, procedure in enumerate(procedures, start=1)
        )
        codes = department.specialty.diagnoses
        diagnoses = tuple(dice.sample(codes, k=min(len(codes), 1 + poisson(dice, 0.8))))
        account = Account(
            client=self.client,
            department=department,
            patient=patient,
            control_number=number,
            service_date=service_date,
            lines=lines,
            diagnoses=diagnoses,
            rendering=dice.choice(department.rendering),
        )
        needs = any(procedure.needs_authorization for procedure in procedures)
        if needs and dice.random() < self._parameters.claims["authorization_on_claim"]:
            account.authorization = f"AU{dice.randrange(10**7):07d}"
        if department.form is Form.INSTITUTIONAL:
            account.institutional = self._institutional(account)
        return account

    def _procedures(self, department: Department) -> list[Procedure]:
        dice = self._dice
        specialty = department.specialty
        first = pick(dice, [(item, item.weight) for item in specialty.primary])
        further = [item for item in specialty.further if item.code != first.code or not item.code]
        count = min(poisson(dice, specialty.lines_mean), len(further), 11)
        return [first, *dice.sample(further, k=count)]

    def _line(self, procedure: Procedure, service_date: date, number: str, place: int) -> ClaimLine:
        dice = self._dice
        timed = "GP" in procedure.modifiers and procedure.code != "97161"
        units = dice.choice((1, 1, 2, 2, 3)) if timed else 1
        if procedure.revenue_code in {"0120", "0206"}:
            units = 1 + poisson(dice, 3.0)
        modifiers = procedure.modifiers
        is_visit = procedure.code.startswith("992")
        if is_visit and dice.random() < self._choices["significant_visit"]:
            modifiers = ("25",)
        return ClaimLine(
            code=procedure.code,
            charge_cents=self.client.charges[charge_key(procedure)] * units,
            service_date=service_date,
            control_number=f"{number}L{place}",
            units=str(units),
            unit="DA" if procedure.revenue_code in {"0120", "0206"} else "UN",
            modifiers=modifiers,
            revenue_code=procedure.revenue_code,
            tooth=procedure.tooth,
            surfaces=("M", "O") if procedure.tooth == "30" else (),
        )

    def _institutional(self, account: Account) -> InstitutionalFacts:
        day = account.service_date
        attending = account.rendering
        if not account.is_inpatient:
            return InstitutionalFacts(day, day, reason_for_visit=account.diagnoses[0],
                                      attending=attending)  # fmt: skip
        days = int(account.lines[0].units)
        hour = self._dice.randrange(24)
        return InstitutionalFacts(
            statement_from_date=day,
            statement_to_date=day + timedelta(days=days),
            admission_type="1",
            admission_source="1",
            admitted_at=datetime.combine(day, time(hour, 15)),
            discharge_hour="1100",
            admitting_diagnosis=account.diagnoses[0],
            diagnosis_related_group=self._dice.choice(("194", "291", "871", "683", "390")),
            value_codes=(("80", days * 100),),
            attending=attending,
        )

    def _patient(self, service_date: date) -> Patient:
        dice = self._dice
        known = self._patients
        if known and dice.random() > self._parameters.claims["patients_per_claim"]:
            return known[dice.randrange(len(known))]
        patient = self._new_patient(service_date)
        known.append(patient)
        return patient

    def _new_patient(self, service_date: date) -> Patient:
        dice = self._dice
        primary = pick(dice, self._primaries)
        age = self._age(primary)
        sex = "F" if dice.random() < self._choices["patient_is_female"] else "M"
        birth_date = service_date - timedelta(days=int(age * 365.25) + dice.randrange(360))
        names = FIRST_NAMES_F if sex == "F" else FIRST_NAMES_M
        last_name = dice.choice(LAST_NAMES)
        address = make_address(dice)
        person = Person(last_name, dice.choice(names), birth_date, sex, address)
        subscriber = None
        relationship = "18"
        may_depend = primary.kind in {"commercial", "bcbs"}
        if may_depend and dice.random() < self._choices["patient_is_dependent"]:
            is_child = age < CHILD_AGE_MAX
            relationship = "19" if is_child else "01"
            parent_birth = birth_date - timedelta(days=28 * 365 if is_child else 400)
            subscriber = Person(last_name, dice.choice(FIRST_NAMES_M), parent_birth, "M", address)
        coverages = [self._coverage(primary)]
        if dice.random() < primary.secondary_rate:
            secondary = self._secondary_for(primary)
            coverages.append(self._coverage(secondary))
            may_have_third = primary is MEDICARE and secondary is not PROVIDENT
            if may_have_third and dice.random() < self._choices["third_coverage"]:
                coverages.append(self._coverage(PROVIDENT))
        record = f"{dice.randrange(10**7):07d}"
        return Patient(person, tuple(coverages), record, subscriber, relationship)

    def _age(self, primary: PayerProfile) -> int:
        dice = self._dice
        if primary.kind in {"medicare", "medicare_advantage"}:
            return dice.randrange(66, 93)
        if primary.kind == "medicaid":
            return dice.randrange(2, 60)
        return dice.randrange(4 if primary.kind != "workers_comp" else 20, 64)

    def _secondary_for(self, primary: PayerProfile) -> PayerProfile:
        dice = self._dice
        if primary is MEDICARE:
            return pick(dice, ((SUPPLEMENT, 0.72), (BY_CODE["MCD03"], 0.16), (PROVIDENT, 0.12)))
        if primary.kind == "medicare_advantage":
            share = self._choices["advantage_secondary_medicaid"]
            return BY_CODE["MCD03"] if dice.random() < share else PROVIDENT
        return PROVIDENT

    def _coverage(self, payer: PayerProfile) -> Coverage:
        dice = self._dice
        if payer is MEDICARE:
            letters = "ACDEFGHJKMNPQRTUVWXY"
            member_id = "".join(
                (
                    str(dice.randrange(1, 10)), dice.choice(letters), dice.choice(letters),
                    str(dice.randrange(10)), dice.choice(letters), dice.choice(letters),
                    str(dice.randrange(10)), dice.choice(letters), dice.choice(letters),
                    f"{dice.randrange(100):02d}",
                )
            )  # fmt: skip
            return Coverage(payer, member_id, "")
        member_id = f"{payer.code[:3]}{dice.randrange(10**9):09d}"
        group = f"GRP{dice.randrange(200):04d}" if payer.kind in {"commercial", "bcbs"} else ""
        return Coverage(payer, member_id, group)
