"""Reverse one change of the journal, if the live item is still what the change left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from ops.errors import OpsError, UsageError
from ops.http.client import Client
from ops.items import Json, equal, reach, without
from ops.kinds.resource import Change, Owner, Resource, comparable, identity_of
from ops.writes import describe
from ops.writes.describe import EMPTY, covers, is_applied, is_untouched
from ops.writes.journal import ADOPTED, FAILED, UNKNOWN, JournalEntry
from ops.writes.sending import live_items, lookup_each, samples
from ops.writes.writing import Writing

NEVER_APPLIED = "the request was not applied"


class Reversal(NamedTuple):
    """A change that reverses one; *old_key*: of an item to create again, *as_sent*: without API additions."""

    change: Change
    old_key: str = ""
    as_sent: bool = False

    @property
    def item(self) -> tuple[str, ...]:
        """Return what distinguishes the item from every other one."""
        resource, owner, _, _ = self.change
        key = str(reach(self.change.before or {}, resource.key) or "") or self.old_key
        return (resource.kind, owner.id, key or "/".join(identity_of(resource, self.change.item)))


class LiveCheck(NamedTuple):
    """What was found for a reversal: it is *done* already, or a *conflict* prevents it.

    *failure* is the error of a lookup that failed, which says nothing about the item.
    """

    done: bool = False
    conflict: str = ""
    found: Json | None = None
    failure: OpsError | None = None


class Keys:
    """The new keys of items that were created again: records, routes, namespaces and zones get new ids."""

    def __init__(self, entries: Iterable[JournalEntry]) -> None:
        self._new: dict[tuple[str, str], str] = {}
        for entry in entries:
            for old, new in zip(entry.old_keys, entry.new_keys, strict=False):
                self.learn(entry.kind, old, new)

    def learn(self, kind: str, old: str, new: str) -> None:
        if old and new and old != new:
            self._new[kind, old] = new

    def current(self, kind: str, key: str) -> str:
        """Return the key that the item with *key* has now."""
        seen = {key}
        while (kind, key) in self._new and self._new[kind, key] not in seen:
            key = self._new[kind, key]
            seen.add(key)
        return key


def why_not(entry: JournalEntry, resource: Resource | None) -> str:
    """Return why *entry* can never be undone; "" if it can."""
    if entry.irreversible:
        return entry.irreversible
    writes = resource.writes if resource else None
    if writes is None:
        return f"{entry.kind} cannot be changed by this version"
    ways = {"create": writes.delete, "update": writes.update, "delete": writes.create}
    missing = [action for action in entry.counts if not (ways.get(action) or writes.batch)]
    return f"a {missing[0]} of {entry.kind} cannot be undone" if missing else ""


def reversal(
    entry: JournalEntry, resource: Resource, pair: tuple[Json | None, Json | None], keys: Keys
) -> Reversal:
    """Return what reverses the change of *entry* from the first item of *pair* to the second."""
    account, owner_id, item = entry.owner
    owner = Owner(account, keys.current(resource.parent, owner_id), item)
    before, after = (
        {**side, resource.key: keys.current(resource.kind, side[resource.key])}
        if side is not None and isinstance(side.get(resource.key), str)
        else side
        for side in pair
    )
    if after is not None or before is None:
        return Reversal(Change(resource, owner, after, before), as_sent=bool(entry.why))
    old_key = str(reach(pair[0] or {}, resource.key) or "")
    # An item that is created again gets a new id, so the old one must not be looked up.
    wanted = before if resource.key in resource.identity else without(before, (resource.key,))
    return Reversal(Change(resource, owner, None, wanted), old_key)


def portions(reversals: Iterable[Reversal]) -> Iterator[list[Reversal]]:
    """Yield *reversals* in parts that can be looked up together: several of one owner if the kind allows."""
    for (resource, _), group in groupby(reversals, key=lambda one: one.change[:2]):
        while part := list(islice(group, resource.writes.find_size if resource.writes else 1)):
            yield part


def check_live(client: Client, reversals: Sequence[Reversal]) -> list[LiveCheck]:
    """Compare the live items with what the changes left; only equal ones may be reversed."""
    resource, owner, _, _ = reversals[0].change
    writes = resource.writes
    if writes is None:
        raise UsageError(f"{resource.kind} is read-only")
    items = [one.change.before or one.change.item for one in reversals]
    try:
        found = lookup_each(client, writes, owner, items)
    except OpsError as error:
        return [
            LiveCheck(conflict=f"{describe.name(one.change)} cannot be read: {error.message}", failure=error)
            for one in reversals
        ]
    return [_check(*pair) for pair in zip(reversals, found, strict=True)]


def _check(one: Reversal, found: Json | None) -> LiveCheck:
    resource, _, left, wanted = one.change
    if wanted is None or found is None:
        done = wanted is found
    else:
        done = covers(resource, found, wanted) if left is None else alike(resource, found, wanted)
    if done:
        return LiveCheck(done=True, found=found)
    same = covers if one.as_sent else alike
    if left is found or (left is not None and found is not None and same(resource, found, left)):
        return LiveCheck(found=found)
    name = describe.name(one.change)
    if found is None:
        return LiveCheck(conflict=f"{name} no longer exists")
    if left is None:
        return LiveCheck(conflict=f"{name}: another item exists in its place")
    differences = describe.differences(one.change._replace(after=found))
    return LiveCheck(conflict=f"{name} has changed: {differences}")


def alike(resource: Resource, one: Json, other: Json) -> bool:
    """True if two items are the same, however they spell a field without a value."""
    first, second = (
        {name: value for name, value in comparable(resource, item).items() if value not in EMPTY}
        for item in (one, other)
    )
    return equal(first, second)


def settle(client: Client, writing: Writing, entry: JournalEntry, resource: Resource) -> JournalEntry:
    """Return *entry* with its real outcome, and note it; UNKNOWN if it cannot be found. Raises Locked."""
    if entry.state != UNKNOWN or resource.writes is None:
        return entry
    owner = Owner(*entry.owner)
    changes = [Change(resource, owner, before, after) for before, after in writing.journal.changes(entry)]
    writing.lock(changes)
    chosen = samples(changes)
    found = [resource.writes.find(client, change.owner, change.item) for change in chosen]
    if all(map(is_applied, chosen, found)):
        items = live_items(client, resource.writes, changes)
        writing.journal.finish(entry.id, ADOPTED, changes, items)
    elif all(map(is_untouched, chosen, found)):
        writing.journal.finish(entry.id, FAILED, why=NEVER_APPLIED)
    else:
        return entry
    return writing.journal.entries()[entry.id]
