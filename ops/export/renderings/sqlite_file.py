"""A snapshot as a SQLite database: a table for each kind, `sections`, `snapshot`; fit for Datasette.

Columns are all fields that occur in the kind, the parent's id (`scope`) first. Booleans are 0 and 1, nested
values compact JSON, which SQLite's functions can read. An index covers scope and identity.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from ops.kinds.resource import Resource
from ops.snapshots import snapshot
from ops.snapshots.layout import encode
from ops.snapshots.manifest import Manifest, Section

_LARGEST = 1 << 63


def write(folder: Path, manifest: Manifest, file: Path, resources: Iterable[Resource]) -> None:
    """Write the snapshot in *folder* into the database *file*, which must not exist."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    with closing(sqlite3.connect(file)) as database, database:
        # The file is moved only when it is finished, so no rollback is needed.
        database.execute("PRAGMA journal_mode = OFF")
        fill(database, folder, manifest, resources, snapshot.kinds(manifest))


def fill(
    database: sqlite3.Connection,
    folder: Path,
    manifest: Manifest,
    resources: Iterable[Resource],
    kinds: Iterable[str],
) -> None:
    """Write the tables `snapshot` and `sections`, and those of *kinds*, into *database*."""
    identities = {resource.kind: resource.identity for resource in resources}
    head = manifest.as_json().items()
    facts = (fact for fact in head if fact[0] not in ("sections", "files", "contents"))
    _fill(database, "snapshot", ("name", "value"), facts)
    _fill(database, "sections", Section.__match_args__, (section.row for section in manifest.sections))
    for kind in kinds:
        _write_kind(database, folder, kind, identities.get(kind, ()))


def table(kind: str) -> str:
    """Return the name of a kind's table, without the dot, which every query would have to quote."""
    return kind.replace(".", "_")


def _write_kind(database: sqlite3.Connection, folder: Path, kind: str, identity: tuple[str, ...]) -> None:
    # The file is read twice, because a field may occur for the first time in its last item.
    fields = list(dict.fromkeys(name for _, item in snapshot.items(folder, kind) for name in item))
    columns = _columns(["scope", *fields])
    rows = ((scope, *map(item.get, fields)) for scope, item in snapshot.items(folder, kind))
    _fill(database, table(kind), columns, rows)
    named = dict(zip(fields, columns[1:], strict=True))
    indexed = [named[name] for name in dict.fromkeys(f.partition(".")[0] for f in identity) if name in named]
    _index(database, table(kind), ["scope", *indexed])
    if "id" in named and indexed[:1] != [named["id"]]:
        _index(database, table(kind), [named["id"]])


def _columns(names: Iterable[str]) -> list[str]:
    """Return a name for each column; to SQLite `Name` and `name` are equal, so the second gets a number."""
    taken: set[str] = set()
    columns = []
    for name in names:
        shown, number = _text(name), 2
        while shown.lower() in taken:
            shown, number = f"{_text(name)}_{number}", number + 1
        taken.add(shown.lower())
        columns.append(shown)
    return columns


def _fill(
    database: sqlite3.Connection, name: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]
) -> None:
    listed = [_quoted(column) for column in columns]
    database.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(listed)})")
    marks = ", ".join("?" * len(listed))
    database.executemany(
        f"INSERT INTO {_quoted(name)} VALUES ({marks})",  # noqa: S608 (quoted names, and values as parameters)
        (tuple(map(_value, row)) for row in rows),
    )


def _index(database: sqlite3.Connection, name: str, columns: list[str]) -> None:
    index = _quoted(f"{name} by {', '.join(columns)}")
    database.execute(f"CREATE INDEX {index} ON {_quoted(name)} ({', '.join(map(_quoted, columns))})")


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if -_LARGEST <= value < _LARGEST else str(value)
    return value if value is None or isinstance(value, float) else _text(encode(value)[:-1].decode())


def _text(text: str) -> str:
    # UTF-8 cannot encode a lone surrogate; it is written as its JSON escape.
    return text.encode("utf-8", "backslashreplace").decode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'
