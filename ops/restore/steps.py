"""Steps: what makes the account into what the snapshot holds, kind by kind and owner by owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from ops.kinds.change import CREATE, DELETE, UPDATE, comparable
from ops.kinds.resource import Json, Resource, Writes
from ops.restore.order import after, strings
from ops.restore.pairs import pairs
from ops.restore.places import Place, key_of
from ops.restore.view import View
from ops.snapshots.compare.fields import differences
from ops.snapshots.compare.side import name_of


class Step(NamedTuple):
    """One item that is not as it was: *before* as it stands, *after* as it shall be; None is nothing."""

    resource: Resource
    place: Place
    before: Json | None
    after: Json | None

    @property
    def action(self) -> str:
        if self.before is None:
            return CREATE
        return DELETE if self.after is None else UPDATE

    @property
    def group(self) -> str:
        """Give the kind, and what the item lies in."""
        return f"{self.resource.kind} in {self.place.name}" if self.place.inside else self.resource.kind

    @property
    def name(self) -> str:
        """Give what people know the item by."""
        return name_of(self.resource, self.after or self.before or {})


class Ear(Protocol):
    """Who is told of what stays as it is, or does not come back whole: its *group*, and its *name*."""

    def never(self, group: str, name: str, why: str) -> None: ...

    def lacks(self, group: str, name: str, lack: str) -> None: ...

    def unknown(self, group: str) -> None: ...

    def came(self, group: str, name: str) -> None: ...


class Steps:
    """The steps of one restore, which can be gone through again; with *delete*, what has come since goes.

    Kinds must be asked for in the order in which they are put back.
    """

    def __init__(self, view: View, ear: Ear, now: float, *, delete: bool) -> None:
        self._view, self._ear, self._now, self._delete = view, ear, now, delete
        self._put_back: set[tuple[str, str]] = set()

    def of(self, resource: Resource) -> Iterator[Step]:
        """Yield the steps of a kind: in each owner first what goes or changes, then what comes."""
        for place in self._view.places.of(resource.parent):
            if place.old is not None and not self._rides_along(resource, place):
                yield from self._in(resource, place)

    def _rides_along(self, resource: Resource, place: Place) -> bool:
        """Say whether what lies in *place* is put back as a part of the owner itself."""
        owner = self._view.kinds.get(place.kind)
        parts = owner.restore.parts if owner else ()
        return resource.kind in parts and self._is_put_back(place)

    def _is_put_back(self, place: Place) -> bool:
        return place.old is not None and (place.kind, place.old.id) in self._put_back

    def _in(self, resource: Resource, place: Place) -> Iterator[Step]:
        if self._view.places.now(place) is None and not self._is_put_back(place):
            if any(True for _ in self._view.lines(resource, place)):
                self._ear.never(f"{resource.kind} in {place.name}", "", "what it lies in is not there")
            return
        self._tell_of_values(resource, place)
        written = self._view.kinds[resource.restore.values.kind] if resource.restore.values else resource
        found = (
            step
            for pair in pairs(self._view, resource, place)
            if (step := self._judged(resource, Step(written, place, *pair)))
        )
        yield from _in_order(resource, found) if resource.restore.assemble else found

    def _tell_of_values(self, resource: Resource, place: Place) -> None:
        if (
            not resource.restore.values
            or place.old is None
            or place.old.id in self._view.values[resource.kind][0]
        ):
            return
        if count := self._view.old.standing(resource.kind, place.old.id).count:
            why = "the snapshot was made without the values (--kv values)"
            self._ear.never(f"{count:,} {resource.kind} in {place.name}", "", why)

    def _judged(self, resource: Resource, step: Step) -> Step | None:
        """Give *step* where it is to be made, None where it is not; of why not, the ear is told."""
        if step.before is not None and step.after is not None:
            return self._judged_change(resource, step)
        if step.after is None:
            return self._judged_deletion(resource, step)
        if not self._view.proves_absence(resource.kind, step.place):
            self._ear.unknown(step.group)
            return None
        if resource.restore.assemble and not self._view.has_files(resource, step.after):
            self._ear.never(step.group, step.name, "its files are not in the snapshot")
            return None
        return self._possible(resource, step)

    def _judged_change(self, resource: Resource, step: Step) -> Step | None:
        before, after = step.before or {}, step.after or {}
        if resource.restore.assemble:
            # What its listing tells is told by its parts, which are kinds of their own.
            changed = not self._view.same_files(resource, after, before)
        else:
            old, new = (comparable(step.resource, one) for one in (before, after))
            changed = any(True for _ in differences(old, new, {}))
        return self._possible(resource, step) if changed else None

    def _judged_deletion(self, resource: Resource, step: Step) -> Step | None:
        writes = step.resource.writes
        if writes is None or not (writes.delete or writes.batch) or not step.before:
            return None
        restore = step.resource.restore
        if restore.blocked and restore.blocked(step.before, step.before, self._now):
            return None
        if (
            not self._delete
            or writes.confirm_by_name
            or not self._view.proves_arrival(resource.kind, step.place)
        ):
            self._ear.came(step.group, step.name)
            return None
        return step

    def _possible(self, resource: Resource, step: Step) -> Step | None:
        """Give *step* whole, where the API has a way to make it."""
        writes, restore = step.resource.writes, step.resource.restore
        if writes is None or not self._has_way(writes, step):
            self._ear.never(step.group, step.name, restore.unsupported or "there is no way to make it")
            return None
        if resource.restore.assemble:
            step = self._whole(resource, step)
        if restore.blocked and (why := restore.blocked(step.after or {}, step.before, self._now)):
            self._ear.never(step.group, step.name, why)
            return None
        for lack in restore.not_restored(step.after or {}, step.before) if restore.not_restored else ():
            self._ear.lacks(step.group, step.name, lack)
        if resource.kind in self._view.owning:
            self._put_back.add((resource.kind, key_of(resource, step.after or {})))
            if step.before is None:
                self._view.expect(resource, step.after or {})
        return step

    def _has_way(self, writes: Writes, step: Step) -> bool:
        if step.before is not None:
            return bool(writes.update or writes.batch)
        # What its owner is born with is found there once that has been made.
        born = writes.update and self._view.places.now(step.place) is None
        return bool(writes.create or writes.batch or born)

    def _whole(self, resource: Resource, step: Step) -> Step:
        before = self._view.whole(resource, step.before, now=True) if step.before else None
        return step._replace(before=before, after=self._view.whole(resource, step.after or {}, now=False))


def _in_order(resource: Resource, found: Iterable[Step]) -> list[Step]:
    """Give steps so that an item which names another by its key comes after that."""
    steps = list(found)
    by_key = {key_of(resource, step.after or {}): step for step in steps}

    def named(step: Step) -> Iterator[Step]:
        told = {name for name in strings(step.after) if name in by_key}
        return (by_key[name] for name in sorted(told) if by_key[name] is not step)

    return after(steps, named, key=id)
