"""Doing several things at once, in an order that can be relied on, until the run shall stop."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ops.errors import Interrupted

if TYPE_CHECKING:
    from ops.http.exchange import Call, Reply, Send

THREADS = 2
"""Threads for each request that may be under way: while one is waited for, another answer is worked on."""


def with_places(send: Send, places: int) -> Send:
    """Return *send* so that no more than *places* of its calls are under way at a time."""
    free = Semaphore(places)

    def wait(call: Call) -> Reply:
        with free:
            return send(call)

    return wait


T = TypeVar("T")
R = TypeVar("R")

Task = Callable[[], None]

# How often a waiting thread looks up, so that a stop is noticed.
LOOK_UP = 0.2
# How long tasks in flight get to come to their end after a stop.
GRACE = 1.0


def each(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, stop: threading.Event
) -> Iterator[R]:
    """Call *function* for each item, *workers* at a time; yield the results in the order of the items.

    Items are taken from their source no further ahead than twice the workers. What a call raises is raised in
    its turn. After *stop* is set no call is begun: the results that are there are yielded, then
    Interrupted is raised.
    """
    pool = Pool(workers, stop)
    source = iter(items)
    waiting: deque[_Result[R]] = deque()
    try:
        while True:
            for item in _some(source, 2 * workers - len(waiting), stop):
                waiting.append(_Result())
                pool.submit(partial(waiting[-1].take, function, item))
            if not waiting:
                break
            yield waiting.popleft().wait(pool)
    finally:
        pool.close()
    if stop.is_set():
        raise Interrupted("stopped before everything was done")


def _some(source: Iterator[T], count: int, stop: threading.Event) -> Iterator[T]:
    for _ in range(count):
        if stop.is_set():
            return
        try:
            yield next(source)
        except StopIteration:
            return


class Pool:
    """A few threads that carry out tasks; a task may submit more tasks.

    After *stop* is set no task is begun, and those in flight get a second to finish. The threads are daemons,
    for the executors of the standard library still carry out all that is queued after Ctrl-C.
    """

    def __init__(self, workers: int, stop: threading.Event) -> None:
        self._workers = max(1, workers)
        self._stop = stop
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._open = 0
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None

    @property
    def idle(self) -> bool:
        """Say that every task submitted has been carried out or passed over."""
        return not self._open

    def submit(self, task: Task) -> None:
        """Have *task* carried out by some thread, in the order of submission; callable from a task."""
        with self._changed:
            self._open += 1
            if self._open > len(self._threads) < self._workers:
                thread = threading.Thread(target=self._work, name="ops-worker", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._tasks.put(task)

    def run_until_empty(self) -> None:
        """Wait until every task, and every task that tasks submitted, is done.

        Raises the first exception that a task let out, after which no other is begun, or Interrupted when
        *stop* was set.
        """
        try:
            with self._changed:
                while self._open:
                    self._changed.wait(LOOK_UP)
        finally:
            self.close()
        if self._failure:
            raise self._failure
        if self._stop.is_set():
            raise Interrupted("stopped before everything was done")

    def close(self) -> None:
        """Begin no further task, and give those in flight a moment."""
        with self._changed:
            while self._take_back():
                self._open -= 1
            self._changed.wait_for(lambda: self.idle, GRACE)
        for _ in self._threads:
            self._tasks.put(None)
        self._threads.clear()

    def _take_back(self) -> bool:
        try:
            self._tasks.get_nowait()
        except queue.Empty:
            return False
        return True

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if not self._stop.is_set() and not self._failure:
                    task()
            except BaseException as failure:  # raised by whoever waits for the tasks
                self._failure = self._failure or failure
            with self._changed:
                self._open -= 1
                if not self._open:
                    self._changed.notify_all()


class _Result(Generic[R]):
    """The result of one call that some thread makes."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: Any = None
        self._failure: BaseException | None = None

    def take(self, function: Callable[[T], R], item: T) -> None:
        try:
            self._value = function(item)
        except BaseException as failure:  # raised in its turn
            self._failure = failure
        self._done.set()

    def wait(self, pool: Pool) -> R:
        """Return the result; raises what the call raised, or Interrupted when it was passed over."""
        while not self._done.wait(LOOK_UP):
            if pool.idle and not self._done.is_set():
                raise Interrupted("stopped before everything was done")
        if self._failure:
            raise self._failure
        value: R = self._value
        return value
