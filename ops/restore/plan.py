"""Plan: what a restore would do, counted and told before anything is done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ops.kinds.change import CREATE, DELETE, UPDATE, Change, without
from ops.restore.places import key_of
from ops.restore.selection import counts
from ops.writes import consent, describe
from ops.writes.writing import lock_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.cli.app import App
    from ops.kinds.resource import Owner
    from ops.restore.steps import Step, Steps
    from ops.restore.told import Told
    from ops.restore.view import View

_MOST = 20
_WORDS = {CREATE: "to create", UPDATE: "to change", DELETE: "to delete"}


class Plan:
    """The steps of a restore, counted by kind and action, of *total* items that the snapshot holds."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.counts: dict[str, Counter[str]] = {}
        self.first: list[str] = []
        self.locks: dict[str, Change] = {}
        self._apex: set[str] = set()

    def add(self, step: Step, owner: Owner) -> None:
        """Count one more *step*, in *owner* as it stands or will stand."""
        self.counts.setdefault(step.resource.kind, Counter())[step.action] += 1
        change = change_of(step, owner)
        if len(self.first) < _MOST:
            where = f"{step.place.name}: " if step.place.inside else ""
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
        """Raise Refused where it changes or deletes too much to be carried out without --force."""
        consent.check_counts(self.count(UPDATE, DELETE), self.total, self._apex)


def plan_of(view: View, steps: Steps) -> Plan:
    """Go through all *steps* and count them."""
    kinds = {resource.kind for resource in view.selection.writable}
    plan = Plan(
        sum(
            section.count
            for section in view.old.snapshot.manifest.sections
            if section.kind in kinds and view.selection.within(view.kinds[section.kind].parent, section.scope)
        )
    )
    for resource in view.selection.writable:
        for step in steps.of(resource):
            owner = step.place.new or step.place.old
            assert owner is not None  # noqa: S101 (a step lies in something)
            plan.add(step, owner)
    return plan


def change_of(step: Step, owner: Owner) -> Change:
    """Give the change that *step* is, in *owner*.

    What is made again gets a key of its own, and what is changed keeps the one that it has.
    """
    resource, _, before, after = step
    if after is not None and resource.key not in resource.identity:
        kept = {resource.key: key_of(resource, before)} if before and resource.key in before else {}
        after = {**without(after, (resource.key,)), **kept}
    return Change(resource, owner, before, after)


def tell(app: App, view: View, plan: Plan, told: Told) -> None:
    """Say first what cannot be put back, then what will be."""
    for text in _few([*_read_only(view), *told.impossible()]):
        app.warn(f"cannot be put back: {text}")
    for text in _few([*told.incomplete()]):
        app.warn(text)
    for text in _few([*told.left_standing()]):
        app.note(f"left standing, for it has come since: {text}")
    for line in plan.first:
        app.talk.show(line)
    if plan.steps > len(plan.first):
        app.talk.show(f"… and {plan.steps - len(plan.first):,} more")
    for kind, counted in plan.counts.items():
        words = (f"{counted[action]:,} {word}" for action, word in _WORDS.items() if counted[action])
        app.talk.show(f"{kind}: {', '.join(words)}")


def _read_only(view: View) -> Iterator[str]:
    """Yield what the snapshot holds of kinds that are not written, in a line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for kind, count in counts(view.old, view.selection).items():
        reason = view.kinds[kind].restore.unsupported or "cfops only reads them"
        by_reason.setdefault(reason, []).append(f"{count:,} {kind}")
    return (f"{', '.join(kinds)}: {reason}" for reason, kinds in sorted(by_reason.items()))


def _few(texts: list[str]) -> Iterable[str]:
    more = len(texts) - _MOST
    return [*texts[:_MOST], f"and {more:,} more"] if more > 0 else texts
