"""Pipes, full disks and signals, with `inv` as a process."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell
from tests.timing import Within, timed


@pytest.mark.fault("D4")
def test_a_closed_pipe_ends_the_line_quietly(shell: Shell) -> None:
    line = " ".join(shell.command("zones.settings", "--zone", "example.com", "--output", "jsonl"))

    done = subprocess.run(
        ["bash", "-c", f"{line} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=shell.environ, cwd=shell.folder, capture_output=True, timeout=40, text=True,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


@pytest.mark.fault("D4")
def test_the_reader_of_the_task_list_may_close_the_pipe(bare: Shell) -> None:
    line = " ".join(bare.command("--list"))

    done = subprocess.run(
        ["bash", "-c", f"{line} | head -1"],
        env=bare.environ,
        cwd=bare.folder,
        capture_output=True,
        timeout=40,
    )

    assert done.stderr == b""


@pytest.mark.fault("C2")
def test_a_full_disk_behind_stdout_is_a_system_error(shell: Shell) -> None:
    with Path("/dev/full").open("wb") as full:
        process = shell.start("zones.list", "--output", "json", stdout=full)
        _, err = process.communicate(timeout=40)

    assert process.returncode == 2
    assert b"could not be written" in err
    assert b"Traceback" not in err


@timed
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.fault("D1")
@pytest.mark.fault("D3")
def test_a_signal_ends_a_listing_within_two_seconds(
    shell: Shell, sandbox: Sandbox, number: int, code: int, within: Within
) -> None:
    sandbox.faults.add(Fault("hang", "GET", "/zones*", times=-1))
    process = shell.start("zones.list", stdout=subprocess.DEVNULL)
    arrived(sandbox, "/zones")

    process.send_signal(number)
    with within(2):
        _, err = process.communicate(timeout=40)

    assert process.returncode == code, err
    assert b"Traceback" not in err


@timed
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.fault("D1")
@pytest.mark.fault("D3")
def test_a_signal_during_a_scan_keeps_what_was_read_and_marks_it(
    shell: Shell, sandbox: Sandbox, number: int, code: int, within: Within
) -> None:
    sandbox.faults.add(Fault("hang", "GET", "/zones/*/dns_records*", nth=3, times=-1))
    process = shell.start("scan.export", stdout=subprocess.DEVNULL)
    arrived(sandbox, "dns_records", times=3)

    process.send_signal(number)
    with within(3):
        _, err = process.communicate(timeout=40)

    assert process.returncode == code, err
    kept = [path for path in (shell.folder / "exports").rglob("*") if path.name == "manifest.json"]
    assert len(kept) == 1
    assert '"partial"' in kept[0].read_text()
    assert not list((shell.folder / "exports").rglob(".partial-*"))
    assert not list((shell.folder / "exports").rglob("latest"))


@pytest.mark.fault("D3")
def test_a_terminated_doctor_reports_no_finding(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("hang", "GET", "/zones*", times=-1))
    process = shell.start("doctor", stdout=subprocess.DEVNULL)
    arrived(sandbox, "/zones")

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=40)

    assert process.returncode == 143, err


def arrived(sandbox: Sandbox, part: str, times: int = 1) -> None:
    """Wait until the sandbox has seen requests for *part*."""
    until = time.monotonic() + 20
    while sum(part in target for _, target in list(sandbox.requests)) < times:
        assert time.monotonic() < until, "the request did not come"
        time.sleep(0.01)
