"""Writing: the locks, the journal and the requests of one task that writes, ended cleanly by Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from ops.cli.app import App
from ops.errors import ApiError, Conflict, Interrupted, MalformedAnswer, OpsError, Terminated
from ops.files.disk import holder, locked
from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Change, identity_of
from ops.kinds.secret import use_key
from ops.telemetry.record import WritesSeen
from ops.telemetry.redact import Redactor
from ops.writes import describe
from ops.writes.describe import Consent, is_applied, is_untouched
from ops.writes.journal import ADOPTED, DONE, FAILED, NOTHING_UNDONE, UNKNOWN, Journal, Undoing
from ops.writes.sending import OutcomeUnknown, find, lookup_each, samples, send

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the lookups of an item that still exists after its deletion."""

SHOWN = 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def lock_name(change: Change) -> str:
    """Return what must be locked for *change*: the owner of the item, or an item that may own others itself.

    So pausing a zone and changing its records exclude each other, and so do two creations of one name.
    """
    resource, owner = change.resource, change.owner
    if resource.parent != ACCOUNT:
        return f"{owner.account_id}/{owner.id}"
    own = reach(change.before or {}, resource.key)
    return f"{owner.account_id}/{own or '/'.join((resource.kind, *identity_of(resource, change.item)))}"


class Locks(ExitStack):
    """Locks by flock, until the run ends; *holder* is shown to others, *held* are those it has already."""

    def __init__(self, folder: Path, holder: Json, held: set[str]) -> None:
        super().__init__()
        self._folder = folder
        self._holder = holder
        self._held = held

    def hold(self, change: Change) -> None:
        """Take the lock for *change*, once. Raises Locked, naming the holder, if another run has it."""
        name = lock_name(change)
        if name not in self._held:
            where = change.owner.item.get("name") or change.owner.item.get("title") or change.label
            self.enter_context(locked(self._folder, name, self._holder, f"writing to {where}"))
            self.callback(self._held.discard, name)
            self._held.add(name)


