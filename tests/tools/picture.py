"""Draw the first session of ops/docs/sandbox.md as the README's picture: `python -m tests.tools.picture`."""

from __future__ import annotations

import re
from html import escape

from tests.tools.documents import DOCS

PICTURE = DOCS / "terminal.svg"
WIDTH, LINE, MARGIN = 8.4, 19, 14
"""The width of a character, the height of a line and the margin, in pixels."""
STYLES = (
    (r"\$ ", "#ffffff", "bold"),
    (r"(sandbox:|undo:|undoing|\d+ requests|[- ]+$)", "#8b949e", "normal"),
    (r"create", "#7ee787", "normal"),
    (r"delete", "#ff7b72", "normal"),
    (r"update", "#e3b341", "normal"),
    (r"", "#c9d1d9", "normal"),
)


def session() -> list[str]:
    """Return the lines of the session."""
    text = (DOCS / "sandbox.md").read_text()
    return text.partition("```console\n")[2].partition("```")[0].rstrip().splitlines()


def drawn(lines: list[str]) -> str:
    """Return the picture of a terminal with *lines*."""
    width, height = max(map(len, lines)) * WIDTH + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    rows = [
        f'<text x="{MARGIN}" y="{MARGIN + LINE * (row + 0.75):g}" fill="{color}" font-weight="{weight}">'
        f"{escape(line)}</text>"
        for row, line in enumerate(lines)
        for color, weight in [next(style for pattern, *style in STYLES if re.match(pattern, line))]
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">'
    frame = '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>'
    font = '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">'
    return "\n".join([head, frame, font, *rows, "</g>", "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(session()))
