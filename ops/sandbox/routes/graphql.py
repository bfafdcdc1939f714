"""GraphQL analytics: the datasets of Workers KV, Durable Objects, D1 and R2, in the account scope.

The envelope is `{"data", "errors"}` with status 200, also if the query is wrong. Sizes are those of the
sandbox's own data. Traffic, which the sandbox has not, is derived from names and dates, so that the same
query always has the same answer. Fields: docs:kv/observability/metrics-analytics and
docs:durable-objects/observability/metrics-and-analytics.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, require

Row = dict[str, Any]
DAYS = 31
KEPT_SECONDS = DAYS * 86400
PAGE = 10_000

_KV_SIZES = """
    SELECT namespace, count(*), sum(length(value)) FROM kv_pair
    WHERE deleted IS NULL AND (expiration IS NULL OR expiration > ?) GROUP BY namespace
"""
_R2_SIZES = "SELECT count(*), ifnull(sum(length(value)), 0) FROM r2_object WHERE bucket = ?"


@dataclass(frozen=True)
class Dataset:
    """The dimensions and measures of a dataset, and the function that yields its rows."""

    rows: Callable[[Store, str], Iterator[Row]]
    dimensions: tuple[str, ...]
    measures: dict[str, tuple[str, ...]]


def days(store: Store) -> list[str]:
    """Return the days for which data is kept, oldest first."""
    today = datetime.fromtimestamp(store.now(), UTC).date()
    return [(today - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)]


def _number(below: int, *words: str) -> int:
    """Return a number that is always the same for *words*."""
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def _kv_storage(store: Store, account: str) -> Iterator[Row]:
    """Yield keys and bytes of each namespace; only today's are known."""
    sizes = {row[0]: row[1:] for row in store.rows(_KV_SIZES, (store.now(),))}
    for one in store.list_documents("kv.namespace", account):
        keys, size = sizes.get(one["id"], (0, 0))
        yield {"namespaceId": one["id"], "date": days(store)[-1], "keyCount": keys, "byteCount": size or 0}


def _kv_operations(store: Store, account: str) -> Iterator[Row]:
    for one in store.list_documents("kv.namespace", account):
        for day in days(store):
            for action in ("read", "write", "delete", "list"):
                requests = _number(5000, one["title"], day, action)
                yield {"namespaceId": one["id"], "date": day, "actionType": action, "requests": requests}


def _do_storage(store: Store, _account: str) -> Iterator[Row]:
    """Yield the stored bytes of the account by day; sizes are not known, so each object counts the same."""
    stored = int(store.value("SELECT count(*) FROM do_object WHERE stored", (), 0))
    yield from ({"date": day, "storedBytes": stored * 4096} for day in days(store))


def _r2_storage(store: Store, account: str) -> Iterator[Row]:
    """Yield objects and bytes of each bucket by day; earlier days have today's."""
    for one in store.list_documents("r2.bucket", account):
        objects, size = store.rows(_R2_SIZES, (f"{account}/{one['name']}",))[0]
        sizes = {"objectCount": objects, "payloadSize": size, "metadataSize": 0}
        yield from ({"bucketName": one["name"], "date": day, **sizes} for day in days(store))


def _daily(kind: str, labels: dict[str, str], measures: Callable[[str], Row]) -> Dataset:
    """Return a dataset with one row for each item of *kind* and day.

    *labels*: the field of the item for each dimension; *measures* computes the row from name and day.
    """

    def rows(store: Store, account: str) -> Iterator[Row]:
        for one in store.list_documents(kind, account):
            for day in days(store):
                about = {dimension: one[field] for dimension, field in labels.items()}
                yield {**about, "date": day, **measures(one["name"] + day)}

    return Dataset(rows, (*labels, "date"), {"sum": tuple(measures(""))})


def _queries(words: str) -> Row:
    reads, writes = _number(900, words, "reads"), _number(90, words, "writes")
    return {"readQueries": reads, "writeQueries": writes, "rowsRead": reads * 20, "rowsWritten": writes}


