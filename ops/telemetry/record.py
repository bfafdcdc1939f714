"""Record: what one run, a line of tasks, does, as W3C trace ids, spans and events for its observers.

A run is a trace. Its root span is the run, below it are the tasks of the line, below a task the sections that
it reads, and below these the calls. Nothing is written here: observers do that.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

# Version, trace id, span id of the caller, flags; later versions may add fields. Zeros mean "none".
_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_SAMPLED = "01"


class CallSeen(NamedTuple):
    """One attempt of a request, or an answer from the cache.

    *route* is the path with placeholders (/zones/{zone_id}/dns_records) and never holds an id or a name.
    *status* is 0 without a response; *error* is then the class of the failure, *message* its sentence.
    *started* is wall time in seconds; *ms* lasts until the response has been read, of a stream until its
    headers. *bytes* is None if it is not known. *waited_ms* was spent before this attempt on the budget, on a
    pause that Cloudflare asked for, or before a retry.
    """

    method: str
    route: str
    path: str
    status: int
    error: str
    started: float
    ms: float
    attempt: int
    ray: str
    bytes: int | None
    waited_ms: float
    cached: bool
    span_id: str
    parent_id: str
    message: str = ""
    missed: bool = False
    """True if the cache was asked first and had no answer that is young enough."""


@dataclass(slots=True)
class Span:
    """A task, or a section, from its start to its end. *started* and *ended* are wall time in seconds."""

    name: str
    span_id: str
    parent_id: str
    started: float
    ended: float = 0.0


@dataclass(slots=True)
class TaskSpan(Span):
    """A task of the line. *account* and *profile* are "" until they are known."""

    account: str = ""
    profile: str = ""
    exit_code: int = 0
    error: str = ""
    """The class of the error that it ended with."""


@dataclass(slots=True)
class SectionSpan(Span):
    """What a scan reads of one kind in one parent; *name* is the kind.

    *status* is that of the manifest (complete, denied, failed …), "" if the scan was stopped first.
    """

    scope: str = ""
    status: str = ""
    reason: str = ""
    items: int = 0
    http_status: int = 0
    """The status of the response that it failed with."""
    ray: str = ""


class ScanSeen(NamedTuple):
    """The result of a whole scan: the items of each kind read, and the number of sections by status."""

    items: Mapping[str, int]
    sections: Mapping[str, int]


class WritesSeen(NamedTuple):
    """What one block of writes did: the changes that Cloudflare confirmed, and those without an answer."""

    done: int
    unknown: int


Event = CallSeen | TaskSpan | SectionSpan | ScanSeen | WritesSeen
Observer = Callable[[Event], None]


if TYPE_CHECKING:

    class Work(Protocol):
        """Long work under way: how many sections are known and done, and an estimate of the seconds left."""

        @property
        def known(self) -> int: ...

        @property
        def done(self) -> int: ...

        def left(self) -> float: ...


def new_span_id() -> str:
    """Return a random id of a span, 16 hex digits."""
    return os.urandom(8).hex()


_SECTION: ContextVar[str] = ContextVar("section", default="")


class Record:
    """One run. *traceparent* is the environment's TRACEPARENT: if it is valid, the run belongs to that trace.

    All ids are made when they are first used. An observer is called with each event from the thread that it
    happened in, so it must be quick and safe for threads, and it must not raise. Tasks and sections are
    passed when they have ended. Events may arrive after the end of a task: threads end on their own.
    """

    def __init__(self, traceparent: str = "", clock: Callable[[], float] = time.time) -> None:
        self.traceparent, self.clock = traceparent, clock
        self.tasks: list[TaskSpan] = []
        """The tasks that are running: the one of the line, then those that it calls itself."""
        self.work: Work | None = None
        """The scan that is under way, if any."""
        self._observers: list[Observer] = []
        self._run = self._trace_id = self._parent_id = self._flags = self._span_id = ""

    @property
    def run(self) -> str:
        """Return the id of the run, 10 hex digits, as in the journal and the audit log."""
        self._run = self._run or os.urandom(5).hex()
        return self._run

    @property
    def trace_id(self) -> str:
        """Return the id of the trace, 32 hex digits."""
        if not self._trace_id:
            given = _PARENT.fullmatch(self.traceparent)
            made = (os.urandom(16).hex(), "", _SAMPLED)
            self._trace_id, self._parent_id, self._flags = given.groups() if given else made
        return self._trace_id

    @property
    def parent_id(self) -> str:
        """Return the span that started this run, as TRACEPARENT names it, or ""."""
        return self._parent_id if self.trace_id else ""

    @property
    def sampled(self) -> bool:
        """False if the caller keeps no spans of this trace, as its TRACEPARENT says."""
        return bool(self.trace_id) and int(self._flags, 16) & 1 == 1

    @property
    def for_children(self) -> str:
        """Return the TRACEPARENT of a program that this run starts now."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED if self.sampled else '00'}"

    @property
    def root_id(self) -> str:
        """Return the id of the run's own span."""
        self._span_id = self._span_id or new_span_id()
        return self._span_id

    @property
    def task(self) -> TaskSpan | None:
        """Return the task that is running."""
        return self.tasks[-1] if self.tasks else None

    @property
    def span_id(self) -> str:
        """Return the innermost span that this thread works in: a section, a task or the run."""
        return _SECTION.get() or (self.tasks[-1].span_id if self.tasks else self.root_id)

    def observe(self, callback: Observer) -> None:
        """Call *callback* with every event from now on."""
        self._observers.append(callback)

    def add(self, event: Event) -> None:
        """Pass *event* to the observers."""
        for callback in self._observers:
            callback(event)

    def begin_task(self, name: str) -> TaskSpan:
        """Start a task of the line, or one that the current task calls."""
        task = TaskSpan(name, new_span_id(), self.span_id, self.clock())
        self.tasks.append(task)
        return task

    def end_task(self, exit_code: int, error: str = "") -> None:
        """End the current task."""
        task = self.tasks[-1]
        task.ended, task.exit_code, task.error = self.clock(), exit_code, error
        self.add(task)
        self.tasks.pop()

    @contextmanager
    def section(self, kind: str, scope: str) -> Iterator[SectionSpan]:
        """Yield the span of a section that is read in the block; the caller records how it ended."""
        parent = self.tasks[-1].span_id if self.tasks else self.root_id
        section = SectionSpan(kind, new_span_id(), parent, self.clock(), scope=scope)
        outer = _SECTION.set(section.span_id)
        try:
            yield section
        finally:
            _SECTION.reset(outer)
            section.ended = self.clock()
            self.add(section)
