"""Writes the generated pages of docs/reference; with --check only says which are not current.

What the pages say is read from the code: commands from click, settings from .env.example, problem
codes from core.x12.problems, accounts and kinds from core.ledger.accounts, openapi.json from the
operations of the API. The meanings that the
code has no words for stand in this file; a new account without one is a KeyError here.
"""

from __future__ import annotations

import argparse
import os
import re
import string
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

import click

from sanderling.accounts.roles import EVERY_PERMISSION, Role, role_may
from sanderling.cli.main import cli
from sanderling.core.codes.carc import (
    ADD_BACK,
    COST_SHARE,
    REVIEWED_CATEGORIES,
    carcs,
    natures,
    title_of,
)
from sanderling.core.kpis.definitions import ABSENT, DEFINITIONS, GROUPS, Definition
from sanderling.core.ledger.accounts import (
    PARTY_NAMES,
    RECEIVABLES,
    Account,
    Kind,
    provider_level_target,
    write_down_target,
)
from sanderling.core.x12.problems import CODES, Severity
from sanderling.mirror.tables import TABLES

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "reference"
NOTICE = "<!-- Written by tools/make_reference.py. Change the code it reads, not this page. -->\n"

# Problems that intake adds to what the reader finds.
INTAKE_CODES = {
    "payment_identity_reused": (
        Severity.REFUSED,
        "This trace number, date, amount and payee were posted before, with other claims.",
    ),
    "posting_failed": (
        Severity.REFUSED,
        "The transaction set holds something that the ledger cannot take.",
    ),
}
SHEET_CODES = {
    "number_missing": (Severity.CLAIM, "The row names no claim."),
    "client_unknown": (Severity.CLAIM, "The row names no client, or none that is known."),
    "client_differs": (Severity.CLAIM, "The row names another client than `--client` does."),
    "cell_unreadable": (Severity.CLAIM, "The cell is no amount, or no day."),
    "balance_missing": (Severity.CLAIM, "The row states no balance."),
    "balance_differs": (
        Severity.CLAIM,
        "Insurance and patient balance do not add up to the total balance of the row.",
    ),
    "buckets_differ": (Severity.CLAIM, "The age columns do not add up to the balance of the row."),
    "total_differs": (Severity.WARNING, "The sheet's own total is not the sum of its rows."),
}
SEVERITIES = {
    Severity.WARNING: "read and posted; the sender should hear of it",
    Severity.CLAIM: "this claim or claim payment cannot be posted as it stands; the rest is",
    Severity.REFUSED: "the transaction set, the interchange or the file is not taken",
}
ACCOUNTS = {
    Account.PRIMARY: "receivable: what the first payer owes",
    Account.SECONDARY: "receivable: what the second payer owes",
    Account.TERTIARY: "receivable: what the third payer owes",
    Account.PATIENT: "receivable: what the patient owes",
    Account.REVENUE: "charges",
    Account.CASH: "what remittances paid",
    Account.CONTRACTUAL: "reductions agreed with the payer",
    Account.SEQUESTRATION: "reductions by federal sequestration",
    Account.WITHHOLD: "amounts the payer keeps back",
    Account.INCENTIVE: "incentives and penalties of quality programs",
    Account.PRIOR_PAYER: "what another payer paid, known only from the secondary claim we sent",
    Account.WRITE_OFF: "what people gave up: approved write-offs",
    Account.REFUND: "what was given back of credits by check or in a portal",
    Account.SUSPENSE: "cash of claim payments that are not posted to a claim",
    Account.RECOUPMENT: "provider level: overpayments taken back",
    Account.FORWARDING_BALANCE: "provider level: balances carried to a later remittance",
    Account.INTEREST: "provider level: interest",
    Account.PROVIDER_LEVEL: "provider level: everything else",
    Account.OPENING: "the other side of balances taken over from another billing system",
}
KINDS = {
    Kind.CHARGE: "a line was charged",
    Kind.CHARGE_VOID: "a charge was taken back by a replacement or a void",
    Kind.INSURANCE_PAYMENT: "a payer paid, or took a payment back",
    Kind.CONTRACTUAL: "a write-down agreed with the payer",
    Kind.SEQUESTRATION: "a write-down by sequestration",
    Kind.WITHHOLD: "an amount kept back by the payer",
    Kind.INCENTIVE: "an incentive or penalty",
    Kind.TRANSFER: "the patient's share passes to the next party",
    Kind.OFFSET: "a later payer's credit is set against what another party of the claim owes",
    Kind.PRIOR_PAYER: "what the first payer paid, as our secondary claim states it",
    Kind.OPENING_BALANCE: "a balance taken over from another billing system",
    Kind.WRITE_OFF: "an approved write-off, as far as the party still owes it",
    Kind.REFUND: "a refund that was made, as far as its party's credit still stands",
    Kind.TO_PATIENT: "an approved move to the patient, as far as the payer still owes it",
    Kind.SUSPENSE: "a payment is held: the cash came in, no claim was changed",
    Kind.INTEREST: "interest of a remittance",
    Kind.RECOUPMENT: "a provider-level recovery",
    Kind.FORWARDING_BALANCE: "a provider-level balance carried on",
    Kind.PROVIDER_ADJUSTMENT: "another provider-level adjustment",
}

