"""The `sanderling` executable: its table of commands, and the guard that ends every command.

Command modules are imported only when their command runs, so that `--help` stays quick.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

# Our frames are small and many: threads of their own cost more than they bring (50 MB of 835 read
# on two cores: 19.6 to 20.9 MB/s with one thread, 15.3 to 17.9 with two), and PostgreSQL uses the
# other core. Before polars is imported anywhere; the environment has the last word.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_FAILED = 3
EXIT_INTERRUPTED = 130

# name: (module that has the attribute `command`, one line of help)
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("sanderling.cli.up", "Start everything: database, migrations, web server, worker."),
    "down": ("sanderling.cli.down", "Stop the embedded database."),
    "init": ("sanderling.cli.init", "Make the database ready, without serving."),
    "doctor": ("sanderling.cli.doctor", "Check the installation; one line for each check."),
    "backup": ("sanderling.cli.backup", "Write the whole system to a folder."),
    "restore": ("sanderling.cli.restore", "Bring the whole system back from a backup."),
    "clients": ("sanderling.cli.clients", "Clients: import."),
    "payers": ("sanderling.cli.payers", "Payers: import."),
    "contracts": ("sanderling.cli.contracts", "Contracts with payers: import, reference."),
    "price": ("sanderling.cli.price", "What a claim's lines should bring, step by step."),
    "ingest": ("sanderling.cli.ingest", "Read X12 files and folders into the ledger."),
    "files": ("sanderling.cli.files", "Files: list, replay, resume."),
    "claims": ("sanderling.cli.claims", "Claims: show, import."),
    "activities": ("sanderling.cli.activities", "Activities: import, export."),
    "aging": ("sanderling.cli.aging", "Receivables by age."),
    "barriers": ("sanderling.cli.barriers", "Why each open balance is unpaid."),
    "kpis": ("sanderling.cli.kpis", "Key figures, each with numerator and denominator."),
    "underpayments": (
        "sanderling.cli.underpayments",
        "Lines that payers did not pay by contract, or not as they always did.",
    ),
    "status-requests": (
        "sanderling.cli.status_requests",
        "Write the claim status requests (276) now due.",
    ),
    "secondary": ("sanderling.cli.secondary", "Claims to the next payer: list, bill."),
    "appeal": ("sanderling.cli.appeal", "Begin appeals and make their packets."),
    "outbox": ("sanderling.cli.outbox", "Files of ours: list, show, write, cancel, retry."),
    "exchange": ("sanderling.cli.exchange", "Mailboxes: list, run."),
    "reports": ("sanderling.cli.reports", "Reports to clients: compositions, made, again."),
    "rebill": ("sanderling.cli.rebill", "Send a claim again, corrected."),
    "issues": ("sanderling.cli.issues", "Systemic issues: what began to go wrong, since when."),
    "worklist": ("sanderling.cli.worklist", "What to work on, in order, and why."),
    "forecast": ("sanderling.cli.forecast", "Cash expected in the weeks to come, with bounds."),
    "reviews": ("sanderling.cli.reviews", "Weekly reviews: list, make, movement."),
    "write-offs": ("sanderling.cli.write_offs", "Write-offs: post, small."),
    "proof": ("sanderling.cli.proof", "What proves that a claim was filed in time."),
    "patient-statements": (
        "sanderling.cli.patient_statements",
        "What patients owe, ready for statements.",
    ),
    "nightly": ("sanderling.cli.nightly", "Do now what the worker does every night."),
    "simulate": ("sanderling.cli.simulate", "Made-up worlds as X12 files: world, live, serve."),
    "mirror": ("sanderling.cli.mirror", "The analytics mirror: refresh, check, rebuild."),
    "users": ("sanderling.cli.users", "Users: add, list."),
    "audit": ("sanderling.cli.audit", "The audit trail: verify, list."),
    "manage": ("sanderling.cli.manage", "Run a Django management command."),
}


class LazyCommands(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [name for name, (module, _) in COMMANDS.items() if _is_there(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or not _is_there(entry[0]):
            return None
        command = importlib.import_module(entry[0]).command
        assert isinstance(command, click.Command)  # noqa: S101 - a bug of ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        rows = [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sanderling")
def cli() -> None:
    """Accounts-receivable follow-up for medical billing companies."""


def run() -> None:
    """Run the command line and exit with its status; never shows a traceback."""
    if sys.stdout is None:  # closed by the caller (`>&-`): nobody listens
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - kept
    sys.exit(guarded(sys.argv[1:]))


def guarded(arguments: list[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 usage, 3 failed."""
    try:
        status = _ended(arguments)
        # Now, while it can still be said that there is no room or no reader for it.
        sys.stdout.flush()
    except click.UsageError as error:
        error.show(sys.stderr)
        status = EXIT_USAGE
    except click.ClickException as error:
        error.show(sys.stderr)
        status = EXIT_FAILED
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        status = 0  # the reader went away (`| head`); nothing more can be said on stdout
    except Exception as error:  # noqa: BLE001 - the edge of the program: see _judged
        status = _judged(error)
    _let_go_of_stdout()
    return status


