"""One change taken back: what it would be now, and whether what stands is still what was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import OpsError, UsageError
from ops.kinds.change import Change, comparable, equal, without
from ops.kinds.resource import Owner, identity_of, reach
from ops.writes import describe, sending
from ops.writes.compare import NOTHING, covers, stands, untouched
from ops.writes.journal import ADOPTED, FAILED, UNKNOWN, Entry
from ops.writes.sending import probes, standing

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Json, Resource
    from ops.writes.journal import Journal
    from ops.writes.writing import Writing


class Step(NamedTuple):
    """A change that takes one back; *old* is the key of what it creates again."""

    change: Change
    old: str = ""

    @property
    def item(self) -> tuple[str, ...]:
        """Give what tells the item from every other one."""
        resource, owner, _, _ = self.change
        key = str(reach(self.change.before or {}, resource.key) or "") or self.old
        return (resource.kind, owner.id, key or "/".join(identity_of(resource, self.change.item)))


class Keys:
    """The keys of what was created again: a record, route, namespace or zone comes back under a new id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._new: dict[tuple[str, str], str] = {}
        for entry in entries:
            for old, new in zip(entry.olds, entry.news, strict=False):
                self.learn(entry.kind, old, new)

    def learn(self, kind: str, old: str, new: str) -> None:
        if old and new and old != new:
            self._new[kind, old] = new

    def now(self, kind: str, key: str) -> str:
        """Give the key by which what had *key* is known now."""
        seen = {key}
        while (kind, key) in self._new and self._new[kind, key] not in seen:
            key = self._new[kind, key]
            seen.add(key)
        return key


def why_not(entry: Entry, resource: Resource | None) -> str:
    """Say why *entry* can never be taken back; "" where it can."""
    if entry.final:
        return entry.final
    writes = resource.writes if resource else None
    if writes is None:
        return f"{entry.kind} is not written by this version"
    ways = {"create": writes.delete, "update": writes.update, "delete": writes.create}
    missing = [action for action in entry.counts if not (ways.get(action) or writes.batch)]
    return f"nothing takes back to {missing[0]} a {entry.kind}" if missing else ""


def step(entry: Entry, resource: Resource, pair: tuple[Json | None, Json | None], keys: Keys) -> Step:
    """Give what takes back the change of *entry* from the first of *pair* to the second."""
    account, owner_id, item = entry.owner
    owner = Owner(account, keys.now(resource.parent, owner_id), item)
    before, after = (_current(side, resource, keys) for side in pair)
    if after is not None or before is None:
        return Step(Change(resource, owner, after, before))
    old = str(reach(pair[0] or {}, resource.key) or "")
    # What is created again gets a new id, so the old one must not be looked for.
    wanted = before if resource.key in resource.identity else without(before, (resource.key,))
    return Step(Change(resource, owner, None, wanted), old)


def _current(item: Json | None, resource: Resource, keys: Keys) -> Json | None:
    if item is None or not isinstance(item.get(resource.key), str):
        return item
    return {**item, resource.key: keys.now(resource.kind, item[resource.key])}


class Verdict(NamedTuple):
    """What was found where a step leads: it is done *already*, or a *conflict* stands in its way."""

    already: bool = False
    conflict: str = ""
    found: Json | None = None


def portions(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield *steps* in parts that can be looked at together: several of one owner where the kind allows."""
    part: list[Step] = []
    for step in steps:
        resource, owner, _, _ = step.change
        if part and (part[0].change[:2] != (resource, owner) or len(part) >= _most(resource)):
            yield part
            part = []
        part.append(step)
    if part:
        yield part


def _most(resource: Resource) -> int:
    """Give how many items of *resource* are looked at together."""
    return resource.writes.find_size if resource.writes else 1


def judge(client: Client, steps: Sequence[Step]) -> list[Verdict]:
    """Compare what stands with what was left behind; only where it is the same may it be taken back."""
    resource, owner, _, _ = steps[0].change
    writes = resource.writes
    if writes is None:
        raise UsageError(f"{resource.kind} is read only")
    items = [step.change.before or step.change.item for step in steps]
    try:
        found = sending.find_each(client, writes, owner, items)
    except OpsError as error:
        told = "cannot be looked at"
        return [Verdict(conflict=f"{describe.name(step.change)} {told}: {error.message}") for step in steps]
    return list(map(_verdict, steps, found))


def _verdict(step: Step, found: Json | None) -> Verdict:
    resource, _, standing, _ = step.change
    if _there(step.change, found):
        return Verdict(already=True, found=found)
    if (standing is None) if found is None else (standing is not None and alike(resource, found, standing)):
        return Verdict(found=found)
    return Verdict(conflict=_told(step.change, found))


def _there(change: Change, found: Json | None) -> bool:
    resource, _, standing, wanted = change
    if wanted is None or found is None:
        return wanted is found
    return covers(resource, found, wanted) if standing is None else alike(resource, found, wanted)


def alike(resource: Resource, one: Json, other: Json) -> bool:
    """Say whether two items are the same, whichever way they say that there is nothing."""
    return equal(_said(resource, one), _said(resource, other))


def _said(resource: Resource, item: Json) -> Json:
    return {name: value for name, value in comparable(resource, item).items() if value not in NOTHING}


def _told(change: Change, found: Json | None) -> str:
    """Say how what stands differs from what was left behind."""
    if found is None:
        return f"{describe.name(change)} is gone since"
    if change.before is None:
        return f"{describe.name(change)}: something else stands there since"
    since = change._replace(after=found)
    return f"{describe.name(change)} was changed since: {describe.differences(since)}"


NEVER = "it was not carried out"


def resolve(client: Client, writing: Writing, entry: Entry, resource: Resource) -> Entry:
    """Give *entry* as it really ended, and note that; one that cannot be told stays UNKNOWN.

    Raises Locked while the run that made it is still at work.
    """
    if entry.state != UNKNOWN or resource.writes is None:
        return entry
    changes = _changes(writing.journal, entry, resource)
    writing.lock(changes)
    sample = probes(changes)
    found = [resource.writes.find(client, change.owner, change.item) for change in sample]
    if all(map(stands, sample, found)):
        items = standing(client, resource.writes, changes)
        writing.journal.finish(entry.id, ADOPTED, changes, items)
    elif all(map(untouched, sample, found)):
        writing.journal.finish(entry.id, FAILED, why=NEVER)
    else:
        return entry
    return writing.journal.entries()[entry.id]


def _changes(journal: Journal, entry: Entry, resource: Resource) -> list[Change]:
    owner = Owner(*entry.owner)
    return [Change(resource, owner, before, after) for before, after in journal.changes(entry)]
