"""Filters: the query parameters of a list, applied to what a snapshot holds of it.

They mean what they mean to the API: a field's name asks for equality (dots reach inside), a test behind it
(`name.startswith`) or before the value (`name=starts_with:www`) for something else; there are `search`,
`prefix`, `match` and `<field>_match` besides. Letters are compared without case. Pages are not asked for: a
snapshot gives all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ops.errors import UsageError
from ops.kinds.resource import Json, Resource, reach

_PAGING = frozenset({"page", "per_page", "limit", "cursor"})
_ORDER, _DIRECTION, _SEARCH, _PREFIX, _MATCH = "order", "direction", "search", "prefix", "match"

Test = Callable[[str, str], bool]

_TESTS: Mapping[str, Test] = {
    "exact": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_BEFORE: Mapping[str, Test] = {
    "equal": str.__eq__,
    "not_equal": str.__ne__,
    "contains": str.__contains__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


class _Condition(NamedTuple):
    """What an item has to fulfil; *field* is the one it must have, "" for none in particular."""

    field: str
    holds: Callable[[Json], bool]


class Filters:
    """The parameters *params* of a list of *resource*."""

    def __init__(self, resource: Resource, params: Mapping[str, str]) -> None:
        self._resource = resource
        self._any = params.get(_MATCH) == "any"
        self._order = params.get(_ORDER, "")
        self._descending = params.get(_DIRECTION) == "desc"
        words = _PAGING | {_ORDER, _DIRECTION, _MATCH}
        self._groups = _grouped({name: text for name, text in params.items() if name not in words}, resource)

    def apply(self, items: Iterable[Json]) -> Iterator[Json]:
        """Yield those of *items* that fulfil the conditions, in the order that was asked for.

        Raises UsageError, once all are seen, where a condition is about a field that none of them has.
        """
        kept = self._kept(items)
        if self._order and not self._in_order:
            return iter(sorted(kept, key=self._place, reverse=self._descending))
        return kept

    @property
    def _in_order(self) -> bool:
        """Say whether the order is the one in which a snapshot keeps the items: by identity."""
        return self._resource.identity[:1] == (self._order,) and not self._descending

    def _place(self, item: Json) -> tuple[bool, float, str]:
        value = reach(item, self._order)
        number = value if isinstance(value, int | float) else 0
        return value is None, float(number), "" if value is None else _text(value)

    def _kept(self, items: Iterable[Json]) -> Iterator[Json]:
        unseen = {condition.field for group in self._groups for condition in group.conditions} - {""}
        met = False
        for item in items:
            met = True
            unseen = {field for field in unseen if not _has(item, field)} if unseen else unseen
            if self._wanted(item):
                yield item
        if met and unseen:
            field = min(unseen)
            raise UsageError(
                f"a snapshot cannot filter {self._resource.kind} by {field!r}: no item has such a field",
                hint="leave the option out, or leave --at out to let Cloudflare filter",
            )

    def _wanted(self, item: Json) -> bool:
        verdicts = (group.holds(item) for group in self._groups)
        return not self._groups or (any(verdicts) if self._any else all(verdicts))


class _Group(NamedTuple):
    conditions: tuple[_Condition, ...]
    one_is_enough: bool

    def holds(self, item: Json) -> bool:
        verdicts = (condition.holds(item) for condition in self.conditions)
        return any(verdicts) if self.one_is_enough else all(verdicts)


def _grouped(params: Mapping[str, str], resource: Resource) -> list[_Group]:
    """Put together what `<field>_match` is about; every other condition stands alone."""
    loose = {
        name.removesuffix("_match") for name, text in params.items() if _is_match(name) and text == "any"
    }
    groups: dict[str, list[_Condition]] = {}
    for name, text in params.items():
        if not _is_match(name):
            condition = _condition(name, text, resource)
            group = condition.field if condition.field in loose else name
            groups.setdefault(group, []).append(condition)
    return [_Group(tuple(conditions), group in loose) for group, conditions in groups.items()]


def _is_match(name: str) -> bool:
    return name.endswith("_match")


def _condition(name: str, text: str, resource: Resource) -> _Condition:
    wanted = text.lower()
    if name == _SEARCH:
        left_out = {field.partition(".")[0] for field in resource.compare.volatile}
        return _Condition("", lambda item: any(wanted in said for said in _texts(item, left_out)))
    if name == _PREFIX:
        field = resource.identity[0]
        return _Condition(field, lambda item: _text(reach(item, field)).startswith(text))
    field, dot, test = name.rpartition(".")
    if dot and test in _TESTS:
        return _Condition(field, _tested(field, _TESTS[test], wanted))
    if dot and test in ("present", "absent"):
        return _Condition(field, _presence(field, wanted, there=test == "present"))
    before, colon, rest = wanted.partition(":")
    if colon and before in _BEFORE and rest:
        return _Condition(name, _one_of(name, before, rest.split(",")))
    return _Condition(name, _tested(name, str.__eq__, wanted))


def _one_of(field: str, test: str, words: list[str]) -> Callable[[Json], bool]:
    tests = [_tested(field, _BEFORE[test], word) for word in words]
    together = all if test == "not_equal" else any
    return lambda item: together(holds(item) for holds in tests)


def _tested(field: str, test: Test, wanted: str) -> Callable[[Json], bool]:
    name, colon, rest = wanted.partition(":")

    def holds(item: Json) -> bool:
        value = _value(item, field)
        if isinstance(value, list):
            labels = [_text(one).lower().partition(":") for one in value]
            return any(one == name and (not colon or test(said, rest)) for one, _, said in labels)
        return value is not None and test(_text(value).lower(), wanted)

    return holds


def _presence(field: str, wanted: str, *, there: bool) -> Callable[[Json], bool]:
    """Ask whether a field is there at all; of a list of labels, whether one has the name *wanted*."""

    def holds(item: Json) -> bool:
        value = _value(item, field)
        if isinstance(value, list):
            return any(_text(one).lower().partition(":")[0] == wanted for one in value) == there
        return (value is not None) == there

    return holds


def _value(item: Json, field: str) -> Any:
    """Give the value at *field*; a list of labels is asked for by the name of one: `tag` for `tags`."""
    return reach(item, field if _held(item, field) else f"{field}s")


def _has(item: Json, field: str) -> bool:
    return _held(item, field) or _held(item, f"{field}s")


def _held(item: Json, field: str) -> bool:
    parent, dot, name = field.rpartition(".")
    inside = reach(item, parent) if dot else item
    return isinstance(inside, dict) and name in inside


def _texts(item: Json, left_out: set[str]) -> Iterator[str]:
    for name, value in item.items():
        if name not in left_out:
            yield from (_text(one).lower() for one in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
