"""One request that writes, and what became of it where nothing answered: probe, adopt, or send once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.errors import ApiError, Conflict, MalformedAnswer, NotFound, OpsError, Unanswered, UsageError
from ops.kinds.change import CREATE, without
from ops.writes.compare import stands, untouched
from ops.writes.journal import ADOPTED, DONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner, Writes


def find_each(client: Client, writes: Writes, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Give what stands for each of *items*, in their order."""
    if writes.find_all is None or len(items) < 2:
        return [writes.find(client, owner, item) for item in items]
    parts = (items[at : at + writes.find_size] for at in range(0, len(items), writes.find_size))
    return [found for part in parts for found in writes.find_all(client, owner, part)]


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


Items = list["Json | None"]

ATTEMPTS = 2


class Undecided(Exception):
    """Nobody knows whether a request was carried out; *cause* is what happened to it."""

    def __init__(self, cause: OpsError) -> None:
        super().__init__(cause.message)
        self.cause = cause


def send(client: Client, changes: Sequence[Change]) -> tuple[str, Items]:
    """Make *changes*, of one resource and owner, real; gives DONE or ADOPTED, and what stands now for each.

    Raises Undecided where the outcome stays unknown; every other error means that nothing was changed.
    """
    writes = _writes(changes[0])
    attempt = 1
    while True:
        try:
            return DONE, _once(client, writes, changes)
        except OpsError as error:
            if not unknown(error) and not (attempt > 1 and isinstance(error, Conflict)):
                raise
            items = _probed(client, writes, changes, error)
            if items is not None:
                return ADOPTED, items
            if not unknown(error):
                raise
            if attempt == ATTEMPTS:
                raise Undecided(error) from error
        attempt += 1


def unknown(error: OpsError) -> bool:
    """Say whether what *error* tells of may have been carried out all the same."""
    if isinstance(error, Unanswered | MalformedAnswer):
        return True
    return isinstance(error, ApiError) and (error.status or 0) >= 500


def _writes(change: Change) -> Writes:
    if change.resource.writes is None:
        raise UsageError(f"{change.resource.kind} cannot be changed")
    return change.resource.writes


def _once(client: Client, writes: Writes, changes: Sequence[Change]) -> Items:
    if len(changes) > 1 and writes.batch:
        return writes.batch(client, changes[0].owner, [_sendable(change) for change in changes])
    return [_single(client, writes, _sendable(change)) for change in changes]


def _sendable(change: Change) -> Change:
    read_only = change.resource.compare.read_only
    if change.after is None or not read_only:
        return change
    return change._replace(after=without(change.after, read_only))


def _single(client: Client, writes: Writes, change: Change) -> Json | None:
    _, owner, before, after = change
    if before is None and after is not None and writes.create:
        return writes.create(client, owner, after)
    if before is not None and after is not None and writes.update:
        return writes.update(client, owner, before, after)
    if before is not None and after is None and writes.delete:
        try:
            writes.delete(client, owner, before)
        except NotFound:
            return None  # what is gone is deleted
        return None
    if writes.batch:
        return writes.batch(client, owner, [change])[0]
    raise UsageError(f"{change.resource.kind} has no way to {change.action} {change.label}")


def _probed(client: Client, writes: Writes, changes: Sequence[Change], error: OpsError) -> Items | None:
    """Give what stands where all of *changes* were made, None where none was; raises Undecided otherwise."""
    sample = probes(changes)
    try:
        found = [writes.find(client, change.owner, change.item) for change in sample]
        if all(map(stands, sample, found)):
            return standing(client, writes, changes)
    except OpsError:
        raise Undecided(error) from error
    if all(map(untouched, sample, found)):
        return None
    raise Undecided(error) from error


def probes(changes: Sequence[Change]) -> list[Change]:
    """Give the first and the last change of each action: a batch is carried out as a whole, or in order."""
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.action, []).append(change)
    return [change for same in kinds.values() for change in (same if len(same) < 3 else (same[0], same[-1]))]


def standing(client: Client, writes: Writes, changes: Sequence[Change]) -> Items:
    """Give the items as they stand: what was created has what the API adds to it, an id above all.

    Of a batch whose items are known by their own names, nothing is added that would be worth a look at each.
    """
    sought = [change.item for change in changes if _unknown_yet(change, changes)]
    found = iter(find_each(client, writes, changes[0].owner, sought))
    return [next(found) if _unknown_yet(change, changes) else change.after for change in changes]


def _unknown_yet(change: Change, changes: Sequence[Change]) -> bool:
    if change.action != CREATE:
        return False
    return len(changes) == 1 or change.resource.key not in change.resource.identity
