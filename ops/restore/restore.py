"""Restore: a snapshot put back: compared with the account, shown, asked for, carried out, and read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.commands.snapshots.verify import verified
from ops.errors import Interrupted, OpsError, Refused
from ops.kinds import catalog
from ops.kinds.change import CREATE, DELETE, UPDATE
from ops.restore.making import Making
from ops.restore.plan import Plan, plan_of, tell
from ops.restore.selection import Selection, select
from ops.restore.steps import Steps
from ops.restore.told import Told
from ops.restore.view import View
from ops.restore.wanted import Wanted, check_owners
from ops.snapshots.compare.side import Side
from ops.snapshots.library import check_account
from ops.snapshots.sections import WHOLE
from ops.ui.shapes import Item
from ops.writes.writing import open_writing

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.library import Snapshot

COLUMNS = ("snapshot", "created", "changed", "deleted", "refused", "differ", "undo")
_NAMED = 20


def restore(app: App, snapshot: Snapshot, wanted: Wanted, *, delete: bool) -> Item:
    """Put back what is *wanted* of *snapshot*; with *delete*, what has come since goes.

    Raises Damaged for a snapshot that is not what was written, Refused for one of another account, beyond a
    threshold, and where a partial one would have to prove what came since.
    """
    verified(app, snapshot)
    check_account(snapshot.path, snapshot.manifest, app.account_id)
    check_owners(snapshot, wanted)
    kinds = {resource.kind: resource for resource in catalog.resources()} | catalog.kinds()
    old = Side(snapshot, catalog.resources())
    selection = select(old, catalog.resources(), wanted)
    _check_whole(app, old, selection, delete=delete)
    view, told = View(app, old, kinds, selection, wanted), Told()
    steps = Steps(view, told, app.clock(), delete=delete)
    plan = plan_of(view, steps)
    tell(app, view, plan, told)
    _tell_doubts(app, told)
    done = _carried_out(app, view, plan, told, delete=delete) if plan.steps and not app.dry else {}
    if app.dry:
        app.talk.show("dry run: nothing was sent")
        done = {name: plan.count(action) for name, action in _ACTIONS.items()}
    elif not plan.steps:
        app.talk.show("nothing to put back: all is as it was")
    return Item({"snapshot": snapshot.name, **dict.fromkeys(COLUMNS[1:-1], 0), "undo": "", **done}, COLUMNS)


_ACTIONS = {"created": CREATE, "changed": UPDATE, "deleted": DELETE}


def _check_whole(app: App, old: Side, selection: Selection, *, delete: bool) -> None:
    """Refuse to delete by what was not read to its end; else say that it is put back as far as it goes."""
    written = {resource.kind: resource.parent for resource in selection.writable}
    partial = [
        section
        for section in old.snapshot.manifest.sections
        if section.kind in written
        and section.status not in WHOLE
        and selection.within(written[section.kind], section.scope)
    ]
    if not partial:
        return
    named = f"{partial[0].kind} in {partial[0].scope or 'the account'} ({partial[0].status})"
    if delete:
        raise Refused(
            f"{old.snapshot.name} cannot prove what has come since: it does not hold all of {named}",
            hint="leave --delete away, or name with --kind and --zone what it holds whole",
        )
    more = f" and {len(partial) - 1:,} more parts" if len(partial) > 1 else ""
    app.warn(f"{old.snapshot.name} does not hold all of {named}{more}: what it lacks is not put back")


def _tell_doubts(app: App, told: Told) -> None:
    for group in told.doubtful:
        app.gap(f"{group} could not be read to its end now, so nothing was created there")


def _carried_out(app: App, view: View, plan: Plan, told: Told, *, delete: bool) -> dict[str, Any]:
    if not app.option("force"):
        plan.check()
    again = Told()
    with open_writing(app, expected=plan.steps, read_again=False) as writing:
        writing.lock(plan.locks.values())
        writing.confirm([], f"put back {plan.steps:,} item{'s' * (plan.steps > 1)}?")
        making = Making(app, writing, view, Steps(view, again, app.clock(), delete=delete))
        try:
            making.make()
        except OpsError as error:
            _add_way_on(error)
            raise
    if making.denied and not making.counts:
        raise making.denied
    for text in (*again.impossible(told), *making.refused, *_stranded(making)):
        app.warn(f"not put back: {text}")
    differ = _read_again(app, view, making, delete=delete)
    counts = {name: making.counts[action] for name, action in _ACTIONS.items()}
    refused = len(making.refused) + making.stranded.total()
    if refused:
        app.gap(f"{refused:,} items were not put back")
    return {**counts, "refused": refused, "differ": differ, "undo": writing.undo_id}


def _stranded(making: Making) -> Iterator[str]:
    for group, count in making.stranded.items():
        yield f"{count:,} {group}: what they lie in could not be made"


def _add_way_on(error: OpsError) -> None:
    if isinstance(error, Interrupted):
        error.hint = error.hint or "the same restore again goes on from here"


def _read_again(app: App, view: View, making: Making, *, delete: bool) -> int:
    """Compare what was touched once more; gives how many items differ: then the restore is incomplete."""
    touched = [resource for resource in view.selection.writable if resource.kind in making.kinds]
    if not touched:
        return 0
    selection = Selection(touched, [], {kind: making.touched.get(kind, set()) for kind in view.owning})
    known = {
        kind: making.owners(kind)
        for kind in view.owning
        if view.kinds[kind] not in touched and making.touched.get(kind)
    }
    after = View(app, view.old, view.kinds, selection, view.wanted, known)
    steps = Steps(after, Told(), app.clock(), delete=delete)
    names = [f"{step.group} {step.name}" for resource in touched for step in steps.of(resource)]
    if names:
        app.gap(f"{len(names):,} items are not as they were: {', '.join(names[:_NAMED])}")
    else:
        app.note("read again: all that was put back is as it was")
    return len(names)
