"""Progress of long work: a bar on a terminal, a line now and then in a log, nothing with --quiet."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from math import inf
from threading import RLock
from typing import TYPE_CHECKING, Any, TextIO

from ops.config.private import is_dumb
from ops.items import duration
from ops.ui.escape import printable
from ops.ui.spinner import hidden

if TYPE_CHECKING:
    from tqdm import tqdm

REDRAWN = 0.1
"""Seconds between two updates of the bar."""


class Progress:
    """The progress of work that several threads do.

    The total grows while the work goes on: each zone found adds records to read. The caller estimates the
    time left, since the budget decides it, not the pace so far. *clock* is monotonic, in seconds; without a
    terminal a line is passed to *say*, or else written on *err*, every *every* seconds. *draws* is True if
    there is a bar.
    """

    def __init__(
        self,
        err: TextIO,
        terminal: bool,
        clock: Callable[[], float] = time.monotonic,
        every: float = 30.0,
        quiet: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._err = err
        self._terminal = self.draws = terminal and not quiet and not is_dumb()
        self._say = say
        self._quiet = quiet
        self._clock = clock
        self._every = REDRAWN if self._terminal else every
        self._lock = RLock()
        self._bar: tqdm[Any] | None = None
        self._hiding = ExitStack()
        self._what, self._now, self._why = "", "", ""
        self._count, self._total = 0, 0
        self._left: Callable[[], float] | None = None
        self._wait_ends = -inf
        self._shown = clock()

    def start(self, what: str, total: int | None = None) -> None:
        """Start *what*, of which *total* parts are known."""
        with self._lock:
            self.finish()
            self._what, self._now, self._why = what, "", ""
            self._count, self._total = 0, total or 0
            self._left, self._wait_ends, self._shown = None, -inf, self._clock()
            if self._terminal:
                from tqdm import tqdm

                class Bar(tqdm):  # type: ignore[type-arg]  # generic in its stubs only
                    # No drawing thread of the library: the clock here decides when to draw.
                    monitor_interval = 0

                shape = "{desc} {bar:20} {n_fmt} of {total_fmt}{postfix}"
                options: dict[str, Any] = {
                    "leave": False,
                    "dynamic_ncols": True,
                    "mininterval": 0,
                    "bar_format": shape,
                }
                self._hiding.enter_context(hidden())
                self._bar = Bar(file=self._err, desc=printable(what), total=self._total, **options)

    def known(self, n: int) -> None:
        """Add *n* parts to the total."""
        with self._lock:
            self._total += n
            self._show()

    def done(self, what: str = "", n: int = 1, left: Callable[[], float] | None = None) -> None:
        """Count *n* parts as done; *what* is being read now.

        *left* estimates the seconds left; it is called only when they are shown.
        """
        with self._lock:
            self._count += n
            self._now = what or self._now
            self._left = left or self._left
            self._show()

    def wait(self, seconds: float, why: str) -> None:
        """Show a wait that begins; threads that wait for the same moment show it once."""
        with self._lock:
            end = self._clock() + seconds
            shown, self._wait_ends, self._why = end <= self._wait_ends + 1, max(end, self._wait_ends), why
            if self._terminal:
                self._draw()
            elif not shown:
                self._line(f"waiting {duration(seconds)}: {why}")

    def note(self, line: str) -> None:
        """Write a printable line, above the bar if there is one."""
        with self._lock:
            bar = self._bar
            with suppress(OSError, ValueError):
                if bar is not None:
                    bar.clear()
                self._write(line)
                if bar is not None:
                    bar.refresh()

    def finish(self) -> None:
        """Remove the bar."""
        with self._lock:
            if self._bar is not None:
                with suppress(OSError, ValueError):
                    self._bar.close()
            self._bar = None
            self._hiding.close()

    def _show(self) -> None:
        if self._clock() - self._shown < self._every:
            return
        self._shown = self._clock()
        if self._bar is not None:
            self._draw()
        elif not self._terminal:
            counted = f"{self._what}: {self._count:,} of {max(self._total, self._count):,}"
            self._line(", ".join(filter(None, (counted, self._state()))))

    def _draw(self) -> None:
        if self._bar is not None:
            self._bar.n, self._bar.total = self._count, max(self._total, self._count)
            self._bar.set_description_str(printable(self._what), refresh=False)
            self._bar.set_postfix_str(printable(self._state()), refresh=False)
            with suppress(OSError):
                self._bar.refresh()

    def _state(self) -> str:
        """Return the current state: the wait if there is one, else what is being read and the time left."""
        waiting = self._wait_ends - self._clock()
        if waiting > 0:
            return f"waiting {duration(waiting)}: {self._why}"
        seconds = self._left() if self._left else 0
        left = f"about {duration(seconds)} left" if seconds else ""
        return ", ".join(filter(None, (self._now, left)))

    def _line(self, text: str) -> None:
        if not self._quiet:
            (self._say or self._write)(printable(text))

    def _write(self, line: str) -> None:
        # A log that cannot be written must not end the work.
        with suppress(OSError, ValueError):
            self._err.write(line + "\n")
            self._err.flush()