class Writing:
    """The writes of *app*'s task: each is noted in the journal before and after its request.

    *expected* is the number of changes, 0 if it is unknown. *read_again*: read the first and the last item of
    each request again. *question* is asked even if nothing is deleted. The end of the block prints how to
    undo what was written; an error that ends it after something was sent says how many changes were done.
    """

    def __init__(self, app: App, *, expected: int = 0, read_again: bool = True, question: str = "") -> None:
        settings, folder, task = app.settings, app.settings.state_dir, app.command.path
        secrets = Redactor(settings.secrets())
        use_key(settings.credentials.secrets())
        self.client, self.talk, self.run = app.client, app.talk, app.run
        self.journal = Journal(
            folder / "journal", group=app.task_id, task=task, host=settings.api_host, redactor=secrets
        )
        self._locks = Locks(folder / "locks", holder(task, app.clock()), app.run.locks)
        yes, names = bool(app.option("yes")), app.option("confirm") or ""
        self.confirm = Consent(app.warn, yes=yes, names=names, question=question).ask
        self._app = app
        self.task = task
        self._open = ExitStack()
        self._expected = expected
        self._read_back = read_again
        self._done = self._unknown = 0
        self._irreversible: dict[str, None] = {}
        self.undo_id = ""
        """The id that undoes what was done so far; "" if nothing can be undone."""

    def __enter__(self) -> Self:
        self._open.enter_context(self._locks)
        self._open.enter_context(self.journal)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.run.record.add(WritesSeen(self._done, self._unknown))
        with self._open:
            counted = error
            if isinstance(error, KeyboardInterrupt):
                self.run.stop.set()
                counted = Interrupted(f"{self.task} was interrupted")
            begun = (self._done or self._unknown) and self._expected != 1
            if isinstance(counted, OpsError) and (isinstance(counted, Interrupted) or begun):
                left = self._expected - self._done - self._unknown
                unstarted = f", {left} not started" if self._expected else ""
                undo = f"; undo them with `{self.run.undo_line(self.undo_id)}`" if self.undo_id else ""
                counts = f"{self._done} done, {self._unknown} unknown{unstarted}{undo}"
                raise _with(counted, message=f"{counted.message}\n  {counts}") from error
        if error is None:
            for why in self._irreversible:
                self.talk.show(f"cannot be undone: {why}")
            if self.undo_id:
                self.talk.show(f"undo: {self.run.undo_line(self.undo_id)}")

    def lock(self, changes: Iterable[Change]) -> None:
        """Take the locks for *changes*. Raises Locked if another run has one."""
        for change in changes:
            self._locks.hold(change)

    def apply(self, changes: Sequence[Change], undoing: Undoing = NOTHING_UNDONE) -> Iterator[Json]:
        """Apply one batch of *changes* and return their rows. What the journal cannot note is not sent."""
        app = self._app
        with finish_request(app.stop, self.talk.warn) as stopping:
            stopping.check(self.task)
            if (writes := changes[0].resource.writes) and writes.ask:
                for change in changes:
                    writes.ask(self.client, change)
            app.entries += 1
            entry = self.journal.begin(changes, now=app.clock(), number=app.entries, undoing=undoing)
            self._unknown += len(changes)
            items = self._send(entry, changes)
            app.run.wrote.add(app.task_id)
            app.written_account = changes[0].owner.account_id
            if self._read_back:
                try:
                    self._read_again(entry, changes, items)
                except OpsError as error:
                    self.journal.finish(entry, UNKNOWN, why=error.message)
                    raise
            self._unknown -= len(changes)
            self._done += len(changes)
            irreversible = self.journal.irreversible
            if irreversible:
                self._irreversible[irreversible] = None
            else:
                self.undo_id = app.task_id
            stopping.check(self.task)
        undo = "" if irreversible else entry
        made = zip(changes, items, strict=True)
        return (describe.row(change, item or change.item, undo) for change, item in made)

    def _send(self, entry: str, changes: Sequence[Change]) -> list[Json | None]:
        sent, accepted = self.client.sent, self.client.accepted
        hint = self._unknown_hint(entry)
        problems: list[str] = []
        try:
            state, items = send(self.client, changes, problems.append)
        except OutcomeUnknown as unknown:
            self.journal.finish(entry, UNKNOWN, why=unknown.cause.message)
            raise _with(unknown.cause, hint=hint) from unknown.cause
        except OpsError as error:
            if isinstance(error, Interrupted) and self.client.sent > sent:
                self.journal.finish(entry, UNKNOWN, why=error.message)
                raise _with(error, hint=hint) from error
            self._unknown -= len(changes)
            self.journal.finish(entry, FAILED, why=error.message)
            raise
        ray = self.client.ray if self.client.accepted > accepted else ""
        self.journal.finish(entry, state, changes, items, why="; ".join(problems), ray=ray)
        for problem in problems:
            self.talk.warn(problem)
        if state == ADOPTED:
            self.talk.note(f"applied, although no response arrived: {describe.name(changes[0])}")
        return items

    def compare(self, changes: Sequence[Change]) -> None:
        """Raise Conflict if an item has changed since *changes* were planned; call it under their locks."""
        groups: dict[tuple[str, str, str], list[Change]] = {}
        for change in changes:
            groups.setdefault((change.resource.kind, *change.owner[:2]), []).append(change)
        conflicts: list[str] = []
        for group in groups.values():
            writes, owner = group[0].resource.writes, group[0].owner
            items = [change.before or change.item for change in group]
            found = lookup_each(self.client, writes, owner, items) if writes else []
            conflicts += filter(None, map(describe.moved, group, found))
        if conflicts:
            more = f"\n  and {len(conflicts) - SHOWN} more" if len(conflicts) > SHOWN else ""
            shown = "".join(f"\n  {one}" for one in conflicts[:SHOWN])
            raise Conflict(
                f"it has changed since it was read:{shown}{more}",
                hint="nothing was written; run it again to see the changes that are needed now",
            )

    def _read_again(self, entry: str, changes: Sequence[Change], items: list[Json | None]) -> None:
        """Look up the first and last items, and those whose change the answer in *items* does not show.

        Of the latter the live item is noted. Raises OpsError if a change was not applied or is not proven.
        """
        doubtful = [n for n, change in enumerate(changes) if not _is_shown(change, items[n])]
        sampled = {id(change) for change in samples(changes)}
        chosen = sorted({*doubtful, *(n for n, change in enumerate(changes) if id(change) in sampled)})
        if self._app.stop.is_set() and not doubtful:
            return
        try:
            found = self._settled([changes[n] for n in chosen], [items[n] for n in chosen], len(sampled))
        except OpsError as error:
            if not doubtful:
                self.talk.warn(f"applied, but reading it again failed: {error.message}")
                return
            if isinstance(error, Interrupted):
                raise
            name = describe.name(changes[doubtful[0]])
            raise MalformedAnswer(
                f"{name}: the answer does not show the change, and reading it failed: {error.message}",
                hint=self._unknown_hint(entry),
            ) from error
        for n, live in zip(chosen, found, strict=True):
            self._judge(entry, changes[n], items[n], live)
            if n in doubtful:
                items[n] = live
        if doubtful:
            self.journal.finish(entry, DONE, changes, items)

    def _settled(
        self, changes: Sequence[Change], answers: Sequence[Json | None], few: int
    ) -> list[Json | None]:
        """Return the live items of *changes*; those that a later lookup may show are looked up again."""
        found: list[Json | None] = [None] * len(changes)
        left = list(range(len(changes)))
        writes, owner, pauses = changes[0].resource.writes, changes[0].owner, iter(PAUSES)
        while True:
            wanted = [_target(changes[n], answers[n]) for n in left]
            if writes and len(left) > few:
                live = lookup_each(self.client, writes, owner, wanted)
            else:
                live = [find(self.client, writes, owner, item) for item in wanted if writes]
            for n, item in zip(left, live, strict=True):
                found[n] = item
            left = [n for n in left if _is_pending(changes[n], answers[n], found[n])]
            # What can never be looked up, such as a purge, is not waited for.
            pause = next(pauses, None)
            if not left or pause is None or (writes and writes.irreversible) or self.run.stop.wait(pause):
                return found

    def _judge(self, entry: str, change: Change, answer: Json | None, live: Json | None) -> None:
        """Warn if the *live* item reads back differently than written; raise ApiError if that proves more."""
        name, writes = describe.name(change), change.resource.writes
        if change.after is None and live is not None:
            raise ApiError(
                f"{name} still exists, although its deletion was answered with success",
                hint="look at it again, and delete it again if it stays",
            )
        if is_applied(change, live) or (writes and writes.irreversible):
            return
        # Cloudflare may store a value in another form than it was sent in.
        fitted = (
            live is not None
            and answer is not None
            and answer != change.after
            and _is_of(change, answer)
            and describe.covers(change.resource, answer, live)
            and not is_untouched(change, live)
        )
        if fitted or _is_evident(change, answer):
            self.talk.warn(f"{name} was written but reads back differently; check it")
            return
        now = "it does not exist" if live is None else describe.differences(change._replace(before=live))
        raise ApiError(
            f"{name}: the write was answered with success, but was not carried out: {now}",
            hint=self._unknown_hint(entry),
        )

    def _unknown_hint(self, entry: str) -> str:
        return f"the outcome is unknown; check it with `{self.run.undo_line(entry, 'show')}`"


