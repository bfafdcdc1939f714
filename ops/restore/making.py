"""Making: the steps of a restore carried out, kind after kind, by the road of all writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ops.errors import Conflict, NotFound, PermissionDenied, ValidationError
from ops.kinds.change import CREATE, Change
from ops.kinds.resource import reach
from ops.restore.places import key_of
from ops.restore.plan import change_of
from ops.writes import describe
from ops.writes.describe import covers
from ops.writes.sending import batches

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json, Resource
    from ops.restore.steps import Step, Steps
    from ops.restore.view import View
    from ops.writes.writing import Writing

# With these the API says that it has not carried out what it was asked for, and why.
REFUSALS = (ValidationError, Conflict, NotFound, PermissionDenied)
Refusal = ValidationError | Conflict | NotFound | PermissionDenied


class Making:
    """Carries out *steps* under *writing*. What the API refuses is told and passed over; all else ends it.

    *touched* are the owners in which something was changed, by their kind and the id in the snapshot, and
    *stranded* counts what could not be put back because its owner could not.
    """

    def __init__(self, app: App, writing: Writing, view: View, steps: Steps) -> None:
        self._app, self._writing, self._view, self._steps = app, writing, view, steps
        self.counts: Counter[str] = Counter()
        self.refused: list[str] = []
        self.stranded: Counter[str] = Counter()
        self.denied: PermissionDenied | None = None
        self.touched: dict[str, set[str]] = {}
        self.kinds: set[str] = set()
        self._open: dict[int, Step] = {}

    def make(self) -> None:
        """Carry out everything. Raises what ends it, the journal knowing what was done."""
        for resource in self._view.selection.writable:
            before = self.counts.total()
            try:
                for batch in batches(self._changes(resource)):
                    self._writing.lock(batch)
                    self._put(batch)
            except REFUSALS as error:
                # The token may not write this kind, or what was made a moment ago cannot be looked into yet.
                self._deny(resource, error)
            if self.counts.total() > before:
                self.kinds.add(resource.kind)

    def owners(self, kind: str) -> list[Json]:
        """Give the owners of *kind* in which something was changed, as they stand."""
        found = (
            self._view.places.now(place)
            for place in self._view.places.of(kind)
            if place.old is not None and place.old.id in self.touched.get(kind, ())
        )
        return [owner.item for owner in found if owner is not None]

    def _deny(self, resource: Resource, error: Refusal) -> None:
        self.refused.append(f"{resource.kind}: {error.message}")
        if isinstance(error, PermissionDenied):
            self.denied = self.denied or error

    def _changes(self, resource: Resource) -> Iterator[Change]:
        for step in self._steps.of(resource):
            owner = self._view.places.now(step.place)
            if owner is None:
                self.stranded[step.group] += 1
                continue
            change = change_of(step, owner)
            self._open[id(change)] = step
            yield change

    def _put(self, changes: Sequence[Change]) -> None:
        """Make *changes* real: all in one request, else in halves, until it is known what is refused.

        Raises PermissionDenied, after which every further one of this kind would end the same way.
        """
        try:
            rows = self._writing.apply(changes)
        except PermissionDenied:
            raise
        except REFUSALS as error:
            if len(changes) == 1:
                self._pass_over(changes[0], error)
                return
            middle = len(changes) // 2
            self._put(changes[:middle])
            self._put(changes[middle:])
            return
        for change, row in zip(changes, rows, strict=True):
            self._learn(self._open.pop(id(change)), change, str(row["id"]))

    def _pass_over(self, change: Change, error: Refusal) -> None:
        """Take note of what was refused, unless it is there already, and equal."""
        step = self._open.pop(id(change))
        writes = change.resource.writes
        if change.action == CREATE and isinstance(error, Conflict) and writes and change.after:
            found = writes.find(self._app.client, change.owner, change.after)
            if found is not None and covers(change.resource, found, change.after):
                self._learn(step, change, str(reach(found, change.resource.key) or ""))
                return
        self.refused.append(f"{describe.name(change)}: {error.message}")

    def _learn(self, step: Step, change: Change, key: str) -> None:
        resource, place = step.resource, step.place
        self.counts[change.action] += 1
        if place.inside and place.old is not None:
            self.touched.setdefault(place.kind, set()).add(place.old.id)
        if resource.kind in self._view.owning and step.after is not None:
            old = key_of(resource, step.after)
            self.touched.setdefault(resource.kind, set()).add(old)
            if change.action == CREATE:
                self._view.learn(resource, step.after, key)
