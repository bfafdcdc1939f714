"""Writing: the part of the road after the question, where each request is noted before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ops.errors import Interrupted, OpsError
from ops.files.lock import holder, locked
from ops.kinds.resource import ACCOUNT, identity_of, reach
from ops.writes import describe
from ops.writes.compare import stands
from ops.writes.journal import ADOPTED, FAILED, NEW, UNKNOWN, Undoing, open_journal
from ops.writes.sending import Undecided, probes, send
from ops.writes.signals import finishing

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from ops.cli.app import App
    from ops.kinds.change import Change
    from ops.kinds.resource import Json


def lock_name(change: Change) -> str:
    """Give what must be locked for *change*: the owner of the item, or the item that may own others itself.

    So pausing a zone and changing its records exclude each other, and two creations of one name as well.
    """
    resource, owner = change.resource, change.owner
    if resource.parent != ACCOUNT:
        return f"{owner.account_id}/{owner.id}"
    own = reach(change.before or {}, resource.key)
    return f"{owner.account_id}/{own or '/'.join((resource.kind, *identity_of(resource, change.item)))}"


class Locks:
    """Locks held until the end, by flock: the kernel frees those of a run that died.

    *holder* is what others are told: pid, task, since.
    """

    def __init__(self, folder: Path, holder: Json) -> None:
        self._folder = folder
        self._holder = holder
        self._held: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Locks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def hold(self, change: Change) -> None:
        """Take the lock for *change*, once; raises Locked, naming the holder, where another run has it."""
        name = lock_name(change)
        if name not in self._held:
            self._take(name, change)
            self._held.add(name)

    def _take(self, name: str, change: Change) -> None:
        where = change.owner.item.get("name") or change.owner.item.get("title") or change.label
        self._open.enter_context(locked(self._folder, name, self._holder, f"writing to {where}"))


class Writing:
    """The requests of one task: under locks, in the journal, ended in good order by Ctrl-C.

    *expected* is how many changes there will be, 0 where nobody knows; *look* is whether to look again at the
    first and the last one of each request. Use it as a context manager.
    """

    def __init__(self, app: App, *, expected: int, look: bool = True) -> None:
        self._app = app
        self._expected = expected
        self._look = look
        self._done = self._unknown = 0
        self._final: dict[str, None] = {}
        self._open = ExitStack()
        self.undo = ""
        """The id that takes back what was done so far; "" where nothing can be."""

    def __enter__(self) -> Writing:
        app = self._app
        self._locks = self._open.enter_context(Locks(app.settings.state_dir / "locks", holder(app)))
        self.journal = self._open.enter_context(open_journal(app))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        if error is None:
            self._tell()
        elif isinstance(error, KeyboardInterrupt):
            self._app.stop.set()
            raise self._ended(Interrupted(f"{self._app.command.path} was interrupted")) from error
        elif isinstance(error, Interrupted) or (self._begun and self._expected != 1):
            raise self._ended(error) from error

    def lock(self, changes: Iterable[Change]) -> None:
        """Take the locks for *changes*. Raises Locked where another run has one."""
        for change in changes:
            self._locks.hold(change)

    def carry_out(self, changes: Sequence[Change], undoing: Undoing = NEW) -> Iterator[Json]:
        """Make one batch of *changes* real; gives their rows. What the journal cannot note is not begun."""
        app = self._app
        with finishing(app.stop, app.warn) as stopping:
            stopping.check(app.command.path)
            app.entries += 1
            entry = self.journal.begin(changes, now=app.clock(), number=app.entries, undoing=undoing)
            self._unknown += len(changes)
            items = self._send(entry, changes)
            self._remember(entry, changes)
            if self._look and not app.stop.is_set():
                self._look_again(changes, items)
            stopping.check(app.command.path)
        return (self._row(*pair, entry) for pair in zip(changes, items, strict=True))

    def _send(self, entry: str, changes: Sequence[Change]) -> list[Json | None]:
        client = self._app.client
        sent = client.sent
        try:
            state, items = send(client, changes)
        except Undecided as undecided:
            self.journal.finish(entry, UNKNOWN, why=undecided.cause.message)
            raise _with(undecided.cause, hint=self._look_at(entry)) from undecided.cause
        except OpsError as error:
            if isinstance(error, Interrupted) and client.sent > sent:
                self.journal.finish(entry, UNKNOWN, why=error.message)
                raise _with(error, hint=self._look_at(entry)) from error
            self._unknown -= len(changes)
            self.journal.finish(entry, FAILED, why=error.message)
            raise
        self.journal.finish(entry, state, changes, items)
        if state == ADOPTED:
            self._app.note(f"nothing answered, but it was done: {describe.name(changes[0])}")
        return items

    @property
    def _begun(self) -> bool:
        return bool(self._done or self._unknown)

    def _ended(self, error: BaseException) -> BaseException:
        """Give *error* with what became of all the changes of the task."""
        if not isinstance(error, OpsError):
            return error
        left = self._expected - self._done - self._unknown
        unstarted = f", {left} not started" if self._expected else ""
        undo = f"; `{self._app.run.undo_line(self.undo)}` takes back what was done" if self.undo else ""
        standing = f"{self._done} done, {self._unknown} unknown{unstarted}{undo}"
        return _with(error, message=f"{error.message}\n  {standing}")

    def _remember(self, entry: str, changes: Sequence[Change]) -> None:
        self._unknown -= len(changes)
        self._done += len(changes)
        writes = changes[0].resource.writes
        if writes and writes.irreversible:
            self._final[writes.irreversible] = None
        else:
            self.undo = entry.rpartition(".")[0]
        self._app.run.wrote.add(self._app.task_id)
        self._app.written_account = changes[0].owner.account_id

    def _look_again(self, changes: Sequence[Change], items: Sequence[Json | None]) -> None:
        """Say where what was written does not read as it was written."""
        known = {id(change): item for change, item in zip(changes, items, strict=True)}
        for change in probes(changes):
            writes = change.resource.writes
            try:
                item = known[id(change)] or change.item
                found = writes.find(self._app.client, change.owner, item) if writes else None
            except OpsError as error:
                self._app.warn(f"done, but it could not be looked at again: {error.message}")
                return
            if not stands(change, found) and not (writes and writes.irreversible):
                self._app.warn(
                    f"{describe.name(change)} was written, but reads differently: look at it again"
                )

    def _row(self, change: Change, item: Json | None, entry: str) -> Json:
        resource = change.resource
        known = reach(item or change.item, resource.key) or ""
        undo = "" if resource.writes and resource.writes.irreversible else entry
        name = {"action": change.action, "kind": resource.kind, "name": change.label}
        return {**name, "id": known, "undo": undo}

    def _tell(self) -> None:
        for why in self._final:
            self._app.talk.show(f"cannot be taken back: {why}")
        if self.undo:
            self._app.talk.show(f"take it back: {self._app.run.undo_line(self.undo)}")

    def _look_at(self, entry: str) -> str:
        return f"whether it was carried out is not known; `{self._app.run.undo_line(entry, 'show')}` looks"


def _with(error: OpsError, *, message: str = "", hint: str = "") -> OpsError:
    """Give *error* with another *message* or *hint*."""
    told, hint = message or error.message, hint or error.hint
    return type(error)(told, error.status, hint=hint, codes=error.codes, ray=error.ray)
