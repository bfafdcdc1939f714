"""An export that is interrupted, terminated, killed, or runs out of disk."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.scan.processes import start, wait_until
from tests.snapshots.checking import checked, leftovers
from tests.timing import Within, timed

Inv = Callable[..., Result]


@pytest.fixture
def place(home: Path, staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    # Two hundred exports take more requests than five minutes allow.
    staged.limiter.quota = None
    return home / "exports" / staged.account_id


def snapshots(place: Path) -> list[Path]:
    return [p for p in place.iterdir() if p.is_dir() and not p.is_symlink() and p.name[0] != "."]


@timed
@pytest.mark.fault("D1")
@pytest.mark.fault("D3")
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_a_stop_keeps_what_was_read_within_two_seconds(
    staged: Sandbox, place: Path, sent: signal.Signals, code: int, within: Within
) -> None:
    staged.faults.add(Fault("hang", path="*/keys*", times=-1, seconds=60.0))
    process = start("scan.export")
    wait_until(lambda: sum("/dns_records" in target for _, target in staged.requests) >= 5)

    process.send_signal(sent)
    with within(2):
        _, err = process.communicate(timeout=20)

    [snapshot] = snapshots(place)
    manifest = checked(snapshot)
    assert process.returncode == code, err
    assert manifest.status == "partial"
    assert str(snapshot) in err
    assert "Traceback" not in err
    assert {s.status for s in manifest.sections if s.kind == "kv.key"} <= {"failed", "skipped"}
    assert not (place / "latest").exists()
    assert leftovers(place) == []


@timed
@pytest.mark.fault("D5")
def test_a_stop_ends_a_long_wait_for_the_budget(staged: Sandbox, place: Path, within: Within) -> None:
    staged.faults.add(Fault("429", path="*/dns_records*", times=-1, after=300))
    process = start("scan.export")
    wait_until(lambda: any("/dns_records" in target for _, target in staged.requests))
    time.sleep(0.3)

    process.send_signal(signal.SIGTERM)
    with within(2):
        _, err = process.communicate(timeout=20)

    assert process.returncode == 143, err
    assert leftovers(place) == []


def test_a_stopped_rendering_does_not_change_the_older_file(staged: Sandbox, place: Path, inv: Inv) -> None:
    Path("all.json").write_text("older")
    staged.faults.add(Fault("hang", path="*/keys*", times=-1, seconds=60.0))
    process = start("scan.export", "--to", "all.json")
    wait_until(lambda: any("/keys" in target for _, target in staged.requests))

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)

    assert process.returncode == 130, err
    assert Path("all.json").read_text() == "older"
    assert leftovers(Path()) == []


@pytest.mark.unmeasured
@pytest.mark.fault("C1")
@pytest.mark.parametrize("limit", [2_000, pytest.param(60_000, marks=pytest.mark.long)])
def test_a_full_disk_leaves_nothing_and_keeps_the_older_snapshot(
    staged: Sandbox, place: Path, inv: Inv, limit: int
) -> None:
    inv("scan.export")
    [older] = snapshots(place)

    process = start("scan.export", limit=limit)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert snapshots(place) == [older]
    checked(older)
    assert str((place / "latest").readlink()) == older.name
    assert leftovers(place) == []


def killed_at_random(place: Path, kills: int, seed: int) -> int:
    """Kill exports at random moments after they began to write; each visible snapshot must be complete.

    Return the number of kills before the snapshot was published.
    """
    chance, struck = random.Random(seed), 0
    longest = _seconds_of_writing(place)
    seen = set(snapshots(place))
    for _ in range(kills):
        process = _writing(place)
        time.sleep(chance.uniform(0, 1.2 * longest))
        process.kill()
        process.communicate(timeout=20)
        for snapshot in set(snapshots(place)) - seen:
            assert checked(snapshot).complete
            seen.add(snapshot)
        assert (place / "latest").resolve() in seen
        for part in place.glob(".partial-*"):
            struck += 1
            part.unlink() if part.is_symlink() else shutil.rmtree(part)
    return struck


def _writing(place: Path) -> subprocess.Popen[str]:
    process = start("scan.export", "--kv", "values")
    wait_until(lambda: process.poll() is not None or any(place.glob(".partial-*")))
    return process


def _seconds_of_writing(place: Path) -> float:
    process = _writing(place)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 0
    return time.monotonic() - began


@pytest.mark.fault("P3")
@pytest.mark.long
@pytest.mark.fault("C3")
@pytest.mark.timeout(1800)
def test_two_hundred_kills_leave_no_partial_files(staged: Sandbox, place: Path) -> None:
    assert killed_at_random(place, kills=200, seed=2) > 20
