"""Rendering by Typst: a template of the package and data in, one PDF out.

Templates stand in their rooms as `<room>/typst/<name>.typ` and import `/documents/common.typ`.
Data goes in as JSON, not as source, so that nothing in it is ever read as markup or code. Fonts
are those inside Typst, so that a document looks the same on every machine, and equal inputs give
equal bytes: no clock, no random number. Metadata hold a document's kind and nothing of its data.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typst

from sanderling.documents.pictures import NotAPicture, as_svg

ROOT: Final = Path(__file__).resolve().parent.parent
NOWHERE: Final = ROOT / "documents" / "no-packages"
"""Where Typst would look for packages; no template uses one (a test holds them to it)."""
PICTURE_DOTS: Final = 96
"""Dots per inch of pages shown on a screen."""

_local = threading.local()


class BadDocument(ValueError):
    """What was given cannot be made into pages; the text says why."""


def render(
    template: str, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None
) -> bytes:
    """Return the PDF of a template, `<room>/<name>`, filled with data that JSON can hold.

    Args:
        template: such as `proofs/exhibit` for `proofs/typst/exhibit.typ`.
        data: what the template reads as `data`; cents as int, days as `2026-03-05`.
        files: pictures by the name that the data call them by, PNG or JPEG.

    Raises:
        BadDocument: no such template, a picture that is none, or data that do not fit.
    """
    return bytes(_compiled(template, data, files, format="pdf"))


def render_pictures(
    template: str,
    data: Mapping[str, Any],
    files: Mapping[str, bytes] | None = None,
    *,
    dots_per_inch: int = PICTURE_DOTS,
) -> list[bytes]:
    """Return the pages of a template as PNG pictures, as `render` would make them.

    Raises:
        BadDocument: as `render`.
    """
    made = _compiled(template, data, files, format="png", ppi=dots_per_inch)
    return [bytes(page) for page in (made if isinstance(made, list) else [made])]


def _compiled(
    template: str,
    data: Mapping[str, Any],
    files: Mapping[str, bytes] | None,
    **form: Any,  # noqa: ANN401 - what Typst takes
) -> Any:  # noqa: ANN401 - bytes, or a list of them
    room, _, name = template.partition("/")
    path = ROOT / room / "typst" / f"{name}.typ"
    if not path.is_file():
        raise BadDocument(f"There is no template {template}.")
    inputs: dict[str, bytes] = {"main": path.read_bytes()}
    try:
        inputs |= {f"files/{key}.svg": as_svg(picture) for key, picture in (files or {}).items()}
    except NotAPicture as error:
        raise BadDocument("A picture must be PNG or JPEG.") from error
    pictures = {key: f"/files/{key}.svg" for key in files or {}}
    # The compiler takes many files by name as well, which its stubs do not say.
    compiler: Any = _compiler()
    try:
        return compiler.compile(
            input=inputs,
            sys_inputs={
                "data": json.dumps(data, sort_keys=True),
                "pictures": json.dumps(pictures),
            },
            timestamp=0,
            **form,
        )
    except typst.TypstError as error:
        # What Typst says can quote the data.
        raise BadDocument(f"The template {template} does not fit its data.") from error


def _compiler() -> typst.Compiler:
    """Return this thread's compiler; a used one is three times as fast as a fresh one."""
    compiler: typst.Compiler | None = getattr(_local, "compiler", None)
    if compiler is None:
        compiler = typst.Compiler(
            root=str(ROOT),
            ignore_system_fonts=True,
            package_path=str(NOWHERE),
            package_cache_path=str(NOWHERE),
        )
        _local.compiler = compiler
    return compiler
