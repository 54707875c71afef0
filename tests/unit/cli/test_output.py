"""Rows on their way out: what other programs rely on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from sanderling.cli.output import Output, chosen, print_rows
from sanderling.web.exporting import dollars

COLUMNS = ("client", "balance_cents", "rate", "service_date", "reasons")
ROWS: list[dict[str, object]] = [
    {
        "client": "=HYPERLINK(1)",
        "balance_cents": 123_456,
        "rate": 0.125,
        "service_date": date(2026, 3, 5),
        "reasons": ["late", "denied"],
    },
    {"client": "Ü, Ltd", "balance_cents": -5, "rate": None, "service_date": None, "reasons": []},
]
TOTALS: dict[str, object] = {"balance_cents": 123_451}


def printed(form: str, capsys: pytest.CaptureFixture[str]) -> str:
    print_rows(
        ROWS,
        columns=COLUMNS,
        as_of=date(2026, 3, 6),
        output=Output(form, None),
        totals=TOTALS,
    )
    return capsys.readouterr().out


def test_json_is_one_document_with_whole_cents(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed("json", capsys)) == {
        "as_of": "2026-03-06",
        "rows": [
            {
                "client": "=HYPERLINK(1)",
                "balance_cents": 123_456,
                "rate": 0.125,
                "service_date": "2026-03-05",
                "reasons": ["late", "denied"],
            },
            {
                "client": "Ü, Ltd",
                "balance_cents": -5,
                "rate": None,
                "service_date": None,
                "reasons": [],
            },
        ],
        "totals": {"balance_cents": 123_451},
    }


def test_json_without_rows_is_still_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], columns=COLUMNS, as_of=date(2026, 3, 6), output=Output("json", None))
    assert json.loads(capsys.readouterr().out) == {"as_of": "2026-03-06", "rows": [], "totals": {}}


def test_csv_has_the_documented_columns_and_no_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(csv.reader(io.StringIO(printed("csv", capsys)))) == [
        list(COLUMNS),
        ["'=HYPERLINK(1)", "123456", "0.125", "2026-03-05", "late;denied"],
        ["Ü, Ltd", "-5", "", "", ""],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1 555", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_text_never_becomes_a_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"name": text, "parts": [text, "b"], "cents": -5, "rate": -0.5, "plain": "a=b"}
    print_rows([row], columns=list(row), as_of=date(2026, 3, 6), output=Output("csv", None))
    _, cells = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    kept = text.replace("\r", "\n")
    assert cells == [f"'{kept}", f"'{kept};b", "-5", "-0.5", "a=b"]

    print_rows([row], columns=list(row), as_of=date(2026, 3, 6), output=Output("json", None))
    assert json.loads(capsys.readouterr().out)["rows"] == [row]


def test_the_table_shows_dollars_and_totals(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed("table", capsys).splitlines()
    assert lines[0].split() == ["client", "balance", "rate", "service_date", "reasons"]
    assert "1,234.56" in lines[2]
    assert "-0.05" in lines[3]
    assert lines[-1].split() == ["1,234.51"]


def test_xlsx_has_typed_numbers_and_no_formulas(tmp_path: Path) -> None:
    target = tmp_path / "rows.xlsx"
    print_rows(
        ROWS, columns=COLUMNS, as_of=date(2026, 3, 6), output=Output("xlsx", target), totals=TOTALS
    )
    frame = pl.read_excel(target)
    assert frame.columns == ["client", "balance", "rate", "service_date", "reasons"]
    assert frame["client"].to_list() == ["=HYPERLINK(1)", "Ü, Ltd", None]
    assert frame["balance"].to_list() == [1234.56, -0.05, 1234.51]
    assert frame["service_date"].to_list() == [date(2026, 3, 5), None, None]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    target.write_text("kept", encoding="utf-8")

    def broken() -> object:
        yield ROWS[0]
        raise RuntimeError("broken on purpose")

    with pytest.raises(RuntimeError):
        print_rows(
            broken(),  # type: ignore[arg-type]  # a generator of rows that breaks
            columns=COLUMNS,
            as_of=date(2026, 3, 6),
            output=Output("csv", target),
        )
    assert target.read_text(encoding="utf-8") == "kept"


def test_without_a_terminal_the_format_is_json() -> None:
    assert chosen(None, None) == Output("json", None)  # pytest captures: no terminal


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (-1, "-0.01"), (100_000_05, "100,000.05"), (-99, "-0.99")]
)
def test_dollars(cents: int, text: str) -> None:
    assert dollars(cents) == text


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_a_file_that_cannot_be_finished_leaves_what_was_there(form: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text("before")

    def broken() -> Iterator[dict[str, object]]:
        yield ROWS[0]
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        print_rows(broken(), columns=COLUMNS, as_of=date(2026, 3, 6), output=Output(form, path))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