PERMISSIONS = {
    "aging.view": "see the aging",
    "audit.view": "read the audit trail",
    "barriers.view": "see why balances are open, and denials at a glance",
    "api.edit": "make and revoke API tokens and webhooks",
    "appeals.approve": "approve appeals and their packets",
    "exchange.view": "see mailboxes, outgoing files and their acknowledgments",
    "exchange.edit": "set up mailboxes",
    "refunds.approve": "approve refunds and transfers to the patient",
    "resubmission.approve": "approve corrected and voided claims",
    "templates.edit": "write letter templates",
    "rules.edit": "write rules, try them on history, switch them on and off",
    "workload.view": "see workload, capacity and quality of the team",
    "worklist.view": "open worklists, focus mode, notes and tasks",
    "writeoffs.approve": "approve or reject write-offs up to the role's limit",
    "claims.assign": "give claims to people",
    "claims.view": "see claims",
    "claims.work": "work on claims: notes, acts, everything that is sent",
    "clients.edit": "change clients (no page uses it yet)",
    "clients.view": "see clients",
    "codes.edit": "say what a code means for a payer or a client",
    "codes.view": "see what codes mean",
    "contracts.edit": "bring in and change contracts, rates and terms",
    "contracts.view": "see contracts, prices and what contracts are worth",
    "deadlines.edit": "set, end and take back deadline rules",
    "files.replay": "replay a file",
    "files.upload": "bring in files",
    "files.view": "see files, their segments and originals, and money in suspense",
    "issues.edit": "confirm, assign and close systemic issues; write preventive actions",
    "issues.view": "see systemic issues and preventive actions",
    "kpis.view": "see key figures, scorecards and the cash forecast",
    "break_glass.use": "open another client's claims for a while, with a reason that is reviewed",
    "compliance.edit": "review access and break-glass, set retention",
    "key_accounts.edit": "set what was agreed with a client: service levels, schedules, manager",
    "key_accounts.view": "see account pages, and how service levels are kept",
    "payers.edit": "change portals",
    "notices.view": "be told what concerns one: the bell and the list of notices",
    "portal.view": "see the own client's pages, flag claims, answer requests, read reports",
    "reports.approve": "approve reports before they go to a client",
    "reports.edit": "compose reports and their schedules",
    "reports.view": "see reports and what was sent",
    "reviews.edit": "lead a weekly review: decisions and actions",
    "reviews.view": "see weekly reviews and their minutes",
    "payers.view": "see payers",
    "users.edit": "make and change users",
}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


