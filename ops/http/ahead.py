"""Calls made while their results are not needed yet: the next page comes while this one is worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")

# So many results wait at the most for who takes them.
DEPTH = 2


class Following(Generic[A, T]):
    """Makes a call after the other in one thread: *step* takes a mark, and gives a result and the next mark.

    It begins with *first*, ends where *step* gives no mark or raises, and is never more than a few results
    ahead. Close it when no more are wanted.
    """

    def __init__(self, first: A, step: Callable[[A], tuple[T, A | None]]) -> None:
        self._first, self._step = first, step
        self._results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        self._room = threading.Semaphore(DEPTH)
        self._closed = False
        threading.Thread(target=self._run, name="ops-ahead", daemon=True).start()

    def take(self) -> T:
        """Wait for the next result, or raise what its call raised."""
        value, failure = self._results.get()
        self._room.release()
        if failure:
            raise failure
        return value  # type: ignore[return-value]  # there is one where there is no failure

    def close(self) -> None:
        """Make no further call."""
        self._closed = True
        self._room.release()

    def _run(self) -> None:
        mark: A | None = self._first
        while mark is not None:
            self._room.acquire()
            if self._closed:
                return
            try:
                value, mark = self._step(mark)
                self._results.put((value, None))
            except BaseException as failure:  # raised by whoever takes the result
                self._results.put((None, failure))
                return
