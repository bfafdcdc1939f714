"""The spinner: a line "reading zones …" on a terminal while nothing else has been said for a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

SILENCE = 1.0
"""Seconds without a word after which the line is drawn."""

REDRAWN = 0.1
_FRAMES = "|/-\\"


class Spinner:
    """Draws the line on *err*; *what* says what is being done. All methods may be called from any thread."""

    def __init__(
        self, err: TextIO, what: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._err, self._what, self._clock = err, what, clock
        self._lock = threading.RLock()
        self._since = clock()
        self._drawn = self._frame = self._hidden = 0
        self._over = threading.Event()

    def said(self) -> None:
        """Remove the line, since something else is printed now."""
        with self._lock:
            self._since = self._clock()
            if self._drawn:
                self._write("\r" + " " * self._drawn + "\r")
                self._drawn = 0

    def tick(self) -> None:
        """Draw the line if nothing has been said for a second."""
        with self._lock:
            what = self._what()
            if self._hidden or not what or self._clock() - self._since < SILENCE:
                return
            self._frame += 1
            line = f"{_FRAMES[self._frame % len(_FRAMES)]} {what} …"
            self._write("\r" + line.ljust(self._drawn))
            self._drawn = max(self._drawn, len(line))

    def hide(self, change: int) -> None:
        """Draw nothing until each call with 1 has been followed by one with -1."""
        with self._lock:
            self.said()
            self._hidden += change

    def run(self) -> None:
        """Draw until `end` is called."""
        wait = SILENCE
        while not self._over.wait(wait):
            self.tick()
            wait = REDRAWN

    def end(self) -> None:
        """Remove the line; no other is drawn."""
        self._over.set()
        self.said()

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._err.write(text)
            self._err.flush()


_CURRENT: list[Spinner] = []


def said() -> None:
    """Remove the line, if there is one: whatever prints on the terminal calls this first."""
    for spinner in _CURRENT:
        spinner.said()


@contextmanager
def hidden() -> Iterator[None]:
    """Draw no line meanwhile."""
    spinners = tuple(_CURRENT)
    for spinner in spinners:
        spinner.hide(1)
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.hide(-1)


@contextmanager
def spinning(err: TextIO, what: Callable[[], str]) -> Iterator[None]:
    """Draw the line on *err* meanwhile, whenever nothing else has been said for a second."""
    spinner = Spinner(err, what)
    _CURRENT.append(spinner)
    thread = threading.Thread(target=spinner.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        _CURRENT.remove(spinner)
        spinner.end()
        thread.join()
