"""GraphQL analytics: queries are read, checked and answered as docs:analytics/graphql-api describes.

The envelope is `{"data", "errors"}` with status 200, also if the query is wrong; the messages are those of
docs:analytics/graphql-api/errors. A group has the dimensions that were selected, by which figures are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from ops.sandbox.graphql_query import Field, Unreadable, read_query
from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.traffic import NODES, Node, Row
from ops.sandbox.wire import Answer, Request, dumps, require

MOST_ROWS = 10_000
MOST_ZONES = 10
_SCOPES = {"accounts": "accountTag", "zones": "zoneTag"}
_SETTINGS = ("enabled", "maxDuration", "maxPageSize", "maxNumberOfFields", "notOlderThan", "availableFields")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq, "geq": ge, "leq": le, "gt": gt, "lt": lt, "neq": ne,
}  # fmt: skip


class Wrong(Exception):
    """A query that is refused, with the path of the field that is wrong."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.message, self.path = message, list(path)


@route("POST", "/graphql", scope="analytics:read")
def answer_query(request: Request, store: Store) -> Answer:
    """Answer a query with the data that it selects, or with what is wrong with it."""
    body = request.object()
    query, variables = body.get("query"), body.get("variables") or {}
    require(isinstance(query, str) and isinstance(variables, dict))
    try:
        data = {one.alias: _viewer(one, store) for one in read_query(query, dict(variables))}
    except Unreadable as problem:
        return _answer(None, Wrong(str(problem)), store)
    except Wrong as wrong:
        return _answer(None, wrong, store)
    return _answer(data, None, store)


def _answer(data: Row | None, wrong: Wrong | None, store: Store) -> Answer:
    errors = None
    if wrong:
        about = {"path": wrong.path or None, "extensions": {"timestamp": store.stamp()}}
        errors = [{"message": wrong.message, **about}]
    return Answer(200, {}, dumps({"data": data, "errors": errors}).encode())


def _viewer(viewer: Field, store: Store) -> Row:
    if viewer.name != "viewer":
        raise Wrong(f'unknown field "{viewer.name}"')
    found: Row = {}
    for scope in viewer.fields:
        if scope.name not in _SCOPES:
            raise Wrong(f'unknown field "{scope.name}"', "viewer")
        ids = _owners(scope, store)
        found[scope.alias] = [_owner(scope, id, store) for id in ids]
    return found


def _owners(scope: Field, store: Store) -> list[str]:
    """Return the account or the zones that the filter names."""
    tag, wanted = _SCOPES[scope.name], scope.args.get("filter")
    wanted = wanted if isinstance(wanted, dict) else {}
    ids = [str(id) for id in wanted.get(f"{tag}_in") or [wanted.get(tag) or ""]]
    if scope.name == "accounts":
        if len(ids) > 1:
            raise Wrong("cannot query more than 1 account", "viewer", "accounts")
        if store.document_text("account", "", ids[0]) is None:
            raise Wrong("not authorized for that account", "viewer", "accounts")
        return ids
    if len(ids) > MOST_ZONES:
        raise Wrong(f"cannot query more than {MOST_ZONES} zones", "viewer", "zones")
    foreign = [id for id in ids if store.document_text("zone", "", id) is None]
    if foreign:
        raise Wrong(f"zones [{' '.join(foreign)}] are not authorized", "viewer", "zones")
    return ids


def _owner(scope: Field, id: str, store: Store) -> Row:
    found: Row = {}
    for one in scope.fields:
        where = ("viewer", scope.name, one.name)
        if one.name == _SCOPES[scope.name]:
            found[one.alias] = id
        elif one.name == "settings":
            found[one.alias] = {node.alias: _settings(node, scope.name, where) for node in one.fields}
        else:
            found[one.alias] = _groups(_node(one, scope.name, where), one, id, store, where)
    return found


def _node(asked: Field, scope: str, where: tuple[str, ...]) -> Node:
    node = NODES.get(asked.name)
    if node is None or node.scope != scope:
        raise Wrong(f'unknown field "{asked.name}"', *where)
    return node


def _settings(asked: Field, scope: str, where: tuple[str, ...]) -> Row:
    node = _node(asked, scope, where)
    fields = [path.replace(".", "_") for path in node.fields]
    limits = (True, node.duration, MOST_ROWS, 30, node.oldest, fields)
    known = dict(zip(_SETTINGS, limits, strict=True))
    for one in asked.fields:
        if one.name not in known:
            raise Wrong(f'unknown field "{one.name}"', *where, asked.name)
    return {one.alias: known[one.name] for one in asked.fields}


