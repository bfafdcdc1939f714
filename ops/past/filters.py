"""Filters: the query parameters of a list, applied to the items of a snapshot.

They mean what they mean to the API: a field's name asks for equality (dots reach inside); a test after the
name (`name.startswith`) or before the value (`name=starts_with:www`) asks for something else. `search`,
`prefix`, `match` and `<field>_match` exist besides. Letters are compared without case. Pages are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
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


def filtered(items: Iterable[Json], resource: Resource, params: Mapping[str, str]) -> Iterator[Json]:
    """Yield those of *items* that a list of *resource* with *params* has, in the requested order.

    Raise UsageError, after the last item, if a condition is about a field that no item has.
    """
    given = {name: text for name, text in params.items() if name not in _NO_FILTERS}
    matches = {name: text for name, text in given.items() if name.endswith("_match")}
    conditions = [_condition(name, given[name], resource) for name in given.keys() - matches.keys()]
    groups: list[list[_Condition]] = []
    alternatives: dict[str, list[_Condition]] = {}
    for condition in conditions:
        if matches.get(f"{condition.field}_match") == "any":
            alternatives.setdefault(condition.field, []).append(condition)
        else:
            groups.append([condition])
    groups += alternatives.values()
    combine = any if params.get("match") == "any" else all

    def kept() -> Iterator[Json]:
        unseen, empty = {condition.field for condition in conditions} - {""}, True
        for item in items:
            empty = False
            if unseen:
                unseen = {f for f in unseen if not (_contains(item, f) or _contains(item, f"{f}s"))}
            if not groups or combine(any(one.holds(item) for one in group) for group in groups):
                yield item
        if unseen and not empty:
            raise UsageError(
                f"a snapshot cannot filter {resource.kind} by {min(unseen)!r}: no item has this field",
                hint="leave the option out, or leave --at out to let Cloudflare filter",
            )

    order, descending = params.get("order", ""), params.get("direction") == "desc"
    # A snapshot keeps the items in the order of their identity.
    if not order or (resource.identity[:1] == (order,) and not descending):
        return kept()

    def rank(item: Json) -> tuple[bool, float, str]:
        value = reach(item, order)
        number = float(value) if isinstance(value, int | float) else 0.0
        return value is None, number, "" if value is None else _text(value)

    return iter(sorted(kept(), key=rank, reverse=descending))


def _condition(name: str, text: str, resource: Resource) -> _Condition:
    value = text.lower()
    if name == "search":
        ignored = {field.partition(".")[0] for field in resource.compare.volatile}

        def found(item: Json) -> bool:
            texts = (
                one if isinstance(one, list) else [one] for name, one in item.items() if name not in ignored
            )
            return any(value in _text(one).lower() for one in chain.from_iterable(texts))

        return _Condition("", found)
    if name == "prefix":
        field = resource.identity[0]
        return _Condition(field, lambda item: _text(reach(item, field)).startswith(text))
    field, _, test = name.rpartition(".")
    if field and test in _AFTER_NAME:
        return _Condition(field, _tested(field, _AFTER_NAME[test], value))
    if field and test in ("present", "absent"):

        def present(item: Json) -> bool:
            """True if the item has the field or, in a list of labels, one with the name *value*."""
            one = _value(item, field)
            if isinstance(one, list):
                return any(_text(label).lower().partition(":")[0] == value for label in one)
            return one is not None

        return _Condition(field, lambda item: present(item) is (test == "present"))
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


def _value(item: Json, field: str) -> Any:
    """Return the value at *field*; a list of labels is named by one of them: `tag` for `tags`."""
    return reach(item, field if _contains(item, field) else f"{field}s")


def _contains(item: Json, field: str) -> bool:
    parent, _, name = field.rpartition(".")
    inside = reach(item, parent) if parent else item
    return isinstance(inside, dict) and name in inside


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