# --- commands


def commands_page() -> str:
    """Return the page of all commands."""
    head = (
        f"{NOTICE}# Commands\n"
        "\nWhat `sanderling --help` says, of all commands. Conventions:\n\n"
        "- Rows go to standard output, everything else to standard error. `--format` chooses\n"
        "  `table`, `json`, `csv` or `xlsx`; JSON is one document with `as_of`, `rows` and, where\n"
        "  there are any, `totals`.\n"
        "- Amounts are integer cents in JSON and CSV, and their keys end in `_cents`. Days are\n"
        "  ISO (`2026-03-05`). Rates are fractions.\n"
        "- Text in CSV that begins with `=`, `+`, `-`, `@` or a tab has an apostrophe before it:\n"
        "  no spreadsheet takes it for a formula. JSON has it as it is.\n"
        "- Exit status: 0 done; 1 done, but some input was refused, and the output says which;\n"
        "  2 wrong usage; 3 the system could not do it; 130 interrupted.\n"
        "- Every command that loads may be run again: what is known already changes nothing.\n"
    )
    return head + "".join(map(_command, _contexts(click.Context(cli, info_name="sanderling"))))


def _contexts(context: click.Context) -> Iterator[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    if context.parent is not None:
        yield context
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _contexts(click.Context(found, info_name=name, parent=context))


def _command(context: click.Context) -> str:
    command = context.command
    text = "\n\n".join(" ".join(p.split()) for p in (command.help or "").split("\n\n"))
    if isinstance(command, click.Group):
        return f"\n## {context.command_path}\n\n{text}\n"
    level = "###" if context.parent is not None and context.parent.parent is not None else "##"
    pieces = [context.command_path, *command.collect_usage_pieces(context)]
    rows = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and (record := parameter.get_help_record(context)) is not None
        and "--help" not in parameter.opts
    ]
    options = f"\n{table(['option', 'meaning'], ([f'`{a}`', b] for a, b in rows))}" if rows else ""
    return f"\n{level} {context.command_path}\n\n    {' '.join(pieces)}\n\n{text}\n{options}"


# --- settings


def settings_page() -> str:
    """Return the page of all settings."""
    rows = [(f"`{name}`", f"`{value}`", text) for name, value, text in settings_listed()]
    return (
        f"{NOTICE}# Settings\n\n"
        "Environment variables; all are optional. They are read when a command starts; nothing is\n"
        "read from a file named `.env`. A value that a setting cannot take is refused at once\n"
        "(exit status 2) with the name of the variable. `SANDERLING_SECRET_KEY`,\n"
        "`SANDERLING_FILE_KEY`, `SANDERLING_DOCUMENT_KEY`, `SANDERLING_SMTP_PASSWORD` and\n"
        "`SANDERLING_SSO_SECRET` may hold the secret itself instead of naming a file by the\n"
        "variable that ends in `_FILE`; the keys have at least 32 characters.\n\n"
        + table(["variable", "example", "meaning"], rows)
    )


def settings_listed() -> Iterator[tuple[str, str, str]]:
    """Yield name, example and meaning of each setting of .env.example."""
    comment: list[str] = []
    for line in (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"#?([A-Z_]+)=(.*)", line)
        if match:
            yield match[1], match[2], " ".join(comment)
            comment = []
        elif line.startswith("# "):
            comment.append(line[2:])
        else:
            comment = []


# --- problem codes


def problems_page() -> str:
    """Return the page of problem codes."""
    return (
        f"{NOTICE}# Problem codes\n\n"
        "A problem names its place (segment, its number in the file, loop, element) and has one\n"
        "of these codes. The severity given is the usual one; a place may call for another.\n\n"
        + table(["severity", "means"], ((f"`{s}`", text) for s, text in SEVERITIES.items()))
        + "\n## X12 files\n\n"
        + _codes_table(CODES | INTAKE_CODES)
        + "\n## Aging sheets of other billing systems\n\n"
        "Found by `sanderling claims import`; the place is a row and a column.\n\n"
        + _codes_table(SHEET_CODES)
    )