def _is_shown(change: Change, answer: Json | None) -> bool:
    """True if *answer*, the item that the API returned, is the one that *change* makes."""
    return answer is change.after or (_is_of(change, answer) and is_applied(change, answer))


def _is_of(change: Change, answer: Json | None) -> bool:
    """True if *answer* does not have another key than the item of *change* had."""
    key, before = change.resource.key, change.before
    return before is None or answer is None or reach(answer, key) == reach(before, key)


def _is_evident(change: Change, answer: Json | None) -> bool:
    """True if *answer* shows the change, and is more than a copy of what was sent."""
    return answer is not None and answer != change.after and _is_shown(change, answer)


def _target(change: Change, answer: Json | None) -> Json:
    """Return what the item of *change* is looked up by: its answer only if that is the item."""
    if answer and _is_shown(change, answer):
        return answer
    key = reach(change.before or {}, change.resource.key)
    return {**change.item, change.resource.key: key} if key else change.item


def _is_pending(change: Change, answer: Json | None, live: Json | None) -> bool:
    """True if a later lookup may show the change, because the answer of this one may lag behind."""
    if change.after is None:
        return live is not None
    return not (_is_evident(change, answer) or is_applied(change, live)) and is_untouched(change, live)


def _with(error: OpsError, *, message: str = "", hint: str = "") -> OpsError:
    """Return *error* with another *message* or *hint*."""
    message, hint = message or error.message, hint or error.hint
    return type(error)(message, error.status, hint=hint, codes=error.codes, ray=error.ray)


class Stopping:
    """The signal that asked the run to stop, if any."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self.signal, self.terminated = stop, 0, False

    def check(self, task: str) -> None:
        """Raise Interrupted or Terminated if *task* must stop."""
        if self._stop.is_set() and self.terminated:
            raise Terminated(f"{task} was terminated")
        if self._stop.is_set():
            raise Interrupted(f"{task} was interrupted")


@contextmanager
def finish_request(stop: threading.Event, warn: Callable[[str], None]) -> Iterator[Stopping]:
    """In the block the first signal to stop only sets *stop*; the next one ends the run immediately."""
    stopping = Stopping(stop)
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {n: handler for n in _SIGNALS if (handler := signal.getsignal(n)) != signal.SIG_IGN}

    def handle(number: int, _frame: FrameType | None) -> None:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        if number == signal.SIGHUP:
            # The kernel and a shell that ends may both send it; the second does not mean "immediately".
            signal.signal(number, signal.SIG_IGN)
        stopping.signal, stopping.terminated = number, number in (signal.SIGTERM, signal.SIGHUP)
        stop.set()
        # A signal may arrive while a line is written, which another write must not interrupt.
        with suppress(RuntimeError):
            warn("stopping after the current request; press Ctrl-C again to stop now")

    for number in before:
        signal.signal(number, handle)
    try:
        yield stopping
    except Interrupted as error:
        # A wait that ended knows that the run must stop, but not which signal asked for it.
        if not stopping.terminated or isinstance(error, Terminated):
            raise
        raise Terminated(error.message, hint=error.hint) from error
    finally:
        for number, handler in before.items():
            if number != signal.SIGHUP or stopping.signal != number:
                signal.signal(number, handler)
