"""Writes by `inv` processes against the sandbox: killed, interrupted, locked out."""

from __future__ import annotations

import json
import re
import signal
import subprocess

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell
from tests.products.writing import written
from tests.scan.processes import wait_until

RUNBOOK = '''
from invoke import task
from ops.kinds.catalog import resources
from ops.kinds.resource import Change
from ops.cli.command import command
from ops.program import collection
from ops.kinds.resource import Owner
from ops.ui.shapes import Rows
from ops.writes.make import make

ns = collection()


@command("many", writes=True)
def many(app, zone: str = "example.com") -> Rows:
    """Make many records, one request each."""
    found = app.zone(zone)
    owner = Owner(found["account"]["id"], found["id"], found)
    (record,) = [resource for resource in resources() if resource.kind == "dns.record"]
    single = record._replace(writes=record.writes._replace(batch=None))
    item = {"type": "A", "ttl": 1, "proxied": False, "content": "192.0.2.1"}
    changes = (Change(single, owner, None, {**item, "name": f"n{i}.{zone}"}) for i in range(30))
    return make(app, *changes, total=0)


ns.add_task(many)
'''
POSTS = "POST /zones/*/dns_records"


def begun(sandbox: Sandbox) -> int:
    return sum(method == "POST" for method, _ in written(sandbox))


def made(sandbox: Sandbox) -> int:
    return len(sandbox.store.rows("SELECT 1 FROM dns_record WHERE name GLOB 'n[0-9]*'"))


@pytest.fixture
def many(shell: Shell) -> Shell:
    (shell.folder / "tasks.py").write_text(RUNBOOK)
    return shell


@pytest.mark.fault("D2", "D3", "P6")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_an_interrupted_bulk_write_finishes_its_current_request(
    many: Shell, sandbox: Sandbox, number: int, code: int
) -> None:
    sandbox.faults.parse(f"delay {POSTS} seconds=0.3 nth=5 times=-1")
    process = many.start("many", stdout=subprocess.PIPE)
    wait_until(lambda: begun(sandbox) == 5)

    process.send_signal(number)
    _, message = process.communicate(timeout=20)

    err = message.decode()
    assert process.returncode == code
    assert begun(sandbox) == made(sandbox) == 5
    assert "5 done, 0 unknown, 25 not started" in err
    (id,) = re.findall(r"undo them with `inv undo\.apply (\S+)`", err)
    undone = many("undo.apply", "--id", id, "--yes")
    assert undone.code == 0, undone.err
    assert made(sandbox) == 0


@pytest.mark.fault("D2")
def test_a_second_ctrl_c_ends_a_request_that_hangs(many: Shell, sandbox: Sandbox) -> None:
    sandbox.faults.parse(f"hang {POSTS} nth=2")
    process = many.start("many", stdout=subprocess.PIPE)
    wait_until(lambda: begun(sandbox) == 2)

    process.send_signal(signal.SIGINT)
    assert process.stderr
    line = process.stderr.readline()
    while b"Ctrl-C again" not in line:
        line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)

    assert process.returncode == 130
    listed = json.loads(many("undo.list", "--output", "json").out)
    assert [entry["state"] for entry in listed] == ["unknown", "done"]


@pytest.mark.fault("C5")
@pytest.mark.parametrize(
    ("fault", "settled", "left"),
    [pytest.param("hang", "failed", 1, marks=pytest.mark.long), ("hang execute=true", "done", 2)],
)
def test_the_outcome_of_a_killed_run_is_found_by_a_lookup(
    many: Shell, sandbox: Sandbox, fault: str, settled: str, left: int
) -> None:
    kind, _, rest = fault.partition(" ")
    sandbox.faults.parse(f"{kind} {POSTS} nth=2 {rest}")
    process = many.start("many", stdout=subprocess.PIPE)
    wait_until(lambda: begun(sandbox) == 2 and made(sandbox) == left)
    process.kill()
    process.communicate(timeout=5)

    unknown = json.loads(many("undo.list", "--output", "json").out)[0]
    shown = many("undo.show", "--id", unknown["id"], "--output", "json")
    (run,) = {entry["id"].partition("-")[0] for entry in (unknown,)}
    undone = many("undo.apply", "--id", run, "--yes")

    assert unknown["state"] == "unknown"
    assert json.loads(shown.out)[0]["state"] == settled
    assert undone.code == 0, undone.err
    assert made(sandbox) == 0


@pytest.mark.fault("D6", "D7")
def test_two_jobs_on_one_zone_exclude_each_other_until_one_ends(many: Shell, sandbox: Sandbox) -> None:
    sandbox.faults.parse(f"hang {POSTS} nth=1")
    holder = many.start("many", stdout=subprocess.PIPE)
    wait_until(lambda: begun(sandbox) == 1)
    create = ("dns.create", "--zone", "example.com", "--type", "A", "--name", "n77", "--content", "192.0.2.1")

    locked = many(*create)
    holder.kill()
    holder.communicate(timeout=5)
    free = many(*create)

    assert locked.code == 6
    assert f"another run is writing to example.com: pid {holder.pid}, task many, since 2" in locked.err
    assert free.code == 0, free.err


@pytest.mark.fault("G4")
def test_without_a_terminal_and_a_yes_nothing_is_deleted(many: Shell, sandbox: Sandbox) -> None:
    (name,) = sandbox.store.texts("SELECT name FROM dns_record WHERE type = 'A' LIMIT 1")
    line = ("dns.delete", "--zone", ".".join(name.split(".")[-2:]), "--type", "A", "--name", name)

    result = many(*line)

    assert result.code == 1
    assert "--yes" in result.err
    assert written(sandbox) == []
