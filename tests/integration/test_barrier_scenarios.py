"""Situations as a biller meets them, from the files to the barrier that explains the balance.

Expected are what DOMAIN (sections 1, 3, 4, 5, 9, Appendix B) and CLI.md say; the expectations were
written by somebody who had not seen the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.builders import Inbox
from tests.integration.situations import CLIENTS, PAYERS, Desk, decided, on

from sanderling.barriers.of_claim import known_barriers
from sanderling.barriers.queries import barrier_rows
from sanderling.claims.models import Claim
from sanderling.clients.actions import import_clients
from sanderling.core.barriers.sentences import sentence
from sanderling.core.ledger.accounts import Account
from sanderling.followup.importing import import_activities
from sanderling.ledger.models import Entry
from sanderling.payers.actions import import_payers

AT = datetime(2026, 3, 5, tzinfo=UTC)
TODAY = on("11-23")
PAID_BY_FIRST = [("CO", "45", 80), ("PR", "2", 24)]


@dataclass(frozen=True)
class Expected:
    """What is to be said of a claim on a day; no barrier: nothing is open."""

    number: str
    day: str
    barrier: str
    more: dict[str, Any]


@dataclass
class Table:
    """The situations and what is expected of them."""

    desk: Desk = field(default_factory=Desk)
    expected: list[Expected] = field(default_factory=list)

    def on(self, number: str, day: str, barrier: str, **more: Any) -> None:
        if "deadline" in more and len(more["deadline"]) == len("01-01"):
            more["deadline"] = f"2026-{more['deadline']}"
        self.expected.append(Expected(number, day, barrier, more))


def test_every_balance_has_the_barrier_a_biller_expects(inbox: Inbox) -> None:
    table = Table()
    for tell in SITUATIONS:
        tell(table)
    import_clients(text=CLIENTS, at=AT)
    import_payers(text=PAYERS, at=AT)
    table.desk.take_in(inbox)
    assert [(r.file, r.problems) for r in inbox.reports if r.status != "posted"] == []
    taken = import_activities(text="\n".join(table.desk.activities) + "\n", at=AT)
    assert taken.problems == []

    differences: list[str] = []
    for day in sorted({each.day for each in table.expected}):
        rows = {row["claim"]: row for row in barrier_rows(on(day), today=TODAY)}
        parties = list(barrier_rows(on(day), today=TODAY, by_party=True))
        owed = receivables(day)
        assert sum(row["balance_cents"] for row in rows.values()) == owed, day
        assert sum(row["balance_cents"] for row in parties) == owed, day
        for each in table.expected:
            if each.day == day:
                differences += compared(each, rows, parties)
    assert not differences, "\n".join(differences)


def receivables(day: str) -> int:
    """What all parties owed at the end of a day, straight from the entries."""
    parties = [int(Account.PRIMARY) + place for place in range(4)]
    entries = Entry.objects.filter(posted_date__lte=on(day))
    return sum(
        each.amount_cents * ((each.debit in parties) - (each.credit in parties)) for each in entries
    )


def compared(
    each: Expected, rows: dict[str, dict[str, Any]], parties: list[dict[str, Any]]
) -> list[str]:
    row = rows.get(each.number)
    wanted = dict(each.more)
    said = wanted.pop("sentence", "")
    party = wanted.pop("party", "")
    if party:
        found = [r for r in parties if (r["claim"], r["party"]) == (each.number, party)]
        row = found[0] if found else None
    if row is None:
        return [f"{each.number} {each.day}: nothing open"] if each.barrier else []
    told = {name: row[name] for name in wanted} | {"barrier": row["barrier"]}
    if told.get("deadline"):
        told["deadline"] = told["deadline"].isoformat()
    wanted["barrier"] = each.barrier
    differences = [
        f"{each.number} {each.day}: {name} is {told[name]}, expected {value}"
        for name, value in wanted.items()
        if told[name] != value
    ]
    if said and said not in (text := spoken(each)):
        differences.append(f"{each.number} {each.day}: {text}")
    return differences


def spoken(each: Expected) -> str:
    claim = Claim.objects.get(number=each.number)
    day = on(each.day)
    first = known_barriers(claim.pk, as_of=day, today=TODAY)[0]
    return sentence(first, payer_name="Acme Health", as_of=day)


def on_the_way(table: Table) -> None:
    desk = table.desk
    out = desk.claim("TA1")
    desk.interchange_check("01-08", out)
    table.on("TA1", "01-12", "rejected", next_action="resubmit", team="billing", deadline="04-05")
    out = desk.claim("N999")
    desk.file_check("01-09", out, "R")
    table.on("N999", "01-12", "rejected", next_action="resubmit", deadline="04-05")
    out = desk.claim("HOUSE")
    desk.front_end("01-09", out, "A3:21", speaker="AY", is_refused=True)
    table.on("HOUSE", "01-12", "rejected", category="missing_information", next_action="resubmit")
    out = desk.claim("WHOLE")
    desk.front_end("01-09", out, "A3:21", speaker="AY", is_refused=True, is_whole_batch=True)
    table.on("WHOLE", "01-12", "rejected", next_action="resubmit", deadline="04-05")
    out = desk.claim("NPI")
    desk.front_end("01-09", out, "A1:19", speaker="AY")
    desk.front_end("01-12", out, "A7:562:85", is_refused=True)
    table.on("NPI", "01-12", "rejected", deadline_kind="timely_filing", deadline="04-05")
    out = desk.claim("AGAIN")
    desk.front_end("01-09", out, "A7:33:IL", is_refused=True)
    table.on("AGAIN", "01-12", "rejected", category="eligibility")
    desk.accepted("AGAIN", day="02-05")
    table.on("AGAIN", "02-16", "awaiting_payer", next_action="wait")
    desk.accepted("SILENT")
    table.on("SILENT", "02-05", "awaiting_payer", next_action="wait")
    table.on("SILENT", "02-16", "no_response", next_action="check_status", deadline="04-05")
    desk.accepted("SLOW", payer="VACC1")
    table.on("SLOW", "02-16", "awaiting_payer")
    table.on("SLOW", "03-20", "no_response", deadline="07-04")


def not_acknowledged(table: Table) -> None:
    """DOMAIN 2.12, 2.13, 4.7, B6-2: accepted as a file, and no word on the claim."""
    desk = table.desk
    out = desk.claim("NOWHERE")  # on a Thursday
    desk.file_check("01-08", out)
    table.on("NOWHERE", "01-12", "awaiting_payer", next_action="wait", next_date=on("01-13"))
    table.on(
        "NOWHERE", "01-13", "awaiting_payer", next_action="check_status", next_date=on("01-13"),
        sentence="which has not confirmed it",
    )  # fmt: skip
    table.on("NOWHERE", "02-16", "no_response", next_action="check_status")
    out = desk.claim("BELATED")  # what came in later was not known then
    desk.file_check("01-08", out)
    desk.front_end("01-20", out)
    table.on("BELATED", "01-13", "awaiting_payer", next_action="check_status")
    table.on("BELATED", "01-20", "awaiting_payer", next_action="wait")
    out = desk.claim("PASSEDON")
    desk.front_end("01-09", out, "A0:16", speaker="AY")
    table.on("PASSEDON", "01-13", "awaiting_payer", next_action="check_status")
    out = desk.claim("HOUSEHAS")
    desk.file_check("01-08", out)
    desk.front_end("01-09", out, "A1:19", speaker="AY")
    table.on("HOUSEHAS", "01-13", "awaiting_payer", next_action="wait")
    desk.claim("NOANSWERS")  # of whom no answers at all come in, none is missing
    table.on("NOANSWERS", "01-13", "awaiting_payer", next_action="wait", next_date=on("02-08"))
    out = desk.claim("ASKEDSINCE")
    desk.file_check("01-08", out)
    desk.act("ASKEDSINCE", "01-13", "call_payer", "in_process", next_day="01-27")
    table.on("ASKEDSINCE", "01-14", "awaiting_payer", next_action="wait", next_date=on("01-27"))
    # Accepted with errors is accepted; a group turned away says nothing of its sets one by one.
    out = desk.claim("WITHERRORS")
    desk.file_errors("01-09", out, "E")
    table.on("WITHERRORS", "01-12", "awaiting_payer", next_action="wait")
    out = desk.claim("BYERRORS")
    desk.file_errors("01-09", out, "R")
    table.on("BYERRORS", "01-12", "rejected", category="missing_information")
    out = desk.claim("GROUP")
    desk.group_check("01-09", out)
    table.on("GROUP", "01-12", "rejected", next_action="resubmit", deadline="04-05")


def status_answers(table: Table) -> None:
    desk = table.desk
    desk.status("02-15", desk.accepted("INPROC"), "P1:20")
    table.on(
        "INPROC", "02-16", "awaiting_payer", next_action="wait",
        sentence="ask again after Mar 1, 2026",
    )  # fmt: skip
    table.on("INPROC", "03-20", "no_response", next_action="check_status")
    out = desk.accepted("FOUND")
    desk.status("02-12", out, "D0:35")
    desk.status("02-15", out, "P1:20")
    table.on("FOUND", "02-16", "awaiting_payer", next_action="wait")
    desk.status("02-15", desk.accepted("LOST"), "D0:35")
    table.on("LOST", "02-16", "not_on_file", next_action="call_payer", deadline="04-05")
    desk.status("02-15", desk.accepted("ASKBAD"), "E0:21")
    table.on("ASKBAD", "02-16", "no_response", next_action="check_status")
    desk.status("02-15", desk.accepted("NOTES"), "P3:297")
    table.on("NOTES", "02-16", "pended", category="documentation", deadline="03-17")
    desk.status("02-15", desk.accepted("ADR", payer="MCARE"), "R4:298")
    table.on("ADR", "02-16", "pended", deadline_kind="records", deadline="04-01")
    desk.status("02-15", desk.accepted("PAID"), "F1:65", paid=90)
    table.on("PAID", "02-16", "paid_unposted", sentence="said on Feb 15, 2026 that it paid;")
    for number, word in (("NOPAY", "F4:98"), ("OVER", "F0:3"), ("PASSED", "F3F:16")):
        desk.status("02-15", desk.accepted(number, others=["SECM1"]), word)
        table.on(
            number, "02-16", "paid_unposted", next_action="find_payment",
            sentence=f"said on Feb 15, 2026 that it has finished the claim ({word}, ",
        )  # fmt: skip
    desk.status("01-25", desk.accepted("CONTRA"), "F1:65", paid=90)
    desk.denied("CONTRA", "CO-50")
    table.on("CONTRA", "02-05", "denied", category="medical_necessity")


def denials(table: Table) -> None:
    desk = table.desk
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        ("CO-97", "M15", "bundling", {"next_action": "correct_and_rebill", "deadline": "07-04"}),
        ("CO-50", "", "medical_necessity", {}),
        ("CO-197", "", "authorization", {"team": "authorization", "deadline": "07-29"}),
        ("CO-29", "", "timely_filing", {"next_action": "appeal", "deadline": "07-29"}),
        ("PR-27", "", "eligibility", {"next_action": "verify_eligibility", "team": "intake"}),
        ("CO-16", "N382", "eligibility", {"next_action": "verify_eligibility"}),
        ("CO-16", "MA04", "coordination_of_benefits", {"next_action": "bill_secondary"}),
        ("PR-96", "N130", "non_covered", {"next_action": "call_payer", "team": "ar"}),
        ("CO-B7", "", "provider", {"next_action": "escalate", "team": "credentialing"}),
        ("CO-252", "M127", "documentation", {"next_action": "send_records", "deadline": "03-01"}),
        ("OA-18", "", "duplicate", {"next_action": "call_payer"}),
        ("CO-45", "", "contractual", {"next_action": "call_payer"}),
        ("PI-204", "", "non_covered", {}),
    ]
    for reason, remark, category, more in cases:
        number = f"{reason}{remark}".replace("-", "")
        desk.accepted(number)
        desk.denied(number, reason, *filter(None, [remark]))
        table.on(number, "02-05", "denied", category=category, balance_cents=15000, **more)
    desk.accepted("UNPROC", payer="MCARE")
    desk.denied("UNPROC", "CO-16", "N290", payer="MCARE", notes="MOA***MA130~")
    table.on(
        "UNPROC", "02-05", "denied", next_action="resubmit", deadline_kind="timely_filing",
        deadline="2027-01-05",
    )  # fmt: skip
    desk.accepted("REDET", payer="MCARE")
    desk.denied("REDET", "CO-197", payer="MCARE")
    table.on("REDET", "02-05", "denied", deadline_kind="appeal", deadline="06-04")
    desk.accepted("HOLD")
    desk.denied("HOLD", "OA-133")
    table.on("HOLD", "02-05", "pended", next_action="wait")
    desk.accepted("STRANGE")
    desk.denied("STRANGE", "CO-999")
    table.on("STRANGE", "02-05", "denied", next_action="call_payer", balance_cents=15000)
    desk.accepted("MIXED", lines=[("99213", 150), ("99213", 100)])
    first = (150, 72, [("CO", "45", 60), ("PR", "2", 18)], ())
    desk.remit("01-30", decided("MIXED", [first, (100, 0, [("CO", "97", 100)], ("M15",))]))
    table.on("MIXED", "02-05", "denied", category="bundling", balance_cents=11800)
    table.on("MIXED", "02-05", "denied", party="primary", balance_cents=10000)
    table.on("MIXED", "02-05", "patient_responsibility", party="patient", balance_cents=1800)


def sent_again(table: Table) -> None:
    desk = table.desk
    desk.accepted("REPL")
    desk.denied("REPL", "CO-4")
    desk.accepted("REPL", day="02-10", frequency="7")
    table.on("REPL", "02-05", "denied", category="coding")
    table.on("REPL", "02-16", "corrected_pending", next_action="wait")
    table.on("REPL", "03-20", "corrected_pending", next_action="check_status")
    desk.accepted("REPLBAD")
    desk.denied("REPLBAD", "CO-16", "N290")
    out = desk.claim("REPLBAD", day="02-10", frequency="7")
    desk.front_end("02-11", out, "A7:464", is_refused=True)
    table.on("REPLBAD", "02-16", "rejected", deadline_kind="corrected_claim", deadline="07-04")
    desk.accepted("TWICE")
    desk.denied("TWICE", "CO-197")
    desk.claim("TWICE", day="02-10")
    desk.denied("TWICE", "OA-18", day="02-25")
    table.on("TWICE", "03-01", "denied", category="authorization", deadline="07-29")
    desk.accepted("COPY")
    desk.claim("COPY", day="01-12")
    desk.denied("COPY", "OA-18", day="01-25")
    table.on("COPY", "02-05", "awaiting_payer", next_action="wait")
    desk.accepted("UPHELD")
    desk.denied("UPHELD", "CO-197")
    desk.act("UPHELD", "02-10", "appeal", "sent", channel="mail")
    desk.denied("UPHELD", "CO-193", day="03-10")
    table.on("UPHELD", "02-16", "appeal_pending", next_action="wait")
    table.on("UPHELD", "03-20", "denied", deadline_kind="appeal", deadline="05-09")
    desk.accepted("LETTER")
    desk.denied("LETTER", "CO-197")
    desk.act("LETTER", "02-10", "appeal", "sent", channel="mail")
    desk.act("LETTER", "03-20", "appeal", "denied", channel="mail")
    table.on("LETTER", "03-20", "denied", category="authorization", deadline="05-19")
    desk.accepted("NOWORD")
    desk.denied("NOWORD", "CO-50")
    desk.act("NOWORD", "02-10", "appeal", "sent", channel="mail")
    table.on("NOWORD", "03-01", "appeal_pending", next_action="wait")
    table.on("NOWORD", "03-20", "appeal_pending", next_action="check_status")


def paid_and_taken_back(table: Table) -> None:
    desk = table.desk
    cut = [("CO", "45", 60)]
    desk.accepted("OTHERS")
    text = decided("OTHERS", [(150, 0, [("OA", "B11", 150)], ())], status="23")
    desk.remit("01-30", text)
    table.on(
        "OTHERS", "02-05", "awaiting_payer", next_action="wait",
        sentence="Acme Health says that the claim is not its own and passed it on",
    )  # fmt: skip
    table.on("OTHERS", "03-20", "no_response", sentence="passed the claim on to another payer")
    desk.accepted("HALF", lines=[("99213", 150), ("99213", 100)])
    desk.remit("01-30", decided("HALF", [(150, 90, cut, ())], notes="MOA***MA15~"))
    table.on("HALF", "02-05", "awaiting_payer", balance_cents=10000, sentence="part of the claim")
    table.on("HALF", "03-20", "no_response", balance_cents=10000, sentence="with the rest")
    desk.accepted("BACK")
    desk.remit("01-30", decided("BACK", [(150, 90, cut, ())]))
    taken = decided("BACK", [(-150, -90, [("CO", "45", -60)], ())], status="22")
    desk.remit("03-02", taken, plb="PLB*1234567893*20261231*FB:IBACK*-90~")
    table.on("BACK", "02-05", "")
    table.on(
        "BACK", "03-20", "awaiting_payer", deadline_kind="takeback_dispute",
        next_date=on("03-22"),
    )  # fmt: skip
    desk.accepted("DOUBLE", payer="MCARE")
    for number in ("I1", "I2"):
        text = decided("DOUBLE", [(150, 90, cut, ())], own_number=number)
        desk.remit("01-30" if number == "I1" else "02-10", text, payer="MCARE")
    table.on("DOUBLE", "02-16", "credit_balance", next_action="refund", deadline="04-11")
    desk.accepted("ZERO")
    text = decided("ZERO", [(150, 0, [*cut, ("PR", "1", 90)], ())], status="4")
    desk.remit("01-30", text)
    table.on("ZERO", "02-05", "patient_responsibility", balance_cents=9000, category="patient")
    text = decided("BORN", [(150, 0, [("CO", "197", 150)], ())])
    desk.remit("01-30", text)
    table.on("BORN", "02-05", "denied", category="authorization", deadline="07-29")


def later_payers(table: Table) -> None:
    desk = table.desk
    lines = [("99214", 200)]
    part = (200, 96, PAID_BY_FIRST, ())

    def first(number: str, *others: str, payer: str = "ACME1", **more: Any) -> None:
        desk.accepted(number, lines=lines, payer=payer, others=others)
        desk.remit("01-30", decided(number, [part], code="99214", **more), payer=payer)

    first("UNBILLED", "SECM1")
    table.on("UNBILLED", "02-05", "secondary_unbilled", payer_id="SECM1", balance_cents=2400)
    first("CROSS", "SECM1", status="19", forwarded_to="SECM1", notes="MOA***MA18~")
    table.on("CROSS", "02-16", "awaiting_payer", payer_id="SECM1", next_action="wait")
    table.on("CROSS", "03-20", "no_response", payer_id="SECM1", next_action="check_status")
    first("MEDICAID", "MCAID", payer="MCARE", notes="MOA***MA07~")
    table.on("MEDICAID", "03-20", "no_response", payer_id="MCAID", deadline="07-30")
    first("MSP", "MCARE")
    table.on("MSP", "02-05", "secondary_unbilled", payer_id="MCARE", deadline="2027-01-05")
    first("QMB", payer="MCARE", notes="MOA***N192~")
    table.on(
        "QMB", "02-16", "patient_responsibility", next_action="verify_eligibility", team="intake",
        sentence="may not be billed for it (N192",
    )  # fmt: skip
    first("REFUSED", "SECM1")
    second = {"payer": "SECM1", "lines": lines, "prior": PAID_BY_FIRST, "prior_paid": 96}
    desk.accepted("REFUSED", day="02-05", **second)
    refusal = [("OA", "23", 176), ("CO", "197", 24)]
    desk.remit("02-25", decided("REFUSED", [(200, 0, refusal, ())], status="2"), payer="SECM1")
    table.on("REFUSED", "02-16", "awaiting_payer", payer_id="SECM1")
    table.on("REFUSED", "03-01", "denied", payer_id="SECM1", deadline="08-24")
    first("THIRD", "SECM1", "TERT1")
    desk.accepted("THIRD", day="02-05", **second)
    share = [("OA", "23", 176), ("PR", "2", 14)]
    desk.remit("02-25", decided("THIRD", [(200, 10, share, ())], status="2"), payer="SECM1")
    table.on("THIRD", "03-01", "secondary_unbilled", payer_id="TERT1", balance_cents=1400)
    first("DONE", "SECM1")
    desk.accepted("DONE", day="02-05", **second)
    nothing = [("OA", "23", 176), ("CO", "45", 24)]
    desk.remit("02-25", decided("DONE", [(200, 0, nothing, ())], status="2"), payer="SECM1")
    table.on("DONE", "03-01", "")


def done_elsewhere(table: Table) -> None:
    desk = table.desk
    desk.accepted("WRITE")
    desk.denied("WRITE", "CO-29")
    desk.act("WRITE", "02-03", "write_off", "sent", channel="internal")
    table.on("WRITE", "02-05", "awaiting_internal", next_action="write_off", team="management")
    desk.accepted("DOCS")
    desk.denied("DOCS", "CO-252", "M127")
    desk.act("DOCS", "02-03", "request_documents", "sent", channel="internal")
    table.on("DOCS", "02-05", "awaiting_client", team="client", deadline="03-01")
    desk.status("02-15", desk.accepted("RECORDS"), "P3:294")
    desk.act("RECORDS", "02-16", "send_records", "sent", channel="fax")
    table.on("RECORDS", "02-16", "awaiting_payer", next_action="wait", next_date=on("03-07"))
    desk.accepted("HEARD")
    desk.act("HEARD", "02-12", "call_payer", "in_process", next_day="03-01")
    table.on("HEARD", "02-16", "awaiting_payer", next_action="wait")
    table.on("HEARD", "03-20", "no_response")
    desk.accepted("UNKNOWN")
    desk.act("UNKNOWN", "02-12", "call_payer", "not_on_file")
    table.on("UNKNOWN", "02-16", "not_on_file", deadline="04-05")
    desk.accepted("WON")
    desk.denied("WON", "CO-50")
    desk.act("WON", "02-03", "appeal", "sent", channel="mail")
    desk.remit("02-25", decided("WON", [(150, 90, [("CO", "45", 60)], ())]))
    table.on("WON", "02-05", "appeal_pending")
    table.on("WON", "03-01", "")


SITUATIONS: list[Callable[[Table], None]] = [
    on_the_way,
    not_acknowledged,
    status_answers,
    denials,
    sent_again,
    paid_and_taken_back,
    later_payers,
    done_elsewhere,
]