def _ended(arguments: list[str]) -> int:
    """Run one command to its end, whichever way it says its status."""
    stdout = sys.stdout
    try:
        status = cli.main(args=arguments, prog_name="sanderling", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit as end:
        if sys.stdout is not stdout:  # click's way to say that the reader is gone, with status 1
            sys.stdout = stdout
            raise BrokenPipeError from None
        return end.code if isinstance(end.code, int) else EXIT_REFUSED
    return status if isinstance(status, int) else 0


def _let_go_of_stdout() -> None:
    """Write what is left; what cannot be written would be tried, and cried over, at exit again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _judged(error: Exception) -> int:
    """Say what went wrong in one line and return the status it stands for."""
    from sanderling.config.environment import InvalidSetting
    from sanderling.config.service import ServiceFailed
    from sanderling.core.refusal import Refusal
    from sanderling.postgres.binaries import PostgresMissing
    from sanderling.postgres.cluster import DatabaseUnavailable

    if isinstance(error, Refusal):
        _say(str(error))
        return EXIT_REFUSED
    if isinstance(error, InvalidSetting):
        _say(str(error))
        return EXIT_USAGE
    if isinstance(error, (PostgresMissing, DatabaseUnavailable, ServiceFailed)):
        _say(str(error))
        return EXIT_FAILED
    if isinstance(error, OSError):
        _say(f"the system refused: {error.strerror or type(error).__name__}{_of_file(error)}")
        return EXIT_FAILED
    if _is_operational(error):
        _say("the database could not do it (not reachable, full, or shutting down)")
        _keep_traceback(error)
        return EXIT_FAILED
    where = _keep_traceback(error)
    _say(f"unexpected error {type(error).__name__}: this is a bug of ours{where}")
    return EXIT_FAILED


def _is_operational(error: Exception) -> bool:
    """Say whether the database or the connection to it failed, rather than our SQL."""
    import psycopg
    from django.db import InterfaceError, OperationalError

    return isinstance(
        error, (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
    )


def _of_file(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


def _keep_traceback(error: Exception) -> str:
    """Append where it happened to logs/errors.log; return words that name the file.

    Only places and classes are kept: the texts of exceptions may quote a row, hence a patient.
    """
    from sanderling.config.logs import exception_places
    from sanderling.postgres.home import home_folder, private_folder

    lines = [
        f"{datetime.now(UTC).isoformat(timespec='seconds')} {' '.join(sys.argv[1:2])}",
        *exception_places(error),
    ]
    with contextlib.suppress(OSError):
        path = private_folder(home_folder(), "logs") / "errors.log"
        with path.open("a", encoding="utf-8") as log:
            log.write("\n".join(lines) + "\n")
        return f"; details in {path}"
    return ""


def _say(text: str) -> None:
    click.echo(f"sanderling: {text}", err=True)
