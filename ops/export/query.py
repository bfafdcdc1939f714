"""SQL over a snapshot: the tables that a query names, in memory, for reading only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from ops.errors import UsageError
from ops.export.renderings.sqlite_file import fill, table
from ops.items import Json
from ops.kinds.resource import Resource
from ops.snapshots import snapshot as stored
from ops.snapshots.manifest import READ, SKIPPED, Section
from ops.snapshots.snapshot import Snapshot

STEPS = 100_000
"""Steps of SQLite between two looks whether the run has to end."""
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_HINT = "`inv query --tables` shows the tables and columns; only SELECT is possible"


class Query:
    """The result of *sql* over *snapshot*: `columns`, and the rows when it is iterated, once.

    *stopped* is asked now and then whether to end. Raises UsageError for a query that cannot be run.
    """

    def __init__(
        self, snapshot: Snapshot, resources: Iterable[Resource], sql: str, stopped: Callable[[], bool]
    ) -> None:
        self._stopped = stopped
        self.kinds = [kind for kind in stored.kinds(snapshot.manifest) if _names(sql, table(kind))]
        self._snapshot = snapshot
        self._database = sqlite3.connect(":memory:")
        with self._explained(sql):
            fill(self._database, snapshot.path, snapshot.manifest, resources, self.kinds)
            # They declare their columns at the first use, which the authorizer would refuse.
            self._database.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
            self._database.set_progress_handler(stopped, STEPS)
            self._database.set_authorizer(_authorized)
            self._rows = self._database.execute(sql)
        if self._rows.description is None:
            raise UsageError("the query returns nothing", hint=_HINT)
        self.columns = _distinct([name for name, *_ in self._rows.description])

    def __iter__(self) -> Iterator[Json]:
        with closing(self._database):
            while True:
                with self._explained(""):
                    row = self._rows.fetchone()
                if row is None:
                    return
                yield dict(zip(self.columns, row, strict=True))

    def gaps(self) -> list[str]:
        """Return a sentence for each kind of the query that the snapshot does not hold completely."""
        bad: dict[str, list[Section]] = {}
        for section in self._snapshot.manifest.sections:
            if section.kind in self.kinds and section.status not in READ | {SKIPPED}:
                bad.setdefault(section.kind, []).append(section)
        return [
            f"{kind} was not read completely ({found[0].status}), so rows may be missing"
            for kind, found in bad.items()
        ]

    def _explained(self, sql: str) -> _Explained:
        return _Explained(self._stopped, lambda: self._missing(sql))

    def _missing(self, sql: str) -> str:
        """Return why a table of *sql* does not exist, if the snapshot says so."""
        for section in self._snapshot.manifest.sections:
            if section.status == SKIPPED and _names(sql, table(section.kind)):
                return f"{section.kind} is not in this snapshot: {section.reason}"
        return ""


class _Explained:
    """Turns the errors of SQLite in its block into UsageError, and an interruption into itself."""

    def __init__(self, stopped: Callable[[], bool], missing: Callable[[], str]) -> None:
        self._stopped, self._missing = stopped, missing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, sqlite3.Error | sqlite3.Warning | OverflowError):
            return
        if self._stopped():
            raise KeyboardInterrupt from None
        raise UsageError(f"the query cannot be run: {error}", hint=self._missing() or _HINT) from None


def tables(snapshot: Snapshot) -> Iterator[Json]:
    """Yield a row for each table: its kind, the number of rows, and its columns."""
    counts: dict[str, int] = {}
    for section in snapshot.manifest.sections:
        counts[section.kind] = counts.get(section.kind, 0) + section.count
    for kind in stored.kinds(snapshot.manifest):
        columns = dict.fromkeys(name for _, item in snapshot.items(kind) for name in item)
        listed = ["scope", *columns]
        yield {"table": table(kind), "kind": kind, "rows": counts.get(kind, 0), "columns": listed}
    sections = list(Section.__match_args__)
    yield {"table": "sections", "kind": "", "rows": len(snapshot.manifest.sections), "columns": sections}
    yield {"table": "snapshot", "kind": "", "rows": None, "columns": ["name", "value"]}


def _names(sql: str, name: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE))


def _authorized(action: int, _first: str | None, second: str | None, *_: object) -> int:
    allowed = action in _ALLOWED and second != "load_extension"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _distinct(names: list[str]) -> list[str]:
    """Return *names*, of equal ones the later with a number: `name`, `name_2`."""
    taken: list[str] = []
    for name in names:
        number = 2
        while (shown := name if number == 2 and name not in taken else f"{name}_{number}") in taken:
            number += 1
        taken.append(shown)
    return taken
