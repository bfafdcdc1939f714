"""Report: what a restore will do, counted, and what it will not restore, in groups of items."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, CREATE, DELETE, UPDATE, Change
from ops.writes import consent, describe
from ops.writes.writing import lock_name

if TYPE_CHECKING:
    from ops.kinds.resource import Owner
    from ops.restore.state import State
    from ops.restore.steps import Step, Steps

READ_ONLY, NOT_RESTORED, NOT_READ = "read-only", "not restored", "not read"
INCOMPLETE, KEPT = "incomplete", "kept"
MOST = 20
_NAMED = 5
_WORDS = {CREATE: "to create", UPDATE: "to change", DELETE: "to delete"}


class Report:
    """The items that a restore leaves different, by outcome, group (a kind in one owner) and reason."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._names: dict[tuple[str, str, str], list[str]] = defaultdict(list)

    def add(self, outcome: str, group: str, name: str, reason: str) -> None:
        key = (outcome, group, reason)
        self._counts[key] += 1
        if name and len(self._names[key]) < _NAMED:
            self._names[key].append(name)

    def has(self, *outcomes: str) -> bool:
        return any(outcome in outcomes for outcome, _, _ in self._counts)

    def lines(self, outcome: str, known: Report | None = None) -> list[str]:
        """Return a line for each of the first groups, without what *known* has reported already."""
        found = []
        for (kind, group, reason), count in self._counts.items():
            key = (kind, group, reason)
            if kind == outcome and (known is None or known._counts[key] < count):
                names, more = self._names[key], count - len(self._names[key])
                tail = f" and {more:,} more" if names and more else ""
                found.append(f"{' '.join(filter(None, (group, ', '.join(names))))}{tail}: {reason}")
        return found if len(found) <= MOST else [*found[:MOST], f"and {len(found) - MOST:,} more"]


class RestorePlan:
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


def plan_of(state: State, steps: Steps, report: Report) -> RestorePlan:
    """Read all *steps* and return their plan; report the kinds that cannot be written, by their reason."""
    read_only: dict[str, Counter[str]] = defaultdict(Counter)
    for section in state.selection.sections(state.saved, state.selection.read_only):
        if section.count:
            reason = state.kinds[section.kind].restore.unsupported or "cfops only reads them"
            read_only[reason][section.kind] += section.count
    for reason, counts in sorted(read_only.items()):
        report.add(READ_ONLY, ", ".join(f"{n:,} {kind}" for kind, n in counts.items()), "", reason)
    writable = state.selection.writable
    plan = RestorePlan(sum(section.count for section in state.selection.sections(state.saved, writable)))
    for resource in writable:
        for step in steps.of(resource):
            owner = step.target.live or step.target.saved
            assert owner is not None  # noqa: S101 (a step has an owner)
            plan.add(step, owner)
    return plan
