"""Diffing: the two sides opened, compared, shown, and told in an exit code."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.cli.options import ON_LISTS
from ops.errors import DifferencesFound, UsageError
from ops.export.live import LIVE, live
from ops.files import disk
from ops.kinds import catalog
from ops.kinds.resource import AuditEvent, Json
from ops.offsite import address
from ops.snapshots.compare import changes, markdown
from ops.snapshots.compare.blame import Blame
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.difference import UNKNOWN, Difference
from ops.snapshots.layout import LATEST
from ops.snapshots.library import Snapshot, check_account, open_snapshot
from ops.ui.shapes import Bytes, Rows, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.cli.app import App

_UNKNOWN = "what is unknown was not read to its end on one of the sides, so nothing is said of it"


class Asked(NamedTuple):
    """The options that both tasks have, as they were typed."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    identity: str = ""


def between(app: App, a: str, b: str, asked: Asked) -> Comparison:
    """Open both sides and set them beside each other; raises UsageError for names that mean nothing."""
    only, skip = _checked(asked)
    wanted = changes.wanted(only, skip)
    if a == b == LIVE:
        raise UsageError("both sides are live", hint="`inv snapshots.drift` compares the newest snapshot")
    kept = {name: open_snapshot(app, name, asked.identity) for name in (a, b) if name != LIVE}
    if LIVE in (a, b):
        like = next(iter(kept.values()))
        check_account(like.where, like.manifest, app.account_id)
        kept[LIVE] = live(app, like.manifest, wanted)
    for name in dict.fromkeys((a, b)):
        _tell(app, name, kept[name])
    return Comparison(kept[a], kept[b], catalog.resources(), wanted)


def _checked(asked: Asked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from ops.scan.selection import Wish, choose, names

    only, skip = names(asked.only), names(asked.skip)
    choose(catalog.resources(), Wish(only=only, skip=skip, deep=True, values="values", contents=True))
    return only, skip


def _tell(app: App, name: str, snapshot: Snapshot) -> None:
    manifest = snapshot.manifest
    if name != LIVE:
        app.note(f"{name}: {snapshot.where}, {manifest.started}, {manifest.status}")
    if not manifest.complete:
        app.warn(f"{name} is partial: {manifest.reason}")


def diff(app: App, a: str, b: str, asked: Asked, *, as_text: bool, exit_code: bool) -> None:
    """Print the differences between the snapshots called *a* and *b*, and how many there are.

    What is unknown leaves a gap. With *exit_code* raises DifferencesFound, after the output, where there are.
    """
    if as_text:
        _refuse_options(app, "--unified")
    comparison = between(app, a, b, asked)
    if as_text:
        from ops.snapshots.compare.unified import unified

        app.show(Bytes(unified(comparison)))
    else:
        _show_rows(app, changes.rows(comparison), changes.COLUMNS)
    _end(app, comparison, exit_code=exit_code)


def drift(app: App, asked: Asked, place: str = "", *, summary: str, exit_code: bool) -> None:
    """Compare the newest complete snapshot with the account, naming who changed it; ends as diff does.

    *place* is where in a bucket the newest is looked for. *summary* is the file for a summary, "-" for stdout
    instead of the table.
    """
    if summary == "-":
        _refuse_options(app, "--markdown -")
    newest = f"{address.place(place, '--from')}/{LATEST}" if place else LATEST
    comparison = between(app, newest, LIVE, asked)
    rows = Excerpt(changes.rows(comparison, _blame(app, comparison)))
    columns = changes.COLUMNS + changes.WHO
    if summary == "-":
        deque(rows, maxlen=0)
        app.show(Text(_summary(comparison, rows, columns)))
    else:
        _show_rows(app, iter(rows), columns)
    if summary not in ("", "-"):
        with disk.atomic(Path(summary)) as file:
            file.write(_summary(comparison, rows, columns).encode())
        app.note(f"summary written to {summary}")
    _end(app, comparison, exit_code=exit_code)


def _refuse_options(app: App, instead: str) -> None:
    """Raise UsageError where an option asks for rows, which *instead* does not give."""
    for name in ("output", *ON_LISTS):
        if app.option(name):
            raise UsageError(f"{instead} gives text, and takes no --{name.replace('_', '-')}")


class Excerpt:
    """Rows that pass by: the first are kept, the others counted."""

    def __init__(self, rows: Iterable[Json]) -> None:
        self.first: list[Json] = []
        self.more = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Json]:
        for row in self._rows:
            if len(self.first) < markdown.MOST:
                self.first.append(row)
            else:
                self.more += 1
            yield row


def _show_rows(app: App, rows: Iterator[Json], columns: tuple[str, ...]) -> None:
    app.show(Rows(rows, columns))
    # What --limit does not show is counted all the same: the exit code tells of the whole.
    deque(rows, maxlen=0)


def _blame(app: App, comparison: Comparison) -> Callable[[Difference], AuditEvent | None]:
    manifest = comparison.old.manifest
    # What was done in the second that has just begun is a part of it.
    end = datetime.fromtimestamp(app.clock() + 1, UTC)

    def read() -> Iterator[AuditEvent]:
        for history in catalog.histories():
            yield from history(app.client, manifest.account_id, manifest.started, f"{end:%Y-%m-%dT%H:%M:%SZ}")

    return Blame(read, app.warn).of


def _summary(comparison: Comparison, rows: Excerpt, columns: tuple[str, ...]) -> str:
    title = f"Drift since {comparison.old.manifest.started}"
    return markdown.summary(title, changes.counted(comparison.counts), columns, rows.first, rows.more)


def _end(app: App, comparison: Comparison, *, exit_code: bool) -> None:
    counts = comparison.counts
    told = f"{changes.counted(counts)} from {comparison.old.name} to {comparison.new.name}"
    if comparison.left_out:
        app.note(f"read on neither side: {', '.join(comparison.left_out)}")
    if exit_code and changes.differing(counts):
        if counts[UNKNOWN]:
            app.warn(_UNKNOWN)
        raise DifferencesFound(told)
    app.note(told)
    if counts[UNKNOWN]:
        app.gap(_UNKNOWN)
