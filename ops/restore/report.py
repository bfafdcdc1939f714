"""Report: what a restore will do, counted, and what it will not restore, in groups of items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, CREATE, DELETE, UPDATE, Change
from ops.writes import consent, describe
from ops.writes.writing import lock_name

if TYPE_CHECKING:
    from ops.kinds.resource import Owner
    from ops.restore.state import State
    from ops.restore.steps import Step, Steps

MOST = 20
_NAMED = 5
_WORDS = {CREATE: "to create", UPDATE: "to change", DELETE: "to delete"}


class Group:
    """The number of items of which the same is reported, and the first of their names."""

    def __init__(self) -> None:
        self.count = 0
        self.names: list[str] = []

    def add(self, name: str) -> None:
        self.count += 1
        if name and len(self.names) < _NAMED:
            self.names.append(name)

    def __str__(self) -> str:
        more = f" and {self.count - len(self.names):,} more" if self.count > len(self.names) else ""
        return f"{', '.join(self.names)}{more}" if self.names else ""


Groups = dict[tuple[str, str], Group]


class Report:
    """What is reported of the items of each group, a group being a kind in one owner."""

    def __init__(self) -> None:
        self._not_restored: Groups = {}
        self._incomplete: Groups = {}
        self._kept: Groups = {}
        self.not_read: dict[str, None] = {}

    def not_restored(self, group: str, name: str, reason: str) -> None:
        self._not_restored.setdefault((group, reason), Group()).add(name)

    def incomplete(self, group: str, name: str, part: str) -> None:
        self._incomplete.setdefault((group, part), Group()).add(name)

    def kept(self, group: str, name: str, reason: str) -> None:
        self._kept.setdefault((group, reason), Group()).add(name)

    def unknown(self, group: str) -> None:
        self.not_read[group] = None

    @property
    def empty(self) -> bool:
        """True if no difference was found that is not restored."""
        return not (self._not_restored or self._kept or self.not_read)

    def lines_not_restored(self, known: Report | None = None) -> Iterator[str]:
        """Yield a line for each group that is not restored, without what *known* has reported already."""
        for (group, reason), items in self._not_restored.items():
            before = known._not_restored.get((group, reason)) if known else None
            if before is None or before.count < items.count:
                yield f"{_named(group, items)}: {reason}"

    def lines_incomplete(self) -> Iterator[str]:
        """Yield a line for each group that is restored without a part of it."""
        for (group, part), items in self._incomplete.items():
            yield f"{_named(group, items)} will be restored without {part}"

    def lines_kept(self) -> Iterator[str]:
        """Yield a line for each group that was created after the snapshot and stays."""
        for (group, reason), items in self._kept.items():
            yield f"{_named(group, items)}: {reason}"


def _named(group: str, items: Group) -> str:
    return " ".join(filter(None, (group, str(items))))


class Plan:
    """The steps of a restore, counted by kind and action; *total* is the number of items in the snapshot."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.counts: dict[str, Counter[str]] = {}
        self.first: list[str] = []
        self.locks: dict[str, Change] = {}
        self._apex: set[str] = set()

    def add(self, step: Step, owner: Owner) -> None:
        """Count one more *step*, in *owner* as it is or will be."""
        self.counts.setdefault(step.resource.kind, Counter())[step.action] += 1
        change = step.change(owner)
        if len(self.first) < MOST:
            where = f"{step.target.name}: " if step.target.kind != ACCOUNT else ""
            self.first.append(f"{where}{describe.line(change)}")
        if step.action != CREATE:
            self._apex |= {consent.apex_record(change)} - {""}
        self.locks.setdefault(lock_name(change), change)

    def count(self, *actions: str) -> int:
        return sum(counted[action] for counted in self.counts.values() for action in actions)

    @property
    def steps(self) -> int:
        return self.count(*_WORDS)

    def check(self) -> None:
        """Raise Refused if it changes or deletes so much that it needs --force."""
        consent.check_counts(self.count(UPDATE, DELETE), self.total, self._apex)

    def lines(self) -> Iterator[str]:
        """Yield the first steps, a line each, then how many there are of each kind."""
        yield from self.first
        if self.steps > len(self.first):
            yield f"… and {self.steps - len(self.first):,} more"
        for kind, counted in self.counts.items():
            words = (f"{counted[action]:,} {word}" for action, word in _WORDS.items() if counted[action])
            yield f"{kind}: {', '.join(words)}"


def plan_of(state: State, steps: Steps) -> Plan:
    """Read all *steps* and return their plan."""
    writable = state.selection.writable
    plan = Plan(sum(section.count for section in state.selection.sections(state.saved, writable)))
    for resource in writable:
        for step in steps.of(resource):
            owner = step.target.live or step.target.saved
            assert owner is not None  # noqa: S101 (a step has an owner)
            plan.add(step, owner)
    return plan


def read_only(state: State) -> Iterator[str]:
    """Yield what the snapshot holds of kinds that cannot be written, a line for each reason."""
    counts: Counter[str] = Counter()
    for section in state.selection.sections(state.saved, state.selection.read_only):
        counts[section.kind] += section.count
    by_reason: dict[str, list[str]] = {}
    for kind, count in counts.items():
        if count:
            reason = state.kinds[kind].restore.unsupported or "cfops only reads them"
            by_reason.setdefault(reason, []).append(f"{count:,} {kind}")
    return (f"{', '.join(kinds)}: {reason}" for reason, kinds in sorted(by_reason.items()))


def few(lines: list[str]) -> list[str]:
    """Return the first of *lines*, and how many more there are."""
    more = len(lines) - MOST
    return [*lines[:MOST], f"and {more:,} more"] if more > 0 else lines
