"""GraphQL analytics: the datasets of Workers KV and Durable Objects, in the account scope.

The envelope is `{"data", "errors"}` with status 200, also when something is wrong in the query. Sizes are
those of the sandbox's own data; traffic, of which there is none here, is derived from names and dates, so
that the same question always has the same answer. Fields: docs:kv/observability/metrics-analytics and
docs:durable-objects/observability/metrics-and-analytics.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ops.sandbox.router import route
from ops.sandbox.routes.graphql_data import DATASETS, KEPT_SECONDS, PAGE, Dataset, oldest_day
from ops.sandbox.routes.graphql_query import Field, QueryError, parse
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, invalid_body

Row = dict[str, Any]
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "neq": operator.ne,
    "geq": operator.ge,
    "leq": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
    "in": lambda have, want: have in want,
    "notin": lambda have, want: have not in want,
}


@route("POST", "/graphql", scope="analytics:read")
def answer_query(request: Request, store: Store) -> Answer:
    body = request.object()
    query, variables = body.get("query"), body.get("variables", {})
    if not isinstance(query, str) or not isinstance(variables, dict | None):
        raise invalid_body()
    try:
        data, errors = _root(store, parse(query, variables or {})), None
    except QueryError as error:
        extensions = {"timestamp": store.stamp()}
        data, errors = None, [{"message": str(error), "path": None, "extensions": extensions}]
    return Answer(200, {}, dumps({"data": data, "errors": errors}).encode())


def _root(store: Store, selection: list[Field]) -> Row:
    return {one.key: _viewer(store, _only(one, "viewer")) for one in selection}


def _viewer(store: Store, viewer: Field) -> Row:
    return {one.key: _accounts(store, _only(one, "accounts")) for one in viewer.selection}


def _accounts(store: Store, accounts: Field) -> list[Row]:
    """Answer for one account, which the filter must name."""
    tag = (accounts.arguments.get("filter") or {}).get("accountTag")
    if tag is None or store.document_text("account", "", str(tag)) is None:
        raise QueryError("not authorized for that account")
    return [{one.key: _node(store, str(tag), one) for one in accounts.selection}]


def _only(field: Field, name: str) -> Field:
    if field.name != name:
        raise QueryError(f'unknown field "{field.name}"')
    return field


def _node(store: Store, account: str, field: Field) -> Any:
    if field.name == "settings":
        return {one.key: _limits(one) for one in field.selection}
    dataset = DATASETS.get(field.name)
    if dataset is None:
        raise QueryError(f'unknown field "{field.name}"')
    wanted = dict(field.arguments.get("filter") or {})
    _check_filter(wanted, dataset, oldest_day(store))
    rows = [row for row in dataset.rows(store, account) if _fits(row, wanted)]
    return _page(_grouped(rows, field, dataset), field)


def _limits(field: Field) -> Row:
    if field.name not in DATASETS:
        raise QueryError(f'unknown field "{field.name}"')
    limits = {
        "enabled": True,
        "maxDuration": KEPT_SECONDS,
        "maxPageSize": PAGE,
        "notOlderThan": KEPT_SECONDS,
        "maxNumberOfFields": 30,
    }
    return {one.key: limits.get(one.name) for one in field.selection}


def _check_filter(wanted: Row, dataset: Dataset, oldest: str) -> None:
    for name, value in wanted.items():
        dimension, _, test = name.partition("_")
        if name in ("AND", "OR"):
            for one in value:
                _check_filter(one, dataset, oldest)
        elif _dimension(dimension) not in dataset.dimensions or test not in _TESTS:
            raise QueryError(f'unknown filter "{name}"')
        elif _dimension(dimension) == "date" and test in ("geq", "gt") and str(value)[:10] < oldest:
            raise QueryError(f"cannot request data older than {KEPT_SECONDS}s")


def _dimension(name: str) -> str:
    """Figures are kept by the day, so a time of day is read as its day."""
    return "date" if name == "datetime" else name


def _fits(row: Row, wanted: Row) -> bool:
    return all(_fits_one(row, name, value) for name, value in wanted.items())


def _fits_one(row: Row, name: str, value: Any) -> bool:
    if name in ("AND", "OR"):
        parts = [_fits(row, one) for one in value]
        return all(parts) if name == "AND" else any(parts)
    dimension, _, test = name.partition("_")
    dimension = _dimension(dimension)
    if dimension == "date":
        value = [str(one)[:10] for one in value] if isinstance(value, list) else str(value)[:10]
    return _TESTS[test](row[dimension], value)


def _grouped(rows: list[Row], field: Field, dataset: Dataset) -> list[Row]:
    """Put together the rows whose chosen dimensions are equal."""
    dimensions = _known(field.chosen("dimensions"), dataset.dimensions)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[one.name] for one in dimensions), []).append(row)
    for one in field.selection:
        if one.name not in ("dimensions", "count"):
            _known(one.selection, dataset.measures.get(one.name, ()))
    return [{one.key: _part(one, found) for one in field.selection} for found in groups.values()]


def _part(part: Field, rows: list[Row]) -> Any:
    """One part of a group: its dimensions, the number of its rows, or an aggregation."""
    if part.name == "count":
        return len(rows)
    if part.name == "dimensions":
        return {one.key: rows[0][one.name] for one in part.selection}
    merge = max if part.name == "max" else sum
    return {one.key: merge([row[one.name] for row in rows]) for one in part.selection}


def _known(asked: list[Field], known: tuple[str, ...]) -> list[Field]:
    for one in asked:
        if one.name not in known:
            raise QueryError(f'unknown field "{one.name}"')
    return asked


def _page(groups: list[Row], field: Field) -> list[Row]:
    """Order and cut: `orderBy: [date_DESC, max_keyCount_ASC]`, `limit`."""
    limit = field.arguments.get("limit", PAGE)
    if not isinstance(limit, int) or not 0 < limit <= PAGE:
        raise QueryError(f"limit must be positive number and not greater than {PAGE}")
    orders = field.arguments.get("orderBy") or []
    for order in reversed(orders if isinstance(orders, list) else [orders]):
        name, _, direction = str(order).rpartition("_")
        groups.sort(key=lambda group: _sort_value(group, name), reverse=direction == "DESC")
    return groups[:limit]


def _sort_value(group: Row, name: str) -> Any:
    """Read `date` from the dimensions, `max_keyCount` from the aggregations."""
    part, _, inner = name.partition("_")
    try:
        return group[part][inner] if inner else group["dimensions"][name]
    except (KeyError, TypeError):
        raise QueryError(f'cannot order by "{name}": it is not selected') from None
