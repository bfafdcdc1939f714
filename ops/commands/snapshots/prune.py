"""`snapshots.prune`: what goes and why is shown, asked about, and only then removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.items import Json
from ops.offsite.anywhere import open_library
from ops.snapshots import prune as pruning
from ops.snapshots.listing import moment, size_of

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.library import UnfinishedUpload
    from ops.snapshots.prune import Decision, Policy

COLUMNS = ("snapshot", "started", "status", "action", "reason")


def prune(app: App, policy: Policy, place: str = "") -> list[Json]:
    """Remove what *policy* does not keep, after asking; gives a row for each snapshot. Raises Refused.

    At a *place* in a bucket the uploads go too that nobody has finished.
    """
    library = open_library(app, place)
    decided = pruning.decisions(library, policy)
    going = [decision for decision in decided if not decision.keep]
    halves = library.halves(app.clock())
    for half in halves if app.dry else ():
        app.note(f"would go: {half.name} (an upload that was never finished)")
    if app.dry or not (going or halves):
        return [_row(decision, "keep" if decision.keep else "remove") for decision in decided]
    _ask(app, going, halves, f"of the account {library.account_id}{f' at {place}' if place else ''}")
    for half in halves:
        half.remove()
        app.note(f"removed: {half.name} (an upload that was never finished)")
    removed = {decision.entry.path for decision in pruning.remove(library, going)}
    return [_row(d, "kept" if d.keep else "removed" if d.entry.path in removed else "gone") for d in decided]


def _ask(app: App, going: list[Decision], halves: list[UnfinishedUpload], whose: str) -> None:
    from ops.ui.cells import readable_size
    from ops.ui.questions import confirm
    from ops.writes.consent import attended

    yes = bool(app.option("yes"))
    if not yes:
        for decision in going:
            app.note(f"goes: {decision.entry.name} ({decision.reason})")
        for half in halves:
            app.note(f"goes: {half.name} (an upload that was never finished)")
    size = readable_size(sum(size_of(decision.entry) for decision in going) + sum(h.size for h in halves))
    unfinished = f" and {len(halves)} unfinished uploads" if halves else ""
    question = f"remove {len(going)} snapshots{unfinished} ({size}) {whose}?"
    confirm(question, assume_yes=yes, terminal=attended())


def _row(decision: Decision, action: str) -> Json:
    entry = decision.entry
    return {
        "snapshot": entry.name,
        "started": moment(entry.started),
        "status": entry.status,
        "action": action,
        "reason": decision.reason,
        "path": entry.where,
    }
