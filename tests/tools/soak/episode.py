"""An episode: rounds on one fresh sandbox, all drawn from one seed and each of them checked."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from tests.tools.soak import check_kept, check_said, check_state
from tests.tools.soak.drawing import Task
from tests.tools.soak.plan import Plan, draw_plan
from tests.tools.soak.round import Round, play
from tests.tools.soak.stage import Stage, open_stage
from tests.tools.soak.truth import bare

ROUNDS = 20
# Tasks with which a user checks that journal, audit log and snapshots are intact.
CHECKS = (
    ("audit", "--verify"),
    ("undo.list", "--output", "json"),
    ("scan.export", "--output", "json"),
    ("snapshots.verify", "--output", "json"),
)


@dataclass
class Tally:
    """The counts of an episode."""

    rounds: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    drawn: int = 0
    undone: int = 0
    resolved: int = 0
    snapshots: int = 0

    def note(self, round: Round) -> None:
        plan = round.plan
        self.rounds += 1
        self.tasks.update(task.name for task in plan.tasks)
        self.drawn += len(plan.faults)
        self.faults.update(round.fired)
        self.codes[str(round.ended.code)] += 1
        self.signals.update([str(plan.strike.signal)] if plan.strike else [])
        self.snapshots = len(round.kept)

    def add(self, other: Tally) -> None:
        self.rounds += other.rounds
        self.drawn += other.drawn
        self.undone += other.undone
        self.resolved += other.resolved
        self.snapshots += other.snapshots
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            mine.update(theirs)

    def _counters(self) -> tuple[Counter[str], ...]:
        return self.tasks, self.faults, self.codes, self.signals


@dataclass
class Outcome:
    """The result of an episode; *failed* is the round with a contradiction, *report* describes it."""

    tally: Tally
    failed: int | None = None
    report: str = ""


def run(seed: str, rounds: int = ROUNDS) -> Outcome:
    """Run the episode with this *seed*, up to its first failure."""
    tally = Tally()
    with open_stage() as stage:
        for number in range(rounds):
            plan = draw_plan(seed, number)
            round = play(stage, plan)
            tally.note(round)
            more = (_resolved(stage, round, tally), _undone(stage, round, tally))
            complaints = list(chain(complain(round), *more))
            if complaints:
                return Outcome(tally, number, _report(round, complaints))
        last, complaints = _final_checks(stage)
        return Outcome(tally, rounds - 1, _report(last, complaints)) if complaints else Outcome(tally)


def complain(round: Round) -> Iterator[str]:
    """Yield all contradictions of a round."""
    return chain(check_said.check(round), check_state.check(round), check_kept.check(round))


def _resolved(stage: Stage, round: Round, tally: Tally) -> Iterator[str]:
    """Resolve changes with an unknown outcome, and yield the contradictions that remain."""
    unknown = [] if round.stirred else check_state.unknown(round)
    for id in unknown:
        show = play(stage, Plan((Task(("undo.show", "--id", id)),)))
        if show.ended.code != 0:
            yield f"undo.show --id {id} ended with {show.ended.code}: {show.ended.err}"
        yield from complain(show)
    tally.resolved += len(unknown) - len(check_state.unknown(round))
    if unknown:
        yield from (f"after undo.show: {complaint}" for complaint in check_state.check(round))


def _undone(stage: Stage, round: Round, tally: Tally) -> Iterator[str]:
    """Undo all changes of a round, and yield the differences from the state before it."""
    groups = check_state.undoable(round) if round.plan.undo else {}
    for group, name in groups.items():
        words = ("undo.apply", "--id", group, "--yes", "--confirm", name)
        undo = play(stage, Plan((Task(words, writes=True),)))
        if undo.ended.code != 0:
            yield f"{shlex.join(words)} ended with {undo.ended.code}: {undo.ended.err}"
            return
        yield from complain(undo)
        tally.undone += 1
    if groups:
        after, before = set(bare(undo.after)), set(bare(round.before))
        yield from (f"after undo there is {text}" for text in after - before)
        yield from (f"after undo there is no {text}" for text in before - after)


def _final_checks(stage: Stage) -> tuple[Round, list[str]]:
    """End an episode: yield what cannot be read, and where the token was written."""
    last = play(stage, Plan(tuple(Task(words) for words in CHECKS)))
    complaints = list(complain(last))
    if last.ended.code != 0:
        complaints.append(f"the checks at the end ended with {last.ended.code}")
    for folder in (stage.state, stage.exports, stage.folder / "cache"):
        complaints += chain.from_iterable(_private(last.token, path) for path in folder.rglob("*"))
    return last, complaints


def _private(token: str, path: Path) -> Iterator[str]:
    if path.lstat().st_mode & 0o077 and not path.is_symlink():
        yield f"{path} can be accessed by others"
    if path.is_file():
        yield from check_said.secrets(token, path.read_bytes(), str(path))


def _report(round: Round, complaints: list[str]) -> str:
    plan, ended = round.plan, round.ended
    lines = [
        f"line    inv {shlex.join(plan.line)}",
        f"faults  {'; '.join(plan.faults) or 'none'}",
        f"signal  {plan.strike or 'none'}",
        f"environ {plan.environ}",
        f"code    {ended.code}",
        *(f"stderr  {line}" for line in ended.err.splitlines()[-12:]),
        *(f"request {method} {target}" for method, target in round.requests[-12:]),
        *(f"WRONG   {complaint}" for complaint in complaints[:8]),
    ]
    return "\n".join(lines)
