"""The pager: what is longer than the terminal goes through it, what fits is printed."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Self

from ops.ui.spinner import hidden

_STYLE = re.compile(rb"\x1b\[[0-9;]*m")
# Colors are shown and a screen is not cleared at the end, as git sets it; and the prompt says how to leave.
_OF_LESS = {"LESS": "FRX -Ps?eend, .q leaves, space shows more$"}


class PagerClosed(Exception):
    """The reader has left the pager."""


class Pager:
    """Holds output back until it is longer than *screen* (columns, lines); *direct* prints what is shorter.

    A *command* that cannot be started is left out. Use it as a context manager: leaving it prints what was
    held back, or waits until the reader has left the pager.
    """

    def __init__(
        self,
        command: str,
        screen: tuple[int, int],
        direct: Callable[[bytes], None],
        environ: Mapping[str, str],
    ) -> None:
        self._command = command
        self._columns, self._lines = screen
        self._direct = direct
        self._environ = environ
        self._held: bytearray | None = bytearray()
        self._taken = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._hiding = ExitStack()

    def write(self, data: bytes) -> None:
        """Write *data*. Raises PagerClosed once the reader has left."""
        if self._held is not None:
            self._held += data
            lines = _STYLE.sub(b"", data).decode(errors="replace").split("\n")
            self._taken += len(lines) - 1 + sum(len(line) // max(1, self._columns) for line in lines)
            if self._taken < self._lines:
                return
            data, self._held = bytes(self._held), None
            self._hiding.enter_context(hidden())
            with suppress(OSError, ValueError):
                words = shlex.split(self._command)
                self._process = subprocess.Popen(  # noqa: S603 (the user's own setting)
                    words, stdin=subprocess.PIPE, env={**_OF_LESS, **self._environ}
                )
        if self._process is None or self._process.stdin is None:
            self._direct(data)
            return
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PagerClosed from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._hiding:
            if self._held:
                self._direct(bytes(self._held))
            if self._process is not None:
                self._wait(self._process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        interrupted = None
        while process.returncode is None:
            # Ctrl-C belongs to the pager, which must end first: it has changed the terminal.
            try:
                with suppress(BrokenPipeError):
                    process.communicate()
                process.wait()
            except KeyboardInterrupt as interrupt:
                interrupted = interrupt
        if interrupted is not None:
            raise interrupted
