"""Values: what is stored in an owner, as the snapshot holds it, beside what stands there now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Damaged, OpsError
from ops.kinds.resource import Json, Resource, identity_of
from ops.snapshots.compare.stored import ValueFile, merged
from ops.snapshots.lines import decode

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Owner

Make = Callable[[Json], Json]
Pair = tuple["Json | None", "Json | None"]

# So many are looked up with one call.
TOGETHER = 100


def pairs(now: ValueFile | None, then: ValueFile, make: Make) -> Iterator[Pair]:
    """Yield what stands and what the snapshot holds under each key where that is not the same."""
    if now is None:
        return ((None, item) for item in items(then, make))
    found = merged(now, then)
    return ((_item(now.path, one, make), _item(then.path, other, make)) for one, other in found)


def items(file: ValueFile, make: Make) -> Iterator[Json]:
    """Yield all that a file holds, as items."""
    for line in file.lines():
        if (found := _item(file.path, _decoded(file.path, line), make)) is not None:
            yield found


def looked_up(client: Client, owner: Owner, resource: Resource, wanted: Iterator[Json]) -> Iterator[Pair]:
    """Yield each of the *wanted* items with what stands under its key."""
    writes = resource.writes
    assert writes is not None and writes.find_all is not None  # noqa: S101 (values are written in bulk)
    while some := list(islice(wanted, TOGETHER)):
        yield from zip(writes.find_all(client, owner, some), some, strict=True)


def named(resource: Resource, item: Json, names: tuple[str, ...]) -> bool:
    return " ".join(identity_of(resource, item)) in names


def _decoded(path: Path, line: bytes) -> Json:
    try:
        return decode(line)
    except (ValueError, RecursionError):
        raise Damaged(f"{path} holds a line that is no value") from None


def _item(path: Path, line: Json | None, make: Make) -> Json | None:
    try:
        return make(line) if line is not None else None
    except OpsError as error:
        raise Damaged(f"{path} holds what cannot be put back: {error.message}") from None
