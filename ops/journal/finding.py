"""What stands where several items of one owner are or would be, with as few requests as the kind allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.http.client import Client
    from ops.kinds.resource import Json, Owner, Writes


def find_each(client: Client, writes: Writes, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Give what stands for each of *items*, in their order."""
    if writes.find_all is None or len(items) < 2:
        return [writes.find(client, owner, item) for item in items]
    parts = (items[at : at + writes.find_size] for at in range(0, len(items), writes.find_size))
    return [found for part in parts for found in writes.find_all(client, owner, part)]
