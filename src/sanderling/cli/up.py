"""`sanderling up`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from sanderling.cli.runtime import say, start_database, start_django
from sanderling.core.refusal import Refusal

if TYPE_CHECKING:
    from sanderling.config.service import Counterparts

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class DemoMissing(Refusal):
    """The part that fills a demonstration is not installed."""


@click.command("up")
@click.option("--demo", is_flag=True, help="Fill an empty database from the simulator first.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port; default: the first free from 8000 on."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--reload", "is_development", is_flag=True, help="Reload when the code changes.")
def command(*, demo: bool, host: str, port: int | None, workers: int, is_development: bool) -> None:
    """Start the database, the web server and the worker; Ctrl-C stops what was started."""
    if host not in LOOPBACK:
        os.environ.setdefault("SANDERLING_HOSTS", "*" if host in {"0.0.0.0", "::"} else host)  # noqa: S104
    start_django()
    from django.conf import settings

    from sanderling.config.database import ensure_database
    from sanderling.postgres import launcher

    was_started = ensure_database()
    try:
        start_database()
        if is_development:
            _develop(host=host, port=port)
        else:
            _serve(demo=demo, host=host, port=port, workers=workers)
    finally:
        if was_started:
            say("Stopping the database ...")
            launcher.stop(settings.SANDERLING_HOME)


def _serve(*, demo: bool, host: str, port: int | None, workers: int) -> None:
    from sanderling.config import service as services
    from sanderling.config.assets import collect_assets
    from sanderling.config.database import migrate

    migrate(report=say)
    collect_assets(report=say)
    logins = _fill_demo() if demo else []
    service = services.Service(
        host=host,
        port=services.free_port(host=host, port=port),
        workers=workers,
        counterparts=_counterparts() if logins else None,
    )
    try:
        _close_connections()
        services.start(service)
        click.echo(f"\nSanderling is ready at {service.url}")
        for email, password, role in logins:
            click.echo(f"  {email:<32} {password:<20} {role}")
        click.echo("Ctrl-C stops it.", err=True)
        services.wait(service)
    finally:
        say("Stopping ...")
        services.stop(service, say=say)


def _counterparts() -> Counterparts:
    """Return the demonstration's clearinghouse and payers, who are served beside it."""
    from sanderling.config.counterparts import ensure_counterparts

    return ensure_counterparts()


def _develop(*, host: str, port: int | None) -> None:
    """Serve with Django's own reloading server, which needs no collected files."""
    import subprocess
    import sys

    from sanderling.config.service import free_port

    environment = {
        **os.environ,
        "SANDERLING_DEBUG": "1",
        "SANDERLING_DATABASE_ROLE": "sanderling_app",
    }
    address = f"{host}:{free_port(host=host, port=port)}"
    try:
        subprocess.run(
            [sys.executable, "-m", "sanderling", "manage", "runserver", address],
            env=environment,
            check=False,
        )
    except KeyboardInterrupt:
        say("stopped")


def _fill_demo() -> list[tuple[str, str, str]]:
    """Fill an empty database from the simulator; return the demo logins.

    An interrupted filling is taken up again: loading a file twice changes nothing.

    Raises:
        DemoMissing: there is nothing to fill it with.
    """
    import importlib
    import importlib.util

    from django.utils import timezone

    name = "sanderling.intake.demo"
    if importlib.util.find_spec(name) is None:
        raise DemoMissing("the demonstration data is not part of this build; start without --demo")
    demo = importlib.import_module(name)
    from sanderling.accounts.demo import ensure_demo_users
    from sanderling.config.demo import demo_state, mark_demo
    from sanderling.config.nightly import run_all
    from sanderling.document_requests.demo import ensure_demo_requests
    from sanderling.exchange.demo_sent import send_demo_work
    from sanderling.exchange.demo_traffic import ensure_demo_traffic
    from sanderling.flags.demo import ensure_demo_flags
    from sanderling.reports.demo import ensure_demo_reports
    from sanderling.reviews.demo import ensure_demo_reviews

    state = demo_state()
    if state == "foreign":
        say("The database has data of its own: it is not filled with a demonstration.")
        return []
    if state != "filled":
        from rich.console import Console
        from rich.progress import Progress

        mark_demo("started")
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Making a demonstration ...", total=None)

            def progress(done: int, total: int, text: str) -> None:
                bar.update(task, completed=done, total=total, description=text)

            demo.fill_demo(progress=progress)
            progress(0, 0, "Living through a week of sending and answers ...")
            ensure_demo_traffic(folder=demo.counterparts_folder(), at=timezone.now())
            progress(0, 0, "Sending what a first day sends ...")
            send_demo_work(at=timezone.now())
            ensure_demo_flags(at=timezone.now())
            ensure_demo_requests(at=timezone.now())
            run_all(timezone.now(), lambda words: progress(0, 0, f"{words} ..."))
            progress(0, 0, "Making the weekly reviews ...")
            ensure_demo_reviews(at=timezone.now())
            progress(0, 0, "Making reports ...")
            ensure_demo_reports(at=timezone.now())
        mark_demo("filled")
    return ensure_demo_users()


def _close_connections() -> None:
    """Give our connection back: from here on the children work."""
    from django.db import connections

    connections.close_all()
