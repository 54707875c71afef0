"""Invented people, and the procedures and diagnoses each specialty bills.

Prices are rounded figures near the Medicare physician fee schedule (domain reference 6.2); charges
are a multiple of them by specialty (12.1: charge-to-Medicare ratio).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Procedure:
    """One billable code."""

    code: str
    price_cents: int  # near the Medicare allowed amount
    weight: int  # how often, within its specialty
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    needs_authorization: bool = False
    tooth: str = ""


@dataclass(frozen=True, slots=True)
class Specialty:
    """What a kind of practice bills."""

    name: str
    taxonomy: str
    charge_ratio: float
    lines_mean: float
    primary: tuple[Procedure, ...]  # the first line
    further: tuple[Procedure, ...]  # the lines after it
    diagnoses: tuple[str, ...]


def _procedures(*rows: tuple[str, int, int]) -> tuple[Procedure, ...]:
    return tuple(Procedure(code, cents, weight) for code, cents, weight in rows)


_IMAGING = tuple(
    Procedure(code, cents, weight, needs_authorization=needs)
    for code, cents, weight, needs in (
        ("71046", 3200, 30, False),
        ("73721", 22400, 14, True),
        ("70553", 34800, 10, True),
        ("74177", 31200, 12, True),
        ("76700", 12100, 12, False),
        ("77067", 13500, 16, False),
        ("72148", 20900, 10, True),
    )
)

SPECIALTIES = {
    "family": Specialty(
        "family",
        "207Q00000X",
        1.9,
        1.1,
        _procedures(
            ("99213", 9200, 46),
            ("99214", 13000, 30),
            ("99203", 11300, 8),
            ("99396", 12600, 10),
            ("99212", 5700, 6),
        ),
        _procedures(
            ("87880", 1650, 14),
            ("36415", 900, 30),
            ("81002", 350, 14),
            ("90471", 2100, 12),
            ("90686", 2200, 12),
            ("93000", 1500, 10),
            ("96127", 450, 8),
        ),
        ("J0190", "I10", "E119", "M545", "Z0000", "R509", "J209", "E785", "N390"),
    ),
    "cardiology": Specialty(
        "cardiology",
        "207RC0000X",
        2.6,
        1.3,
        _procedures(
            ("99214", 13000, 40),
            ("99213", 9200, 15),
            ("93306", 19800, 22),
            ("93015", 7300, 10),
            ("99204", 16900, 8),
        ),
        _procedures(
            ("93000", 1500, 40), ("93306", 19800, 15), ("93880", 18600, 10), ("36415", 900, 20)
        ),
        ("I2510", "I480", "I10", "I5022", "R079", "I352", "E785"),
    ),
    "orthopedics": Specialty(
        "orthopedics",
        "207X00000X",
        3.0,
        0.9,
        (
            *_procedures(("99203", 11300, 20), ("99213", 9200, 32), ("20610", 6500, 18)),
            Procedure("29881", 52600, 8, needs_authorization=True),
            Procedure("27447", 129700, 5, needs_authorization=True),
            Procedure("29827", 105400, 4, needs_authorization=True),
            Procedure("73721", 22400, 6, needs_authorization=True),
        ),
        (
            *_procedures(("73562", 4000, 30), ("73030", 3600, 20), ("J3301", 1800, 20)),
            Procedure("29876", 48500, 6, needs_authorization=True),
            Procedure("20610", 6500, 20, ("59",)),
        ),
        ("M1711", "M25561", "M7541", "S83241A", "M545", "M170", "M75101"),
    ),
    "imaging": Specialty(
        "imaging",
        "2085R0202X",
        3.6,
        0.25,
        _IMAGING,
        _IMAGING[:2],
        ("R1010", "M2550", "R51", "Z1231", "R0602", "M545", "N281"),
    ),
    "behavioral": Specialty(
        "behavioral",
        "103T00000X",
        1.7,
        0.15,
        _procedures(("90834", 10300, 50), ("90837", 15200, 30), ("90791", 17300, 12)),
        _procedures(("96127", 450, 30), ("90785", 1500, 20)),
        ("F411", "F329", "F4310", "F331", "F902"),
    ),
    "therapy": Specialty(
        "therapy",
        "225100000X",
        2.0,
        2.5,
        tuple(
            Procedure(code, cents, weight, ("GP",))
            for code, cents, weight in (("97110", 3000, 60), ("97161", 9800, 15))
        ),
        tuple(
            Procedure(code, cents, weight, ("GP",))
            for code, cents, weight in (
                ("97140", 2800, 30),
                ("97530", 3800, 30),
                ("97112", 3400, 30),
                ("97010", 600, 10),
            )
        ),
        ("M545", "M25511", "M6281", "S8391XA", "M542"),
    ),
    "outpatient": Specialty(
        "outpatient",
        "282N00000X",
        4.0,
        2.6,
        tuple(
            Procedure(code, cents, weight, revenue_code=revenue, needs_authorization=needs)
            for code, cents, weight, revenue, needs in (
                ("99284", 39000, 30, "0450", False),
                ("G0463", 12000, 24, "0510", False),
                ("45378", 79000, 12, "0750", True),
                ("70450", 11000, 14, "0351", False),
                ("93005", 5500, 12, "0730", False),
            )
        ),
        tuple(
            Procedure(code, cents, weight, revenue_code=revenue)
            for code, cents, weight, revenue in (
                ("80053", 1050, 30, "0301"),
                ("85025", 780, 30, "0305"),
                ("96374", 18000, 16, "0260"),
                ("J2405", 300, 20, "0636"),
                ("71046", 8300, 14, "0324"),
                ("", 2400, 8, "0250"),
            )
        ),
        ("R079", "R1010", "S0990XA", "N390", "K5730", "J189", "I10"),
    ),
    "inpatient": Specialty(
        "inpatient",
        "282N00000X",
        3.2,
        4.0,
        tuple(
            Procedure("", cents, weight, revenue_code=revenue)
            for cents, weight, revenue in ((820000, 60, "0120"), (1150000, 25, "0206"))
        ),
        tuple(
            Procedure("", cents, weight, revenue_code=revenue)
            for cents, weight, revenue in (
                (64000, 30, "0250"),
                (81000, 25, "0300"),
                (122000, 15, "0320"),
                (35000, 20, "0420"),
                (95000, 10, "0270"),
            )
        ),
        ("J189", "I5023", "A419", "N179", "K5660", "I214"),
    ),
    "dental": Specialty(
        "dental",
        "1223G0001X",
        1.5,
        1.4,
        _procedures(("D0120", 4200, 40), ("D0150", 6900, 14), ("D0140", 6100, 12)),
        (
            *_procedures(("D1110", 7900, 40), ("D0274", 5600, 25)),
            Procedure("D2392", 17600, 14, tooth="30"),
            Procedure("D2740", 98000, 5, tooth="14", needs_authorization=True),
            Procedure("D7140", 14800, 6, tooth="1"),
        ),
        ("K0252", "K029", "K0530"),
    ),
}

_LAST = (
    "ABBOT BARLOW CASTRO DALTON EASTON FERRIS GARCIA HOLLIS IBARRA JENSEN KELLER LOMBARD MERCER "
    "NAVARRO ODELL PRESTON QUINTERO RAMSEY SALAZAR THORNE UNDERHILL VARGAS WHITFIELD XIONG YARDLEY "
    "ZAMORA BRANDT CHAMBERS DUMONT ELLISON FARROW GRADY HASTINGS INGRAM JARVIS KIRBY LANGLEY "
    "MUÑOZ NORWOOD O'BRIEN PELLETIER REYES-LOPEZ STANTON TRUJILLO VANCE WEXLER"
)
_FEMALE = (
    "ADA BRENDA CLARA DIANA ELENA FAYE GRETA HOLLY INES JUNE KAREN LUCIA MARTA NORA OPAL PAULA "
    "ROSA SYLVIA TERESA URSULA VERA WANDA YOLANDA ZOE"
)
_MALE = (
    "AARON BRUCE CARLOS DEREK EDGAR FELIX GORDON HECTOR IVAN JAMES KEVIN LLOYD MARCUS NOEL OSCAR "
    "PEDRO RAFAEL SIMON TOBIAS VICTOR WALTER XAVIER ZACHARY"
)
LAST_NAMES = tuple(_LAST.split())
FIRST_NAMES_F = tuple(_FEMALE.split())
FIRST_NAMES_M = tuple(_MALE.split())
STREETS = (
    "MAPLE AVE", "OAK ST", "RIVER RD", "HILLCREST DR", "STATE ST", "PARK LN", "COLLEGE BLVD",
    "ORCHARD WAY", "LAKEVIEW TER", "SECOND ST",
)  # fmt: skip
CITIES = (
    ("FAIRHAVEN", "OH", "43001"),
    ("MILLBROOK", "OH", "43110"),
    ("GRANDVIEW", "OH", "43204"),
    ("ASHTON", "OH", "43302"),
    ("RIVERTON", "OH", "44011"),
    ("CEDAR FALLS", "OH", "44120"),
)
