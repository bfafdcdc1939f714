"""Questions on a real terminal: answered, refused, interrupted."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell
from tests.products.writing import written
from tests.scan.processes import wait_until


class Terminal:
    """A line of tasks on its own terminal."""

    def __init__(self, shell: Shell, *line: str) -> None:
        self.shown = ""
        command = shell.command(*line)
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.chdir(shell.folder)
            os.execve(command[0], command, shell.environ)

    def until(self, text: str) -> None:
        """Read until *text* is shown."""
        end = time.monotonic() + 20
        while text not in self.shown:
            assert self._read(end), self.shown

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C after the program began to wait for an answer: earlier, the system may lose it."""
        status = Path(f"/proc/{self._child}/stat")
        wait_until(lambda: status.read_text().rpartition(")")[2].split()[0] == "S")
        self.type("\x03")

    def end(self) -> int:
        """Return the exit code."""
        end = time.monotonic() + 20
        while self._read(end):
            continue
        _, status = os.waitpid(self._child, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
        try:
            more = os.read(self._terminal, 4096) if ready else b""
        except OSError:  # its other side is closed
            more = b""
        self.shown += more.decode()
        return bool(more)


@pytest.fixture
def apex(sandbox: Sandbox) -> str:
    return str(sandbox.store.value("SELECT id FROM dns_record WHERE type = 'A' AND name = 'example.com'"))


def delete(shell: Shell, apex: str) -> Terminal:
    terminal = Terminal(shell, "dns.delete", "--zone", "example.com", "--id", apex)
    terminal.until("delete A record example.com 192.0.2.10? [y/N] ")
    return terminal


def test_answering_yes_deletes(shell: Shell, sandbox: Sandbox, apex: str) -> None:
    terminal = delete(shell, apex)

    terminal.type("y\n")

    assert terminal.end() == 0
    assert len(written(sandbox)) == 1
    assert re.search(r"undo: inv undo\.apply \S+", terminal.shown)


@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", "\x04"])
def test_every_other_answer_does_not_delete(shell: Shell, sandbox: Sandbox, apex: str, answer: str) -> None:
    terminal = delete(shell, apex)

    terminal.type(answer)

    assert terminal.end() == 1
    assert "nothing was changed" in terminal.shown
    assert written(sandbox) == []


def test_ctrl_c_at_the_question_changes_nothing(shell: Shell, sandbox: Sandbox, apex: str) -> None:
    terminal = delete(shell, apex)

    terminal.interrupt()

    assert terminal.end() == 130
    assert "^C\r\n" in terminal.shown
    assert "dns.delete was interrupted" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert written(sandbox) == []


@pytest.mark.parametrize(("typed", "code", "writes"), [("typed.exampl\n", 1, 0), ("typed.example\n", 0, 1)])
def test_a_zone_is_deleted_by_typing_its_name(
    shell: Shell,
    sandbox: Sandbox,
    typed: str,
    code: int,
    writes: int,
) -> None:
    shell("zones.create", "--name", "typed.example")
    sandbox.requests.clear()
    terminal = Terminal(shell, "zones.delete", "--zone", "typed.example", "--yes")
    terminal.until("type the name to confirm, typed.example: ")

    terminal.type(typed)

    assert terminal.end() == code
    assert len(written(sandbox)) == writes
