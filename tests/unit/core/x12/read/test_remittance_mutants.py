"""One fault at a time in a right remittance: each is told by code, segment and element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest
from tests.unit.core.x12.read.remittance_file import file_of, problems_in, refusals_in

from sanderling.core.x12.problems import CODES, Severity

_CLAIM: Final = Severity.CLAIM
_REFUSED: Final = Severity.REFUSED
_WARNING: Final = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Mutant:
    """The file with `old` replaced by `new` once, and the problem that must come of it."""

    name: str
    old: str
    new: str
    code: str
    at: str  # beginning of the segment the problem stands at, in the mutated file
    element: str = ""
    severity: Severity = _WARNING
    nth: int = 1  # which segment that begins so
    also: tuple[str, ...] = ()  # codes of further problems that the same fault brings
    counted: bool = True  # SE01 is put right after the mutation


MUTANTS: Final = (
    # --- interchange
    Mutant("test usage", "*0*P*:", "*0*T*:", "test_usage", "ISA", "ISA15"),
    Mutant("usage unknown", "*0*P*:", "*0*X*:", "code_unknown", "ISA", "ISA15"),
    Mutant("ISA too short", "*ZZ*BILLCO         *", "*ZZ*BILLCO*", "isa_length", "ISA"),
    Mutant(
        "ISA date impossible", "*260119*0600*^", "*261319*0600*^", "date_unreadable", "ISA", "ISA09"
    ),
    Mutant(
        "IEA number differs",
        "IEA*1*000000601",
        "IEA*1*000000602",
        "interchange_number_differs",
        "IEA",
        "IEA02",
    ),
    Mutant(
        "IEA number missing",
        "IEA*1*000000601",
        "IEA*1",
        "interchange_number_differs",
        "IEA",
        "IEA02",
    ),
    Mutant("IEA count wrong", "IEA*1*", "IEA*2*", "group_count_differs", "IEA", "IEA01"),
    Mutant("IEA count no number", "IEA*1*", "IEA*X*", "group_count_differs", "IEA", "IEA01"),
    Mutant("IEA missing", "IEA*1*000000601~\n", "", "interchange_not_closed", "GE"),
    Mutant(
        "ISA broken off",
        "^*00501*000000601*0*P*:~",
        "^~",
        "delimiters_unusable",
        "ISA",
        severity=_REFUSED,
        also=("bytes_skipped",),
    ),
    Mutant(
        "component separator a letter",
        "*P*:~",
        "*P*A~",
        "delimiters_unusable",
        "ISA",
        severity=_REFUSED,
        also=("bytes_skipped",),
    ),
    Mutant(
        "component separator the element's",
        "*P*:~",
        "*P**~",
        "delimiters_unusable",
        "ISA",
        severity=_REFUSED,
        also=("bytes_skipped",),
    ),
    # --- functional group
    Mutant("GE number differs", "GE*1*601", "GE*1*602", "group_number_differs", "GE", "GE02"),
    Mutant("GE count wrong", "GE*1*", "GE*2*", "set_count_differs", "GE", "GE01"),
    Mutant("GE missing", "GE*1*601~\n", "", "group_not_closed", "SE"),
    Mutant(
        "GS missing",
        "GS*HP*CLEARHOUSE*BILLCO*20260119*0600*601*X*005010X221A1~\n",
        "",
        "set_outside_group",
        "ST",
        also=("guide_missing", "segment_outside_set", "group_count_differs"),
    ),
    Mutant("GS01 of claims", "GS*HP*", "GS*HC*", "functional_code_differs", "ST", "GS01"),
    Mutant(
        "4010 guide",
        "005010X221A1",
        "004010X091A1",
        "guide_not_supported",
        "ST",
        "GS08",
        severity=_REFUSED,
    ),
    Mutant(
        "guide of the 837",
        "005010X221A1",
        "005010X222A1",
        "guide_contradicts_set",
        "ST",
        "ST01",
        severity=_REFUSED,
    ),
    Mutant(
        "guide unknown",
        "005010X221A1",
        "005010X999",
        "guide_not_supported",
        "ST",
        "GS08",
        severity=_REFUSED,
    ),
    Mutant("guide empty", "*005010X221A1", "", "guide_missing", "ST", "GS08"),
    Mutant("guide bare", "005010X221A1", "005010", "guide_missing", "ST", "GS08"),
    # --- transaction set
    Mutant(
        "SE count wrong", "\nSE*", "\nSE*9", "segment_count_differs", "SE", "SE01", counted=False
    ),
    Mutant(
        "SE count missing", "\nSE*76", "\nSE*", "segment_count_differs", "SE", "SE01", counted=False
    ),
    Mutant(
        "SE number differs",
        "*0001~\nGE",
        "*0002~\nGE",
        "set_number_differs",
        "SE",
        "SE02",
        counted=False,
    ),
    Mutant(
        "ST number missing",
        "ST*835*0001",
        "ST*835",
        "set_number_missing",
        "ST",
        "ST02",
        also=("set_number_differs",),
    ),
    Mutant(
        "ST03 of another guide",
        "ST*835*0001",
        "ST*835*0001*005010X222A1",
        "guide_contradicts_set",
        "ST",
        "ST01",
        severity=_REFUSED,
        also=("guide_differs",),
    ),
    Mutant(
        "ST01 unknown", "ST*835*", "ST*271*", "set_not_supported", "ST", "ST01", severity=_REFUSED
    ),
    Mutant(
        "SE missing",
        "SE*76*0001~\n",
        "",
        "set_truncated",
        "PLB",
        "",
        severity=_REFUSED,
        counted=False,
    ),
    Mutant(
        "a segment lost",
        "REF*EA*MRN77~\n",
        "",
        "segment_count_differs",
        "SE",
        "SE01",
        counted=False,
    ),
    Mutant("a segment of another set", "QTY*CA*2", "HI*ABK:J0190", "segment_unknown", "HI"),
    Mutant(
        "a segment outside",
        "GE*1*",
        "N3*LOST~\nGE*1*",
        "segment_outside_set",
        "N3*LOST",
        counted=False,
    ),
    # --- header
    Mutant(
        "BPR missing",
        "BPR*I*149.25*C*ACH*CCP*01*111000025*DA*12345678*1741234567**01*111000614*DA*98765432*20260120~\n",
        "",
        "required_segment_missing",
        "ST",
        severity=_REFUSED,
    ),
    Mutant(
        "BPR twice", "TRN*1", "BPR*I*1~\nTRN*1", "segment_repeated", "BPR", severity=_REFUSED, nth=2
    ),
    Mutant(
        "BPR02 no amount",
        "BPR*I*149.25",
        "BPR*I*149,25",
        "amount_unreadable",
        "BPR",
        "BPR02",
        severity=_REFUSED,
    ),
    Mutant(
        "BPR02 empty",
        "BPR*I*149.25",
        "BPR*I*",
        "required_element_missing",
        "BPR",
        "BPR02",
        severity=_REFUSED,
    ),
    Mutant(
        "BPR02 a cent off",
        "BPR*I*149.25",
        "BPR*I*149.26",
        "transaction_out_of_balance",
        "BPR",
        "BPR02",
        severity=_REFUSED,
    ),
    Mutant(
        "BPR16 no day",
        "*98765432*20260120",
        "*98765432*20260230",
        "date_unreadable",
        "BPR",
        "BPR16",
    ),
    Mutant("TRN missing", "TRN*1*EFT900001*1741112223~\n", "", "required_segment_missing", "ST"),
    Mutant("TRN02 empty", "TRN*1*EFT900001", "TRN*1*", "required_element_missing", "TRN", "TRN02"),
    Mutant(
        "payer missing",
        "N1*PR*ACME HEALTH*XV*ACME1~\nN3*PO BOX 1~\nN4*AUSTIN*TX*78701~\n",
        "",
        "required_segment_missing",
        "ST",
    ),
    Mutant(
        "payee missing",
        "N1*PE*MAPLE FAMILY CLINIC*XX*1234567893~\n",
        "",
        "required_segment_missing",
        "ST",
    ),
    Mutant("two payers", "N1*PE", "N1*PR*OTHER~\nN1*PE", "segment_repeated", "N1*PR*OTHER"),
    Mutant(
        "payee NPI check digit",
        "XX*1234567893~\nREF*TJ",
        "XX*1234567890~\nREF*TJ",
        "npi_invalid",
        "N1*PE",
        "N104",
    ),
    Mutant("N1 of someone else", "N1*PE", "N1*ZZ*WHO~\nN1*PE", "code_unknown", "N1*ZZ", "N101"),
    Mutant("N3 twice", "N4*AUSTIN", "N3*AGAIN~\nN4*AUSTIN", "segment_repeated", "N3*AGAIN"),
    Mutant(
        "DTM no day", "DTM*405*20260119", "DTM*405*20260132", "date_unreadable", "DTM*405", "DTM02"
    ),
    Mutant(
        "DTM with letters",
        "DTM*405*20260119",
        "DTM*405*2026JAN1",
        "date_unreadable",
        "DTM*405",
        "DTM02",
    ),
    Mutant(
        "TS3 NPI check digit", "TS3*1234567893", "TS3*1234567890", "npi_invalid", "TS3", "TS301"
    ),
    Mutant(
        "TS3 before LX", "LX*1~\n", "TS3*1234567893*11~\nLX*1~\n", "segment_out_of_place", "TS3"
    ),
    # --- claims
    Mutant(
        "CLP01 empty",
        "CLP*PCN10001",
        "CLP*",
        "claim_number_missing",
        "CLP",
        "CLP01",
        severity=_CLAIM,
    ),
    Mutant("CLP02 unknown", "CLP*PCN10001*1*", "CLP*PCN10001*77*", "code_unknown", "CLP", "CLP02"),
    Mutant(
        "CLP02 empty",
        "CLP*PCN10001*1*",
        "CLP*PCN10001**",
        "required_element_missing",
        "CLP",
        "CLP02",
    ),
    Mutant(
        "CLP03 no amount",
        "*1*250*72*18",
        "*1*2.5.0*72*18",
        "amount_unreadable",
        "CLP",
        "CLP03",
        severity=_CLAIM,
    ),
    Mutant(
        "CLP03 a tenth of a cent",
        "*1*250*72*18",
        "*1*250.001*72*18",
        "amount_unreadable",
        "CLP",
        "CLP03",
        severity=_CLAIM,
    ),
    Mutant(
        "CLP03 empty",
        "*1*250*72*18",
        "*1**72*18",
        "required_element_missing",
        "CLP",
        "CLP03",
        severity=_CLAIM,
    ),
    Mutant(
        "CLP03 a cent off",
        "*1*250*72*18",
        "*1*250.01*72*18",
        "claim_out_of_balance",
        "CLP",
        "CLP04",
        severity=_CLAIM,
        also=("line_charges_differ",),
    ),
    Mutant(
        "CLP04 a cent off",
        "*1*250*72*18",
        "*1*250*72.01*18",
        "claim_out_of_balance",
        "CLP",
        "CLP04",
        severity=_CLAIM,
        also=("transaction_out_of_balance",),
    ),
    Mutant(
        "CLP04 missing sign",
        "*22*-120*-80",
        "*22*-120*80",
        "claim_out_of_balance",
        "CLP*PCN09990",
        "CLP04",
        severity=_CLAIM,
        also=("transaction_out_of_balance",),
    ),
    Mutant(
        "CLP04 no amount",
        "*1*250*72*18",
        "*1*250*O*18",
        "amount_unreadable",
        "CLP",
        "CLP04",
        severity=_CLAIM,
        also=("transaction_out_of_balance",),
    ),
    Mutant(
        "CLP05 differs", "*1*250*72*18*", "*1*250*72*17*", "patient_share_differs", "CLP", "CLP05"
    ),
    Mutant("CLP05 no amount", "*1*250*72*18*", "*1*250*72*X*", "amount_unreadable", "CLP", "CLP05"),
    Mutant(
        "CLP07 empty", "*12*ACMEICN555*11", "*12**11", "required_element_missing", "CLP", "CLP07"
    ),
    Mutant(
        "CLP too long",
        "*ACMEICN555*11*1",
        "*ACMEICN555*11*1*****A*B",
        "element_not_in_guide",
        "CLP",
    ),
    Mutant(
        "patient missing",
        "NM1*QC*1*DOE*JANE****MI*ABC123456789~\n",
        "",
        "required_segment_missing",
        "CLP",
    ),
    Mutant(
        "rendering NPI check digit",
        "XX*1987654328",
        "XX*1987654321",
        "npi_invalid",
        "NM1*82",
        "NM109",
    ),
    Mutant(
        "NM1 in a line",
        "LQ*HE*M15",
        "NM1*82*1*SMITH~\nLQ*HE*M15",
        "segment_out_of_place",
        "NM1*82",
        nth=2,
    ),
    Mutant("MOA before any claim", "LX*1~", "MOA***MA01~\nLX*1~", "segment_out_of_place", "MOA"),
    Mutant(
        "DTM without a day",
        "DTM*050*20260105",
        "DTM*050",
        "required_element_missing",
        "DTM*050",
        "DTM02",
    ),
    Mutant(
        "REF without value",
        "REF*F8*ACMEICN400",
        "REF*F8",
        "required_element_missing",
        "REF*F8",
        "REF02",
    ),
    Mutant("AMT no amount", "AMT*AU*1000", "AMT*AU*1E3", "amount_unreadable", "AMT*AU", "AMT02"),
    Mutant("QTY without value", "QTY*CA*2", "QTY*CA", "required_element_missing", "QTY", "QTY02"),
    # --- lines
    Mutant(
        "SVC02 a cent off",
        "*150*72**1",
        "*150.01*72**1",
        "line_out_of_balance",
        "SVC",
        "SVC03",
        severity=_CLAIM,
        also=("line_charges_differ",),
    ),
    Mutant(
        "SVC03 a cent off",
        "*150*72**1",
        "*150*72.01**1",
        "line_out_of_balance",
        "SVC",
        "SVC03",
        severity=_CLAIM,
    ),
    Mutant(
        "SVC03 no amount",
        "*150*72**1",
        "*150*7 2**1",
        "amount_unreadable",
        "SVC",
        "SVC03",
        severity=_CLAIM,
    ),
    Mutant(
        "SVC02 empty",
        "*150*72**1",
        "**72**1",
        "required_element_missing",
        "SVC",
        "SVC02",
        severity=_CLAIM,
    ),
    Mutant("SVC01 empty", "SVC*HC:87880*", "SVC**", "required_element_missing", "SVC**", "SVC01"),
    Mutant(
        "SVC too long",
        "SVC*HC:87880*100*0**1",
        "SVC*HC:87880*100*0**1****X",
        "element_not_in_guide",
        "SVC*HC:87880",
    ),
    Mutant(
        "SVC before any claim",
        "LX*1~",
        "SVC*HC:99213*1*1~\nLX*1~",
        "segment_out_of_place",
        "SVC",
        severity=_REFUSED,
    ),
    # --- adjustments
    Mutant(
        "CAS03 a cent off",
        "CAS*CO*45*60",
        "CAS*CO*45*60.01",
        "line_out_of_balance",
        "SVC",
        "SVC03",
        severity=_CLAIM,
        also=("claim_out_of_balance",),
    ),
    Mutant(
        "CAS lost",
        "CAS*CO*97*100~\n",
        "",
        "line_out_of_balance",
        "SVC*HC:87880",
        "SVC03",
        severity=_CLAIM,
        also=("claim_out_of_balance",),
    ),
    Mutant(
        "CAS doubled",
        "CAS*PR*2*18~\n",
        "CAS*PR*2*18~\nCAS*PR*2*18~\n",
        "claim_out_of_balance",
        "CLP",
        "CLP04",
        severity=_CLAIM,
        also=("line_out_of_balance", "patient_share_differs"),
    ),
    Mutant(
        "CAS03 no amount",
        "CAS*CO*45*60",
        "CAS*CO*45*6O",
        "amount_unreadable",
        "CAS",
        "CAS03",
        severity=_CLAIM,
        also=("line_out_of_balance", "claim_out_of_balance"),
    ),
    Mutant(
        "CAS03 of full-width digits",
        "CAS*CO*45*60",
        "CAS*CO*45*６０",
        "amount_unreadable",
        "CAS",
        "CAS03",
        severity=_CLAIM,
        also=("line_out_of_balance", "claim_out_of_balance"),
    ),
    Mutant(
        "sixth triplet a cent off",
        "**96*10~",
        "**96*10.01~",
        "claim_out_of_balance",
        "CLP*PCN20001",
        "CLP04",
        severity=_CLAIM,
    ),
    Mutant(
        "CAS without reason",
        "CAS*CO*45*60",
        "CAS*CO**60",
        "adjustment_without_reason",
        "CAS",
        "CAS02",
        severity=_CLAIM,
    ),
    Mutant(
        "reason no code",
        "CAS*CO*45*60",
        "CAS*CO*909099*60",
        "reason_code_unreadable",
        "CAS",
        "CAS02",
    ),
    Mutant(
        "quantity without amount",
        "**94*-10*",
        "**94**1",
        "adjustment_without_amount",
        "CAS*CO*45*860",
        "CAS09",
        also=("claim_out_of_balance",),
    ),
    Mutant("group CR", "CAS*CO*45*60", "CAS*CR*45*60", "group_code_retired", "CAS", "CAS01"),
    Mutant("group unknown", "CAS*CO*45*60", "CAS*XX*45*60", "code_unknown", "CAS", "CAS01"),
    Mutant("group empty", "CAS*CO*45*60", "CAS**45*60", "required_element_missing", "CAS", "CAS01"),
    Mutant(
        "CAS empty",
        "CAS*CO*97*100~\n",
        "CAS*CO*97*100~\nCAS*CO~\n",
        "required_element_missing",
        "CAS*CO~",
        "CAS02",
    ),
    Mutant("seven triplets", "**96*10~", "**96*10**45*0~", "element_not_in_guide", "CAS*CO*45*860"),
    Mutant(
        "CAS before any claim",
        "LX*1~",
        "CAS*CO*45*1~\nLX*1~",
        "segment_out_of_place",
        "CAS",
        severity=_REFUSED,
    ),
    # --- provider adjustments
    Mutant(
        "PLB a cent off",
        "*-1.25*WO",
        "*-1.26*WO",
        "transaction_out_of_balance",
        "BPR",
        "BPR02",
        severity=_REFUSED,
    ),
    Mutant(
        "PLB sign lost",
        "*-1.25*WO",
        "*1.25*WO",
        "transaction_out_of_balance",
        "BPR",
        "BPR02",
        severity=_REFUSED,
    ),
    Mutant(
        "PLB no amount",
        "*-1.25*WO",
        "*-1.25-*WO",
        "amount_unreadable",
        "PLB",
        "PLB04",
        severity=_REFUSED,
        also=("transaction_out_of_balance",),
    ),
    Mutant(
        "PLB no day",
        "PLB*1234567893*20261231",
        "PLB*1234567893*20261331",
        "date_unreadable",
        "PLB",
        "PLB02",
    ),
    Mutant(
        "PLB without code",
        "*L6:ACMEICN557*",
        "*:ACMEICN557*",
        "required_element_missing",
        "PLB",
        "PLB03",
    ),
    Mutant(
        "PLB empty",
        "PLB*1234567893*20261231*L6",
        "PLB*1234567893*20261231~\nPLB*1234567893*20261231*L6",
        "required_element_missing",
        "PLB",
        "PLB03",
    ),
)


def _mutated(mutant: Mutant) -> str:
    text = file_of()
    assert mutant.old in text
    text = text.replace(mutant.old, mutant.new, 1)
    if mutant.counted and "\nSE*" in text:
        before, _, after = text.partition("\nSE*")
        count = before.partition("ST*")[2].count("~") + 1
        text = f"{before}\nSE*{count}*{after.partition('*')[2]}"
    return text


def test_there_are_enough_mutants_and_each_is_named_once() -> None:
    assert len(MUTANTS) >= 60
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_right_file_has_no_problem() -> None:
    assert problems_in(file_of().encode()) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_is_told_at_its_place(mutant: Mutant) -> None:
    text = _mutated(mutant)

    problems = problems_in(text.encode())

    segments = [f"{segment}~" for segment in text.replace("\n", "").split("~") if segment]
    at = [number for number, found in enumerate(segments, 1) if found.startswith(mutant.at)]
    expected = (mutant.code, mutant.severity, at[mutant.nth - 1], mutant.element)
    found = [(told.code, told.severity, told.position, told.element) for told in problems]
    assert expected in found
    assert sorted(told.code for told in problems) == sorted((mutant.code, *mutant.also))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_only_a_refusing_problem_refuses(mutant: Mutant) -> None:
    text = _mutated(mutant)

    refusing = any(told.severity is _REFUSED for told in problems_in(text.encode()))

    assert any(refusals_in(text.encode())) == refusing


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_problem_names_a_code_of_the_table_and_no_patient(mutant: Mutant) -> None:
    for problem in problems_in(_mutated(mutant).encode()):
        assert problem.code in CODES
        for secret in ("DOE", "JANE", "ABC123456789", "ROE", "RICK", "KAY"):
            assert secret not in problem.message