def _codes_table(codes: dict[str, tuple[Severity, str]]) -> str:
    rows = ((f"`{code}`", f"`{severity}`", text) for code, (severity, text) in codes.items())
    return table(["code", "severity", "what was found"], rows)


# --- the chart of accounts


def ledger_page() -> str:
    """Return the page of accounts, kinds and the codes that decide between them."""
    parties = ", ".join(f"{int(a)} {PARTY_NAMES[a]}" for a in RECEIVABLES)
    return (
        f"{NOTICE}# Accounts, kinds of entry, codes with an account of their own\n\n"
        "An entry moves an amount from one account (credit) to another (debit); a negative amount\n"
        "moves the other way. Rules in words: [posting](../domain/posting.md).\n\n"
        "## Accounts\n\n"
        f"Receivable accounts are kept by claim and are its parties: {parties}.\n\n"
        + table(
            ["number", "account", "holds"],
            ((str(int(a)), f"`{a.name.lower()}`", ACCOUNTS[a]) for a in Account),
        )
        + "\n## Kinds of entry\n\n"
        + table(
            ["number", "kind", "made when"],
            ((str(int(k)), f"`{k.name.lower()}`", KINDS[k]) for k in Kind),
        )
        + "\n## Write-downs that are not contractual\n\n"
        "By adjustment reason code; all others go to `contractual`.\n\n"
        + _targets(_written_down(), write_down_target, Account.CONTRACTUAL)
        + "\n## Provider-level adjustments (PLB)\n\n"
        "By PLB code; all others go to `provider_level`.\n\n"
        + _targets(_plb_codes(), provider_level_target, Account.PROVIDER_LEVEL, has_title=False)
        + "\n## Reason codes of the patient's share\n\n"
        "With group PR these pass on to the next party (100: always to the patient).\n\n"
        + _reasons(COST_SHARE)
        + "\n## Reductions of the payment, not of the allowed amount\n\n"
        + _reasons(ADD_BACK)
        + "\n## Group OA: the reason codes that are written down\n\n"
        + _reasons(_written_down_oa())
        + "\n## Categories whose partial reductions are not written down but reviewed\n\n"
        + "".join(f"- {name}\n" for name in sorted(REVIEWED_CATEGORIES))
    )


def _written_down() -> Iterator[str]:
    """Yield the reason codes that some group can write down (a normal reduction, or it depends)."""
    for code, carc in carcs().items():
        if {"N", "X"} & set(carc.nature_by_group.values()):
            yield code


def _plb_codes() -> Iterator[str]:
    return map("".join, product(string.digits + string.ascii_uppercase, repeat=2))


def _targets(
    codes: Iterable[str],
    target: Callable[[str], tuple[Account, Kind]],
    usual: Account,
    *,
    has_title: bool = True,
) -> str:
    rows = []
    for code in codes:
        account, kind = target(code)
        if account != usual:
            row = [code, f"`{account.name.lower()}`", f"`{kind.name.lower()}`"]
            rows.append([*row, title_of(code)] if has_title else row)
    heads = ["code", "account", "kind", "our title"]
    return table(heads if has_title else heads[:3], rows)


def _written_down_oa() -> Iterator[str]:
    for row in natures().iter_rows(named=True):
        if row["group_code"] == "OA" and row["nature"] == "N":
            yield row["reason_code"]


def _reasons(codes: Iterable[str]) -> str:
    ordered = sorted(codes, key=lambda code: (not code.isdigit(), code.rjust(4)))
    return table(["code", "our title"], ((code, title_of(code)) for code in ordered))


# --- roles


