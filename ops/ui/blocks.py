"""Lists in blocks that fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.items import Json

BLOCK = 1000


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
