"""A diff and a restore are one comparison: nothing differs exactly when there is nothing to restore."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ops.kinds.catalog import resources
from ops.restore.filter import Filter, select
from ops.restore.state import Reader, State
from ops.restore.steps import KEPT, NOT_READ, NOT_RESTORED, Report, Steps, plan_of
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.side import Difference, Side
from ops.snapshots.snapshot import Snapshot
from ops.writes.impact import Impact
from tests.restore.accounts import changed, drawn, written
from tests.restore.conftest import Inv, Stage
from tests.restore.world import change_at_random

NOBODY: Any = None
NOWHERE = Path("/nowhere")
CHANCES = some.integers(0, 2**64).map(Random)


def differences(old: Snapshot, new: Snapshot) -> list[Difference]:
    return list(Comparison(old, new, resources(), lambda kind: True))


def nothing_to_restore(saved: Snapshot, live: Snapshot) -> bool:
    """True if a restore of *saved* into the account that *live* holds does and leaves nothing."""
    side, everything = Side(saved, resources()), Filter()
    selection, report = select(side, everything), Report()
    state = State(Reader(NOBODY, lambda plan: live), side, selection, everything)
    plan = plan_of(state, Steps(state, report, 0.0, delete=True), report, Impact(NOWHERE, {}, 0.0))
    return plan.steps == 0 and not report.has(NOT_RESTORED, KEPT, NOT_READ)


def agree(chance: Random) -> None:
    before = drawn(chance)
    after = changed(chance, before)
    with tempfile.TemporaryDirectory() as folder:
        old, new = written(Path(folder, "old"), before), written(Path(folder, "new"), after)

        found, reverse = differences(old, new), differences(new, old)

        assert bool(found) == bool(reverse), (found, reverse)
        assert nothing_to_restore(old, new) == (not found), found
        assert nothing_to_restore(new, old) == (not found), found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CHANCES)
def test_a_diff_is_empty_exactly_when_there_is_nothing_to_restore(chance: Random) -> None:
    agree(chance)


@pytest.mark.long
@pytest.mark.timeout(300)
@settings(max_examples=400, deadline=None, derandomize=True)
@given(CHANCES)
def test_the_diffs_of_four_hundred_pairs_agree_with_their_restores(chance: Random) -> None:
    agree(chance)


@pytest.mark.long
@pytest.mark.parametrize("block", range(4))
def test_the_commands_agree_about_an_account_that_was_changed_at_random(
    start: Callable[[], Stage], inv: Inv, block: int
) -> None:
    for seed in range(10 * block, 10 * block + 10):
        stage = start()
        assert inv("scan.export", "--kv", "values", "--quiet").code == 0
        change_at_random(stage.world, random.Random(seed), changes=seed % 4)

        diff = inv("snapshots.diff", "latest", "live", "--exit-code")
        restore = inv("snapshots.restore", "--dry-run", "--delete")

        matches = "nothing to restore: the account matches the snapshot" in restore.err
        assert (diff.code, restore.code) in ((0, 0), (5, 0)), f"seed {seed}: {diff.err}{restore.err}"
        assert matches == (diff.code == 0), f"seed {seed}: {diff.out}{restore.err}"
        stage.sandbox.stop()
