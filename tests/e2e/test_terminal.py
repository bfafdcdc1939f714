"""Lines on a terminal: headings, a word while one waits, nothing drawn on a dumb one."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell


def on_terminal(shell: Shell, *line: str, term: str = "xterm", columns: int = 80) -> str:
    """Run a line on a terminal and return what is printed there."""
    ours, theirs = pty.openpty()
    environ = shell.environ | {"TERM": term, "PAGER": "cat", "COLUMNS": str(columns), "LINES": "60"}
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


def test_a_record_is_shown_whole_beside_long_ones(shell: Shell) -> None:
    lines = on_terminal(shell, "dns.list", "example.com", term="dumb").splitlines()

    assert "Status.Mixed-Case.example.com  CNAME  Status.Example.NET" in lines
    assert 'example.com                    CAA    0 iodef "mailto:security@example.com"' in lines
    assert [line.split()[1] for line in lines if line.endswith("…")] == [
        "TLSA", "TXT", "SVCB", "TXT", "TXT", "TXT", "DS", "NAPTR", "SSHFP",
    ]  # fmt: skip
    assert max(map(len, lines[:-1])) == 80


@pytest.mark.parametrize("columns", [50, 80])
def test_a_change_is_found_by_its_kind_and_name_on_a_narrow_terminal(shell: Shell, columns: int) -> None:
    made = shell("dns.put", "--zone=example.org", "--type=A", "--name=new", "--content=192.0.2.1")
    assert made.code == 0

    printed = on_terminal(shell, "undo.list", term="dumb", columns=columns)

    assert "name" in printed.splitlines()[0]
    assert {"dns.put", "dns.record", "new.example.org"} <= set(printed.split())
    assert max(map(len, printed.splitlines()[:-1])) <= columns


@pytest.mark.parametrize("columns", [50, 80])
def test_what_expires_is_named_with_its_time_on_a_narrow_terminal(shell: Shell, columns: int) -> None:
    printed = on_terminal(shell, "ssl.expiring", "--days", "30", term="dumb", columns=columns)

    assert "old.legacy.example," in printed
    assert "www.legacy.example" in printed
    assert "5 days left" in " ".join(printed.split())


def test_an_empty_list_says_so_in_a_pipe(shell: Shell) -> None:
    line = ("dns.list", "--zone", "example.org", "--type", "LOC", "--filter", "name=none")

    assert shell(*line).err.splitlines()[-1] == "no records match"
    assert shell(*line, "--quiet").err == ""


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_the_count_stands_below_the_table(shell: Shell, term: str) -> None:
    lines = on_terminal(shell, "kv.list", "--scripts", "none", term=term).splitlines()

    assert "title" in lines[0]
    assert "4 namespaces" in lines[-1]
