"""Lines on a terminal: headings, a word while one waits, nothing drawn on a dumb one."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell


def on_terminal(shell: Shell, *line: str, term: str = "xterm") -> str:
    """Run a line on a terminal and return what is printed there."""
    ours, theirs = pty.openpty()
    environ = shell.environ | {"TERM": term, "PAGER": "cat", "COLUMNS": "80"}
    process = subprocess.Popen(
        shell.command(*line), env=environ, cwd=shell.folder, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    printed = b""
    with suppress(OSError):  # the other end was closed
        while piece := os.read(ours, 65_536):
            printed += piece
    os.close(ours)
    assert process.wait() == 0
    return printed.decode()


def test_each_task_of_a_chained_line_has_a_heading(shell: Shell) -> None:
    printed = on_terminal(shell, "zones.list", "dns.list", "--zone", "example.org")

    assert "== zones.list ==" in printed
    assert "== dns.list example.org ==" in printed


def test_a_single_task_has_none(shell: Shell) -> None:
    assert "==" not in on_terminal(shell, "sandbox", "zones.list")


def test_a_pipe_gets_no_heading(shell: Shell) -> None:
    result = shell("zones.list", "kv.list")

    assert "==" not in result.out + result.err


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_slow_server_is_never_silent(shell: Shell, sandbox: Sandbox, term: str) -> None:
    sandbox.faults.parse("delay GET /zones seconds=1.6")

    printed = on_terminal(shell, "zones.list", term=term)

    assert ("reading zones …" in printed) is (term == "xterm")
    assert ("\x1b" in printed) is (term == "xterm")