def roles_page() -> str:
    """Return the page of roles and permissions."""
    rows = (
        [
            f"`{permission}`",
            PERMISSIONS[permission],
            *("yes" if role_may(role, permission) else "" for role in Role),
        ]
        for permission in sorted(EVERY_PERMISSION)
    )
    return (
        f"{NOTICE}# Roles and permissions\n\n"
        "A user has one role, and sees all clients or those assigned. What is visible of the\n"
        "clients is kept by the database, whatever the role.\n\n"
        + table(["permission", "lets a user", *(f"`{role.value}`" for role in Role)], rows)
    )


KPI_CONVENTIONS = """# Key figures

Every figure is a numerator over a denominator, and both are sums: over clients, payers,
providers, locations and people the parts add up to the whole. Days in AR and credit days divide
by charges of 90 days and multiply by 90. Source: DOMAIN 7; `[S..]` name its sources, `[EST]` and
`[GK]` its own estimates and general knowledge.

- **A period is what was known at its end.** Remittances count in the period in which they were
  received, entries in that in which they were posted, settlements in that in which they came
  about. So a closed month is the same whenever it is asked for, unless a fact comes late with an
  earlier day of receipt: then the month is restated, and what was said before is kept.
- **How things stand** (receivables) is as at the last day of the period; of several months the
  last one counts. Open balances tie to `sanderling aging --party all` of that day, and their ages
  are its ages. Credit balances are apart, never netted.
- **First decisions.** A payer decides a claim first once; a claim with two payers is decided
  twice. Reversals, what is held in suspense, and corrections are no first decisions.
- **Services of six months before.** Net collection is judged when services are six months old: a
  month's figure is of the services of the sixth month before, with everything posted by the
  month's end, so that all months are of the same age.
- **Patients' payments** are known only where a file says them
  ([0013](../adr/0013-patient-payments-not-posted.md)); the rate of insurers takes the patients'
  share off the denominator.
- **Provider** is the rendering provider of the claim, else the billing one; **payer** is whom the
  row is about (who decided, who paid, who owes; of charges the first payer); **team** is the
  first team of the person.
- **Few outcomes** (under ten) are shown as outcomes, not as a share.

**Limits.** A share of counted things has a p'-chart (Laney): three standard deviations of chance
in each month's own count, widened by how much months differ beyond chance. Everything else has an
XmR chart: the mean and 2.66 times the mean moving range. The baseline is the first up to 24
months, at least six; a month outside the limits is taken out once and they are drawn again. A
month outside, or the eighth in a row on one side of the mean, is marked.
"""


def kpis_page() -> str:
    """Return the page of key figures: conventions in words, figures from their definitions."""
    parts = [KPI_CONVENTIONS.replace("# Key figures\n", f"# Key figures\n\n{NOTICE}", 1)]
    for group in GROUPS:
        rows = [_kpi_row(one) for one in DEFINITIONS if one.group == group]
        head = [
            "id",
            "key",
            "figure",
            "numerator",
            "denominator",
            "left out, cautions",
            "benchmark",
        ]
        parts.append(f"## {group}\n\n{table(head, rows)}")
    absent = [[one.id, one.title, one.needs] for one in ABSENT]
    parts.append(f"## Not told here\n\n{table(['id', 'figure', 'what it needs'], absent)}")
    return "\n".join(parts)


def _kpi_row(one: Definition) -> list[str]:
    care = " ".join(text for text in (one.exclusions, one.cautions) if text)
    benchmark = f"{one.benchmark} {one.source}".strip() if one.benchmark else ""
    over = "" if one.is_sum else one.denominator
    return [one.id, f"`{one.value_name}`", one.title, one.numerator, over, care, benchmark]


# --- the mirror

