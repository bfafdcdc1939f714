"""Ctrl-C in the middle of writing: what is under way is finished, nothing else is begun."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ops.errors import Interrupted, Terminated

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Which signal came, if any."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.signal = 0

    @property
    def terminated(self) -> bool:
        return self.signal in (signal.SIGTERM, signal.SIGHUP)

    def check(self, task: str) -> None:
        """Raise Interrupted, or Terminated, where *task* shall end."""
        if self._stop.is_set() and self.terminated:
            raise Terminated(f"{task} was terminated")
        if self._stop.is_set():
            raise Interrupted(f"{task} was interrupted")


@contextmanager
def finishing(stop: threading.Event, say: Callable[[str], None]) -> Iterator[Stopping]:
    """While in the block the first signal to end only sets *stop*; the next one leaves at once."""
    stopping = Stopping(stop)
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in found.items() if handler != signal.SIG_IGN}

    def heed(number: int, _frame: FrameType | None) -> None:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        if number == signal.SIGHUP:
            # The kernel and a shell that ends may both tell of it: no wish to leave at once.
            signal.signal(number, signal.SIG_IGN)
        stopping.signal = number
        stop.set()
        # A signal may come while a line is being written, which cannot be interrupted by another one.
        with suppress(RuntimeError):
            say("stopping: what is under way is finished first; Ctrl-C again leaves at once")

    for number in before:
        signal.signal(number, heed)
    try:
        yield stopping
    except Interrupted as error:
        # Whoever was waiting knows that it shall stop, not which signal said so.
        if not stopping.terminated or isinstance(error, Terminated):
            raise
        raise Terminated(error.message, hint=error.hint) from error
    finally:
        for number, handler in before.items():
            if number != signal.SIGHUP or stopping.signal != number:
                signal.signal(number, handler)
