"""Runs that were interrupted: at any item, by any signal, by a closed terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections import Counter
from pathlib import Path

import pytest

from ops.cli.app import App
from ops.errors import Interrupted
from ops.kinds.resource import Change, Owner
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request
from ops.writes.make import make
from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)
from tests.faults.canary import Watched
from tests.scan.processes import wait_until
from tests.snapshots.checking import checked, leftovers
from tests.writes.test_duplicates import kind, opened, wanted
from tests.writes.test_processes import RUNBOOK, begun, made, many  # noqa: F401  (fixture)

ITEMS = 30


def creations(app: App, account: str) -> list[Change]:
    """Return thirty creations, each of which takes one request."""
    record = kind("dns.record")
    assert record.writes
    single = record._replace(writes=record.writes._replace(batch=None))
    zone = app.zone("example.com")
    return [
        Change(single, Owner(account, zone["id"], zone), None, wanted("dns.record", n, account))
        for n in range(ITEMS)
    ]


def there(sandbox: Sandbox) -> Counter[str]:
    return Counter(sandbox.store.texts("SELECT name FROM dns_record WHERE name GLOB 'p5-*'"))


@pytest.mark.fault("D12", "D2")
@pytest.mark.parametrize(
    "at",
    [
        pytest.param(at, marks=[] if at in (1, 2, 15, ITEMS - 1, ITEMS) else pytest.mark.long)
        for at in range(1, ITEMS + 1)
    ],
)
def test_what_was_interrupted_at_any_item_is_finished_by_running_it_again(
    sandbox: Sandbox, tmp_path: Path, at: int
) -> None:
    app, client = opened(sandbox, tmp_path)

    def interrupt(exchange: Request) -> None:
        if exchange.method == "POST" and sum(method == "POST" for method, _ in sandbox.requests) == at:
            os.kill(os.getpid(), signal.SIGINT)

    changes = creations(app, sandbox.account_id)
    sandbox.edge.observer = interrupt
    with pytest.raises(Interrupted):
        make(app, *changes)
    halfway = there(sandbox)
    sandbox.edge.observer = None
    client.close()
    app, client = opened(sandbox, tmp_path)
    make(app, *creations(app, sandbox.account_id))
    client.close()

    assert len(halfway) == at
    assert there(sandbox) == {f"p5-{number}.example.com": 1 for number in range(ITEMS)}


@pytest.mark.long
@pytest.mark.fault("D12", "C5")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("execute", ["", "execute=true"])
def test_what_was_killed_at_any_item_is_finished_by_running_it_again(
    many: Shell,  # noqa: F811
    sandbox: Sandbox,
    execute: str,
) -> None:
    """Kill the run while its request is held open, before or after it was applied."""
    (many.folder / "tasks.py").write_text(RUNBOOK.replace(", total=0", ""))
    many.environ["CFOPS_BUDGET"] = "0"
    sandbox.limiter.quota = None
    for at in range(1, ITEMS + 1):
        sandbox.store.run("DELETE FROM dns_record WHERE name GLOB 'n[0-9]*'")
        sandbox.requests.clear()
        sandbox.faults.clear()
        sandbox.faults.parse(f"hang POST /zones/*/dns_records nth={at} {execute}")
        process = many.start("many", stdout=subprocess.PIPE)
        wait_until(lambda at=at: begun(sandbox) == at)  # type: ignore[misc]
        process.kill()
        process.communicate(timeout=20)

        again = many("many")

        names = Counter(sandbox.store.texts("SELECT name FROM dns_record WHERE name GLOB 'n[0-9]*'"))
        assert again.code == 0, again.err
        assert names == {f"n{number}.example.com": 1 for number in range(ITEMS)}


def on_a_terminal(shell: Shell, *line: str) -> tuple[subprocess.Popen[bytes], int]:  # noqa: F811
    """Start a line as the session leader on a terminal of its own; return the other end of the terminal."""
    ours, theirs = pty.openpty()

    def lead() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = Watched(
        shell.command(*line), env=shell.environ, cwd=shell.folder,
        stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lead,
    )  # fmt: skip
    os.close(theirs)
    return process, ours


@pytest.mark.fault("D4", "D3")
def test_a_terminal_that_hangs_up_ends_a_scan_cleanly(shell: Shell, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.faults.add(Fault("hang", "GET", "/zones/*/dns_records*", nth=3, times=-1))
    process, terminal = on_a_terminal(shell, "scan.export")
    wait_until(lambda: sum("dns_records" in target for _, target in list(sandbox.requests)) >= 3)

    os.close(terminal)
    code = process.wait(20)

    folder = shell.folder / "exports" / sandbox.account_id
    (snapshot,) = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    assert code == 143
    assert checked(snapshot).status == "partial"
    assert leftovers(folder) == []


@pytest.mark.fault("D4", "D2", "P6")
def test_a_terminal_that_hangs_up_lets_the_current_write_finish(many: Shell, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.faults.parse("delay POST /zones/*/dns_records seconds=0.3 nth=5 times=-1")
    process, terminal = on_a_terminal(many, "many")
    wait_until(lambda: begun(sandbox) == 5)

    os.close(terminal)
    code = process.wait(20)

    assert code == 143
    assert begun(sandbox) == made(sandbox) == 5
    assert many("undo.last", "--yes").code == 0
    assert made(sandbox) == 0


@pytest.mark.fault("D4")
def test_a_run_under_nohup_continues_without_its_terminal(shell: Shell, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.faults.parse("delay GET /zones* seconds=0.5")
    process = Watched(
        ["nohup", *shell.command("zones.list")],
        env=shell.environ, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_until(lambda: bool(sandbox.requests))

    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert b"example.com" in out


@pytest.mark.fault("D2")
@pytest.mark.parametrize("runs", [12, pytest.param(60, marks=pytest.mark.long)])
def test_an_interrupt_at_any_step_of_a_write_ends_it_with_its_own_exit_code(
    staged: Sandbox, tmp_path: Path, runs: int
) -> None:
    for name, ttl in (("a", 300), ("b", 600)):
        records = [
            {"type": "A", "name": f"s{n}.example.com", "content": "192.0.2.1", "ttl": ttl} for n in "12"
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(records))
    lines = [
        f"dns.apply --zone example.com --file {tmp_path}/{name}.json --keep --yes --force" for name in "ab"
    ]
    # By its path: in the environment of a wheel there is no package of tests.
    words = [sys.executable, str(Path(__file__).with_name("interrupted_steps.py")), *lines, str(runs)]

    found = subprocess.run(words, capture_output=True, text=True, check=False)
    results = [json.loads(line) for line in found.stdout.splitlines()]

    assert len(results) >= runs, found.stderr
    for one in results:
        assert "Traceback" not in one["err"], one
        # An interrupt that comes after the last task has nothing to stop.
        ended = "undo: cfops undo.apply" in one["err"]
        assert one["code"] == 130 or (one["code"] == 0 and ended), one
        assert any(word in one["err"] for word in ("interrupted", "stopped")) or one["code"] == 0, one
    assert {one["code"] for one in results} == {0, 130}
