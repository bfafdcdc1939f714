"""The tasks that compare: `snapshots.diff` and `snapshots.drift`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.cli.options import ON_LISTS
from ops.errors import DifferencesFound, UsageError
from ops.ui.shapes import Bytes, Rows, Text

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import AuditEvent
    from ops.snapshots.compare.comparison import Comparison
    from ops.snapshots.compare.side import Difference

SIDE = (
    "latest, previous, a date (the newest of that day or before), a name, a path, s3://BUCKET/PREFIX/latest, "
    "or live"
)
HELP = {
    "only": "only these kinds or products, e.g. dns,workers.script; may be repeated",
    "skip": "without these kinds or products, e.g. workers.script/contents; may be repeated",
    "full": "table: list everything that was created or deleted with its zone, namespace or script",
    "exit_code": "exit with 5 if there are differences, with 4 if there are only unknown parts",
    "identity": "file with the age secret key of an encrypted snapshot",
}
NAMED = 3
"""How many kinds are named that neither side has."""
_UNKNOWN = "unknown parts were not read completely on one side, so they were not compared"


@command(
    "diff",
    required=("a", "b"),
    needs="none; with live Read on what the snapshot holds",
    help={
        **HELP,
        "a": f"the older side: {SIDE}",
        "b": "the newer side: the same",
        "unified": "print unified text, for a pager: one file for each item",
    },
)
def diff_snapshots(
    app: App,
    a: str = "",
    b: str = "",
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    unified: bool = False,
    full: bool = False,
    exit_code: bool = False,
    identity: str = "",
) -> Rows | None:
    """Show what was created, deleted and changed between two snapshots, or a snapshot and the account.

    What either side could not read is unknown, never deleted. Fields that change by themselves are left out.

    inv snapshots.diff previous latest
    inv snapshots.diff 2026-11-22 live --only dns --exit-code
    inv snapshots.diff previous latest --unified | less
    """
    from ops.snapshots.compare import report

    if unified:
        _refuse_options(app, "--unified")
    comparison = _between(app, a, b, only, skip, identity)
    if unified:
        app.show(Bytes(report.unified(comparison)))
    else:
        shown = _shown(comparison, full=full or not app.for_people)
        _show_rows(app, report.rows(shown), report.COLUMNS)
    _end(app, comparison, exit_code=exit_code)
    return None


@command(
    "drift",
    needs="Read on what the snapshot holds; Account > Account Settings > Read to name who made the changes",
    help={
        **HELP,
        "from_": "s3://BUCKET/PREFIX: compare with the newest snapshot there instead of the newest here",
        "to": "write a summary in Markdown, e.g. for a pull request, to this file, or - (stdout, no table)",
    },
    earlier={"to": "markdown"},
)
def find_drift(
    app: App,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    full: bool = False,
    exit_code: bool = False,
    to: str = "",
    identity: str = "",
    from_: str = "",
) -> Rows | None:
    """Compare the newest complete snapshot with the account as it is now, and show who changed it and when.

    inv snapshots.drift
    inv snapshots.drift --exit-code --skip kv.key
    inv snapshots.drift --from s3://backups/cloudflare
    inv snapshots.drift --to - | gh pr comment --body-file -
    """
    from ops.export.job import LIVE
    from ops.files import disk
    from ops.offsite.bucket import read_prefix
    from ops.snapshots.compare import report
    from ops.snapshots.layout import LATEST

    if to == "-":
        _refuse_options(app, "--to -")
    newest = f"{read_prefix(from_, '--from')}/{LATEST}" if from_ else LATEST
    comparison = _between(app, newest, LIVE, only, skip, identity)
    shown = _shown(comparison, full=full or not (app.for_people or to == "-"))
    rows = _Excerpt(report.rows(shown, _blame(app, comparison)), report.MOST)
    columns = report.COLUMNS + report.WHO
    if to == "-":
        deque(rows, maxlen=0)
    else:
        _show_rows(app, iter(rows), columns)
    title = f"Drift since {comparison.old.manifest.oldest_read}"
    text = report.summary(title, report.counted(comparison.counts), columns, rows.first, rows.more)
    if to == "-":
        app.show(Text(text))
    elif to:
        with disk.atomic(Path(to)) as file:
            file.write(text.encode())
        app.note(f"summary written to {to}")
    _end(app, comparison, exit_code=exit_code)
    return None


def _between(
    app: App, a: str, b: str, only: tuple[str, ...], skip: tuple[str, ...], identity: str
) -> Comparison:
    from ops.export.job import LIVE, live
    from ops.kinds import catalog
    from ops.metrics.forecast import announce
    from ops.offsite.library import open_snapshot
    from ops.scan.inventory import ScanFilter, choose, names
    from ops.snapshots.compare import report
    from ops.snapshots.compare.comparison import Comparison
    from ops.snapshots.compare.pairing import referred_kinds
    from ops.snapshots.snapshot import carried, check_account, kinds

    only, skip = names(only), names(skip)
    choose(catalog.resources(), ScanFilter(only=only, skip=skip, deep=True, values="values", contents=True))
    selected = report.selection(only, skip)
    if a == b == LIVE:
        hint = "`inv snapshots.drift` compares the newest snapshot with the account"
        raise UsageError("both sides are live", hint=hint)
    sides = {name: open_snapshot(app, name, identity) for name in (a, b) if name != LIVE}
    if LIVE in (a, b):
        saved = next(iter(sides.values()))
        check_account(saved.where, saved.manifest, app.account_id)
        resources = [resource for resource in catalog.resources() if selected(resource.kind)]
        # An id inside an item can be compared only beside the list of the items that it may refer to.
        referred = referred_kinds(resources, catalog.kinds()) & set(kinds(saved.manifest))
        announce(app)
        sides[LIVE] = live(app, saved.manifest, lambda kind: selected(kind) or kind in referred)
    for name in dict.fromkeys((a, b)):
        manifest = sides[name].manifest
        if name != LIVE:
            facts = f"{name}: {sides[name].where}, {manifest.started}, {manifest.status}"
            app.note("; ".join(filter(None, (facts, carried(manifest, app.clock())))))
        if not manifest.complete:
            app.warn(f"{name} is partial: {manifest.reason}")
    return Comparison(sides[a], sides[b], catalog.resources(), selected)


def _shown(comparison: Comparison, *, full: bool) -> Iterable[Difference]:
    from ops.kinds import catalog
    from ops.snapshots.compare import report

    return comparison if full else report.collapsed(comparison, catalog.kinds())


def _refuse_options(app: App, instead: str) -> None:
    """Raise UsageError for an option about rows, which *instead* does not print."""
    for name in ("output", *ON_LISTS):
        if app.option(name):
            raise UsageError(f"{instead} prints text and does not take --{name.replace('_', '-')}")


def _show_rows(app: App, rows: Iterator[Json], columns: tuple[str, ...]) -> None:
    from ops.snapshots.compare import report

    if app.for_people:
        shown = report.FOR_PEOPLE + columns[len(report.COLUMNS) :]
        described = (report.for_people(row, whole=app.output.wide) for row in rows)
        app.show(Rows(described, shown, "difference"))
    else:
        app.show(Rows(rows, columns, "difference"))
    # Rows that --limit leaves out count for the exit code all the same.
    deque(rows, maxlen=0)


class _Excerpt:
    """Rows that pass through: the *first* up to *most* are kept, *more* counts the others."""

    def __init__(self, rows: Iterator[Json], most: int) -> None:
        self.first: list[Json] = []
        self.more = 0
        self._rows, self._most = rows, most

    def __iter__(self) -> Iterator[Json]:
        for row in self._rows:
            if len(self.first) < self._most:
                self.first.append(row)
            else:
                self.more += 1
            yield row


def _blame(app: App, comparison: Comparison) -> Callable[[Difference], AuditEvent | None]:
    from ops.items import timestamp
    from ops.kinds import catalog
    from ops.snapshots.compare.report import Blame

    manifest = comparison.old.manifest
    # Include what was done in the current second.
    until = timestamp(app.clock() + 1)

    def read() -> Iterator[AuditEvent]:
        for history in catalog.histories():
            yield from history(app.client, manifest.account_id, manifest.oldest_read, until)

    return Blame(read, app.warn).of


def _end(app: App, comparison: Comparison, *, exit_code: bool) -> None:
    from ops.snapshots.compare import report
    from ops.snapshots.compare.side import UNKNOWN

    counts = comparison.counts
    result = f"{report.counted(counts)} from {comparison.old.name} to {comparison.new.name}"
    if comparison.left_out:
        more = f" and {len(comparison.left_out) - NAMED} more" if comparison.left_out[NAMED:] else ""
        app.note(f"not compared, because neither side has it: {', '.join(comparison.left_out[:NAMED])}{more}")
    if exit_code and report.differing(counts):
        if counts[UNKNOWN]:
            app.warn(_UNKNOWN)
        raise DifferencesFound(result)
    app.note(result)
    if counts[UNKNOWN]:
        app.gap(_UNKNOWN)
