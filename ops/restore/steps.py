"""Steps: the differences between the account and a snapshot, turned into changes of the account."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ops.items import Json, texts, without
from ops.kinds import secret
from ops.kinds.resource import ACCOUNT, CREATE, DELETE, UPDATE, Change, Owner, Resource, same
from ops.restore.filter import after
from ops.restore.state import State, Target
from ops.snapshots.compare.pairing import ItemPair, OwnerPair
from ops.snapshots.compare.side import CONTENTS, Holder, key_of, name_of
from ops.snapshots.manifest import COMPLETE
from ops.writes import describe
from ops.writes.impact import Impact
from ops.writes.writing import lock_name

READ_ONLY, NOT_RESTORED, NOT_READ = "read-only", "not restored", "not read"
INCOMPLETE, KEPT = "incomplete", "kept"
UNREAD = "could not be read completely, so nothing is created there"
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
        """True if it has items of one of *outcomes*, by default of any."""
        return any(outcome in outcomes or not outcomes for outcome, _, _ in self._counts)

    def counted(self, key: tuple[str, str, str]) -> int:
        return self._counts[key]

    def lines(self, outcome: str, known: Report | None = None) -> list[str]:
        """Return a line for each of the first groups, without what *known* has reported already."""
        found = []
        for (kind, group, reason), count in self._counts.items():
            key = (kind, group, reason)
            if kind == outcome and (known is None or known.counted(key) < count):
                names, more = self._names[key], count - len(self._names[key])
                tail = f" and {more:,} more" if names and more else ""
                found.append(f"{' '.join(filter(None, (group, ', '.join(names))))}{tail}: {reason}")
        return found if len(found) <= MOST else [*found[:MOST], f"and {len(found) - MOST:,} more"]


class RestorePlan:
    """The steps of a restore, counted by kind and action; *total* is the number of items in the snapshot.

    `effects` are lines about what its deletions affect, by *impact*.
    """

    def __init__(self, total: int, impact: Impact) -> None:
        self.total, self._impact = total, impact
        self.effects: list[str] = []
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
            self._apex |= {describe.apex_record(change)} - {""}
        if line := self._impact.see(change):
            self.effects.append(line)
        self.locks.setdefault(lock_name(change), change)

    def count(self, *actions: str) -> int:
        return sum(counted[action] for counted in self.counts.values() for action in actions)

    @property
    def steps(self) -> int:
        return self.count(*_WORDS)

    def check(self) -> None:
        """Raise Refused if it changes or deletes so much that it needs --force."""
        describe.check_counts(self.count(UPDATE, DELETE), self.total, self._apex)

    def lines(self) -> Iterator[str]:
        """Yield the first steps, a line each, then how many there are of each kind."""
        yield from self.first
        if self.steps > len(self.first):
            yield f"… and {self.steps - len(self.first):,} more"
        for kind, counted in self.counts.items():
            words = (f"{counted[action]:,} {word}" for action, word in _WORDS.items() if counted[action])
            yield f"{kind}: {', '.join(words)}"


def plan_of(state: State, steps: Steps, report: Report, impact: Impact) -> RestorePlan:
    """Read all *steps* and return their plan; report the kinds that cannot be written, by their reason."""
    read_only: dict[str, Counter[str]] = defaultdict(Counter)
    for section in state.selection.sections(state.saved, state.selection.read_only):
        if section.count:
            reason = _why_read_only(state.kinds[section.kind])
            read_only[reason][section.kind] += section.count
    for reason, counts in sorted(read_only.items()):
        report.add(READ_ONLY, ", ".join(f"{n:,} {kind}" for kind, n in counts.items()), "", reason)
    writable = state.selection.writable
    total = sum(section.count for section in state.selection.sections(state.saved, writable))
    plan = RestorePlan(total, impact)
    for resource in writable:
        for step in steps.of(resource):
            owner = step.target.live or step.target.saved
            assert owner is not None  # noqa: S101 (a step has an owner)
            plan.add(step, owner)
    plan.effects += filter(None, [impact.others()])
    return plan


def _why_read_only(resource: Resource) -> str:
    if resource.writes and resource.restore.named:
        return f"{resource.restore.named}; --kind {resource.kind} restores them"
    return resource.restore.unsupported or "cfops only reads them"


class Step(NamedTuple):
    """One item to restore: *before* is the live item, *after* the wanted one; None if it does not exist."""

    resource: Resource
    target: Target
    before: Json | None
    after: Json | None

    @property
    def action(self) -> str:
        if self.before is None:
            return CREATE
        return DELETE if self.after is None else UPDATE

    @property
    def group(self) -> str:
        """Return the kind, and the owner of the item."""
        kind, name = self.resource.kind, self.target.name
        return f"{kind} in {name}" if self.target.kind != ACCOUNT else kind

    @property
    def name(self) -> str:
        return name_of(self.resource, self.after or self.before or {})

    def change(self, owner: Owner) -> Change:
        """Return the change in *owner*: a created item gets a key of its own, a changed one keeps its key."""
        resource, _, before, wanted = self
        if wanted is not None and resource.key not in resource.identity:
            kept = {resource.key: key_of(resource, before)} if before and resource.key in before else {}
            wanted = {**without(wanted, (resource.key,)), **kept}
        return Change(resource, owner, before, wanted)


class Steps:
    """The steps of one restore, which can be read again. With *delete*, items created later are deleted.

    Kinds must be read in the order of the selection. *report* collects what is not restored; *now* is the
    time in seconds.
    """

    def __init__(self, state: State, report: Report, now: float, *, delete: bool) -> None:
        self._state, self._report, self._now, self._delete = state, report, now, delete
        self._restored: set[tuple[str, str]] = set()

    def of(self, resource: Resource) -> Iterator[Step]:
        """Yield the steps of a kind: in each owner first deletions and changes, then creations."""
        for target in self._state.targets(resource.parent):
            owner = self._state.kinds.get(target.kind)
            restored = (target.kind, target.id) in self._restored
            is_part = owner is not None and resource.kind in owner.restore.parts
            # The parts of an owner are restored along with the owner.
            if target.saved is not None and not (is_part and restored):
                yield from self._in(resource, target, restored=restored)

    def _in(self, resource: Resource, target: Target, *, restored: bool) -> Iterator[Step]:
        state, values, group = self._state, resource.restore.values, f"{resource.kind} in {target.name}"
        if state.owner(target) is None and not restored:
            if any(state.selects(resource, target, one) for one in state.saved.items(resource, target.id)):
                missing = f"the {target.kind} no longer exists; restore it as well"
                outcome, reason = (NOT_RESTORED, missing) if target.pair.proven[0] else (NOT_READ, UNREAD)
                self._report.add(outcome, group, "", reason)
            return
        if values and (count := state.keys_only(resource, target)):
            reason = "the snapshot was made without the values (--kv values)"
            self._report.add(NOT_RESTORED, f"{count:,} {group}", "", reason)
        written = state.kinds[values.kind] if values else resource
        found = (
            step
            for pair in state.pairs(resource, target)
            if (step := self._step(resource, Step(written, target, pair.old, pair.new), pair))
        )
        yield from _in_order(resource, found) if resource.restore.assemble else found

    def _skip(self, step: Step, reason: str, outcome: str = NOT_RESTORED) -> Step | None:
        self._report.add(outcome, step.group, step.name, reason)
        return None

    def _step(self, resource: Resource, step: Step, pair: ItemPair) -> Step | None:
        """Return *step* if it can be made; otherwise None, and report why."""
        # A live item may be any JSON, but what a product does with an item expects the documented form.
        try:
            return self._checked(resource, step, pair)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            reason = f"it does not have the documented form, so it is not restored ({error!r:.80})"
            return self._skip(step, reason, NOT_READ)

    def _checked(self, resource: Resource, step: Step, pair: ItemPair) -> Step | None:
        if step.after is None:
            reason = self._kept(step, pair)
            return self._skip(step, reason, KEPT) if reason else step
        if step.before is not None:
            return self._possible(resource, step) if self._can_change(resource, step, pair) else None
        if not pair.certain:
            return self._skip(step, UNREAD, NOT_READ)
        files = resource.kind + CONTENTS, key_of(resource, step.after)
        if resource.restore.assemble and self._state.saved.section(*files).status != COMPLETE:
            return self._skip(step, "its files are not in the snapshot")
        return self._possible(resource, step)

    def _can_change(self, resource: Resource, step: Step, pair: ItemPair) -> bool:
        """True if changing an item makes it what the snapshot holds; otherwise report what differs."""
        state, live, saved = self._state, step.before or {}, step.after or {}
        if not resource.restore.assemble:
            if same(step.resource, live, state.renamed(resource, saved)):
                self._skip(step, "an item that it refers to was deleted; restore that as well")
                return False
            return True
        if not state.same_files(resource, live, saved):
            return True
        old, new = (Holder(key_of(resource, one), (), "", b"") for one in (live, saved))
        kinds = (state.kinds[kind] for kind in resource.restore.parts)
        parts = (part for kind in kinds for part in state.pairing.items(kind, OwnerPair(old, new)))
        # What differs in a part is restored with the part.
        if pair.fields and next(parts, None) is None:
            names = ", ".join(field for field, _, _ in pair.fields)
            self._skip(step, f"it differs in {names}, which cannot be set")
        return False

    def _kept(self, step: Step, pair: ItemPair) -> str:
        """Return why a live item that the snapshot lacks is not deleted; "" if it is."""
        writes, blocked, live = step.resource.writes, step.resource.restore.blocked, step.before or {}
        if not pair.certain:
            return "not in the snapshot, which does not hold everything there"
        if writes is None or not (writes.delete or writes.batch):
            return "created after the snapshot; it cannot be deleted"
        if blocked and (why := blocked(live, live, self._now)):
            return f"created after the snapshot; {why}"
        if writes.confirm_by_name:
            return "created after the snapshot; a restore never deletes what holds data"
        return "" if self._delete else "created after the snapshot; --delete deletes it"

    def _possible(  # noqa: C901 (a branch for each reason not to)
        self, resource: Resource, step: Step
    ) -> Step | None:
        """Return *step* with the ids that exist now, if the API can make it."""
        state, restore, saved = self._state, step.resource.restore, step.after or {}
        if not self._is_supported(step):
            return self._skip(step, restore.unsupported or "Cloudflare has no way to set it")
        if resource.restore.assemble:
            parts = (state.live.section(k, key_of(resource, step.before or {})) for k in restore.parts)
            if step.before and any(part.status != COMPLETE for part in parts):
                return self._skip(step, "could not be read completely, so it is not changed", NOT_READ)
            before = state.assembled(resource, step.before, live=True) if step.before else None
            step = step._replace(before=before, after=state.assembled(resource, saved, live=False))
        else:
            step = step._replace(after=state.renamed(resource, saved))
        held = texts(step.after) if state.unread else ()
        if unread := {state.unread[text] for text in held if text in state.unread}:
            kinds = ", ".join(sorted(unread))
            return self._skip(step, f"it refers to {kinds}, which could not be listed completely", NOT_READ)
        if restore.blocked and (why := restore.blocked(step.after or {}, step.before, self._now)):
            return self._skip(step, why)
        if hidden := secret.unknown(step.resource, step.after or {}, step.before):
            reason = f"its {', '.join(hidden)} is secret, and the snapshot does not keep the value"
            return self._skip(step, reason)
        lost = [*restore.not_restored(step.after or {}, step.before)] if restore.not_restored else []
        owner = state.owner(step.target)
        if restore.fitted and owner is not None:
            fitted, left_out = restore.fitted(step.after or {}, owner.item)
            if left_out and step.before and same(step.resource, step.before, {**step.before, **fitted}):
                reason = f"it differs in {', '.join(left_out)}, which {step.target.name} does not allow"
                return self._skip(step, reason)
            step, lost = step._replace(after=fitted), [*lost, *left_out]
        for part in lost:
            self._skip(step, f"will be restored without {part}", INCOMPLETE)
        if resource.kind in state.owner_kinds:
            self._restored.add((resource.kind, key_of(resource, saved)))
            if step.before is None:
                state.expect(resource, saved)
        return step

    def _is_supported(self, step: Step) -> bool:
        writes = step.resource.writes
        if writes is None or step.before is not None:
            return writes is not None and bool(writes.update or writes.batch)
        # An item that its owner is created with can be updated once the owner exists.
        default = writes.update and self._state.owner(step.target) is None
        return bool(writes.create or writes.batch or default)


def _in_order(resource: Resource, found: Iterable[Step]) -> list[Step]:
    """Return steps so that an item which refers to another by its key comes after it."""
    steps = list(found)
    by_key = {key_of(resource, step.after or {}): step for step in steps}

    def before(step: Step) -> Iterator[Step]:
        names = {text for text in texts(step.after) if text in by_key}
        return (by_key[name] for name in sorted(names) if by_key[name] is not step)

    return after(steps, before, key=id)
