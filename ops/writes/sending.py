"""Send one request that writes; if no response arrives, look up whether it was applied, or send it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.errors import ApiError, Conflict, MalformedAnswer, NotFound, OpsError, Unanswered, UsageError
from ops.kinds.change import CREATE, without
from ops.writes.describe import is_applied, is_untouched
from ops.writes.journal import ADOPTED, DONE

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner, Writes

Items = list["Json | None"]

ATTEMPTS = 2
# In base64 this is 64 MiB of the 100 MB that one bulk request may have, and it is held in memory.
BATCH_BYTES = 48 * 1024 * 1024


class OutcomeUnknown(Exception):
    """It is unknown whether a request was applied; *cause* is its error."""

    def __init__(self, cause: OpsError) -> None:
        super().__init__(cause.message)
        self.cause = cause


def batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield *changes* in their order, consecutive ones of one resource and owner together if possible."""
    batch: list[Change] = []
    size = 0
    for change in changes:
        more = _bytes(change.before) + _bytes(change.after)
        if batch and (not _fits(batch, change) or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += more
    if batch:
        yield batch


def _fits(batch: list[Change], change: Change) -> bool:
    first, writes = batch[0], change.resource.writes
    most = 1
    if writes and writes.batch:
        most = writes.batch_of(first.owner) if writes.batch_of else writes.batch_size
    same = first.resource.kind == change.resource.kind and first.owner[:2] == change.owner[:2]
    return same and len(batch) < most


def _bytes(value: Any) -> int:
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, list | tuple) else 0


def lookup_each(client: Client, writes: Writes, owner: Owner, items: Sequence[Json]) -> Items:
    """Return the live item of each of *items*, in their order."""
    if writes.find_all is None or len(items) < 2:
        return [writes.find(client, owner, item) for item in items]
    parts = (items[at : at + writes.find_size] for at in range(0, len(items), writes.find_size))
    return [found for part in parts for found in writes.find_all(client, owner, part)]


def send(client: Client, changes: Sequence[Change]) -> tuple[str, Items]:
    """Apply *changes*, of one resource and owner; return DONE or ADOPTED, and the live item of each.

    Raises OutcomeUnknown if the outcome stays unknown; every other error means that nothing was changed.
    """
    writes = changes[0].resource.writes
    if writes is None:
        raise UsageError(f"{changes[0].resource.kind} cannot be changed")
    attempt = 1
    while True:
        try:
            return DONE, _send_once(client, writes, changes)
        except OpsError as error:
            if not is_unknown(error) and not (attempt > 1 and isinstance(error, Conflict)):
                raise
            items = _find_applied(client, writes, changes, error)
            if items is not None:
                return ADOPTED, items
            if not is_unknown(error):
                raise
            if attempt == ATTEMPTS:
                raise OutcomeUnknown(error) from error
        attempt += 1


def is_unknown(error: OpsError) -> bool:
    """True if the request may have been applied in spite of *error*."""
    if isinstance(error, Unanswered | MalformedAnswer):
        return True
    return isinstance(error, ApiError) and (error.status or 0) >= 500


def _send_once(client: Client, writes: Writes, changes: Sequence[Change]) -> Items:
    read_only = changes[0].resource.compare.read_only
    wanted = [c._replace(after=c.after and without(c.after, read_only)) if read_only else c for c in changes]
    if len(wanted) > 1 and writes.batch:
        return writes.batch(client, wanted[0].owner, wanted)
    return [_send_single(client, writes, change) for change in wanted]


def _send_single(client: Client, writes: Writes, change: Change) -> Json | None:
    _, owner, before, after = change
    if before is None and after is not None and writes.create:
        return writes.create(client, owner, after)
    if before is not None and after is not None and writes.update:
        return writes.update(client, owner, before, after)
    if before is not None and after is None and writes.delete:
        try:
            writes.delete(client, owner, before)
        except NotFound:
            return None  # already deleted
        return None
    if writes.batch:
        return writes.batch(client, owner, [change])[0]
    raise UsageError(f"{change.resource.kind} has no way to {change.action} {change.label}")


def _find_applied(client: Client, writes: Writes, changes: Sequence[Change], error: OpsError) -> Items | None:
    """Return the live items if all *changes* were applied, None if none was; else raise OutcomeUnknown."""
    chosen = samples(changes)
    try:
        found = [writes.find(client, change.owner, change.item) for change in chosen]
        if all(map(is_applied, chosen, found)):
            return live_items(client, writes, changes)
    except OpsError:
        raise OutcomeUnknown(error) from error
    if all(map(is_untouched, chosen, found)):
        return None
    raise OutcomeUnknown(error) from error


def samples(changes: Sequence[Change]) -> list[Change]:
    """Return the first and the last change of each action: a batch is applied as a whole, or in order."""
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.action, []).append(change)
    return [change for same in kinds.values() for change in (same if len(same) < 3 else (same[0], same[-1]))]


def live_items(client: Client, writes: Writes, changes: Sequence[Change]) -> Items:
    """Return the items after *changes*, looking up what the API adds to created ones, above all their ids.

    Items of a batch that are identified by their own names are not looked up, because the API adds nothing.
    """

    def added_to(change: Change) -> bool:
        named = change.resource.key in change.resource.identity
        return change.action == CREATE and (len(changes) == 1 or not named)

    found = iter(lookup_each(client, writes, changes[0].owner, [c.item for c in changes if added_to(c)]))
    return [next(found) if added_to(change) else change.after for change in changes]
