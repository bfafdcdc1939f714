"""Concurrent reads within a memory limit: few large batches at once, or many small ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ops.products.zones.parts import Parallel

T = TypeVar("T")
R = TypeVar("R")

# The number of bytes that may be in memory at once, in all batches together.
MEMORY = 16 << 20


class Pace(NamedTuple):
    """How concurrent reads are run: *parallel* runs them, *workers* at once at most, until *stop* is set."""

    parallel: Parallel
    workers: int
    stop: threading.Event

    def each(self, read: Callable[[T], R], items: Iterable[T], size: Callable[[R], int]) -> Iterator[R]:
        """Yield what *read* returns for each of *items*, in their order.

        The number of concurrent reads follows from the *size* in bytes of the last result.
        """
        window = Window(2 * self.workers, self.stop)

        def one(numbered: tuple[int, T]) -> R:
            number, item = numbered
            window.enter(number)
            return read(item)

        for result in self.parallel(one, enumerate(items)):
            yield result
            window.leave(size(result))

    def halved(
        self, read: Callable[[list[T]], R | None], batches: Iterable[list[T]], size: Callable[[R], int]
    ) -> Iterator[R]:
        """Yield what *read* returns for each of *batches*, or for its halves if that is None: too large.

        A batch of one item is never too large.
        """

        def one(batch: list[T]) -> tuple[list[T], R | None]:
            return batch, read(batch)

        def size_of(done: tuple[list[T], R | None]) -> int:
            return MEMORY if done[1] is None else size(done[1])

        for batch, result in self.each(one, batches, size_of):
            if result is not None:
                yield result
            else:
                middle = len(batch) // 2
                yield from self.halved(read, (batch[:middle], batch[middle:]), size)


class Window:
    """Admit few batches at once while they are large, and many while they are small.

    Batches are numbered from 0 in the order in which they leave; the next one to leave may always enter.
    """

    def __init__(self, limit: int, stop: threading.Event, memory: int = MEMORY) -> None:
        self._limit = limit
        self._stop = stop
        self._memory = memory
        self._left = 0
        self._width = 1
        self._changed = threading.Condition()

    def enter(self, number: int) -> None:
        """Wait until batch *number* may be read, or the run stops."""
        with self._changed:
            while number >= self._left + self._width and not self._stop.is_set():
                self._changed.wait(0.2)

    def leave(self, size: int) -> None:
        """Record that the next batch was processed, and had *size* bytes."""
        with self._changed:
            self._left += 1
            self._width = max(1, min(self._limit, self._memory // max(1, size)))
            self._changed.notify_all()