def _groups(node: Node, asked: Field, id: str, store: Store, where: tuple[str, ...]) -> list[Row]:
    paths = list(_selected(asked, node, where))
    limit = asked.args.get("limit")
    if type(limit) is not int or not 0 < limit <= MOST_ROWS:
        raise Wrong(f"limit must be positive number and not greater than {MOST_ROWS}", *where)
    now = store.now()
    conditions = list(_conditions(asked.args.get("filter") or {}, node, where))
    start, end = _span(conditions, now, node)
    if start < now - node.oldest - 1:
        raise Wrong(f"cannot request data older than {node.oldest}s", *where)
    if end - start > node.duration + 1:
        raise Wrong(f"query time range is too large. Max range is {node.duration}s", *where)
    rows = node.rows(store, id, int(start), int(min(end, now)))
    kept = (row for row in rows if all(_holds(row, *condition) for condition in conditions))
    found = _added_up(kept, [path for path in paths if path[0] == "dimensions"])
    order = asked.args.get("orderBy") or []
    for text in reversed(order if isinstance(order, list) else [order]):
        field, _, direction = str(text).rpartition("_")
        by = field.replace("_", ".", 1) if "_" in field else f"dimensions.{field}"
        found.sort(key=lambda row, by=by: _at(row, by) or 0, reverse=direction == "DESC")  # type: ignore[misc]
    return [_projected(row, asked) for row in found[:limit]]


def _selected(asked: Field, node: Node, where: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the path of each selected field; refuse one that the dataset does not have."""
    if not asked.fields:
        raise Wrong("object field must have selections", *where)
    for one in asked.fields:
        paths: list[tuple[str, ...]] = [(one.name, inner.name) for inner in one.fields]
        for path in paths or [(one.name,)]:
            objects = {field.partition(".")[0] for field in node.fields if "." in field}
            if node.fields and one.name in objects and not one.fields:
                raise Wrong("object field must have selections", *where, one.name)
            if node.fields and ".".join(path) not in node.fields:
                raise Wrong(f'unknown field "{path[-1]}"', *where, *path[:-1])
            yield path


def _conditions(wanted: Any, node: Node, where: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """Yield field, operator and value of each condition of a filter, all of which must hold."""
    if not isinstance(wanted, dict):
        raise Wrong("error parsing args: filter is not an object", *where)
    for name, value in wanted.items():
        if name == "AND":
            for one in value:
                yield from _conditions(one, node, where)
            continue
        field, _, operator = name.rpartition("_")
        field, operator = (field, operator) if operator in (*_OPERATORS, "in") else (name, "eq")
        if node.fields and f"dimensions.{field}" not in node.fields:
            raise Wrong(f'error parsing args for "{where[-1]}": filter has no field "{name}"', *where)
        yield field, operator, value


def _span(conditions: Iterable[tuple[str, str, Any]], now: float, node: Node) -> tuple[float, float]:
    """Return the times between which a filter looks: without one, as far as a query reaches."""
    start, end = now - min(node.oldest, node.duration), now
    for field, operator, value in conditions:
        if not field.startswith("date"):
            continue
        try:
            moment = datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise Wrong(f'error parsing args: "{value}" is not a time') from None
        day = 86400 if len(str(value)) == 10 else 0
        if operator in ("geq", "gt", "eq"):
            start = moment
        if operator in ("leq", "lt", "eq"):
            end = moment + (day if operator != "lt" else 0)
    return start, end


def _holds(row: Row, field: str, operator: str, value: Any) -> bool:
    found = row["dimensions"][field]
    if field.startswith("datetime") and isinstance(value, str):
        value = value.replace(".000Z", "Z")
    return found in value if operator == "in" else bool(_OPERATORS[operator](found, value))


def _added_up(rows: Iterable[Row], by: list[tuple[str, ...]]) -> list[Row]:
    """Return a group for each value of the dimensions *by*: sums added, sizes and quantiles at their most."""
    groups: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row["dimensions"].get(name) for _, name in by)
        group = groups.setdefault(key, {"dimensions": row["dimensions"], "count": 0})
        group["count"] += row.get("count", 1)
        for name in row.keys() - {"dimensions", "count"}:
            into = group.setdefault(name, {})
            for field, value in row[name].items():
                before = into.get(field, 0)
                into[field] = round(before + value, 3) if name == "sum" else max(before, value)
    return list(groups.values())


def _projected(row: Row, asked: Field) -> Row:
    return {
        one.alias: {inner.alias: row.get(one.name, {}).get(inner.name) for inner in one.fields}
        if one.fields
        else row.get(one.name)
        for one in asked.fields
    }


def _at(row: Row, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None  # type: ignore[assignment]
    return row
