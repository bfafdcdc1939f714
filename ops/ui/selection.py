"""The items of a list to show, and their order: --filter, --sort, --limit.

A filter is FIELD OPERATOR VALUE with `=` (or `==`), `!=`, `<`, `<=`, `>` or `>=`; several must all be true.
`=` and `!=` take a pattern (`*`, `?`, `[ab]`, `[*]` for a star) and check each element of a list; the others
compare numbers as numbers and everything else as text, which is right for the API's times. An empty value
means "has none".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import chain, islice
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from ops.errors import NetworkError, OpsError, SystemFailure, UsageError, did_you_mean
from ops.ui.cells import cell, field_names, has_field, value_at

if TYPE_CHECKING:
    from ops.items import Json
    from ops.ui.shapes import Output, Rows

    Test = Callable[[Json], bool]

BLOCK = 1000

_FILTER = re.compile(r"\s*([^=!<>]+?)\s*(!=|<=|>=|==?|<|>)\s*(.*?)\s*", re.DOTALL)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def split_fields(text: str) -> tuple[str, ...]:
    """Return the names in a text such as `name, account.name`, each once."""
    return tuple(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))


def parse_filter(text: str) -> tuple[str, Test]:
    """Return the field that a filter names, and its test. Raises UsageError."""
    match = _FILTER.fullmatch(text)
    if not match:
        hint = "write FIELD=VALUE, e.g. --filter 'name=www*', --filter 'ttl>300', --filter status!=active"
        raise UsageError(f"{text!r} is not a filter", hint=hint)
    field, operator, wanted = match.groups()

    def compares(item: Json) -> bool:
        value = value_at(item, field)
        if value is None:
            return False
        try:
            return _ORDER[operator](float(cell(value)), float(wanted))
        except ValueError:
            return _ORDER[operator](cell(value), wanted)

    def matches(item: Json) -> bool:
        value = value_at(item, field)
        texts = [cell(value), *(map(cell, value) if isinstance(value, list) else ())]
        return any(fnmatchcase(text, wanted) for text in texts) is (operator != "!=")

    return field, compares if operator in _ORDER else matches


class Selection:
    """The items of *rows* that *options* ask for; iterable once.

    Creating one reads as many items as needed to find the named fields. Raises UsageError for a field that no
    item has, before anything is printed. After the last item, *cut* says where --limit ended the list, and
    *count* is the number of items.
    """

    def __init__(self, rows: Rows, options: Output) -> None:
        self.cut = ""
        self.count = 0
        self._rows = rows
        self._limit = options.limit
        self._sort = options.sort.removeprefix("-").strip()
        self._descending = options.sort.startswith("-")
        filters = [parse_filter(text) for text in options.filters]
        named = {*split_fields(options.fields), *filter(None, [self._sort]), *(field for field, _ in filters)}
        self._source = with_fields(iter(rows.items), named.difference(rows.columns))
        self._tests = [test for _, test in filters]

    @property
    def problem(self) -> str:
        """Return why the list may not be complete; "" if it is, or if --limit ended it on purpose."""
        ended_early = self.cut and not self._sort
        return "" if ended_early else getattr(self._rows.items, "problem", "")

    def __iter__(self) -> Iterator[Json]:
        for self.count, item in enumerate(self._chosen(), 1):  # noqa: B020 (the attribute is the counter)
            yield item

    def _chosen(self) -> Iterator[Json]:
        kept = (item for item in self._source if all(test(item) for test in self._tests))
        if self._sort:
            ordered = in_order(list(kept), self._sort, self._descending)
            if self._limit and len(ordered) > self._limit:
                self.cut = f"showing the first {self._limit:,} of {len(ordered):,}"
            yield from ordered[: self._limit or None]
        elif self._limit:
            yield from islice(kept, self._limit)
            # One more item shows whether the list was cut: any item, since a match may be far away.
            try:
                more = next(self._source, None) is not None
            except (SystemFailure, NetworkError):
                more = True  # The limit was reached; a next page that cannot be read does not matter.
            if more:
                self.cut = f"showing the first {self._limit:,}; more were not read"
        else:
            yield from kept


def in_order(items: list[Json], field: str, descending: bool) -> list[Json]:
    """Return *items* sorted by *field*: numbers before text, items without it last in both directions."""
    present = [item for item in items if value_at(item, field) is not None]
    absent = [item for item in items if value_at(item, field) is None]

    def rank(item: Json) -> tuple[int, float, str]:
        value = value_at(item, field)
        return (0, value, "") if isinstance(value, int | float) else (1, 0, cell(value))

    return sorted(present, key=rank, reverse=descending) + absent


def with_fields(items: Iterator[Json], names: set[str]) -> Iterator[Json]:
    """Return *items* unchanged, after finding all *names* in them.

    Raises UsageError for a name that none of the first 1,000 items has; an empty list has every field.
    """
    missing = set(names)
    seen: list[Json] = []
    while missing and len(seen) < BLOCK and (item := next(items, None)) is not None:
        seen.append(item)
        missing = {name for name in missing if not has_field(item, name)}
    if missing and seen:
        known = list(dict.fromkeys(field for item in seen for field in field_names(item)))
        name = min(missing)
        hint = f"{did_you_mean(name, known)} the fields are: {', '.join(known)}".strip()
        raise UsageError(f"no item has a field {name!r}", hint=hint)
    return chain(seen, items)


def blocks_of(items: Iterable[Json]) -> Iterator[list[Json]]:
    """Yield *items* in lists of up to 1,000; items read before an error are yielded before it is raised."""
    source = iter(items)
    failure: OpsError | None = None
    while failure is None:
        block: list[Json] = []
        try:
            block.extend(islice(source, BLOCK))
        except OpsError as problem:
            failure = problem
        if block:
            yield block
        if not failure and len(block) < BLOCK:
            return
    raise failure
