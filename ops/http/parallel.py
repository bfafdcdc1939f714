"""Concurrent calls whose results come in order, until the run is stopped."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING, Any, TypeVar

from ops.errors import Interrupted, SystemFailure

if TYPE_CHECKING:
    from ops.http.exchange import Call, Reply, Send

THREADS = 2
"""Threads for each request in flight: while one waits, another processes a response."""


def in_flight(send: Send, places: int) -> Send:
    """Return *send* limited to *places* calls in flight at a time, however many threads call it."""
    free = Semaphore(places)

    def limited(call: Call) -> Reply:
        with free:
            return send(call)

    return limited


T = TypeVar("T")
R = TypeVar("R")

Task = Callable[[], None]

_END: Any = object()

# Seconds between two checks of a waiting thread for a stop.
LOOK_UP = 0.2
# Seconds that tasks in flight have to end after a stop.
GRACE = 1.0


def each(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, stop: threading.Event
) -> Iterator[R]:
    """Yield function(item) for each item, *workers* at a time, in the order of the items.

    At most twice as many items as workers are taken from *items* in advance. An exception of a call is
    raised in its turn. After *stop* is set no call starts: the finished results are yielded, then
    Interrupted is raised.
    """
    pool = Pool(workers, stop)
    source = iter(items)
    waiting: deque[Future[R]] = deque()
    try:
        while True:
            while len(waiting) < 2 * workers and not stop.is_set():
                if (item := next(source, _END)) is _END:
                    break
                waiting.append(Future())
                pool.submit(partial(_call, waiting[-1], function, item))
            if not waiting:
                break
            result = waiting.popleft()
            while not wait((result,), LOOK_UP).done:
                if pool.idle and not result.done():
                    raise Interrupted("stopped before everything was done")
            yield result.result()
    finally:
        pool.close()
    if stop.is_set():
        raise Interrupted("stopped before everything was done")


class Pool:
    """A few threads that run tasks; a task may submit more tasks.

    After *stop* is set no task starts, and those in flight have a second to finish. The threads are daemons,
    because the executors of the standard library still run everything queued after Ctrl-C.
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
        """True if every submitted task has ended or was dropped."""
        return not self._open

    def submit(self, task: Task) -> None:
        """Run *task* in some thread, in the order of submission; may be called from a task."""
        with self._changed:
            self._open += 1
            if self._open > len(self._threads) < self._workers:
                self._start_thread()
        # Its calls belong to the section that submitted it, whichever thread sends them.
        self._tasks.put(partial(copy_context().run, task))

    def _start_thread(self) -> None:
        """Start a thread; if that fails, the running ones do the work. Raises SystemFailure without any."""
        thread = threading.Thread(target=self._work, name="ops-worker", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            if self._threads:
                self._workers = len(self._threads)
                return
            self._open -= 1
            raise SystemFailure(
                "this process cannot start a thread: its memory or the number of its threads is limited",
                hint="`ulimit -v` and `ulimit -u` show the limits; raise them",
            ) from None
        self._threads.append(thread)

    def run_until_empty(self) -> None:
        """Wait until every task, and every task that tasks submitted, has ended.

        Raises the first exception of a task, after which no other starts, or Interrupted if *stop* was set.
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
        """Start no further task, and wait a moment for those in flight."""
        with self._changed:
            with suppress(queue.Empty):
                while True:
                    self._tasks.get_nowait()
                    self._open -= 1
            self._changed.wait_for(lambda: self.idle, GRACE)
        for _ in self._threads:
            self._tasks.put(None)
        self._threads.clear()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if not self._stop.is_set() and not self._failure:
                    task()
            except BaseException as failure:  # noqa: BLE001 (raised in run_until_empty)
                self._failure = self._failure or failure
            with self._changed:
                self._open -= 1
                if not self._open:
                    self._changed.notify_all()


def _call(result: Future[R], function: Callable[[T], R], item: T) -> None:
    try:
        result.set_result(function(item))
    except BaseException as failure:  # noqa: BLE001 (raised by result())
        result.set_exception(failure)
