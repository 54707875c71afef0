"""The SFTP side of a mailbox: pinned keys, refused log-ins, drops, full disks, odd names."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import asyncssh
import pytest
from tests.integration.sftp_server import Server, serving

from sanderling.exchange import sftp
from sanderling.exchange.sftp import Account, host_key_of, open_sftp
from sanderling.exchange.transport import Away, LocalTrouble, Stopped
from sanderling.simulator.live.sftp import make_key

CONTENT = os.urandom(700_000)
SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").exists() else None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
def account(server: Server) -> Iterator[Account]:
    for name in ("in", "out"):
        for path in (server.root / name).iterdir():
            path.unlink()
    yield Account("127.0.0.1", server.port, server.user, server.host_key, password=server.password)
    server.faults.drop_after_bytes, server.faults.disk_is_full = -1, False


def test_a_file_goes_there_and_comes_back_whole(account: Account, tmp_path: Path) -> None:
    with open_sftp(account) as box:
        box.put(CONTENT, "in/.a.part")
        box.rename("in/.a.part", "in/a.837")
        assert box.size_of("in/a.837") == len(CONTENT)
        assert box.size_of("in/b.837") is None
        assert [one.path for one in box.listing("in")] == ["in/a.837"]
        box.get("in/a.837", tmp_path / "a")
        box.remove("in/a.837")
        box.remove("in/a.837")  # gone already is removed
        assert list(box.listing("in")) == []

    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_name_that_is_taken_is_not_replaced(account: Account, server: Server) -> None:
    with open_sftp(account) as box:
        box.put(b"old", "in/a.837")
        box.put(b"new", "in/.a.part")
        with pytest.raises((Away, Stopped)):
            box.rename("in/.a.part", "in/a.837")

    assert (server.root / "in" / "a.837").read_bytes() == b"old"


def test_the_key_opens_it_as_well(account: Account, server: Server) -> None:
    key = server.client_key.read_text("utf-8")
    with open_sftp(replace(account, password="", private_key=key)) as box:
        assert list(box.listing("out")) == []


@pytest.mark.parametrize("host_key", ["SHA256:" + "A" * 43, ""])
def test_another_host_key_is_never_talked_to(account: Account, host_key: str) -> None:
    with pytest.raises(Stopped, match="host key"), open_sftp(replace(account, host_key=host_key)):
        pass


def test_the_key_shown_is_the_one_to_pin(account: Account, server: Server) -> None:
    assert host_key_of("127.0.0.1", server.port) == account.host_key


def test_a_changed_host_key_is_told_from_a_server_that_is_away(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        pinned = Account(
            "127.0.0.1", first.port, first.user, first.host_key, password=first.password
        )
    make_key(first.mailbox.keys.host_key)
    with serving(tmp_path) as second:
        changed = replace(pinned, port=second.port)
        with pytest.raises(Stopped, match="not the pinned one"), open_sftp(changed):
            pass


def test_a_refused_log_in_says_so_and_nothing_secret(account: Account) -> None:
    wrong = replace(account, password="hunter2")
    with pytest.raises(Stopped, match="refuses the log-in") as refused, open_sftp(wrong):
        pass

    assert "hunter2" not in f"{refused.value}{wrong}"


def test_a_server_that_is_not_there_is_away(account: Account) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Away), open_sftp(replace(account, port=port)):
        pass


def test_a_drop_in_the_midst_of_a_file_is_away_both_ways(
    account: Account, server: Server, tmp_path: Path
) -> None:
    server.faults.drop_after_bytes = 300_000
    with pytest.raises(Away), open_sftp(account) as box:
        box.put(CONTENT, "in/.a.part")
    assert not (server.root / "in" / "a.837").exists()

    (server.root / "out" / "b.835").write_bytes(CONTENT)
    server.faults.drop_after_bytes = 300_000
    with pytest.raises(Away), open_sftp(account) as box:
        box.get("out/b.835", tmp_path / "b")
    assert (server.root / "out" / "b.835").exists()


def test_a_full_disk_there_is_away_and_here_is_ours(
    account: Account, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.disk_is_full = True
    with pytest.raises(Away), open_sftp(account) as box:
        box.put(CONTENT, "in/.a.part")
    server.faults.disk_is_full = False

    (server.root / "out" / "b.835").write_bytes(CONTENT)

    def full(_stream: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sftp, "_flushed", full)
    with pytest.raises(LocalTrouble, match="disk is full"), open_sftp(account) as box:
        box.get("out/b.835", tmp_path / "b")


def test_a_missing_folder_is_for_a_person(account: Account) -> None:
    with pytest.raises(Stopped, match="folders"), open_sftp(account) as box:
        list(box.listing("nowhere"))


def test_odd_names_are_listed_and_hidden_ones_are_not(account: Account, server: Server) -> None:
    names = ["ñ ack.835", "a;b$(c).835", "x" * 200 + ".835"]
    for name in (*names, ".hidden", "still.part", "~lock"):
        (server.root / "out" / name).write_bytes(b"ISA")
    (server.root / "out" / "folder").mkdir(exist_ok=True)
    (server.root / "out" / "link").symlink_to("/etc/passwd")

    with open_sftp(account) as box:
        found = sorted(one.name for one in box.listing("out"))

    (server.root / "out" / "folder").rmdir()
    assert found == sorted(names)


def test_thousands_of_files_are_listed(account: Account, server: Server) -> None:
    for number in range(3_000):
        (server.root / "out" / f"{number}.835").touch()

    with open_sftp(account) as box:
        assert sum(1 for _ in box.listing("out")) == 3_000


@pytest.fixture
def openssh(tmp_path: Path) -> Iterator[Account]:
    """OpenSSH's own server on a free port, with keys of this test."""
    if SSHD is None:
        pytest.skip("OpenSSH's sshd is not installed")
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("sshd lets a user in only as root or as that user itself")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    keys = {name: asyncssh.generate_private_key("ssh-ed25519") for name in ("host", "client")}
    (tmp_path / "host").write_bytes(keys["host"].export_private_key())
    (tmp_path / "host").chmod(0o600)
    (tmp_path / "authorized").write_bytes(keys["client"].export_public_key())
    (tmp_path / "authorized").chmod(0o600)
    (tmp_path / "box").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path}/authorized\nPidFile none\nUsePAM no\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp -d {tmp_path}/box\n",
        encoding="utf-8",
    )
    running = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Account(
            "127.0.0.1",
            port,
            "root",
            keys["host"].get_fingerprint(),
            private_key=keys["client"].export_private_key().decode(),
        )
    finally:
        running.terminate()
        running.wait(5)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("sshd did not come up")


def test_it_speaks_with_openssh(openssh: Account, tmp_path: Path) -> None:
    with open_sftp(openssh) as box:
        box.put(CONTENT, ".a.part")
        box.rename(".a.part", "a.837")
        assert [(one.path, one.size_bytes) for one in box.listing("")] == [("a.837", len(CONTENT))]
        box.put(b"another", ".b.part")
        with pytest.raises((Away, Stopped)):
            box.rename(".b.part", "a.837")
        box.get("a.837", tmp_path / "back")
        box.remove(".b.part")

    assert (tmp_path / "back").read_bytes() == CONTENT
    assert (tmp_path / "box" / "a.837").read_bytes() == CONTENT
    with pytest.raises(Stopped), open_sftp(replace(openssh, host_key="SHA256:" + "B" * 43)):
        pass
