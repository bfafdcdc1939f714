"""Tables: the items of a kind in columns, and the blocks of data that the page's script opens.

Columns take a fraction of what objects take: 100,000 records are 0.4 to 4.5 MB of a page. What is not in a
column follows in a second block for each thousand rows, which is opened with an item.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from gzip import compress
from itertools import chain, islice
from typing import Any, NamedTuple
from urllib.parse import quote

from ops.items import Json, timestamp
from ops.kinds.resource import ACCOUNT, Resource
from ops.report.cover import COUNTED, MOST_ITEMS, Cover
from ops.report.sources import Sources
from ops.snapshots.compare.side import name_of
from ops.snapshots.manifest import known
from ops.ui.cells import value_at

BLOCK = 1_000
DATED = 20_000
"""Kinds with more items have their dates in the item view, not in a column."""
COLUMNS = 9
"""The most columns that are shown; the other fields are shown with an item."""
_SAMPLE = 500
_ENDS = "ends"
_SUFFIX = "\x01"
# In this order, if an item has them; dates come last.
_FIRST = (
    "type", "content", "value", "status", "enabled", "proxied", "pattern", "hostname", "script", "service",
    "cron", "hosts", "plan.name", "paused", "ttl", "priority", "certificate_authority", "location",
    "compatibility_date", "bindings", "comment",
)  # fmt: skip
_LAST = ("created_on", "modified_on", "created_at", "modified_at", "creation_date", "uploaded_on")
_NEVER = ("zone_id", "zone_name", "account_id", "account_tag", "etag", "tag", "meta", "owner", "permissions")

Extra = Callable[[str, str, Json], list[Any]]
"""Returns what an item view has besides the fields, from the parent's id, its key and the item."""


class Column(NamedTuple):
    """The values of one field; *shown* as a column, or with an item only."""

    name: str
    values: list[Any]
    shown: bool = True


class Table(NamedTuple):
    """The rows of *kind*: *parent* and *key* name the columns that tell a row from the others.

    *details* holds for each row, as JSON, the other fields and what else an item view shows.
    """

    kind: str
    columns: tuple[Column, ...]
    details: list[str]
    parent: str = ""
    key: str = ""

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return len(self.details)