def _invocations(words: str) -> Row:
    count = _number(2000, words)
    measures = {"requests": count, "responseBodySize": count * 512, "wallTime": count * 900}
    return {**measures, "errors": count // 500}


def _periodic(words: str) -> Row:
    cpu = _number(10**6, words, "periodic")
    return {"activeTime": cpu * 10, "cpuTime": cpu, "exceededCpuErrors": 0}


_DO = {"namespaceId": "id", "scriptName": "script"}
DATASETS = {
    "d1AnalyticsAdaptiveGroups": _daily("d1.database", {"databaseId": "uuid"}, _queries),
    "durableObjectsInvocationsAdaptiveGroups": _daily("do.namespace", _DO, _invocations),
    "durableObjectsPeriodicGroups": _daily("do.namespace", _DO, _periodic),
    "durableObjectsStorageGroups": Dataset(_do_storage, ("date",), {"max": ("storedBytes",)}),
    "durableObjectsSubrequestsAdaptiveGroups": _daily(
        "do.namespace", _DO, lambda words: {"requestBodySizeUncached": _number(10**6, words, "subrequests")}
    ),
    "kvOperationsAdaptiveGroups": Dataset(
        _kv_operations, ("namespaceId", "date", "actionType"), {"sum": ("requests",)}
    ),
    "kvStorageAdaptiveGroups": Dataset(
        _kv_storage, ("namespaceId", "date"), {"max": ("keyCount", "byteCount")}
    ),
    "r2StorageAdaptiveGroups": Dataset(
        _r2_storage, ("bucketName", "date"), {"max": ("objectCount", "payloadSize", "metadataSize")}
    ),
}

# Queries of fields, aliases, arguments and variables; fragments and directives are not read.
_TEXT = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_TEXT})|#[^\n]*")
# Commas are optional in GraphQL; YAML needs them, and a space after each colon.
_SEPARATOR = re.compile(rf"({_TEXT})|(?<=[^\s,{{\[])\s+(?=\w+\s*:)|:")
_DEFAULT = re.compile(r"\$(\w+)\s*:[^=,$]*=([^$]*?)(?=,?\s*(?:\$|$))")
_INSIDE = rf'(?:{_TEXT}|[^()"])*'
_HEADING = re.compile(rf"(?:query\b\s*\w*\s*(?:\((?P<declared>{_INSIDE})\))?\s*)?\{{[\s,]*")
_TOKEN = re.compile(
    rf"""(?:(?:(?P<alias>[A-Za-z_]\w*)\s*:\s*)?(?P<name>[A-Za-z_]\w*)\s*
    (?:\((?P<arguments>{_INSIDE})\)\s*)?)?(?P<brace>(?(name)\{{|\}}))?[\s,]*""",
    re.VERBOSE,
)
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "neq": operator.ne,
    "geq": operator.ge,
    "leq": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
    "in": lambda value, values: value in values,
    "notin": lambda value, values: value not in values,
}
_LIMITS = {"enabled": True, "maxDuration": KEPT_SECONDS, "maxPageSize": PAGE, "notOlderThan": KEPT_SECONDS}
_LIMITS["maxNumberOfFields"] = 30


class QueryError(Exception):
    """The query cannot be answered; the text is the API's message."""


@dataclass(frozen=True)
class Field:
    """One field of a selection; `key` is its alias or its name."""

    name: str
    key: str
    arguments: Row
    selection: list[Field]

    def named(self, *names: str) -> Field:
        """Return this field if it has one of *names*, or refuse it."""
        if self.name not in names:
            raise QueryError(f'unknown field "{self.name}"')
        return self


@route("POST", "/graphql", scope="analytics:read")
def answer_query(request: Request, store: Store) -> Answer:
    """Answer for one account, which the filter must name."""
    body = request.object()
    query, variables = body.get("query"), body.get("variables", {})
    require(isinstance(query, str) and isinstance(variables, dict | None))
    data: Row = {}
    errors = []
    try:
        for viewer in (one.named("viewer") for one in parse(query, variables or {})):
            found = data[viewer.key] = {}
            for accounts in (one.named("accounts") for one in viewer.selection):
                tag = (accounts.arguments.get("filter") or {}).get("accountTag")
                if tag is None or store.document_text("account", "", str(tag)) is None:
                    raise QueryError("not authorized for that account")
                found[accounts.key] = [{one.key: _node(store, str(tag), one) for one in accounts.selection}]
    except QueryError as error:
        extensions = {"timestamp": store.stamp()}
        errors = [{"message": str(error), "path": None, "extensions": extensions}]
    answer = {"data": None if errors else data, "errors": errors or None}
    return Answer(200, {}, dumps(answer).encode())


def parse(text: str, variables: Row) -> list[Field]:
    """Return the outermost selection of a query with its variables filled in, or raise QueryError."""
    text = _COMMENT.sub(lambda found: found[1] or " ", text).strip()
    heading = _HEADING.match(text)
    if heading is None:
        raise QueryError("error parsing query: only queries are answered")
    defaults = {name: _value(value, {}) for name, value in _DEFAULT.findall(heading["declared"] or "")}
    root: list[Field] = []
    levels, at = [root], heading.end()
    while levels and (found := _TOKEN.match(text, at)):
        at = found.end()
        if found["brace"] == "}":
            levels.pop()
        elif found["name"]:
            arguments = _value(f"{{{found['arguments'] or ''}}}", {**defaults, **variables})
            field = Field(found["name"], found["alias"] or found["name"], arguments, [])
            levels[-1].append(field)
            levels += [field.selection] if found["brace"] else []
        else:
            break
    if at < len(text) or levels:
        raise QueryError(f"error parsing query: unexpected {text[at : at + 20] or 'end'!r} at position {at}")
    return root


