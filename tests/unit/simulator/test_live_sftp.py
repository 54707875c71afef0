"""The mailbox of the living world over SFTP, and what goes wrong with it on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest
from tests.live_side import DAY, Side, corrected, opened

from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.sftp import USER, Mailbox, ensure_keys, make_key


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("beginning"))


@pytest.fixture
def side(beginning: Path, tmp_path: Path) -> Side:
    return Side(beginning, tmp_path / "world", Faults())


Talk = Callable[[asyncssh.SFTPClient, Mailbox], Awaitable[None]]


def talk(side: Side, act: Talk, *, password: bool = False) -> None:
    """Serve the mailbox and do something over SFTP."""

    async def run() -> None:
        mailbox = Mailbox(side.folder, side.world.faults)
        port = await mailbox.start()
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{port} {mailbox.keys.host_key_line()}\n")
        try:
            async with (
                asyncssh.connect(
                    "127.0.0.1",
                    port,
                    username=USER,
                    known_hosts=known,
                    client_keys=None if password else [str(mailbox.keys.client_key)],
                    password=mailbox.keys.password.read_text() if password else None,
                    config=None,
                ) as connection,
                connection.start_sftp_client() as client,
            ):
                await act(client, mailbox)
        finally:
            await mailbox.stop()

    asyncio.run(run())


def claim_file(side: Side) -> str:
    record = side.records(
        lambda one: one.state == "final" and one.payer == "UNH05" and not one.category
    )[0]
    return side.file_837([corrected(record)], record.provider)


@pytest.mark.parametrize("password", [False, True])
def test_files_go_in_and_answers_come_out(password: bool, side: Side) -> None:  # noqa: FBT001
    text = claim_file(side)

    async def act(client: asyncssh.SFTPClient, mailbox: Mailbox) -> None:
        assert sorted(await client.listdir("/"))[2:] == ["appeals", "in", "out"]
        async with client.open("/in/SL1.837.part", "wb") as stream:
            await stream.write(text.encode())
        await client.rename("/in/SL1.837.part", "/in/SL1.837")
        assert side.world.turn(DAY, mailbox.busy_paths()).taken == ("SL1.837",)
        (name,) = [one for one in await client.listdir("/out") if str(one).endswith(".999")]
        async with client.open(f"/out/{name!s}", "rb") as stream:
            assert "AK9*A*1*1*1" in str(await stream.read())
        await client.remove(f"/out/{name!s}")

    talk(side, act, password=password)

    assert list((side.mailbox / "out").glob("*.999")) == []


def test_a_file_that_is_being_written_is_not_taken(side: Side) -> None:
    text = claim_file(side)

    async def act(client: asyncssh.SFTPClient, mailbox: Mailbox) -> None:
        async with client.open("/in/SL1.837", "wb") as stream:
            await stream.write(text.encode()[:400])
            assert mailbox.busy_paths() == {"/in/SL1.837"}
            assert side.world.turn(DAY, mailbox.busy_paths()).taken == ()
            await stream.write(text.encode()[400:])
        assert side.world.turn(DAY, mailbox.busy_paths()).taken == ("SL1.837",)

    talk(side, act)

    assert len(side.answers("999")) == 1


def test_nothing_outside_the_mailbox_is_to_be_seen(side: Side) -> None:
    async def act(client: asyncssh.SFTPClient, _mailbox: Mailbox) -> None:
        assert not await client.exists("/../world.sqlite3")
        assert not await client.exists("/world.sqlite3")
        assert not await client.exists("/keys/host_key")

    talk(side, act)


def test_strangers_are_not_let_in(side: Side, tmp_path: Path) -> None:
    make_key(tmp_path / "other")

    async def run() -> None:
        mailbox = Mailbox(side.folder)
        port = await mailbox.start()
        tries: list[dict[str, object]] = [
            {"client_keys": [str(tmp_path / "other")]},
            {"client_keys": None, "password": "guess"},
            {"client_keys": [str(mailbox.keys.client_key)], "username": "root"},
        ]
        try:
            for one in tries:
                options = {"username": USER, "known_hosts": None, "config": None, **one}
                with pytest.raises(asyncssh.PermissionDenied):
                    await asyncssh.connect("127.0.0.1", port, **options)
        finally:
            await mailbox.stop()

    asyncio.run(run())


def test_keys_are_made_once_and_nobody_else_may_read_them(side: Side) -> None:
    first = ensure_keys(side.folder)
    line = first.host_key_line()

    assert ensure_keys(side.folder).host_key_line() == line
    for path in (first.host_key, first.client_key, first.password):
        assert path.stat().st_mode & 0o077 == 0
    make_key(first.host_key)
    assert ensure_keys(side.folder).host_key_line() != line


def test_a_full_disk_refuses_what_is_written(side: Side) -> None:
    side.world.faults.disk_is_full = True

    async def act(client: asyncssh.SFTPClient, _mailbox: Mailbox) -> None:
        with pytest.raises(asyncssh.SFTPFailure):
            async with client.open("/in/SL1.837", "wb") as stream:
                await stream.write(b"x")

    talk(side, act)


def test_the_line_goes_dead_once_in_the_midst_of_a_file(side: Side) -> None:
    text = claim_file(side).encode()
    side.world.faults.drop_after_bytes = 300

    async def act(client: asyncssh.SFTPClient, _mailbox: Mailbox) -> None:
        async with client.open("/in/SL1.837.part", "wb") as stream:
            await stream.write(text)

    with pytest.raises((asyncssh.Error, OSError)):
        talk(side, act)
    assert len((side.mailbox / "in" / "SL1.837.part").read_bytes()) == 300
    talk(side, act)
    assert (side.mailbox / "in" / "SL1.837.part").read_bytes() == text
