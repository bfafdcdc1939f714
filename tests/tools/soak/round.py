"""One round: its plan, its output, and the state before and after it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ops.telemetry.audit import AuditLog
from ops.writes.journal import Journal, JournalEntry
from tests.tools.soak.plan import Plan
from tests.tools.soak.stage import Ended, Stage, may_write
from tests.tools.soak.truth import Moved, Spot, Truth, moved, read


class Round(NamedTuple):
    """What happened in a round.

    *stirred* are the spots that a drift has changed, *fired* the faults that were injected, *unannounced* the
    writes without an intent in the journal. The entries *known*, *audited* lines of the audit log, the
    snapshots *kept* and the partial snapshots *leftovers* existed before it.
    """

    plan: Plan
    ended: Ended
    before: Truth
    after: Truth
    requests: list[tuple[str, str]]
    stirred: set[Spot]
    fired: list[str]
    unannounced: list[str]
    crashes: list[str]
    known: set[str]
    audited: int
    kept: set[Path]
    leftovers: set[Path]
    state: Path
    exports: Path
    token: str

    @property
    def moved(self) -> list[Moved]:
        """Return what requests changed."""
        return [change for change in moved(self.before, self.after) if change.spot not in self.stirred]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Return the requests that write."""
        return [request for request in self.requests if may_write(*request)]

    @property
    def killed(self) -> bool:
        return (self.ended.code or 0) < 0

    @property
    def struck(self) -> bool:
        """True if a signal ended it, or could have."""
        return self.plan.strike is not None


def play(stage: Stage, plan: Plan, line: tuple[str, ...] = ()) -> Round:
    """Run *plan*, or another *line* in its place, and return the round."""
    sandbox = stage.sandbox
    before, known, kept = read(sandbox.store), set(entries(stage.state)), snapshots(stage.exports)
    halves, audited = leftovers(stage.exports), AuditLog(stage.state).verify().lines
    earlier, crashed = len(sandbox.requests), len(sandbox.crashes)
    ended = stage.run(line or plan.line, plan)
    return Round(
        plan,
        ended,
        before,
        read(sandbox.store),
        sandbox.requests[earlier:],
        stage.stirred,
        stage.fired,
        stage.unannounced,
        sandbox.crashes[crashed:],
        known,
        audited,
        kept,
        halves,
        stage.state,
        stage.exports,
        sandbox.token,
    )


def journal(state: Path) -> Journal:
    return Journal(state / "journal")


def entries(state: Path) -> dict[str, JournalEntry]:
    """Return the entries of the journal; raise DiskError if it is damaged."""
    return journal(state).entries()


def snapshots(exports: Path) -> set[Path]:
    """Return the folders of published snapshots."""
    return {file.parent for file in exports.glob("*/2*/manifest.json")}


def leftovers(exports: Path) -> set[Path]:
    """Return the partial snapshots in *exports*."""
    return set(exports.glob("*/.partial-*"))