def _value(text: str, variables: Row) -> Any:
    """Return an argument's value, read as YAML flow style, with its variables filled in."""
    spaced = _SEPARATOR.sub(lambda found: found[1] or (": " if found[0] == ":" else ", "), text)
    try:
        return _filled(yaml.safe_load(spaced), variables)
    except yaml.YAMLError:
        raise QueryError(f"error parsing args: {text}") from None


def _filled(value: Any, variables: Row) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    if value[1:] not in variables:
        raise QueryError(f"error parsing args: variable {value} is not given")
    return variables[value[1:]]


def _node(store: Store, account: str, field: Field) -> Any:
    if field.name == "settings":
        selected = [one.named(*DATASETS) for one in field.selection]
        return {one.key: {f.key: _LIMITS.get(f.name) for f in one.selection} for one in selected}
    dataset = DATASETS[field.named(*DATASETS).name]
    conditions = dict(field.arguments.get("filter") or {})
    _check_filter(conditions, dataset, days(store)[0])
    rows = [row for row in dataset.rows(store, account) if _fits(row, conditions)]
    return _page(_grouped(rows, field, dataset), field)


def _split(condition: str) -> tuple[str, str]:
    """Return the dimension and the operator; data is per day, so a time is compared as its day."""
    dimension, _, test = condition.partition("_")
    return ("date" if dimension.startswith("datetime") else dimension), test


def _check_filter(conditions: Row, dataset: Dataset, oldest: str) -> None:
    for name, value in conditions.items():
        dimension, test = _split(name)
        if name in ("AND", "OR"):
            for one in value:
                _check_filter(one, dataset, oldest)
        elif dimension not in dataset.dimensions or test not in _TESTS:
            raise QueryError(f'unknown filter "{name}"')
        elif dimension == "date" and test in ("geq", "gt") and str(value)[:10] < oldest:
            raise QueryError(f"cannot request data older than {KEPT_SECONDS}s")


def _fits(row: Row, conditions: Row) -> bool:
    for name, value in conditions.items():
        if name in ("AND", "OR"):
            fits = (all if name == "AND" else any)(_fits(row, one) for one in value)
        else:
            dimension, test = _split(name)
            if dimension == "date":
                value = [str(one)[:10] for one in value] if isinstance(value, list) else str(value)[:10]
            fits = _TESTS[test](row[dimension], value)
        if not fits:
            return False
    return True


def _grouped(rows: list[Row], field: Field, dataset: Dataset) -> list[Row]:
    """Return one group for each combination of the selected dimensions.

    Its parts are the dimensions, the number of its rows (`count`) and aggregations (`sum`, `max`).
    """
    dimensions: list[str] = []
    for part in field.selection:
        known = dataset.dimensions if part.name == "dimensions" else dataset.measures.get(part.name, ())
        for one in part.selection if part.name != "count" else ():
            if _split(one.name)[0] not in known:
                raise QueryError(f'unknown field "{one.name}"')
            dimensions += [_split(one.name)[0]] if part.name == "dimensions" else []
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in dimensions), []).append(row)
    merges: dict[str, Callable[[list[Any]], Any]] = {"max": max, "dimensions": lambda values: values[0]}
    return [
        {
            part.key: len(found)
            if part.name == "count"
            else {
                one.key: merges.get(part.name, sum)([row[_split(one.name)[0]] for row in found])
                for one in part.selection
            }
            for part in field.selection
        }
        for found in groups.values()
    ]


def _page(groups: list[Row], field: Field) -> list[Row]:
    """Apply `orderBy: [date_DESC, max_keyCount_ASC]` (dimensions and aggregations) and `limit`."""
    limit = field.arguments.get("limit", PAGE)
    if not isinstance(limit, int) or not 0 < limit <= PAGE:
        raise QueryError(f"limit must be positive number and not greater than {PAGE}")
    orders = field.arguments.get("orderBy") or []
    for order in reversed(orders if isinstance(orders, list) else [orders]):
        name, _, direction = str(order).rpartition("_")
        part, inner = name.split("_", 1) if "_" in name else ("dimensions", name)
        try:
            groups.sort(key=lambda group: group[part][inner], reverse=direction == "DESC")
        except (KeyError, TypeError):
            raise QueryError(f'cannot order by "{name}": it is not selected') from None
    return groups[:limit]
