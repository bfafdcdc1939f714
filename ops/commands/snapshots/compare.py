"""The tasks that compare: `snapshots.diff` and `snapshots.drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App

SIDE = "latest, previous, a date (the newest of then or before), a name, a path, s3://…/latest, or live"
NEEDS = "none; with live Read on what the snapshot holds"
ONLY = "these kinds or products alone, e.g. dns,workers.script; may be repeated"
SKIP = "not these kinds or products, e.g. workers.script/contents; may be repeated"
CODE = "end with 5 where there are differences, with 4 where only something is unknown"
IDENTITY = "file with the age secret key that opens an encrypted one"


@command(
    "diff",
    positional=("a", "b"),
    needs=NEEDS,
    help={
        "a": f"the older side: {SIDE}",
        "b": "the newer side: the same",
        "only": ONLY,
        "skip": SKIP,
        "unified": "as unified text, for a pager: one file an item",
        "exit_code": CODE,
        "identity": IDENTITY,
    },
)
def diff_snapshots(
    app: App,
    a: str = "",
    b: str = "",
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    unified: bool = False,
    exit_code: bool = False,
    identity: str = "",
) -> Rows | None:
    """Show what was created, deleted and changed between two snapshots, or a snapshot and the account.

    What either side could not read is unknown, never deleted. What changes by itself is left out.

    inv snapshots.diff previous latest
    inv snapshots.diff 2026-11-22 live --only dns --exit-code
    inv snapshots.diff previous latest --unified | less
    """
    from ops.commands.snapshots import diffing

    asked = diffing.Asked(only, skip, identity)
    diffing.diff(app, a, b, asked, as_text=unified, exit_code=exit_code)
    return None


@command(
    "drift",
    needs="Read on what the snapshot holds; Account > Account Settings > Read names who made the changes",
    help={
        "only": ONLY,
        "skip": SKIP,
        "exit_code": CODE,
        "from_": "s3://BUCKET/PREFIX: the newest that is kept there, instead of the newest on this machine",
        "markdown": "write a summary for a pull request or a chat to this file, or - (stdout, no table)",
        "identity": IDENTITY,
    },
)
def find_drift(
    app: App,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    exit_code: bool = False,
    markdown: str = "",
    identity: str = "",
    from_: str = "",
) -> Rows | None:
    """Compare the newest complete snapshot with the account as it is now, and say who changed it and when.

    inv snapshots.drift
    inv snapshots.drift --exit-code --skip kv.key
    inv snapshots.drift --from s3://backups/cloudflare
    inv snapshots.drift --markdown - | gh pr comment --body-file -
    """
    from ops.commands.snapshots import diffing

    asked = diffing.Asked(only, skip, identity)
    diffing.drift(app, asked, from_, summary=markdown, exit_code=exit_code)
    return None