class Names:
    """The names of parents by their ids, a kind at a time."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._kept: dict[str, dict[str, str]] = {}

    def of(self, kind: str, id: str) -> str:
        """Return the name of the item *id* of *kind*, or else the id."""
        if kind == ACCOUNT:
            return ""
        if kind not in self._kept:
            resource = self._sources.kinds[kind]
            items = self._sources.snapshot.items(kind)
            self._kept[kind] = {str(item.get(resource.key)): name_of(resource, item) for _, item in items}
        return self._kept[kind].get(id) or id


def link(kind: str, parent: str, key: str) -> str:
    """Return the address in the page of an item."""
    return f"#{kind}?item={quote(f'{parent}/{key}' if parent else key, safe='')}"


def reference(resource: Resource, names: Names, scope: str, item: Json) -> str:
    """Return the address in the page of *item*."""
    return link(
        resource.kind,
        names.of(resource.parent, scope),
        str(item.get(resource.key) or "") if resource.identity else "",
    )


def is_listed(sources: Sources, kind: str) -> bool:
    """True if the items of *kind* are on the page, not only their number."""
    sections = [section for section in sources.manifest.sections if section.kind == kind]
    return kind not in COUNTED and 0 < sum(section.count for section in sections) <= MOST_ITEMS


class _Rows:
    """The rows of a kind in the making: what is in columns, and the details of each."""

    def __init__(
        self, sources: Sources, resource: Resource, names: Names, cover: Cover, extra: Extra
    ) -> None:
        self._resource, self._names, self._cover, self._extra = resource, names, cover, extra
        self._counted = _counts(sources, resource)
        self.found: dict[str, list[Any]] = {}
        self.ends: list[str | None] = []
        self.scopes: list[str] = []
        self.keys: list[Any] = []
        self.details: list[str] = []

    def use(self, fields: Iterable[str]) -> None:
        """Make columns of *fields*, before the first row is added."""
        self._fields = tuple(fields)
        self.found = {name: [] for name in (*self._fields, *self._counted)}
        self._top = {name for name in self._fields if "." not in name} | {self._resource.key}

    def add(self, scope: str, item: Json) -> None:
        """Add the row of *item*."""
        resource, cover = self._resource, self._cover
        for name in self._fields:
            self.found[name].append(cover.value(value_at(item, name)))
        key = str(item.get(resource.key) or "")
        for name, counts in self._counted.items():
            self.found[name].append(counts.get(key))
        if resource.lifetime:
            life = resource.lifetime(item)
            self.ends.append(timestamp(life[1]) if life else None)
        self.scopes.append(self._names.of(resource.parent, scope))
        self.keys.append(cover.value(item.get(resource.key)))
        rest = {} if cover.redact else {name: one for name, one in item.items() if name not in self._top}
        self.details.append(_json([rest, *self._extra(scope, key, item)]))

    def columns(self, parent: str) -> list[Column]:
        """Return the columns, *parent* being what the parents of the items are called."""
        resource = self._resource
        columns = [Column(name, values) for name, values in self.found.items()]
        columns += [Column(_ENDS, self.ends)] if resource.lifetime else []
        if parent:
            columns.insert(1 if resource.identity else 0, Column(parent, self.scopes))
        if resource.key not in self._fields and resource.identity:
            columns.append(Column(resource.key, self.keys, shown=False))
        # The only item of the account may have nothing but nested fields.
        return columns or [Column("item", [resource.kind] * len(self.details))]


def table_of(sources: Sources, resource: Resource, names: Names, cover: Cover, extra: Extra) -> Table:
    """Return the items of *resource*, by name."""
    kind = resource.kind
    parent = resource.parent.partition(".")[2] if resource.parent != ACCOUNT else ""
    items = ((scope, cover.item(kind, item)) for scope, item in sources.snapshot.items(kind))
    sample = list(islice(items, _SAMPLE))
    size = sum(section.count for section in sources.manifest.sections if section.kind == kind)
    fields = _fields(resource, sample, parent, size)
    rows = _Rows(sources, resource, names, cover, extra)
    rows.use(name for name in fields if cover.column(name, resource.label))
    for scope, item in chain(sample, items):
        rows.add(scope, item)
    columns = rows.columns(parent)
    by_name = next((column for column in columns if column.name == resource.label), columns[0])
    order = _order(by_name.values, rows.scopes)
    return Table(
        kind,
        tuple(column._replace(values=[column.values[at] for at in order]) for column in columns),
        [rows.details[at] for at in order],
        parent=parent,
        key=resource.key if resource.identity else "",
    )


def _order(labels: Sequence[Any], scopes: Sequence[str]) -> list[int]:
    texts = [str(label).lower() for label in labels]
    return sorted(range(len(texts)), key=lambda at: (texts[at], scopes[at]))


def _fields(resource: Resource, sample: Sequence[tuple[str, Json]], parent: str, size: int) -> list[str]:
    """Return the fields that are columns: the name, what identifies an item, what is known to matter.

    *size* is the number of items.
    """
    seen: dict[str, bool] = {}
    for _, item in sample:
        for name, value in item.items():
            seen[name] = seen.get(name, False) or not isinstance(value, dict | list)
            if name == "plan" and isinstance(value, dict):
                seen["plan.name"] = True
    wanted = [resource.label, *(f for f in resource.identity if f != resource.key), *_FIRST]
    if resource.key == resource.label:
        wanted.insert(0, resource.key)
    plain = [n for n, is_plain in seen.items() if is_plain and n not in (*_LAST, *_NEVER, resource.key)]
    held = [name for name in dict.fromkeys(wanted) if name in seen or "." in name]
    fields = dict.fromkeys([*held, *plain])
    # Dates do not compress. Side by side in the details, the second one mostly does.
    dates = [name for name in _LAST if name in seen][-1:] if size < DATED else []
    left_out = (parent, *_LAST) if size >= DATED else (parent,)
    chosen = [name for name in fields if name not in left_out and _varies(name, sample)]
    return [*dict.fromkeys([*chosen[: COLUMNS - len(dates)], *dates])]


def _varies(name: str, sample: Sequence[tuple[str, Json]]) -> bool:
    """True if *name* has a value in any item."""
    return any(value_at(item, name) not in (None, "", [], {}) for _, item in sample)


def _counts(sources: Sources, resource: Resource) -> Mapping[str, Mapping[str, int | None]]:
    """Return how many items each one holds of the kinds that are only counted; None if unknown."""
    found = {}
    for child in sources.kinds.values():
        if child.parent == resource.kind and child.kind in COUNTED:
            sections = [one for one in sources.manifest.sections if one.kind == child.kind]
            name = f"{child.kind.partition('.')[2]}s"
            found[name] = {one.scope: known([one]) for one in sections if one.scope}
    return found


def head_block(table: Table) -> Json:
    """Return the columns of *table*, packed: repeated values are numbered, names lack their zone."""
    parents = next((c.values for c in table.columns if c.name == table.parent and table.parent), None)
    return {"columns": [_packed(column, parents) for column in table.columns]}


def _packed(column: Column, parents: Sequence[str] | None) -> Json:
    head: Json = {"n": column.name}
    if not column.shown:
        head["h"] = 1
    values = column.values
    if all(isinstance(value, str | bool | int | float | None) for value in values):
        # To Python, 1 is true.
        distinct = {(type(value), value): value for value in values}
        if len(distinct) * 2 <= len(values):
            numbers = {key: at for at, key in enumerate(distinct)}
            return {
                **head,
                "d": list(distinct.values()),
                "i": [numbers[type(value), value] for value in values],
            }
    texts = parents is not None and parents is not values and all(isinstance(value, str) for value in values)
    if parents is not None and texts and not any(_SUFFIX in value for value in values):
        return {**head, "s": [_short(*pair) for pair in zip(values, parents, strict=True)]}
    return {**head, "v": values}


def _short(name: str, parent: str) -> str:
    if name == parent:
        return _SUFFIX
    return f"{name[: -len(parent) - 1]}{_SUFFIX}" if parent and name.endswith(f".{parent}") else name


def detail_blocks(table: Table) -> Iterator[str]:
    """Yield the JSON of each thousand details."""
    for at in range(0, len(table.details), BLOCK):
        yield f"[{','.join(table.details[at : at + BLOCK])}]"


def packed(document: str) -> str:
    """Return *document* compressed, in base64, with nothing of the time of writing."""
    return b64encode(compress(document.encode("utf-8", "surrogatepass"), 6, mtime=0)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def rows_table(kind: str, names: Sequence[str], rows: Iterable[Json], details: Sequence[Json] = ()) -> Table:
    """Return a table of *rows* that are not items of a kind, such as findings."""
    kept = list(rows)
    columns = tuple(Column(name, [row.get(name) for row in kept]) for name in names)
    numbers = Column("#", [str(at) for at in range(len(kept))], shown=False)
    rest = [_json([detail, [], []]) for detail in details] or [_json([{}, [], []])] * len(kept)
    return Table(kind, (*columns, numbers), rest, key="#")
