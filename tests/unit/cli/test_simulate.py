"""`sanderling simulate`: a world, and who lives on after its last day."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from sanderling.cli.simulate import NothingLives, command


def test_a_world_lives_on_and_answers_what_is_put_into_its_mailbox(tmp_path: Path) -> None:
    live = tmp_path / "live"
    runner = CliRunner()
    made = runner.invoke(
        command,
        [str(tmp_path / "out"), "--claims", "30", "--days", "40", "--live", str(live)],
    )
    assert made.exit_code == 0, made.output
    sent = next(tmp_path.glob("out/days/*/*.837p")).read_bytes()
    (live / "mailbox" / "in" / "ours.837").write_bytes(sent.replace(b"*000000001*", b"*000000999*"))

    told = runner.invoke(command, ["live", str(live), "--day", "2026-03-02", "--turns", "2"])

    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert "1 in ours.837" in lines
    assert "2 out TIDEWATER-000001.277ca" in lines
    assert (live / "mailbox" / "out" / "TIDEWATER-000001.277ca").exists()


def test_nothing_is_done_in_a_folder_where_nobody_lives(tmp_path: Path) -> None:
    told = CliRunner().invoke(command, ["live", str(tmp_path), "--day", "2026-03-02"])

    assert isinstance(told.exception, NothingLives)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")

    told = CliRunner().invoke(command, [str(tmp_path / "out"), "--live", str(tmp_path)])

    assert told.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
