"""Secrets in the account's data, clocks that jump, and a hundred thousand records."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.config.settings import Settings
from ops.sandbox.faults import Fault
from ops.sandbox.seed import seed_scale
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.faults.canary import Canaries, made
from tests.scan.processes import ROOT
from tests.snapshots.checking import bytes_of
from tests.timing import Within, timed

Inv = Callable[..., Result]
CONFIG = ("--namespace", "config")
ZONE = ("--zone", "example.com")


@pytest.mark.fault("E15", "F1")
def test_a_secret_in_the_data_is_in_no_log_audit_cache_or_export(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    """Only the journal keeps it, for undo; and a value that is read by name is printed on stdout."""
    secret, before = made(), made()
    search = Canaries((secret, before))
    Path("value").write_text(before)

    first = inv("--debug", "kv.put", *CONFIG, "--key", "password", "--file", "value")
    Path("value").write_text(secret)
    second = inv("--debug", "kv.put", *CONFIG, "--key", "password", "--file", "value")
    third = inv("--debug", "kv.put", *CONFIG, "--key", "other", "--value", secret)
    read = inv("--debug", "kv.get", *CONFIG, "--key", "password", "--cache", "60")
    night = inv(
        "--debug",
        "scan.export",
        "--deep",
        "kv.keys",
        *CONFIG,
        "--cache",
        "60",
        "undo.list",
        "audit",
        "--local",
    )
    back = inv("--debug", "undo.last", "--yes")

    printed = (first.err, second.err, third.err, read.err, night.err, night.out, back.err, back.out)
    assert (first.code, third.code, read.code, night.code) == (0, 0, 0, 0)
    assert read.out.strip() == secret
    assert search.leaks("".join(printed).encode(), "what was printed") == []
    assert search.search(home, ["journal.jsonl", "value"]) == []


@pytest.mark.fault("E15")
def test_only_the_names_of_a_workers_secrets_are_shown_or_exported(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    listed = inv("workers.secrets", "--script", "auth-edge", "--output", "json")
    inv("scan.export", "--deep", "--only", "workers")

    (kept,) = (home / "exports").rglob("2*/workers.secret.jsonl")
    exported = [json.loads(line)["item"] for line in kept.read_text().splitlines()]
    assert json.loads(listed.out)
    assert {key for secret in (*exported, *json.loads(listed.out)) for key in secret} <= {"name", "type"}


@timed
@pytest.mark.fault("D8")
def test_a_clock_that_jumps_by_a_day_disturbs_neither_deadlines_nor_the_order(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, within: Within
) -> None:
    """Every reading of the wall clock returns another day; deadlines use the monotonic clock."""
    real, jumps = time.time, itertools.cycle((0, 86_400, -86_400, 0, -86_400, 86_400))
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    monkeypatch.setenv("CFOPS_DEADLINE", "60")
    staged.faults.parse("429 GET /zones* nth=1 after=0")
    record = (*ZONE, "--type", "A", "--content", "192.0.2.1", "--name")

    with within(30):
        scanned = inv("scan.export")
        first = inv("dns.create", *record, "one", "dns.create", *record, "two")
        undone = inv("undo.last", "--yes")
        verified = inv("audit", "--verify")

    assert (scanned.code, first.code, undone.code, verified.code) == (0, 0, 0, 0), verified.err
    names = staged.store.texts(
        "SELECT name FROM dns_record WHERE name IN ('one.example.com', 'two.example.com')"
    )
    assert names == ["one.example.com"]


@pytest.mark.fault("A17")
def test_connecting_reading_and_the_whole_call_have_their_own_timeouts(tmp_path: Path) -> None:
    settings = Settings(exports=tmp_path, state_dir=tmp_path, cache_dir=tmp_path)

    assert (settings.connect_timeout, settings.read_timeout, settings.call_deadline) == (5.0, 30.0, 60.0)


@pytest.mark.long
@pytest.mark.fault("A27")
@pytest.mark.timeout(300)
def test_twenty_exports_by_eight_workers_are_equal_byte_for_byte(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    monkeypatch.setenv("CFOPS_WORKERS", "8")
    staged.limiter.quota = None
    made = set()

    for seed in range(20):
        staged.faults.clear()
        staged.faults.add(Fault("delay", times=-1, seconds=0.0, jitter=0.03, seed=seed))
        folder = Path(json.loads(inv("scan.export", "--output", "json").out)["snapshot"])
        made.add(tuple(sorted(bytes_of(folder).items())))

    assert len(made) == 1


MEASURED = """
import re
from pathlib import Path
from ops.program import main
try:
    main()
finally:
    peak = re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1]
    Path("peak").write_text(peak)
"""


def peak(*line: str) -> tuple[int, str]:
    """Return the peak memory in kB of a process that runs *line*, and what it printed."""
    done = subprocess.run([sys.executable, "-c", MEASURED, *line], capture_output=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return int(Path("peak").read_text()), done.stdout.decode()


@pytest.mark.long
@pytest.mark.fault("E11")
@pytest.mark.timeout(400)
def test_a_hundred_thousand_records_take_little_more_memory_than_a_tenth_of_them(
    staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    staged.limiter.quota = None
    taken = {}

    for records in (10_000, 100_000):
        seed_scale(staged.store, zones=1, records=records, keys=0)
        line = ("scan.export", "--only", "dns.record", "--zone", "zone-0001.example", "--output", "json")
        taken[records], told = peak(*line)
        # By the printed path: two snapshots of one second have no order by name.
        items = Path(json.loads(told)["snapshot"]) / "dns.record.jsonl"
        assert sum(1 for _ in items.open("rb")) == records

    assert taken[100_000] < 200 * 1024
    assert taken[100_000] < 2 * taken[10_000]
