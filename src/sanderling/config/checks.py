"""What `sanderling doctor` checks; each check is a function that says what it found."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sanderling.audit.chain import verify_chain
from sanderling.audit.heads import known_heads
from sanderling.document_requests.cleaning import left_uploads
from sanderling.document_requests.scanning import ScannerAway
from sanderling.document_requests.scanning import version as scanner_version
from sanderling.postgres import launcher

FREE_BYTES_MIN = 2 * 2**30
CLOCK_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    is_good: bool
    text: str


def findings() -> Iterator[Finding]:
    """Run all checks, in order of dependence; those on the database only when it is reachable."""
    for name, check in BEFORE_DATABASE:
        yield _judged(name, check)
    reachable = _judged("database", _database)
    yield reachable
    if reachable.is_good:
        for name, check in ON_DATABASE:
            yield _judged(name, check)


def _judged(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except Fault as fault:
        return Finding(name, False, str(fault))
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others
        return Finding(name, False, f"the check itself failed: {type(error).__name__}")


class Fault(Exception):
    """A check found something wrong; the text says what to do."""


def _home() -> str:
    home = Path(settings.SANDERLING_HOME)
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o022:
        raise Fault(f"{home} can be changed by other users: chmod go-w {home}")
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES_MIN:
        raise Fault(f"only {free // 2**20} MB free for {home}; at least {FREE_BYTES_MIN // 2**20}")
    probe = home / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"x")
    except OSError as error:
        raise Fault(f"{home} cannot be written: {error.strerror}") from error
    probe.unlink()
    return f"{home}, {free // 2**30} GB free"


def _keys() -> str:
    folder = Path(settings.SANDERLING_HOME) / "keys"
    loose = [path.name for path in folder.glob("*") if path.stat().st_mode & 0o077]
    if loose:
        raise Fault(f"others can read {', '.join(loose)} in {folder}: chmod 600 them")
    return "readable by the owner only"


def _assets() -> str:
    vendor = Path(__file__).resolve().parent.parent / "web" / "static" / "vendor"
    if not (vendor / "htmx.min.js").is_file():
        raise Fault("the front-end files are missing: run `make setup`")
    return f"{len(list(vendor.iterdir()))} files in place"


def _scanner() -> str:
    try:
        version = scanner_version()
    except ScannerAway as away:
        raise Fault(
            "the virus scanner does not answer, so clients can upload nothing: start clamd, or"
            " correct SANDERLING_CLAMD"
        ) from away
    if not version:
        return "none found: what clients upload is NOT checked (install clamav-daemon)"
    return version


def _uploads() -> str:
    """Look for what a killed web server left; the worker removes it every hour."""
    left = [path for path in left_uploads() if path.exists()]
    if left:
        raise Fault(
            f"{len(left)} half received files lie unencrypted in the folder for uploads: let the"
            " worker run for an hour (`sanderling up`), or remove them"
        )
    return "nothing is left half received"


def _database() -> str:
    if settings.DATABASE_IS_EMBEDDED:
        launcher.ensure_running(settings.SANDERLING_HOME)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        version, fsync = cursor.fetchone()
    if fsync != "on":
        raise Fault("fsync is off: committed data may be lost; switch it on in postgresql.conf")
    kind = "embedded" if settings.DATABASE_IS_EMBEDDED else "from DATABASE_URL"
    return f"PostgreSQL {version}, {kind}"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Fault(f"{len(missing)} migrations are missing: run `sanderling init`")
    return "all applied"


def _isolation() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'sanderling_app'"
        )
        row = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FILTER (WHERE relrowsecurity AND relforcerowsecurity)"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        (protected,) = cursor.fetchone()
    if row is None or row[0]:
        raise Fault("the role sanderling_app is missing or not bound by row-level security")
    return f"{protected} tables under row-level security"


def _clock() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    seconds = abs((datetime.now(UTC) - theirs).total_seconds())
    if seconds > CLOCK_SECONDS_MAX:
        raise Fault(f"the database's clock differs by {seconds:.0f} s: set both by NTP")
    return "agrees with the database's"


def _audit() -> str:
    report = verify_chain(heads=known_heads())
    if not report.is_intact:
        raise Fault(f"event {report.bad_event_id}: {report.fault}; see `sanderling audit verify`")
    return f"intact, {report.sealed} events sealed, {report.unsealed} waiting"


def _ledger() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(sum(balance_cents), 0) FROM ledger_open_balance),"
            " (SELECT coalesce(sum((debit BETWEEN 11 AND 14)::int * amount_cents"
            "                      - (credit BETWEEN 11 AND 14)::int * amount_cents), 0)"
            "    FROM ledger_entry WHERE claim_id IS NOT NULL)"
        )
        kept, summed = cursor.fetchone()
    if kept != summed:
        raise Fault(
            f"open balances differ from the entries by {kept - summed} cents: a bug of ours"
        )
    return "open balances equal the entries"


def _barriers() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT claim_id) FROM barriers_stale_claim")
        (stale,) = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM ledger_open_balance o FULL JOIN barriers_barrier b"
            " USING (claim_id, party) WHERE o.balance_cents IS DISTINCT FROM b.balance_cents"
        )
        (wrong,) = cursor.fetchone()
    if wrong and not stale:
        raise Fault(f"{wrong} open balances have no barrier: run `sanderling barriers --rebuild`")
    waiting = f", {stale} claims to be looked at again" if stale else ""
    return f"every open balance has one{waiting}"


def _work_items() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM worklists_work_item w FULL JOIN barriers_barrier b"
            " USING (claim_id, party) WHERE (w.balance_cents IS DISTINCT FROM b.balance_cents"
            " OR w.barrier IS DISTINCT FROM b.barrier OR w.client_id IS DISTINCT FROM b.client_id)"
            " AND NOT (b.claim_id IS NULL AND EXISTS (SELECT FROM pricing_claim_variance v"
            " WHERE v.claim_id = w.claim_id AND v.party = w.party))"
        )
        (wrong,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM worklists_work_item")
        (items,) = cursor.fetchone()
    if wrong:
        raise Fault(f"{wrong} barriers and work items differ: run `sanderling barriers --rebuild`")
    return f"each of {items:,} barriers has its work item"


def _mirror() -> str:
    from sanderling.mirror.models import Check
    from sanderling.mirror.reading import refreshed_at

    at = refreshed_at()
    if at is None:
        return "not made yet; the worker makes it at night (`sanderling mirror refresh`)"
    last = Check.objects.order_by("-pk").first()
    if last is not None and last.difference_count:
        raise Fault(
            f"{last.difference_count} figures of it differ from the database: run"
            " `sanderling mirror rebuild`"
        )
    return f"as of {at:%Y-%m-%d %H:%M} UTC, equal to the database"


def _worker() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        (heartbeat,) = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at < now() - interval '1 hour')"
        )
        (waiting,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
        (failed,) = cursor.fetchone()
    is_alive = heartbeat is not None and datetime.now(UTC) - heartbeat < timedelta(minutes=2)
    state = "running" if is_alive else "not running (commands need none)"
    if failed:
        raise Fault(f"{failed} jobs failed; see the log")
    return f"{state}, {waiting} jobs waiting"


def _email() -> str:
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return "not configured (SANDERLING_EMAIL_BACKEND)"
    from sanderling.mail.models import Mail, State

    waiting = Mail.objects.filter(state=State.WAITING).count()
    failed = Mail.objects.filter(state=State.FAILED).count()
    return f"{settings.EMAIL_BACKEND}, {waiting} mails waiting, {failed} not delivered"


def _mailboxes() -> str:
    """Log in to every mailbox that is on; look, and change nothing."""
    from sanderling.exchange.models import Kind, Mailbox
    from sanderling.exchange.trying import try_mailbox

    found = list(Mailbox.objects.filter(is_on=True).exclude(kind=Kind.CORE).order_by("name"))
    for mailbox in found:
        if mailbox.stopped_at is not None:
            raise Fault(f"{mailbox.name} has stopped: {mailbox.stopped_reason}")
        if fault := try_mailbox(mailbox).fault:
            raise Fault(f"{mailbox.name}: {fault}")
    return f"{len(found)} reached" if found else "none"


BEFORE_DATABASE: tuple[tuple[str, Callable[[], str]], ...] = (
    ("data directory", _home),
    ("keys", _keys),
    ("front end", _assets),
    ("virus scanner", _scanner),
    ("half uploads", _uploads),
)
ON_DATABASE: tuple[tuple[str, Callable[[], str]], ...] = (
    ("migrations", _migrations),
    ("client isolation", _isolation),
    ("clock", _clock),
    ("audit trail", _audit),
    ("ledger", _ledger),
    ("barriers", _barriers),
    ("work items", _work_items),
    ("mirror", _mirror),
    ("worker", _worker),
    ("e-mail", _email),
    ("mailboxes", _mailboxes),
)
