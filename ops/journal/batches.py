"""Changes put together into what goes out in one request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.kinds.change import Change
    from ops.kinds.resource import Owner, Writes

# In base64 this is 64 MiB of the 100 MB that one bulk request may have, and it is held in memory.
WEIGHT = 48 * 1024 * 1024


def batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield *changes* in their order, consecutive ones of one resource and owner together where they may."""
    batch: list[Change] = []
    weight = 0
    for change in changes:
        more = _weight(change.before) + _weight(change.after)
        if batch and (not _fits(batch, change) or weight + more > WEIGHT):
            yield batch
            batch, weight = [], 0
        batch.append(change)
        weight += more
    if batch:
        yield batch


def _fits(batch: list[Change], change: Change) -> bool:
    writes = change.resource.writes
    first = batch[0]
    return (
        len(batch) < _size(writes, first.owner)
        and first.resource.kind == change.resource.kind
        and first.owner[:2] == change.owner[:2]
    )


def _size(writes: Writes | None, owner: Owner) -> int:
    if writes is None or writes.batch is None:
        return 1
    return writes.batch_of(owner) if writes.batch_of else writes.batch_size


def _weight(value: Any) -> int:
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_weight, value.values()))
    return sum(map(_weight, value)) if isinstance(value, list | tuple) else 0
