"""`snapshots.restore`: the account made equal to a snapshot: compare, show, ask, apply, compare again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.commands.snapshots.listing import OPENED
from ops.errors import Interrupted, NotFound, Refused, UsageError
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.restore.apply import Applying
    from ops.restore.filter import Filter, RestoreSelection
    from ops.restore.state import State
    from ops.restore.steps import Report, RestorePlan
    from ops.snapshots.compare.side import Side
    from ops.snapshots.snapshot import Snapshot

COLUMNS = ("snapshot", "created", "changed", "deleted", "refused", "differ", "undo")
_ACTIONS = {"created": "create", "changed": "update", "deleted": "delete"}


@command(
    "restore",
    positional=("name",),
    writes=True,
    guards=("force",),
    needs="Read on what is restored, and Edit on what differs",
    help={
        **OPENED,
        "kind": "only these kinds or products, e.g. dns,workers.route; may be repeated",
        "zone": "only this zone and everything in it; domain or id, may be repeated",
        "namespace": "only this KV namespace and its keys; title or id, may be repeated",
        "item": "only items with this name or id, and everything in them; may be repeated",
        "delete": "also delete what was created after the snapshot, but never zones, namespaces or scripts",
    },
)
def restore_snapshot(
    app: App,
    name: str = "latest",
    kind: tuple[str, ...] = (),
    zone: tuple[str, ...] = (),
    namespace: tuple[str, ...] = (),
    item: tuple[str, ...] = (),
    delete: bool = False,
    identity: str = "",
    passphrase_file: str = "",
) -> Item:
    """Restore a snapshot: create what was deleted, and change what was changed since.

    Shows what cannot be restored and what will be done, then asks. Items that are created again get new ids,
    and references to them follow. After an interruption, run the same line again to resume.

    inv snapshots.restore --zone example.com --dry-run
    inv snapshots.restore 2026-11-22 --kind workers --item auth-edge
    inv snapshots.restore --namespace feature-flags --item beta-search
    """
    from ops.commands.snapshots.verify import verified
    from ops.offsite.library import open_snapshot
    from ops.restore.filter import read_filter, refuse_unknown
    from ops.snapshots.snapshot import check_account

    try:
        filter = read_filter(kind, zone, namespace, item)
    except UsageError:
        refuse_unknown(open_snapshot(app, name, identity, passphrase_file), kind)
        raise
    snapshot = verified(app, open_snapshot(app, name, identity, passphrase_file))
    check_account(snapshot.path, snapshot.manifest, app.account_id)
    result = _restore(app, snapshot, filter, delete=delete)
    return Item({"snapshot": snapshot.name, **dict.fromkeys(COLUMNS[1:-1], 0), "undo": "", **result}, COLUMNS)


def show_restore(app: App, snapshot: Snapshot, filter: Filter, *, delete: bool) -> int:
    """Show what a restore of what *filter* selects would do; nothing is sent. Return the number of steps."""
    return _planned(app, snapshot, filter, delete=delete)[1].steps


def _restore(app: App, snapshot: Snapshot, filter: Filter, *, delete: bool) -> dict[str, Any]:
    state, plan, report = _planned(app, snapshot, filter, delete=delete)
    if app.dry:
        app.talk.show("dry run: nothing was sent")
        return {name: plan.count(action) for name, action in _ACTIONS.items()}
    return _apply(app, state, plan, report, delete=delete) if plan.steps else {}


def _planned(
    app: App, snapshot: Snapshot, filter: Filter, *, delete: bool
) -> tuple[State, RestorePlan, Report]:
    """Compare with the account, show the plan, and return it."""
    from ops.export.job import aside
    from ops.kinds import catalog
    from ops.kinds.resource import Owner
    from ops.restore.filter import holds_named, select, unknown_kinds
    from ops.restore.state import Reader, State
    from ops.restore.steps import Report, Steps, plan_of
    from ops.snapshots.compare.side import Side
    from ops.writes.impact import impact

    saved = Side(snapshot, catalog.resources())
    if not (filter.kinds or filter.owners or filter.items):
        for name, count in unknown_kinds(saved).items():
            by = f"this cfops does not know the kind; the snapshot is by {snapshot.manifest.tool}"
            app.warn(f"cannot be restored: {count:,} {name}: {by}, perhaps with a plugin (`inv plugins`)")
    selection = select(saved, filter, later=delete)
    _check_complete(app, saved, selection, delete=delete)
    account = Owner(saved.account_id, saved.account_id, {})
    reader = Reader(app.client, lambda plan: aside(app, account, plan, {}))
    state, report = State(reader, saved, selection, filter), Report()
    plan = plan_of(state, Steps(state, report, app.clock(), delete=delete), report, impact(app))
    if filter.items and not (plan.steps or report.has()):
        every = (*selection.writable, *selection.read_only)
        if not any(holds_named(saved, one, filter) for one in every):
            named = ", ".join(filter.items)
            hint = "`inv snapshots.show` shows what it holds; --item takes names"
            raise NotFound(f"neither {snapshot.name} nor the account has anything called {named}", hint=hint)
    _show(app, plan, report)
    return state, plan, report


def _check_complete(app: App, saved: Side, selection: RestoreSelection, *, delete: bool) -> None:
    """Refuse to delete what an incomplete snapshot may lack; otherwise warn that it is incomplete."""
    from ops.snapshots.manifest import WHOLE

    sections = selection.sections(saved, selection.writable)
    partial = [section for section in sections if section.status not in WHOLE]
    if not partial:
        return
    first = f"{partial[0].kind} in {partial[0].scope or 'the account'} ({partial[0].status})"
    if delete:
        raise Refused(
            f"{saved.snapshot.name} cannot prove what was created later: it does not hold all of {first}",
            hint="run it without --delete, or select complete parts with --kind and --zone",
        )
    more = f" and {len(partial) - 1:,} more parts" if len(partial) > 1 else ""
    app.warn(f"{saved.snapshot.name} does not hold all of {first}{more}: what it lacks is not restored")


def _show(app: App, plan: RestorePlan, report: Report) -> None:
    from ops.restore.steps import INCOMPLETE, KEPT, NOT_READ, NOT_RESTORED, READ_ONLY

    for line in (*report.lines(READ_ONLY), *report.lines(NOT_RESTORED)):
        app.warn(f"cannot be restored: {line}")
    for line in report.lines(INCOMPLETE):
        app.warn(line)
    for line in report.lines(KEPT):
        app.note(f"kept: {line}")
    for line in plan.lines():
        app.talk.show(line)
    for line in plan.effects:
        app.warn(line)
    for line in report.lines(NOT_READ):
        app.gap(line)
    if not plan.steps:
        differs = report.has(NOT_RESTORED, KEPT, NOT_READ)
        matches = "no difference can be restored" if differs else "the account matches the snapshot"
        app.talk.show(f"nothing to restore: {matches}")


def _apply(app: App, state: State, plan: RestorePlan, report: Report, *, delete: bool) -> dict[str, Any]:
    from ops.restore.apply import Applying
    from ops.restore.steps import NOT_RESTORED, Report, Steps
    from ops.writes.writing import Writing

    if not app.option("force"):
        plan.check()
    again = Report()
    with Writing(app, expected=plan.steps, read_again=False) as writing:
        writing.lock(plan.locks.values())
        writing.confirm([], f"restore {plan.steps:,} item{'s' * (plan.steps > 1)}?")
        applying = Applying(app.client, writing, state, Steps(state, again, app.clock(), delete=delete))
        try:
            applying.run()
        except Interrupted as error:
            error.hint = error.hint or "run the same restore again to resume"
            raise
    if applying.denied and not applying.counts:
        raise applying.denied
    stranded = (
        f"{count:,} {group}: their owner could not be created" for group, count in applying.stranded.items()
    )
    for line in (*again.lines(NOT_RESTORED, report), *applying.refused, *stranded):
        app.warn(f"not restored: {line}")
    differ = _verify(app, applying, delete=delete)
    refused = len(applying.refused) + applying.stranded.total()
    if refused:
        app.gap(f"{refused:,} items were not restored")
    counts = {name: applying.counts[action] for name, action in _ACTIONS.items()}
    return {**counts, "refused": refused, "differ": differ, "undo": writing.undo_id}


def _verify(app: App, applying: Applying, *, delete: bool) -> int:
    """Compare what was written with the snapshot again; return how many items still differ."""
    from ops.restore.steps import MOST, Report, Steps

    if not applying.kinds:
        return 0
    after = applying.written()
    steps = Steps(after, Report(), app.clock(), delete=delete)
    names = [f"{step.group} {step.name}" for kind in after.selection.writable for step in steps.of(kind)]
    if names:
        app.gap(f"{len(names):,} items still differ from the snapshot: {', '.join(names[:MOST])}")
    else:
        app.note("read again: everything that was restored matches the snapshot")
    return len(names)