_MIRROR_TABLES = {
    "claims": "A claim.",
    "lines": "A line as billed: of the last submission to the first payer that is not a void.",
    "submissions": "A claim as sent, once, and what became of it.",
    "payments": "What a payer decided about a claim, once (CLP).",
    "remit_lines": "A line of such a decision (SVC). They sum to their claim payment: `line_index`"
    " 0 takes what no line carries. `charge_cents` less `paid_cents` is the sum of the seven"
    " reductions, where the payer's own figures add up.",
    "ledger": "An entry: an amount moved from `credit` to `debit` ([accounts](accounts.md)).",
    "touches": "Something a person did about a claim and did not take back.",
}
_MIRROR_SHARED = {
    "client_id": "null: money whose client is not known; shown to nobody but jobs",
    "claim_id": "null: of no claim",
    "received_date": "when the business had it",
    "posted_date": "since when it is known",
    "effective_date": "the payer's or sender's own day",
    "payment_date": "the payer's own day",
    "is_duplicate": "refused only as sent twice: counts in no rate",
    "is_denied": "a line or the whole claim was refused",
    "category": "of the main refusal; empty where nothing was refused",
}


def mirror_page() -> str:
    """Return the page of the mirror's tables, with the comments of their columns."""
    source = (REPOSITORY / "src/sanderling/mirror/tables.py").read_text(encoding="utf-8")
    head = (
        f"{NOTICE}# The analytics mirror\n\n"
        "Parquet under `SANDERLING_HOME/mirror`, a file for each table and month, named by\n"
        "`manifest.json`; see [0034](../adr/0034-mirror-of-parquet.md) and the\n"
        "[guide](../guide/administration.md#the-analytics-mirror). Read it in the code by\n"
        "`mirror.reading.scan`. Amounts are cents. No names, member numbers or claim numbers are\n"
        "in it. Rows are as known at the last refresh, but for the days they carry.\n"
    )
    parts = [head]
    for name, about in TABLES.items():
        said = dict(_MIRROR_SHARED)
        for block in ("_DIMENSIONS", "_OF_CLAIM", name.upper()):
            said |= _comments(source, block)
        rows = [
            (f"`{column}`", str(kind).lower(), said.get(column, ""))
            for column, kind in about.schema.items()
        ]
        parts.append(
            f"\n## {name}\n\n{_MIRROR_TABLES[name]}\n\nKey: {', '.join(map(code, about.key))}. "
            f"In the month of {code(about.month_by)}.\n\n"
            + table(["column", "type", "meaning"], rows)
        )
    return "".join(parts)


def code(name: str) -> str:
    """Return a name as code."""
    return f"`{name}`"


def _comments(source: str, block: str) -> dict[str, str]:
    """Return the comments behind the columns of a schema in the source."""
    found = re.search(rf"^{block}: .*{{", source, re.MULTILINE)
    if found is None:
        raise KeyError(block)
    body = source[found.end() : source.index("\n}", found.end())]
    return dict(re.findall(r'"(\w+)": pl\.\w+,  # (.+)', body))


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "problem-codes.md": problems_page,
    "accounts.md": ledger_page,
    "roles.md": roles_page,
    "mirror.md": mirror_page,
    "../domain/kpis.md": kpis_page,
}


def openapi_text() -> str:
    """Return the OpenAPI document; Django is set up with a home of its own unless it is already."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("SANDERLING_HOME", tempfile.mkdtemp())
        os.environ["DJANGO_SETTINGS_MODULE"] = "sanderling.config.settings"
        django.setup()
    from sanderling.api.v1 import document

    return document()


FILES: dict[str, Callable[[], str]] = {**PAGES, "openapi.json": openapi_text}


def outdated() -> list[str]:
    """Return the names of the pages that are missing or not what the code says."""
    return [
        name
        for name, write in FILES.items()
        if not (REFERENCE / name).is_file()
        or (REFERENCE / name).read_text(encoding="utf-8") != write()
    ]


def main() -> int:
    """Write the pages, or check them; return 1 when --check finds one that is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        stale = outdated()
        for name in stale:
            print(f"docs/reference/{name} is not current", file=sys.stderr)
        return 1 if stale else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        (REFERENCE / name).write_text(write(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
