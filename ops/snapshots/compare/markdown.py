"""Markdown: a summary of differences for a pull request or a chat, in which names and values stay text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ops.kinds.resource import Json

MOST = 200
"""Rows of the table: what is longer than a comment may be helps nobody."""
_LONGEST = 120


def summary(title: str, counts: str, columns: Sequence[str], rows: Iterable[Json], more: int) -> str:
    """Give the document; *more* rows are said to be left out, and where to find them."""
    lines = [f"## {title}", "", counts[:1].upper() + counts[1:] + ".", ""]
    body = ["| " + " | ".join(code(row.get(column)) for column in columns) + " |" for row in rows]
    if body:
        lines += ["| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|", *body, ""]
    if more:
        lines += [f"{more:,} more rows are not shown here; `--output json` gives all.", ""]
    return "\n".join(lines)


def code(value: Any) -> str:
    r"""Give *value* as a code span for a cell: no markup, no mention and no link can come of it.

    A bar is `\|`, which a cell needs; after a backslash, where readers differ, it is `\x7c`. What is cut ends
    in an ellipsis.
    """
    from ops.ui.cells import cell
    from ops.ui.escape import printable

    text = printable(cell(value)).strip()
    if not text:
        return ""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    text = text.replace("\\|", "\\\\x7c").replace("|", "\\|")
    fence = "`" * (_longest_run(text) + 1)
    apart = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{apart}{text}{apart}{fence}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
