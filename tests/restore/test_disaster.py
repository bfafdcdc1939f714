"""After a disaster: an account that was changed at random is restored completely, interrupted or not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.restore.conftest import Inv, Stage, exported, stop_at
from tests.restore.world import change_at_random

RESTORE = ("snapshots.restore", "--delete", "--yes", "--force")


@pytest.mark.long
@pytest.mark.parametrize("block", range(8))
def test_an_account_changed_at_random_is_restored_completely(
    start: Callable[[], Stage], inv: Inv, block: int
) -> None:
    before = exported(start, inv)
    for seed in range(25 * block, 25 * block + 25):
        stage = start()
        change_at_random(stage.world, random.Random(seed), changes=3 + seed % 18)

        result = inv(*RESTORE)

        assert result.code == 0, f"seed {seed}: {result.err}"
        assert stage.world.state() == before, f"seed {seed}"
        again = inv("snapshots.diff", "latest", "live", "--exit-code")
        assert (again.code, again.out.count("\n")) == (0, 1), f"seed {seed}: {again.out}{again.err}"
        stage.sandbox.stop()


def test_a_restore_of_a_changed_account_can_be_undone(start: Callable[[], Stage], inv: Inv) -> None:
    before = exported(start, inv)
    stage = start()
    change_at_random(stage.world, random.Random(7), changes=14)
    broken = stage.world.state()

    restored = inv(*RESTORE)
    whole = stage.world.state()
    undone = inv("undo.last", "--yes", "--confirm", "edge,jobs")

    assert restored.code == 0, restored.err
    assert whole == before
    assert undone.code == 0, undone.err
    assert stage.world.state() == broken != before


@pytest.mark.fault("D12")
@pytest.mark.long
@pytest.mark.parametrize("seed", [3, 11, 19])
def test_a_restore_interrupted_at_any_write_is_finished_by_the_next(
    start: Callable[[], Stage], inv: Inv, seed: int
) -> None:
    before = exported(start, inv)
    at, interrupted = 0, True
    while interrupted:
        at += 1
        stage = start()
        change_at_random(stage.world, random.Random(seed), changes=20)
        stop_at(stage, at)

        first = inv(*RESTORE)
        interrupted = first.code == 130
        stage.sandbox.edge.observer = None
        second = inv(*RESTORE)

        assert first.code in (0, 130), first.err
        assert second.code == 0, f"interrupted at write {at}: {second.err}"
        assert stage.world.state() == before, f"interrupted at write {at}"
        stage.sandbox.stop()
    assert at > 8


@pytest.mark.fault("D12")
@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_restore_killed_at_any_write_is_finished_by_the_next(
    start: Callable[[], Stage], inv: Inv, tmp_path: Path
) -> None:
    before = exported(start, inv)
    for at in range(1, 31):
        stage = start()
        change_at_random(stage.world, random.Random(at), changes=15)

        killed(stage, at)
        stage.sandbox.edge.observer = None
        result = inv(*RESTORE)

        assert result.code == 0, f"killed at write {at}: {result.err}"
        assert stage.world.state() == before, f"killed at write {at}"
        stage.sandbox.stop()


def killed(stage: Stage, number: int) -> None:
    """Restore in another process, which is killed during the write of that *number*."""
    root = Path(__file__).parent.parent.parent
    line = [sys.executable, "-c", "from ops.program import main; main()", *RESTORE]
    process = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(root)}
    )
    left = [number]

    def observe(exchange: Any) -> None:
        if exchange.method != "GET" and "/bulk/get" not in exchange.target:
            left[0] -= 1
            if left[0] == 0:
                process.kill()

    stage.sandbox.edge.observer = observe
    process.wait(timeout=60)
