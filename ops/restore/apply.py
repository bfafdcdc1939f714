"""Apply: the steps of a restore carried out, kind after kind, with the journal of all writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ops.errors import Conflict, NotFound, PermissionDenied, RefusedByHook, UserError, ValidationError
from ops.http.client import Client
from ops.items import reach
from ops.kinds.resource import CREATE, DELETE, Change, Resource
from ops.restore.filter import RestoreSelection, used_by
from ops.restore.state import State
from ops.restore.steps import Step, Steps
from ops.snapshots.compare.side import key_of
from ops.writes import describe
from ops.writes.consult import approve
from ops.writes.describe import covers
from ops.writes.sending import batches, find
from ops.writes.writing import Writing

# With these the API says that it did not do what was requested, and why.
REFUSALS = (ValidationError, Conflict, NotFound, PermissionDenied, RefusedByHook)


class Applying:
    """Carries out *steps* with *writing*. What the API refuses is recorded and skipped; other errors end it.

    *touched* are the owners in which something was changed, by kind and id in the snapshot; *stranded* counts
    the items that were not restored because their owner could not be created.
    """

    def __init__(self, client: Client, writing: Writing, state: State, steps: Steps) -> None:
        self._client, self._writing, self._state, self._steps = client, writing, state, steps
        self.counts: Counter[str] = Counter()
        self.refused: list[str] = []
        self.stranded: Counter[str] = Counter()
        self.denied: PermissionDenied | None = None
        self.touched: dict[str, set[str]] = {}
        self.kinds: set[str] = set()
        self._open: dict[int, Step] = {}
        self._used = {kind for resource in state.selection.writable for kind in used_by(resource)}
        self._deletions: dict[str, list[Step]] = {}

    def run(self) -> None:
        """Carry out everything. Raises the error that ends it; the journal holds what was done."""
        writable = self._state.selection.writable
        for resource in writable:
            self._carry_out(resource, self._without_later(resource))
        for resource in reversed(writable):
            self._carry_out(resource, self._deletions.pop(resource.kind, ()))

    def _without_later(self, resource: Resource) -> Iterator[Step]:
        """Yield the steps of a kind without the deletions of what others may use: these come last.

        Cloudflare refuses to delete what is in use.
        """
        for step in self._steps.of(resource):
            if step.action == DELETE and resource.kind in self._used:
                self._deletions.setdefault(resource.kind, []).append(step)
            else:
                yield step

    def _carry_out(self, resource: Resource, steps: Iterable[Step]) -> None:
        before = self.counts.total()
        try:
            for batch in batches(self._changes(steps)):
                self._writing.lock(batch)
                self._send(batch)
        except REFUSALS as error:
            # The token may not write this kind, or a new owner cannot be read yet.
            self.refused.append(f"{resource.kind}: {error.message}")
            if isinstance(error, PermissionDenied):
                self.denied = self.denied or error
            while self._open:
                self._forget(self._open.popitem()[1])
        if self.counts.total() > before:
            self.kinds.add(resource.kind)

    def written(self) -> State:
        """Return the state of what was written, read again."""
        state = self._state
        kinds = [resource for resource in state.selection.writable if resource.kind in self.kinds]
        owners = {kind: self.touched.get(kind, set()) for kind in state.owner_kinds}
        known = {
            kind: [
                owner.item
                for target in state.targets(kind)
                if target.id in ids and (owner := state.owner(target)) is not None
            ]
            for kind, ids in owners.items()
            if ids and state.kinds[kind] not in kinds
        }
        return State(state.reader, state.saved, RestoreSelection(kinds, [], owners), state.filter, known)

    def _changes(self, steps: Iterable[Step]) -> Iterator[Change]:
        for step in steps:
            owner = self._state.owner(step.target)
            if owner is None:
                self.stranded[step.group] += 1
                continue
            change = step.change(owner)
            self._open[id(change)] = step
            yield change

    def _send(self, changes: Sequence[Change]) -> None:
        """Send *changes*, in halves until it is known which one is refused. Raises PermissionDenied."""
        try:
            approve(changes, self._writing.task)
            self._writing.compare(changes)
            rows = self._writing.apply(changes)
        except PermissionDenied:
            raise  # every further request of this kind would be denied too
        except REFUSALS as error:
            if len(changes) == 1:
                self._skip(changes[0], error)
                return
            middle = len(changes) // 2
            self._send(changes[:middle])
            self._send(changes[middle:])
            return
        for change, row in zip(changes, rows, strict=True):
            self._done(self._open.pop(id(change)), change, str(row["id"]))

    def _skip(self, change: Change, error: UserError) -> None:
        """Record what was refused, unless an equal item exists already."""
        step = self._open.pop(id(change))
        resource, writes = change.resource, change.resource.writes
        if change.action == CREATE and isinstance(error, Conflict) and writes and change.after:
            found = find(self._client, writes, change.owner, change.after)
            if found is not None and covers(resource, found, change.after):
                self._done(step, change, str(reach(found, resource.key) or ""))
                return
        self._forget(step)
        self.refused.append(f"{describe.name(change)}: {error.message}")

    def _forget(self, step: Step) -> None:
        if step.action == CREATE and step.after is not None:
            self._state.forget(step.resource, step.after)

    def _done(self, step: Step, change: Change, key: str) -> None:
        resource, target = step.resource, step.target
        self.counts[change.action] += 1
        if target.kind in self._state.owner_kinds and target.id:
            self.touched.setdefault(target.kind, set()).add(target.id)
        if resource.kind in self._state.owner_kinds and step.after is not None:
            self.touched.setdefault(resource.kind, set()).add(key_of(resource, step.after))
            if change.action == CREATE:
                self._state.learn(resource, step.after, key)
