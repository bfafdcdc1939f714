"""The recording of a run: its state file while it is under way, and its line in the ledger when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from threading import Event as Flag
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError
from ops.telemetry.ledger import FORMAT, Ledger, StateFile, report_lost
from ops.telemetry.record import CallSeen, TaskSpan
from ops.telemetry.tally import Tally
from ops.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from ops.items import Json
    from ops.telemetry.record import Event, Record

EVERY = 1.0
"""Seconds between two writes of the state file."""


class Recording:
    """What is recorded of the run of *record*, in the state folder *folder*.

    *budget* returns the use of the request budget, None without one. That the folder cannot be written is
    reported to *warn* at the end, if anything was sent; it never changes how the run ends.
    """

    def __init__(
        self,
        record: Record,
        folder: Path,
        budget: Callable[[], Json | None],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._record, self._folder, self._budget = record, folder, budget
        self._warn, self._clock = warn, clock
        self._started = clock()
        self.tally = Tally(self._started)
        self._head: Json = {"task": "", "stage": "", "profile": "", "account": "", "version": VERSION}
        self._tasks: dict[str, None] = {}
        self._hash = sha256()
        self._error = ""
        self._used: Json | None = None
        self._over = Flag()
        self._writing = Lock()
        self._ticker: Thread | None = None
        self._state: StateFile | None = None
        with suppress(OSError, OpsError):
            report_lost(folder, self._started)
            self._state = StateFile(folder, record.run)
        record.observe(self._see)

    def begin(self, task: str, options: Mapping[str, Any], *, stage: str, stages: bool) -> None:
        """Record that *task* begins with these options of its own; one that *stages* names only the stage."""
        if not stages:
            self._tasks[task] = None
        self._hash.update(repr((task, sorted(options.items()))).encode("utf-8", "backslashreplace"))
        self._head["task"], self._head["stage"] = ", ".join(self._tasks) or task, stage
        self._take(self._record.task)
        with self._writing:
            self._write()

    @property
    def like(self) -> str:
        """Return what is equal for runs of the same tasks with the same options of their own."""
        return self._hash.hexdigest()[:12]

    def line(self, exit_code: int | None = None) -> Json:
        """Return the line of the ledger, as the run is now; a run under way has no exit code."""
        return {
            "started": round(self._started, 3),
            "run": self._record.run,
            **self._head,
            "like": self.like,
            "seconds": round(self._clock() - self._started, 3),
            "exit_code": exit_code,
            "error": self._error,
            **self.tally.as_json(),
            **({"budget": self._used} if self._used else {}),
        }

    def stop(self) -> None:
        """Write no more states: what they are read from is about to be closed."""
        self._over.set()
        with self._writing:
            pass

    def end(self, exit_code: int) -> Json:
        """Write the line of a run that ended with *exit_code*, remove the state file, and return the line."""
        self.stop()
        line = self.line(exit_code)
        try:
            Ledger(self._folder).append(line, self._clock())
        except OpsError as error:
            if self.tally.requests:
                self._warn(f"this run is missing from the history: {error.message}")
        if self._state is not None:
            self._state.close()
            self._state = None
        return line

    def _see(self, event: Event) -> None:
        self.tally(event)
        if isinstance(event, CallSeen):
            if self._ticker is None:
                self._start()
        elif isinstance(event, TaskSpan):
            self._take(event)
            self._error = event.error
            if self.tally.requests:
                self._look_at_budget()

    def _start(self) -> None:
        """Start the thread that writes the state; without one there is only the first state."""
        with self._writing, suppress(RuntimeError):
            if self._ticker is None and not self._over.is_set():
                self._ticker = Thread(target=self._run, name="ops-state", daemon=True)
                self._ticker.start()

    def _take(self, task: TaskSpan | None) -> None:
        if task is not None:
            for name in ("profile", "account"):
                self._head[name] = getattr(task, name) or self._head[name]

    def _look_at_budget(self) -> None:
        with suppress(OSError, OpsError):
            self._used = self._budget() or self._used

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            with self._writing:
                if self._over.is_set():
                    return
                self._take(self._record.task)
                self._look_at_budget()
                self._write()

    def _write(self) -> None:
        """Write the state; a disk that is full costs only what `metrics.watch` shows."""
        with suppress(OSError, OpsError):
            if self._state is not None:
                self._state.write({"format": FORMAT, **self.line(), "progress": self._progress()})

    def _progress(self) -> Json:
        work = self._record.work
        progress: Json = {"items": self.tally.items_so_far}
        if work is not None:
            progress |= {"sections": work.done, "known": work.known, "left": round(work.left(), 1)}
        return progress
