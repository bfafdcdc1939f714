"""Undo what was done: compare first, apply in reverse order, and note it like every other change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from ops.cli.app import App
from ops.config.settings import SANDBOX
from ops.errors import Conflict, Interrupted, NotFound, OpsError, Refused, UsageError
from ops.items import Json
from ops.kinds.resource import DELETE, Change, Owner, Resource
from ops.ui.shapes import Rows
from ops.writes import describe
from ops.writes.consult import approve
from ops.writes.impact import impact
from ops.writes.journal import APPLIED, DONE, FAILED, UNDONE, UNKNOWN, JournalEntry, Undoing
from ops.writes.make import COLUMNS, simulate
from ops.writes.reversal import Keys, LiveCheck, Reversal, check_live, portions, reversal, settle, why_not
from ops.writes.sending import batches, find
from ops.writes.writing import Writing

# More changes or bytes than these are compared only while they are undone, not beforehand as well.
BEFOREHAND = 500
HELD = 64 * 1024 * 1024
SHOWN = 20
# What the smallest plan allows is allowed everywhere: only the rest needs a look at the owner.
_SMALLEST = {"plan": {"legacy_id": "free"}}


def select(entries: Iterable[JournalEntry], id: str) -> list[JournalEntry]:
    """Return the entries of a run, of a task of it, or the one entry with this id. Raises NotFound."""
    found = [e for e in entries if e.id == id or e.id.startswith((f"{id}-", f"{id}."))]
    if not found:
        raise NotFound(f"no change has the id {id!r}", hint="`inv undo.list` lists the changes")
    return found


def last(entries: Iterable[JournalEntry], kinds: dict[str, Resource]) -> list[JournalEntry]:
    """Return the entries of the last task that can be undone, was not, and did not undo. Raises NotFound."""
    group: list[JournalEntry] = []
    for entry in reversed(list(entries)):
        if group and entry.group != group[0].group:
            break
        is_open = entry.state in (*APPLIED, UNKNOWN) and not entry.undoes
        if is_open and not why_not(entry, kinds.get(entry.kind)):
            group.insert(0, entry)
    if not group:
        raise NotFound("there is nothing to undo", hint="`inv undo.list` lists the changes")
    return group


def undo_entries(
    app: App, chosen: Sequence[JournalEntry], kinds: dict[str, Resource], question: str = ""
) -> Rows:
    """Undo *chosen*, the last one first; *question* is asked even if nothing is deleted.

    Raises Refused, and Conflict before anything is sent.
    """
    host = app.settings.api_host
    for entry in chosen:
        if entry.host != host:
            stage = "sandbox " if entry.host == SANDBOX else ""
            raise UsageError(
                f"{entry.id} was made on {entry.host}, and this line works on {host}",
                hint=f"`inv {stage}undo.apply {entry.id}`, with the token of {entry.host}",
            )
    with Writing(app, expected=sum(sum(e.counts.values()) for e in chosen)) as writing:
        run = _Undo(writing, kinds, app.parallel, app.run.pretended if app.dry else None)
        ready = run.ready(chosen)
        run.compare(ready, question, partial(impact(app).watched, app.warn))
        if app.dry:
            return Rows(run.simulated(ready), COLUMNS, "change")
        rows = [row for entry in ready for row in run.apply(entry)]
    return Rows(rows, COLUMNS, "change")


class _Undo:
    """The steps of an undo, under the locks of *writing*; in a dry run *simulated* takes its changes."""

    def __init__(
        self,
        writing: Writing,
        kinds: dict[str, Resource],
        parallel: Callable[[Callable[..., list[LiveCheck]], Iterable[Any]], Iterator[list[LiveCheck]]],
        simulated: list[Change] | None,
    ) -> None:
        self._writing = writing
        self._kinds = kinds
        self._parallel = parallel
        self._dry = simulated is not None
        self._simulated = simulated if simulated is not None else []
        self._all = writing.journal.entries()
        self._keys = Keys(self._all.values())
        # The live items of owners whose plan may allow less than it did, and what was said about them.
        self._owners: dict[str, Json] = {}
        self._warnings: set[str] = set()

    def ready(self, chosen: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Return the entries of *chosen* to undo, the last one first."""
        ready, reasons = [], []
        for entry in reversed(chosen):
            resource = self._kinds.get(entry.kind)
            if entry.state == UNKNOWN and resource is not None and not self._dry:
                entry = settle(self._writing.client, self._writing, entry, resource)
            if entry.state in (UNDONE, FAILED):
                continue
            why = why_not(entry, resource)
            if entry.state == UNKNOWN and not self._dry:
                why = "its outcome is unknown, and the live state is neither the old nor the new one"
            if why:
                reasons.append(f"{entry.task} {entry.name}: {why}")
            else:
                ready.append(entry)
        reasons = list(dict.fromkeys(reasons))
        if reasons and not ready:
            raise Refused(f"cannot be undone: {'; '.join(reasons)}")
        for reason in reasons:
            self._writing.talk.warn(f"cannot be undone: {reason}")
        if not ready:
            undone = any(entry.state == UNDONE for entry in chosen)
            raise Refused(f"{chosen[0].id} {'is already undone' if undone else 'failed and changed nothing'}")
        return ready

    def _reversals(self, entry: JournalEntry) -> list[Reversal]:
        resource = self._kinds[entry.kind]
        changed = reversed(self._writing.journal.changes(entry))
        found = [reversal(entry, resource, pair, self._keys) for pair in changed]
        return [self._fitted(one) for one in found] if resource.restore.fitted else found

    def _fitted(self, one: Reversal) -> Reversal:
        """Return *one* without what its owner does not allow now, and warn of that once."""
        resource, owner, _, after = one.change
        parent = self._kinds.get(resource.parent)
        if after is None or resource.restore.fitted is None or parent is None or parent.writes is None:
            return one
        if not resource.restore.fitted(after, _SMALLEST)[1]:
            return one
        if owner.id not in self._owners:
            account = Owner(owner.account_id, owner.account_id, {})
            item = {**owner.item, "id": owner.id}
            try:
                found = find(self._writing.client, parent.writes, account, item)
            except Interrupted:
                raise
            except OpsError:
                # Without permission to read the owner, the API decides what it allows.
                found = None
            self._owners[owner.id] = found or owner.item
        fitted, left_out = resource.restore.fitted(after, self._owners[owner.id])
        if left_out:
            where = owner.item.get("name", owner.id)
            lost = f"undone without {', '.join(left_out)}, which {where} does not allow"
            if (warning := f"{describe.name(one.change)}: {lost}") not in self._warnings:
                self._writing.talk.warn(warning)
                self._warnings.add(warning)
        return one._replace(change=one.change._replace(after=fitted))

    def _checked(self, reversals: Sequence[Reversal]) -> list[tuple[Reversal, LiveCheck]]:
        """Return *reversals*, each with its check. Raises Conflict if a live item has changed, or the error
        of a lookup that failed."""
        checks = self._parallel(partial(check_live, self._writing.client), portions(reversals))
        checked = [
            (one._replace(change=one.change._replace(before=check.found)), check)
            if one.as_sent and check.found
            else (one, check)
            for one, check in zip(reversals, chain.from_iterable(checks), strict=True)
        ]
        conflicts = [check.conflict for _, check in checked if check.conflict]
        if conflicts:
            shown = "".join(f"\n  {conflict}" for conflict in conflicts[:SHOWN])
            more = f"\n  and {len(conflicts) - SHOWN} more" if len(conflicts) > SHOWN else ""
            if failure := next((check.failure for _, check in checked if check.failure), None):
                raise type(failure)(
                    f"not undone: what it left cannot be compared:{shown}{more}", hint=failure.hint
                )
            raise Conflict(
                f"not undone: it has changed since:{shown}{more}",
                hint="change it by hand, or undo the later change first: `inv undo.list`",
            )
        return checked

    def compare(
        self,
        ready: Sequence[JournalEntry],
        question: str,
        watched: Callable[[Iterable[Change]], Iterable[Change]],
    ) -> None:
        """Take the locks, show what will be done, and ask. Raises Conflict if a live item has changed.

        *watched* warns of what the deletions affect, as the changes pass.
        """
        count = sum(sum(entry.counts.values()) for entry in ready)
        if count > BEFOREHAND or sum(entry.size for entry in ready) > HELD:
            for entry in ready:
                self._lock(self._reversals(entry)[:1])
            every = (one.change for entry in ready for one in self._reversals(entry))
            approve(watched(every), self._writing.task)
            by_name = (e for e in ready if (w := self._kinds[e.kind].writes) and w.confirm_by_name)
            changes = [one.change for entry in by_name for one in self._reversals(entry)]
            self._writing.confirm(changes, question or f"undo {count} change{'s' * (count > 1)}?")
            return
        reversals = [one for entry in ready for one in self._reversals(entry)]
        self._lock(reversals)
        # Only the last change of an item can be compared before the others are undone.
        latest: dict[tuple[str, ...], Reversal] = {}
        for one in reversals:
            latest.setdefault(one.item, one)
        firsts = list(latest.values())
        checks = [check for _, check in self._checked(firsts)]
        done = {id(one) for one, check in zip(firsts, checks, strict=True) if check.done}
        moving = [one.change for one in reversals if id(one) not in done]
        approve(moving, self._writing.task)
        for line in describe.lines(moving):
            self._writing.talk.show(line)
        moving = list(watched(moving))
        if not self._dry:
            # A name that has to be typed is an answer too.
            deleted = (change.resource for change in moving if change.action == DELETE)
            named = any(resource.writes and resource.writes.confirm_by_name for resource in deleted)
            self._writing.confirm(moving, "" if named else question)

    def _lock(self, reversals: Sequence[Reversal]) -> None:
        if not self._dry:
            self._writing.lock(one.change for one in reversals)

    def simulated(self, ready: Sequence[JournalEntry]) -> Iterator[Json]:
        for entry in ready:
            for one in self._reversals(entry):
                change = one.change
                simulate(self._simulated, [change])
                yield {"action": change.action, "kind": entry.kind, "name": change.label}

    def apply(self, entry: JournalEntry) -> list[Json]:
        """Undo *entry*, compared once more, and note it."""
        checked = self._checked(self._reversals(entry))
        for one, check in checked:
            if check.done and one.old_key:
                key = str((check.found or {}).get(one.change.resource.key))
                self._keys.learn(entry.kind, one.old_key, key)
        todo = {id(one.change): one.old_key for one, check in checked if not check.done}
        rows = []
        for batch in batches(one.change for one, check in checked if not check.done):
            old_keys = tuple(todo[id(change)] for change in batch)
            made = list(self._writing.apply(batch, Undoing(entry.id, old_keys)))
            for old_key, row in zip(old_keys, made, strict=True):
                self._keys.learn(entry.kind, old_key, str(row["id"]))
            rows += made
        self._writing.journal.mark(entry.id, UNDONE)
        if entry.undoes in self._all:
            self._writing.journal.mark(entry.undoes, DONE)
        return rows
