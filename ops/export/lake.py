"""A lake: snapshots as Parquet files by kind, account and date, for engines that read such folders.

lake/kind=dns.record/account=<id>/date=2026-11-23/<snapshot>.parquet

DuckDB, Athena, Trino and Spark read many accounts and years of them at once. `kind=sections` says how
completely each kind was read, `kind=snapshot` has the metadata. Text, numbers and booleans keep their type
where a kind has only one in a field; everything else is text, nested values as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from ops.errors import UsageError
from ops.export.delivery import Delivery, FinishedSnapshot
from ops.files import disk
from ops.items import Json
from ops.snapshots import snapshot
from ops.snapshots.layout import account_folder, encode
from ops.snapshots.manifest import Manifest

ROWS = 50_000
"""The rows of a group: only these are in memory at once."""
OWN = ("snapshot", "started", "scope")
"""The columns that come first in each table of items; a field of the same name gets an underscore."""
_TAKEN = frozenset({*OWN, "kind", "account", "date"})
_LARGEST = 1 << 63

Rows = Callable[[], Iterator[Json]]


def check() -> None:
    """Raise UsageError if the extra for lakes is not installed."""
    if find_spec("pyarrow") is None:
        hint = "`pip install 'cfops[lake]'`"
        raise UsageError("a lake needs the extra lake, which is not installed", hint=hint)


class Lake(Delivery):
    """The folder of a lake, to which each snapshot adds its files; `written` are those of the last one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.written: list[Path] = []

    @property
    def root(self) -> Path:
        return self._root

    def check(self, now: float) -> None:
        check()
        super().check(now)

    def hand_over(self, made: FinishedSnapshot) -> Path:
        self.written = list(_write(self._root, made.name(), made.folder, made.manifest))
        return self._root


def _write(root: Path, name: str, folder: Path, manifest: Manifest) -> Iterator[Path]:
    def target(kind: str) -> Path:
        parts = f"kind={kind}", f"account={account_folder(manifest.account_id)}"
        return root.joinpath(*parts, f"date={manifest.started[:10]}", f"{name}.parquet")

    head = {"snapshot": name, "started": manifest.started}
    for kind in snapshot.kinds(manifest):

        def rows(kind: str = kind) -> Iterator[Json]:
            for scope, item in snapshot.items(folder, kind):
                yield {**head, "scope": scope, **{_column(name): value for name, value in item.items()}}

        yield _table(target(kind), rows, OWN)
    sections = [
        {
            **head,
            "of": s.kind,
            "scope": s.scope,
            "status": s.status,
            "count": s.known,
            "reason": s.reason,
            "carried_from": s.carried_from,
            "read_at": s.read_at or manifest.started,
        }
        for s in manifest.sections
    ]
    yield _table(target("sections"), lambda: iter(sections), tuple(sections[0]) if sections else OWN)
    facts = manifest.as_json()
    named = ("tool", "ended", "requests", "status", "reason", "options")
    one = {**head, "account_name": manifest.account_name, **{field: facts[field] for field in named}}
    yield _table(target("snapshot"), lambda: iter([one]), tuple(one))


def _column(field: str) -> str:
    return f"{field}_" if field.lower() in _TAKEN else field


def _table(target: Path, rows: Rows, first: Sequence[str]) -> Path:
    """Write *rows* into the file *target*, completely or not at all; *first* are columns in their order."""
    arrow, parquet = _arrow()
    columns = _columns(rows(), first)
    made = {"text": arrow.string(), "bool": arrow.bool_(), "int": arrow.int64(), "float": arrow.float64()}
    schema = arrow.schema([(name, made[type]) for name, type in columns.values()])
    disk.private_folder(target.parent)
    with disk.atomic(target) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        stream = rows()
        while group := list(islice(stream, ROWS)):
            values = {
                name: [_value(row.get(field), type) for row in group]
                for field, (name, type) in columns.items()
            }
            writer.write_table(arrow.table(values, schema=schema))
    return target


def _columns(rows: Iterable[Json], first: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the column of each field, and its type: that of all its values, or text."""
    found: dict[str, set[str]] = {name: set() for name in first}
    for row in rows:
        for name, value in row.items():
            types = found.setdefault(name, set())
            if value is not None:
                types.add(_type(value))
    columns: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    for field, types in found.items():
        # To most engines `Name` and `name` are one column, so the second gets a number.
        name, number = field, 2
        while name.lower() in taken:
            name, number = f"{field}_{number}", number + 1
        taken.add(name.lower())
        one = next(iter(types)) if len(types) == 1 else "float" if types == {"int", "float"} else "text"
        columns[field] = name, one
    return columns


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -_LARGEST <= value < _LARGEST else "text"
    return "float" if isinstance(value, float) else "text"


def _value(value: Any, type: str) -> Any:
    if value is None or type != "text":
        return value
    text = value if isinstance(value, str) else encode(value)[:-1].decode()
    # UTF-8 cannot encode a lone surrogate; it is written as its JSON escape.
    return text.encode("utf-8", "backslashreplace").decode()


def _arrow() -> tuple[Any, Any]:
    import pyarrow as pa  # type: ignore[import-not-found, import-untyped, unused-ignore]  # an extra
    from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]  # an extra

    return pa, parquet
