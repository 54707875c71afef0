"""What all actors of the world share: settings, calendar, running numbers, files of the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

from sanderling.core.x12.write.envelope import Group, Interchange, Transaction, render_interchange
from sanderling.core.x12.write.segments import Delimiters
from sanderling.simulator.activities import ActivityRow
from sanderling.simulator.agenda import Agenda
from sanderling.simulator.episodes import Episode
from sanderling.simulator.files import BILLING_COMPANY, CLEARINGHOUSE, FileTotals, OutFile
from sanderling.simulator.parameters import Parameters
from sanderling.simulator.planted import PlantedProblem, Renewal, Struck


@dataclass(frozen=True, slots=True)
class Settings:
    """What a world is made from; equal settings make equal worlds, byte for byte."""

    claims: int
    seed: int
    start_date: date
    days: int


@dataclass(slots=True)
class WorldState:
    """Shared by office, clearinghouse and payers."""

    settings: Settings
    parameters: Parameters
    problems: tuple[PlantedProblem, ...]
    agenda: Agenda = field(default_factory=Agenda)
    files: list[OutFile] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    activities: list[ActivityRow] = field(default_factory=list)  # of all days
    notes: list[dict[str, str]] = field(default_factory=list)  # single planted faults, for truth
    renewals: tuple[Renewal, ...] = ()
    rates: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)  # payer, client, code
    struck: dict[tuple[str, str, str, int], Struck] = field(default_factory=dict)  # for truth
    _controls: dict[str, int] = field(default_factory=dict)

    def next_number(self, name: str) -> int:
        """Count up a running number of its own name."""
        self._controls[name] = self._controls.get(name, 0) + 1
        return self._controls[name]

    def outgoing(self, transactions: tuple[Transaction, ...], day: date) -> tuple[str, int]:
        """Frame transactions to the clearinghouse; answers text and interchange number."""
        number = self.next_number("interchange:out")
        text = render_interchange(
            Interchange(
                sender=BILLING_COMPANY,
                receiver=CLEARINGHOUSE,
                control_number=number,
                created_at=datetime.combine(day, time(9, 30)),
                groups=(Group(number, transactions),),
            )
        )
        return text, number

    def incoming(
        self,
        sender: str,
        groups: tuple[tuple[Transaction, ...], ...],
        created_date: date,
        *,
        delimiters: Delimiters | None = None,
        acknowledgements: tuple[str, ...] = (),
    ) -> str:
        """Frame transactions of a clearinghouse or payer to the billing company."""
        number = self.next_number(f"interchange:{sender}")
        return render_interchange(
            Interchange(
                sender=sender,
                receiver=BILLING_COMPANY,
                control_number=number,
                created_at=datetime.combine(created_date, time(6, 5)),
                groups=tuple(
                    Group(number * 10 + place, transactions)
                    for place, transactions in enumerate(groups)
                ),
                acknowledgements=acknowledgements,
            ),
            delimiters,
        )

    def emit(self, name: str, kind: str, text: str, day: date, totals: FileTotals) -> None:
        """Hand a file to the billing company on a day."""
        self.files.append(OutFile(name, kind, text, day, totals))
