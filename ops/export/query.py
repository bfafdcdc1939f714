"""SQL over a snapshot: the tables that a query names in memory, or all in a database that is kept beside it.

A kept database is only read, and only as long as the snapshot has the manifest that it was made from.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from ops.errors import UsageError
from ops.export.renderings.sqlite_file import fill, table, write
from ops.files import disk
from ops.items import Json
from ops.kinds.resource import Resource
from ops.snapshots import publish
from ops.snapshots import snapshot as stored
from ops.snapshots.layout import KEPT, MANIFEST
from ops.snapshots.manifest import READ, SKIPPED, Section
from ops.snapshots.snapshot import Snapshot
from ops.version import VERSION

STEPS = 100_000
"""Steps of SQLite between two looks whether the run has to end."""
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_HINT = "`inv query --tables` shows the tables and columns; only SELECT is possible"


class Query:
    """The result of *sql* over *snapshot*: `columns`, and the rows when it is iterated, once.

    *stopped* is asked now and then whether to end. Its kept database is used if it has one, and is then
    `used`. Raises UsageError for a query that cannot be run.
    """

    def __init__(
        self, snapshot: Snapshot, resources: Iterable[Resource], sql: str, stopped: Callable[[], bool]
    ) -> None:
        self._stopped = stopped
        self.kinds = [kind for kind in stored.kinds(snapshot.manifest) if _names(sql, table(kind))]
        self._snapshot = snapshot
        self.used = _kept_database(snapshot)
        self._database = sqlite3.connect(_read_only(self.used) if self.used else ":memory:", uri=True)
        with self._explained(sql):
            if self.used is None:
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
        return _Explained(self._stopped, lambda problem: self._hint(sql, problem))

    def _hint(self, sql: str, problem: str) -> str:
        """Return the next step: why a table of *sql* does not exist, or how to leave a damaged database."""
        if self.used and ("malformed" in problem or "not a database" in problem):
            return f"remove {self.used}"
        for section in self._snapshot.manifest.sections:
            if section.status == SKIPPED and _names(sql, table(section.kind)):
                return f"{section.kind} is not in this snapshot: {section.reason}"
        return ""


class _Explained:
    """Turns the errors of SQLite in its block into UsageError, and an interruption into itself."""

    def __init__(self, stopped: Callable[[], bool], hint: Callable[[str], str]) -> None:
        self._stopped, self._hint = stopped, hint

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, sqlite3.Error | sqlite3.Warning | OverflowError):
            return
        if self._stopped():
            raise KeyboardInterrupt from None
        raise UsageError(f"the query cannot be run: {error}", hint=self._hint(str(error)) or _HINT) from None


def keep(snapshot: Snapshot, resources: Iterable[Resource]) -> Path:
    """Write all tables of *snapshot* into a database beside it, for its owner only, and return the file.

    Raises UsageError unless it is a folder on this machine: of an encrypted one, plain text would be left.
    """
    if not _is_plain(snapshot):
        raise UsageError(
            f"the tables of {snapshot.where} are not kept: they would be in plain text",
            hint="leave out --keep, or `inv snapshots.render --to account.sqlite`",
        )
    file = _address(snapshot)
    if not _is_file(file):
        folder = file.parent
        with publish.partial(folder, token_hex) as made, disk.explained(file):
            write(snapshot.path, snapshot.manifest, made / file.name, resources)
            publish.forget_kept(folder, snapshot.name)
            (made / file.name).rename(file)
    return file


def _address(snapshot: Snapshot) -> Path:
    """Return the file of the database: its name holds what it was made from."""
    manifest = (snapshot.path / MANIFEST).read_bytes()
    made_from = sha256(f"{VERSION}\n".encode() + manifest).hexdigest()[:16]
    return snapshot.path.parent / f"{snapshot.name}.{made_from}{KEPT}"


def _is_plain(snapshot: Snapshot) -> bool:
    """True if *snapshot* is a folder that is kept on this machine, not one that was unpacked or fetched."""
    return snapshot.where == str(snapshot.path)


def _kept_database(snapshot: Snapshot) -> Path | None:
    file = _address(snapshot) if _is_plain(snapshot) else None
    return file if file is not None and _is_file(file) else None


def _is_file(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _read_only(file: Path) -> str:
    return f"{file.resolve().as_uri()}?mode=ro&immutable=1"


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
