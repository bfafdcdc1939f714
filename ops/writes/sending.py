"""Send one request that writes; if no response arrives, look up whether it was applied, or send it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ops.errors import (
    ApiError,
    Conflict,
    Interrupted,
    MalformedAnswer,
    OpsError,
    Refused,
    Unanswered,
    UsageError,
)
from ops.http.client import Client
from ops.items import Json, reach, without
from ops.kinds import secret
from ops.kinds.resource import CREATE, Applied, Change, Owner, Writes
from ops.writes import describe
from ops.writes.describe import is_applied, is_untouched
from ops.writes.journal import ADOPTED, DONE

Items = list["Json | None"]

ATTEMPTS = 2
IN_BETWEEN = "something between here and Cloudflare may have answered in its place; `inv doctor` looks"
# What reading an answer of another shape raises in the code of a product.
_BAD_SHAPE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
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
        first, writes = (batch or [change])[0], change.resource.writes
        most = 1
        if writes and writes.batch:
            most = writes.batch_of(first.owner) if writes.batch_of else writes.batch_size
        same = first.resource.kind == change.resource.kind and first.owner[:2] == change.owner[:2]
        if batch and (not same or len(batch) >= most or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += more
    if batch:
        yield batch


def _bytes(value: Any) -> int:
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, list | tuple) else 0


def find(client: Client, writes: Writes, owner: Owner, item: Json) -> Json | None:
    """Return the live item of *item*, None if it is proven that none exists. Raises NotFound if unproven."""
    try:
        return writes.find(client, owner, item)
    except _BAD_SHAPE as error:
        raise _malformed(error) from error


def _malformed(error: Exception) -> MalformedAnswer:
    return MalformedAnswer(
        f"the answer has an undocumented shape ({type(error).__name__}: {error})", hint=IN_BETWEEN
    )


def lookup_each(client: Client, writes: Writes, owner: Owner, items: Sequence[Json]) -> Items:
    """Return the live item of each of *items*, in their order."""
    if writes.find_all is None or len(items) < 2:
        return [find(client, writes, owner, item) for item in items]
    parts = (items[at : at + writes.find_size] for at in range(0, len(items), writes.find_size))
    try:
        return [found for part in parts for found in writes.find_all(client, owner, part)]
    except _BAD_SHAPE as error:
        raise _malformed(error) from error


def send(  # noqa: C901 (a branch for each answer to a write)
    client: Client, changes: Sequence[Change], warn: Callable[[str], None] = lambda _text: None
) -> tuple[str, Items]:
    """Apply *changes*, of one resource and owner; return DONE or ADOPTED, and the live item of each.

    What Cloudflare answered to a write decides: if a lookup after it fails, that is a warning. Raises
    OutcomeUnknown if the outcome stays unknown; every other error means that nothing was changed.
    """
    writes = changes[0].resource.writes
    if writes is None:
        raise UsageError(f"{changes[0].resource.kind} cannot be changed")
    attempt = 1
    while True:
        accepted, refused = client.accepted, client.refused
        try:
            return DONE, _dispatch(client, writes, changes)
        except Applied as applied:
            warn(applied.problem)
            return DONE, [applied.item]
        except _BAD_SHAPE as bad:
            if client.accepted == accepted:
                raise
            return DONE, _found(client, writes, changes, _malformed(bad))
        except OpsError as error:
            if client.accepted > accepted:
                if client.refused > refused or isinstance(error, MalformedAnswer):
                    return DONE, _found(client, writes, changes, error)
                warn(f"applied, but reading it again failed: {error.message}")
                with suppress(OutcomeUnknown):
                    return DONE, _found(client, writes, changes, error)
                return DONE, [change.after for change in changes]
            if not is_unknown(error) and not (attempt > 1 and isinstance(error, Conflict)):
                raise
            found = _find_applied(client, writes, changes, error)
            if found is not None:
                return ADOPTED, found
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


def _found(client: Client, writes: Writes, changes: Sequence[Change], error: OpsError) -> Items:
    """Return the live items if all *changes* were applied; else raise OutcomeUnknown."""
    items = _find_applied(client, writes, changes, error)
    if items is None:
        raise OutcomeUnknown(error) from error
    return items


def _dispatch(client: Client, writes: Writes, changes: Sequence[Change]) -> Items:
    """Send *changes*; raise TypeError or KeyError if the answer has not the documented shape."""
    read_only = changes[0].resource.compare.read_only
    wanted = [c._replace(after=c.after and without(c.after, read_only)) if read_only else c for c in changes]
    if changes[0].resource.secret:
        wanted = [_revealed(client, writes, change) for change in wanted]
    if len(wanted) > 1 and writes.batch:
        items = writes.batch(client, wanted[0].owner, wanted)
    else:
        items = [_send_single(client, writes, change) for change in wanted]
    for change, item in zip(changes, items, strict=True):
        if not isinstance(item, dict | None) or (change.after and item is None):
            raise TypeError("no item")
        key, form = (
            reach(item or {}, change.resource.key),
            change.resource.types.get(change.resource.key, str),
        )
        if change.before is None and not (key and isinstance(key, form)):
            raise KeyError(change.resource.key)
    return items


def _revealed(client: Client, writes: Writes, change: Change) -> Change:
    """Return *change* with its secrets, from the live item where they are hidden. Raises Refused."""
    resource, owner, before, after = change
    if after is None or not secret.hidden_fields(resource, after):
        return change
    whole = secret.revealed(resource, after, before and find(client, writes, owner, before))
    if unknown := secret.hidden_fields(resource, whole):
        raise Refused(
            f"{describe.name(change)}: the value of {', '.join(unknown)} is secret and not known here",
            hint="set it by hand; only an encrypted snapshot keeps such values",
        )
    return change._replace(after=whole)


def _send_single(client: Client, writes: Writes, change: Change) -> Json | None:
    _, owner, before, after = change
    if before is None and after is not None and writes.create:
        return writes.create(client, owner, after)
    if before is not None and after is not None and writes.update:
        return writes.update(client, owner, before, after)
    if before is not None and after is None and writes.delete:
        _delete(client, writes, change, partial(writes.delete, client, owner, before))
        return None
    if writes.batch:
        return writes.batch(client, owner, [change])[0]
    raise UsageError(f"{change.resource.kind} has no way to {change.action} {change.label}")


def _delete(client: Client, writes: Writes, change: Change, delete: Callable[[], None]) -> None:
    """Call *delete*, as *change* says. Raises OutcomeUnknown for a 404 that no lookup confirms."""
    try:
        delete()
    except OpsError as error:
        if error.status not in (404, 410):
            raise
        try:
            found = find(client, writes, change.owner, change.item)
        except Interrupted:
            raise
        except OpsError as failure:
            raise OutcomeUnknown(failure) from error
        if found is not None:
            raise ApiError(
                f"{describe.name(change)} was not deleted and still exists: {error.message}",
                error.status,
                hint=IN_BETWEEN,
                codes=error.codes,
                ray=error.ray,
            ) from error


def _find_applied(client: Client, writes: Writes, changes: Sequence[Change], error: OpsError) -> Items | None:
    """Return the live items if all *changes* were applied, None if none was; else raise OutcomeUnknown."""
    chosen = samples(changes)
    try:
        found = [find(client, writes, change.owner, change.item) for change in chosen]
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
    """Return the items after *changes*; created ones are looked up, because the API adds their ids."""

    # To items of a batch that are identified by their own names the API adds nothing.
    def added_to(change: Change) -> bool:
        named = change.resource.key in change.resource.identity
        return change.action == CREATE and (len(changes) == 1 or not named)

    found = iter(lookup_each(client, writes, changes[0].owner, [c.item for c in changes if added_to(c)]))
    return [next(found) if added_to(change) else change.after for change in changes]
