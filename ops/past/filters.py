"""Filters: the query parameters of a list, applied to the items of a snapshot.

They mean what they mean to the API: a field's name asks for equality (dots reach inside); a test after the
name (`name.startswith`) or before the value (`name=starts_with:www`) asks for something else. `search`,
`prefix`, `match` and `<field>_match` exist besides. Letters are compared without case. Pages are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ops.errors import UsageError
from ops.items import Json, reach
from ops.kinds.resource import Resource

_NO_FILTERS = frozenset({"page", "per_page", "limit", "cursor", "order", "direction", "match"})

Test = Callable[[str, str], bool]

_AFTER_NAME: Mapping[str, Test] = {
    "exact": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_BEFORE_VALUE: Mapping[str, Test] = {
    "equal": str.__eq__,
    "not_equal": str.__ne__,
    "contains": str.__contains__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


class _Condition(NamedTuple):
    """What an item must fulfil; *field* is the one that some item must have, "" for none in particular."""

    field: str
    holds: Callable[[Json], bool]


class Filters:
    """The parameters *params* of a list of *resource*."""

    def __init__(self, resource: Resource, params: Mapping[str, str]) -> None:
        self._resource = resource
        self._combine = any if params.get("match") == "any" else all
        self._order, self._descending = params.get("order", ""), params.get("direction") == "desc"
        given = {name: text for name, text in params.items() if name not in _NO_FILTERS}
        matches = {name: text for name, text in given.items() if name.endswith("_match")}
        self._conditions: list[_Condition] = []
        self._groups: list[Callable[[Json], bool]] = []
        alternatives: dict[str, list[_Condition]] = {}
        for name in given.keys() - matches.keys():
            condition = _condition(name, given[name], resource)
            self._conditions.append(condition)
            if matches.get(f"{condition.field}_match") == "any":
                alternatives.setdefault(condition.field, []).append(condition)
            else:
                self._groups.append(condition.holds)
        self._groups += [_any_of(conditions) for conditions in alternatives.values()]

    def apply(self, items: Iterable[Json]) -> Iterator[Json]:
        """Yield those of *items* that fulfil the conditions, in the requested order.

        Raise UsageError, after the last item, if a condition is about a field that no item has.
        """
        kept = self._kept(items)
        # A snapshot keeps the items in the order of their identity.
        if not self._order or (self._resource.identity[:1] == (self._order,) and not self._descending):
            return kept
        return iter(sorted(kept, key=self._sort_key, reverse=self._descending))

    def _sort_key(self, item: Json) -> tuple[bool, float, str]:
        value = reach(item, self._order)
        number = value if isinstance(value, int | float) else 0
        return value is None, float(number), "" if value is None else _text(value)

    def _kept(self, items: Iterable[Json]) -> Iterator[Json]:
        unseen = {condition.field for condition in self._conditions} - {""}
        empty = True
        for item in items:
            empty = False
            unseen = {field for field in unseen if not _has(item, field)} if unseen else unseen
            if not self._groups or self._combine(holds(item) for holds in self._groups):
                yield item
        if unseen and not empty:
            raise UsageError(
                f"a snapshot cannot filter {self._resource.kind} by {min(unseen)!r}: no item has this field",
                hint="leave the option out, or leave --at out to let Cloudflare filter",
            )


def _any_of(conditions: list[_Condition]) -> Callable[[Json], bool]:
    return lambda item: any(condition.holds(item) for condition in conditions)


def _condition(name: str, text: str, resource: Resource) -> _Condition:
    value = text.lower()
    if name == "search":
        ignored = {field.partition(".")[0] for field in resource.compare.volatile}
        return _Condition("", lambda item: any(value in found for found in _texts(item, ignored)))
    if name == "prefix":
        field = resource.identity[0]
        return _Condition(field, lambda item: _text(reach(item, field)).startswith(text))
    field, _, test = name.rpartition(".")
    if field and test in _AFTER_NAME:
        return _Condition(field, _tested(field, _AFTER_NAME[test], value))
    if field and test in ("present", "absent"):
        return _Condition(field, _presence(field, value, present=test == "present"))
    before, _, rest = value.partition(":")
    if rest and before in _BEFORE_VALUE:
        tests = [_tested(name, _BEFORE_VALUE[before], word) for word in rest.split(",")]
        combine = all if before == "not_equal" else any
        return _Condition(name, lambda item: combine(holds(item) for holds in tests))
    return _Condition(name, _tested(name, str.__eq__, value))


def _tested(field: str, test: Test, wanted: str) -> Callable[[Json], bool]:
    name, colon, rest = wanted.partition(":")

    def holds(item: Json) -> bool:
        value = _value(item, field)
        if isinstance(value, list):
            labels = [_text(one).lower().partition(":") for one in value]
            return any(label == name and (not colon or test(found, rest)) for label, _, found in labels)
        return value is not None and test(_text(value).lower(), wanted)

    return holds


def _presence(field: str, wanted: str, *, present: bool) -> Callable[[Json], bool]:
    """Return a test for a field; of a list of labels, for a label with the name *wanted*."""

    def holds(item: Json) -> bool:
        value = _value(item, field)
        if isinstance(value, list):
            return any(_text(one).lower().partition(":")[0] == wanted for one in value) == present
        return (value is not None) == present

    return holds


def _value(item: Json, field: str) -> Any:
    """Return the value at *field*; a list of labels is named by one of them: `tag` for `tags`."""
    return reach(item, field if _contains(item, field) else f"{field}s")


def _has(item: Json, field: str) -> bool:
    return _contains(item, field) or _contains(item, f"{field}s")


def _contains(item: Json, field: str) -> bool:
    parent, _, name = field.rpartition(".")
    inside = reach(item, parent) if parent else item
    return isinstance(inside, dict) and name in inside


def _texts(item: Json, ignored: set[str]) -> Iterator[str]:
    for name, value in item.items():
        if name not in ignored:
            yield from (_text(one).lower() for one in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
