"""`snapshots.status`: the age and the content of the newest complete snapshot, for people and monitors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import FROM
from ops.errors import Refused
from ops.ui.shapes import SIZE, TIME, Column, Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

FIELDS = (
    "account", "fresh", "snapshot", Column("started", meaning=TIME), "age_seconds",
    Column("oldest_read", meaning=TIME), "carried", "kinds", "items", Column("bytes", meaning=SIZE),
    "partial_since", "damaged",
)  # fmt: skip
FOR_PEOPLE = (
    "account", "state", "snapshot", Column("started", meaning=TIME), "carried", "content",
    Column("size", meaning=SIZE), "others",
)  # fmt: skip


@command(
    "status",
    help={
        "from_": FROM,
        "max_age": "the greatest age of the newest complete one, e.g. 26h or 8d",
        "to": "also write a textfile for Prometheus' node_exporter, e.g. /var/lib/node_exporter/cfops.prom",
    },
    earlier={"to": "prometheus"},
)
def show_status(app: App, max_age: str = "26h", to: str = "", from_: str = "") -> Item:
    """Show the age and content of the newest complete snapshot; exit code 1 if it is too old.

    inv snapshots.status --max-age 26h
    inv snapshots.status --from s3://backups/cloudflare
    inv snapshots.status --quiet --to /var/lib/node_exporter/cfops.prom
    """
    from ops.metrics import textfile
    from ops.metrics.snapshots import families, status
    from ops.offsite.library import open_library
    from ops.snapshots.layout import age, period

    now = app.clock()
    library = open_library(app, from_)
    found = status(library, period(max_age, "--max-age"), now)
    if to:
        textfile.write(Path(to), families(found))
    facts = found.as_json()
    shown = _for_people(facts, max_age)
    columns = tuple(column for column in FOR_PEOPLE if column in shown)
    result = Item(shown, columns) if app.for_people else Item(facts, FIELDS)
    if found.damaged:
        app.warn(f"{found.damaged} cannot be read: `inv snapshots.list --filter status=damaged`")
    if found.newer:
        app.warn(f"{found.newer} were written by a newer cfops: `inv snapshots.list --filter status=newer`")
    if found.fresh:
        return result
    app.show(result)
    if found.newest is None:
        raise library.nothing("there is no complete snapshot")
    if found.newest.started > now:
        raise Refused(
            f"the newest complete snapshot, {found.newest.name}, is later than this machine's clock",
            hint="correct the clock, then `inv scan.export`",
        )
    partial = f", and {found.since} partial ones are newer" if found.since else ""
    raise Refused(
        f"the newest complete snapshot is {age(found.newest.started, now)}, more than {max_age}{partial}",
        hint="`inv scan.export` creates a new one; `inv snapshots.list` shows the latest ones",
    )


def _for_people(facts: Json, max_age: str) -> Json:
    """Return what a person reads: words for the state, and nothing about what is not known."""
    from ops.ui.cells import counted

    name, state = facts["account_name"], f"older than {max_age}"
    if facts["fresh"]:
        state = "fresh"
    elif not facts["age_seconds"]:
        state = "no complete snapshot" if facts["snapshot"] is None else "later than this machine's clock"
    known = facts["items"] is not None
    old = facts["carried"]
    carried = f"{counted(old, 'section')}, the oldest read {facts['oldest_read']}" if old else None
    content = f"{counted(facts['items'], 'item')} of {counted(facts['kinds'], 'kind')}" if known else None
    others = [
        f"{count:,} {what}"
        for count, what in ((facts["partial_since"], "newer but partial"), (facts["damaged"], "damaged"))
        if count
    ]
    shown = {
        "account": f"{name} ({facts['account']})" if name else facts["account"],
        "state": state,
        "snapshot": facts["snapshot"],
        "started": facts["started"],
        "carried": carried,
        "content": content,
        "size": facts["bytes"],
        "others": ", ".join(others) or None,
    }
    return {field: value for field, value in shown.items() if value is not None}
