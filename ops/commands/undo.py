"""The `undo` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Resource
    from ops.writes.journal import Entry

ID = "of an entry, a task or a whole run, as undo.list shows it"
NEEDS = "what the task needed that is taken back"


@command("list")
def list_done(app: App) -> Rows:
    """List what was done from here, the newest first: done, undone, unknown, or done and cannot be undone.

    inv undo.list
    inv undo.list --filter state=unknown --output json
    """
    from ops.writes.listing import COLUMNS, rows

    return Rows(rows(_entries(app), _kinds()), COLUMNS)


@command("show", required=("id",), needs=NEEDS, help={"id": ID})
def show_done(app: App, id: str = "") -> Rows:
    """Show each change with what stood there before; an unknown outcome is looked up and settled.

    inv undo.show --id 3f9c01d2ab-1
    """
    from ops.writes.journal import open_journal
    from ops.writes.listing import DETAILS, details
    from ops.writes.undo import select, settled

    kinds = _kinds()
    chosen = settled(app, select(_entries(app), id), kinds)
    with open_journal(app) as journal:
        shown = [row for entry in chosen for row in details(journal, entry, kinds.get(entry.kind))]
    return Rows(shown, DETAILS)


@command("last", writes=True, guards=("confirm",), needs=NEEDS)
def undo_last(app: App) -> Rows:
    """Take back the last task that can be taken back and was not; given twice, the last two.

    inv undo.last
    inv sandbox undo.last --dry-run
    """
    from ops.writes.undo import last, take_back

    kinds = _kinds()
    chosen = last(_entries(app), kinds, app.settings.api_host)
    app.note(f"taking back {chosen[0].task} of {chosen[0].time} ({chosen[0].group})")
    return take_back(app, chosen, kinds)


@command("apply", required=("id",), writes=True, guards=("confirm",), needs=NEEDS, help={"id": ID})
def undo_apply(app: App, id: str = "") -> Rows:
    """Take back an entry, a task or a whole run, the last change first, unless it was changed since.

    inv undo.apply --id 3f9c01d2ab-1
    inv undo.apply --id 3f9c01d2ab --dry-run
    """
    from ops.writes.undo import select, take_back

    return take_back(app, select(_entries(app), id), _kinds())


def _entries(app: App) -> list[Entry]:
    from ops.writes.journal import open_journal

    with open_journal(app) as journal:
        entries = list(journal.entries().values())
        if journal.torn:
            app.note("the last line of the journal was cut by a crash and is left out")
    return entries


def _kinds() -> dict[str, Resource]:
    from ops.kinds.catalog import kinds

    return kinds()
