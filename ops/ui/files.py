"""A list written into a file: --export.

    {
    "items": [
      {…},
      {…}
    ],
    "meta": {"tool": …, "version": …, "task": …, "account": …, "written_at": …, "count": 2,
      "complete": true, "problem": ""}
    }

The metadata comes last, since the count and whether the list is complete are known only then; the items are
written as they are read. A copy without it was cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Incomplete
from ops.files import disk
from ops.ui.escape import json_text
from ops.ui.formats import picked
from ops.ui.selection import Selection, split_fields
from ops.ui.shapes import Output

if TYPE_CHECKING:
    from ops.ui.shapes import Rows


def check_writable(path: Path) -> None:
    """Raise Refused or DiskError if *path* cannot be written; called before the first request."""
    disk.refuse_other(path)
    disk.check_writable(path.parent)


def write_export(
    rows: Rows,
    path: Path,
    meta: Mapping[str, str],
    options: Output | None = None,
    *,
    say: Callable[[str], None] = lambda _text: None,
    now: float | None = None,
) -> int:
    """Write the items of *rows* that *options* select to *path* as JSON; return their number.

    *meta* has tool, version, task, account and written_at; count, complete and problem are added. Only the
    owner can read the file, and it replaces an older one only when finished. A list that may not be
    complete, or that --limit has cut (which *say* reports), is written and marked `"complete": false`.
    Raises Incomplete after writing if the list may not be complete; any other failure keeps the older file.
    *now* is wall time.
    """
    options = options or Output()
    selection, fields, count = Selection(rows, options), split_fields(options.fields), 0
    with disk.atomic(path) as file:
        file.write(b'{\n"items": [\n')
        for item in selection:
            file.write(((",\n" if count else "") + json_text(picked(item, fields))).encode())
            count += 1
        file.write(b"\n" if count else b"")
        problem = selection.problem or selection.cut
        facts = {**meta, "count": count, "complete": not problem, "problem": problem}
        file.write(f'],\n"meta": {json_text(facts)}\n}}\n'.encode())
    disk.sweep(path.parent, now=time.time() if now is None else now)
    if selection.cut:
        say(selection.cut)
    if selection.problem:
        raise Incomplete(selection.problem, hint=f"what was read is in {path}, marked incomplete")
    return count
