"""Reading side by side without holding much: few large batches at once, or many small ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ops.cli.app import App

T = TypeVar("T")
R = TypeVar("R")

# So many bytes may be in memory at once, however many batches that are.
ROOM = 16 << 20


def paced(app: App, read: Callable[[T], R], items: Iterable[T], size: Callable[[R], int]) -> Iterator[R]:
    """Yield what *read* gives for each of *items*, in their order, as app.parallel does.

    How many are read ahead follows from the *size* in bytes of what was read last.
    """
    room = Room(2 * app.settings.workers, app.stop)

    def one(numbered: tuple[int, T]) -> R:
        number, item = numbered
        room.enter(number)
        return read(item)

    for result in app.parallel(one, enumerate(items)):
        yield result
        room.leave(size(result))


def divided(
    app: App, read: Callable[[list[T]], R | None], batches: Iterable[list[T]], size: Callable[[R], int]
) -> Iterator[R]:
    """Yield what *read* gives for each of *batches*, or for its halves where that is None: too large.

    A batch of one item is never too large.
    """

    def one(batch: list[T]) -> tuple[list[T], R | None]:
        return batch, read(batch)

    for batch, result in paced(app, one, batches, lambda pair: ROOM if pair[1] is None else size(pair[1])):
        if result is not None:
            yield result
        else:
            middle = len(batch) // 2
            yield from divided(app, read, (batch[:middle], batch[middle:]), size)


class Room:
    """Lets few batches be read at once where they are large, many where they are small.

    Batches are numbered from 0 in the order in which they leave; the next one to leave may always enter.
    """

    def __init__(self, most: int, stop: threading.Event, room: int = ROOM) -> None:
        self._most = most
        self._stop = stop
        self._room = room
        self._left = 0
        self._width = 1
        self._changed = threading.Condition()

    def enter(self, number: int) -> None:
        """Wait until batch *number* may be read, or the run shall stop."""
        with self._changed:
            while number >= self._left + self._width and not self._stop.is_set():
                self._changed.wait(0.2)

    def leave(self, size: int) -> None:
        """Note that the next batch was written, and had *size* bytes."""
        with self._changed:
            self._left += 1
            self._width = max(1, min(self._most, self._room // max(1, size)))
            self._changed.notify_all()
