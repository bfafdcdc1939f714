"""Taking back what was done: compared first, in reverse order, and noted like everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from ops.config.settings import SANDBOX
from ops.errors import Conflict, NotFound, Refused, UsageError
from ops.ui.shapes import Rows
from ops.writes import describe
from ops.writes.consent import Consent
from ops.writes.dry_run import pretend
from ops.writes.journal import DONE, FAILED, MADE, UNDONE, UNKNOWN, Entry, Undoing
from ops.writes.reversal import Keys, Step, Verdict, judge, portions, resolve, step, why_not
from ops.writes.sending import batches
from ops.writes.writing import Writing

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Resource

Kinds = dict[str, "Resource"]

COLUMNS = ("action", "kind", "name", "id", "undo")
# More changes than that, or more bytes, are compared as they are taken back, not beforehand as well.
BEFOREHAND = 500
HELD = 64 * 1024 * 1024
SHOWN = 20


def select(entries: Iterable[Entry], id: str) -> list[Entry]:
    """Give the entries of a run, of a task of it, or the one entry with this id; raises NotFound."""
    found = [e for e in entries if e.id == id or e.id.startswith((f"{id}-", f"{id}."))]
    if not found:
        raise NotFound(f"nothing was done under the id {id!r}", hint="`inv undo.list` shows what was")
    return found


def last(entries: Iterable[Entry], kinds: Kinds, here: str) -> list[Entry]:
    """Give the entries of the last task that can be taken back and was not; raises NotFound without one.

    What an undo did is passed over: twice `undo.last` goes two steps back, not back and forth.
    """
    group: list[Entry] = []
    for entry in reversed(list(entries)):
        if group and entry.group != group[0].group:
            break
        open_ = entry.state in (*MADE, UNKNOWN) and not entry.undoes
        if open_ and entry.place == here and not why_not(entry, kinds.get(entry.kind)):
            group.insert(0, entry)
    if not group:
        raise NotFound("there is nothing to take back", hint="`inv undo.list` shows what was done")
    return group


def settled(app: App, chosen: Sequence[Entry], kinds: Kinds) -> list[Entry]:
    """Give *chosen*, those whose outcome is unknown looked up where they were made."""
    here = app.settings.api_host
    if not any(entry.state == UNKNOWN and entry.place == here for entry in chosen):
        return list(chosen)
    with Writing(app, expected=0) as writing:
        return [
            resolve(app.client, writing, entry, kinds[entry.kind])
            if entry.kind in kinds and entry.place == here
            else entry
            for entry in chosen
        ]


def take_back(app: App, chosen: Sequence[Entry], kinds: Kinds) -> Rows:
    """Take *chosen* back, the last one first. Raises Conflict, before anything is sent, where what stands is
    no longer what was left behind, and Refused for what cannot be taken back at all.
    """
    _check_place(app, chosen)
    with Writing(app, expected=sum(sum(e.counts.values()) for e in chosen)) as writing:
        undo = _Undo(app, writing, kinds)
        ready = undo.ready(chosen)
        undo.compare(ready)
        if app.dry:
            return Rows(undo.rehearsed(ready), COLUMNS)
        rows = [row for entry in ready for row in undo.carry_out(entry)]
    return Rows(rows, COLUMNS)


class _Undo:
    """The parts of taking back, under the locks of *writing*."""

    def __init__(self, app: App, writing: Writing, kinds: Kinds) -> None:
        self._app = app
        self._writing = writing
        self._kinds = kinds
        self._all = writing.journal.entries()
        self._keys = Keys(self._all.values())

    def ready(self, chosen: Sequence[Entry]) -> list[Entry]:
        """Give what of *chosen* is to be taken back, the last one first."""
        ready, reasons = [], []
        for entry in reversed(chosen):
            known = self._settled(entry)
            if why := self._why_not(known):
                reasons.append(f"{known.task} {known.name}: {why}")
            elif known.state not in (UNDONE, FAILED):
                ready.append(known)
        if reasons and not ready:
            raise Refused(f"cannot be taken back: {'; '.join(dict.fromkeys(reasons))}")
        for reason in dict.fromkeys(reasons):
            self._app.warn(f"cannot be taken back: {reason}")
        if not ready:
            raise Refused(f"{chosen[0].id} is not there to be taken back: it is {_state(chosen)} already")
        return ready

    def _settled(self, entry: Entry) -> Entry:
        resource = self._kinds.get(entry.kind)
        if entry.state != UNKNOWN or resource is None or self._app.dry:
            return entry
        return resolve(self._app.client, self._writing, entry, resource)

    def _why_not(self, entry: Entry) -> str:
        if entry.state in (UNDONE, FAILED):
            return ""
        if entry.state == UNKNOWN and not self._app.dry:
            return "whether it was carried out is not known, and what stands there is neither old nor new"
        return why_not(entry, self._kinds.get(entry.kind))

    def _steps(self, entry: Entry) -> list[Step]:
        resource = self._kinds[entry.kind]
        changed = reversed(self._writing.journal.changes(entry))
        return [step(entry, resource, pair, self._keys) for pair in changed]

    def _judged(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Verdict]]:
        verdicts = self._app.parallel(partial(judge, self._app.client), portions(steps))
        return zip(steps, chain.from_iterable(verdicts), strict=True)

    def compare(self, ready: Sequence[Entry]) -> None:
        """Take the locks, show what will be done, and ask; raises Conflict where something has changed."""
        count = sum(sum(entry.counts.values()) for entry in ready)
        many = count > BEFOREHAND or sum(entry.weight for entry in ready) > HELD
        consent = Consent(self._app, f"take back {count} changes?" if many else "")
        if many:
            for entry in ready:
                self._lock(self._steps(entry)[:1])
            consent.ask(self._severe(ready))
            return
        moving = [s.change for s, verdict in self._latest(ready) if not verdict.already]
        for line in describe.lines(moving):
            self._app.talk.show(line)
        if not self._app.dry:
            consent.ask(moving)

    def _severe(self, ready: Sequence[Entry]) -> list[Change]:
        """Give the changes for which a yes is not enough."""
        severe = (entry for entry in ready if (w := self._kinds[entry.kind].writes) and w.confirm_by_name)
        return [step.change for entry in severe for step in self._steps(entry)]

    def _latest(self, ready: Sequence[Entry]) -> Iterator[tuple[Step, Verdict]]:
        """Yield every step with its verdict; only the last change of an item can be compared beforehand."""
        steps = [step for entry in ready for step in self._steps(entry)]
        self._lock(steps)
        latest: dict[tuple[str, ...], Step] = {}
        for one in steps:
            latest.setdefault(one.item, one)
        judged = {id(one): verdict for one, verdict in self._judged(list(latest.values()))}
        _refuse([verdict for verdict in judged.values() if verdict.conflict])
        return ((one, judged.get(id(one), Verdict())) for one in steps)

    def _lock(self, steps: Sequence[Step]) -> None:
        if not self._app.dry:
            self._writing.lock(s.change for s in steps)

    def rehearsed(self, ready: Sequence[Entry]) -> Iterator[Json]:
        for entry in ready:
            for one in self._steps(entry):
                pretend(self._app, one.change)
                yield {"action": one.change.action, "kind": entry.kind, "name": one.change.label}

    def carry_out(self, entry: Entry) -> list[Json]:
        """Take *entry* back, compared once more, and note that it is."""
        judged = list(self._judged(self._steps(entry)))
        _refuse([verdict for _, verdict in judged if verdict.conflict])
        for one, verdict in judged:
            if verdict.already and one.old:
                self._keys.learn(entry.kind, one.old, str((verdict.found or {}).get(one.change.resource.key)))
        todo = {id(one.change): one.old for one, verdict in judged if not verdict.already}
        rows = []
        for batch in batches(one.change for one, verdict in judged if not verdict.already):
            olds = tuple(todo[id(change)] for change in batch)
            made = list(self._writing.carry_out(batch, Undoing(entry.id, olds)))
            for old, row in zip(olds, made, strict=True):
                self._keys.learn(entry.kind, old, str(row["id"]))
            rows += made
        self._mark(entry)
        return rows

    def _mark(self, entry: Entry) -> None:
        self._writing.journal.mark(entry.id, UNDONE)
        if entry.undoes in self._all:
            self._writing.journal.mark(entry.undoes, DONE)


def _check_place(app: App, chosen: Sequence[Entry]) -> None:
    here = app.settings.api_host
    for entry in chosen:
        if entry.place != here:
            stage = "sandbox " if entry.place == SANDBOX else ""
            raise UsageError(
                f"{entry.id} was done at {entry.place}, and this would be {here}",
                hint=f"`inv {stage}undo.apply --id {entry.id}`, with the token of {entry.place}",
            )


def _refuse(verdicts: Sequence[Verdict]) -> None:
    if verdicts:
        told = "".join(f"\n  {verdict.conflict}" for verdict in verdicts[:SHOWN])
        more = f"\n  and {len(verdicts) - SHOWN} more" if len(verdicts) > SHOWN else ""
        raise Conflict(
            f"not taken back, for it is no longer what was left behind:{told}{more}",
            hint="change it by hand, or take back what was done since first: `inv undo.list`",
        )


def _state(chosen: Sequence[Entry]) -> str:
    return "taken back" if any(entry.state == UNDONE for entry in chosen) else "known to have failed"
