"""Every field of recorded answers, and each answer with one field missing, null or of another type."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple
from zlib import crc32

Path = tuple[str | int, ...]
Answers = Mapping[tuple[str, str], Any]

MISSING, NULL, OTHER = "missing", "null", "of another type"
OTHERS: dict[type, Any] = {str: 7, int: "x", float: "x", bool: "x", list: {}, dict: [], type(None): "x"}
# Ids, names of items and the values of a query: they differ between the items and between runs.
_VARYING = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<==)[^&]+"
    r"|(?<=/scripts/)[^/?]+|(?<=/buckets/)[^/?]+|(?<=/projects/)[^/?]+|(?<=/metadata/)[^/?]+"
)
# One field in this number is tried, always the same: all 30,000 take a quarter of an hour. 1 tries all.
EVERY = 36
# The keys of KV, which are the names of fields in a bulk get.
_KEYS = "values"


class Mutation(NamedTuple):
    """A field in the answer to one request, and what becomes of it."""

    method: str
    target: str
    path: Path
    change: str

    @property
    def field(self) -> str:
        """The last name in the path."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    def applied(self, answer: Any) -> Any:
        """Return a copy of *answer* with the change. Raises LookupError or TypeError without the field."""
        outer = {"answer": deepcopy(answer)}
        inner: Any = outer
        last: Any = "answer"
        for part in self.path:
            inner, last = inner[last], part
        old = inner[last]
        if self.change == MISSING:
            del inner[last]
        else:
            inner[last] = None if self.change == NULL else OTHERS[type(old)]
        return outer["answer"]

    def __str__(self) -> str:
        path = ".".join(
            "*" if isinstance(part, int) or before == _KEYS else part
            for before, part in zip((None, *self.path), self.path, strict=False)
        )
        return f"{' '.join(operation(self.method, self.target))}: {path or 'the answer'} {self.change}"


def operation(method: str, target: str) -> tuple[str, str]:
    """Return the request without what differs between items and between runs."""
    return method, _VARYING.sub("*", target)


def _fields(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of *value* and of everything in it."""
    yield at, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from _fields(inner, (*at, name))


def mutations(answers: Answers, known: set[str]) -> Iterator[Mutation]:
    """Yield each change of each distinct field in *answers* that is not *known*, and add it there.

    A field is the same in all items of a list and in all answers to one operation. Which of them is changed
    depends on the field and the change, so that it is not always the first. An item that is missing in a list
    is another list, not a malformed one. Only the share EVERY of the fields is yielded.
    """
    places: dict[str, list[Mutation]] = defaultdict(list)
    for method, target in sorted(answers):
        for path, value in _fields(answers[method, target]):
            is_item = not path or isinstance(path[-1], int)
            for change in (MISSING, NULL, OTHER):
                if not (change == MISSING and is_item) and not (change == NULL and value is None):
                    mutation = Mutation(method, target, path, change)
                    places[str(mutation)].append(mutation)
    for name, found in places.items():
        number = crc32(json.dumps(name).encode())
        if name not in known and number % EVERY == 0:
            known.add(name)
            yield found[number // EVERY % len(found)]
