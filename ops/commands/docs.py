"""The task `docs`: the pages of the documentation, which are installed with the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound, did_you_mean
from ops.typed import in_text
from ops.ui.shapes import Rows, Text

if TYPE_CHECKING:
    from ops.cli.app import App

FOLDER = Path(__file__).parent.parent / "docs"


@command(
    "docs",
    positional=("page",),
    help={"page": "the page to show, e.g. undo or reference/dns"},
)
def docs(_app: App, page: str = "") -> Rows | Text:
    """List the pages of the documentation, or show one.

    inv docs
    inv docs undo
    """
    pages = {file.relative_to(FOLDER).with_suffix("").as_posix(): file for file in FOLDER.rglob("*.md")}
    if not page:
        # The reference comes last.
        names = sorted(pages, key=lambda name: ("/" in name, name))
        return Rows(
            [{"page": name, "title": _title(pages[name])} for name in names], ("page", "title"), "page"
        )
    file = pages.get(page.removesuffix(".md")) or pages.get(f"reference/{page}")
    if file is None:
        guess = did_you_mean(page, pages)
        raise NotFound(f"there is no page {page!r}", hint=f"{guess} `inv docs` lists them".strip())
    return Text(in_text(file.read_text("utf-8")))


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return next(lines).lstrip("# ").rstrip()
