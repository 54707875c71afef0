"""`sanderling appeal`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.naming import claim_named
from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("appeal")
@click.argument("client")
@click.argument("claims", metavar="CLAIM...", nargs=-1, required=True)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the packets (PDF) into this folder, named by their control numbers.",
)
@click.option("--level", type=click.IntRange(1, 5), help="Default: the level after the last one.")
@click.option("--template", default="", help="The letter by its short name; default: the case's.")
@click.option("--case", help="What it is about; default: what the claim's denial says.")
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="NAME=TEXT",
    help="State a fact of the letter; may be given several times.",
)
@click.option(
    "--all-the-same",
    "despite",
    is_flag=True,
    help="Appeal although another way is the right one.",
)
@output_options
@needs_database
def command(  # noqa: PLR0913 - its options
    client: str,
    claims: tuple[str, ...],
    folder: Path | None,
    level: int | None,
    template: str,
    case: str | None,
    facts: tuple[str, ...],
    *,
    despite: bool,
    form: str | None,
    output: Path | None,
) -> None:
    """Begin appeals of denied claims and make their packets.

    CLIENT is the client's code, CLAIM a patient control number. A packet is made when no fact and
    no required piece of evidence is missing; else the row says what is, the draft stays to be
    finished on its page, and the status is 1. Run again it names the same packets.
    """
    from sanderling.appeals.by_command import COLUMNS, make_appeal
    from sanderling.appeals.packets import packet_bytes
    from sanderling.appeals.writing import Asked

    wanted = chosen(form, output)
    stated = dict(_pair(one) for one in facts)
    now = datetime.now(UTC)
    asked = Asked(case=case, level=level, template=template, despite_choice=despite)
    found = [claim_named(client, number) for number in dict.fromkeys(claims)]
    made = [make_appeal(one, asked=asked, facts=stated, at=now) for one in found]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for one in made:
            if one.appeal is not None and one.appeal.packet is not None:
                target = folder / f"{one.appeal.control_number}.pdf"
                temporary = target.with_suffix(".part")
                temporary.write_bytes(packet_bytes(one.appeal.packet))
                temporary.replace(target)
    print_rows(
        [one.row for one in made],
        columns=COLUMNS,
        as_of=now.date(),
        output=wanted,
        totals={
            "claims": len(made),
            "asked_cents": sum(int(one.row["asked_cents"] or 0) for one in made),
        },
    )
    if any(one.row["missing"] or one.row["why_not"] for one in made):
        raise SystemExit(1)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not value.strip():
        raise click.UsageError(f"--fact {text!r} is not NAME=TEXT")
    return name.strip(), value
