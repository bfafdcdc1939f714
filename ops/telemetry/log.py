"""The log of a run: one writer for everything that is said on stderr, as text for people or as JSON lines.

A JSON line has these fields; ops/docs/log.md describes them:

    {"time": "2026-11-30T02:00:01.250Z", "level": "warning", "event": "warning", "n": 7, "run": …, "task": …,
     "trace_id": …, "span_id": …, "account": …, "profile": …, "version": …, "message": …,
     "call": {…}, "error": {…}}

Secrets are replaced in each value before the line is made, so that it stays JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import RLock
from typing import IO, Any, TextIO

from ops.errors import DiskError
from ops.telemetry.logfile import LogFile
from ops.telemetry.record import CallSeen, Event, Record, SectionSpan, TaskSpan
from ops.telemetry.redact import Redactor
from ops.version import VERSION

DEBUG, INFO, WARNING, ERROR = "debug", "info", "warning", "error"
LEVELS = {DEBUG: 7, INFO: 6, WARNING: 4, ERROR: 3}
"""The levels, and the priorities of syslog."""

EVENTS = (
    "note", "warning", "error", "bug", "progress", "call", "bucket", "section", "task", "invoke",
)  # fmt: skip
"""All events that there are."""

FAILURES = frozenset({"failed", "denied", "inconsistent"})
"""The statuses of sections that are logged: what was not read, though the account has it."""

Details = Mapping[str, Any]


class Log:
    """Writes to *err* (stderr), from any thread, and to the file of --log-file if it is open.

    *json*: each event is a JSON line on stderr; None until that is known, and *decide* is called before the
    first line. Each line of a text for people has its priority before it if *journal*, as journald takes it.
    *redact* replaces secrets. *clear* removes from the terminal what is drawn there. *clock* is wall time.
    """

    def __init__(
        self,
        record: Record,
        err: TextIO | None = None,
        *,
        redact: Callable[[str], str] | None = None,
        clear: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.record = record
        self._redact = redact or Redactor()
        self.json: bool | None = None
        self.journal = self.quiet = False
        self.decide: Callable[[Log], None] = lambda _log: None
        self._err, self._clear, self._clock = err, clear, clock
        self._secrets: dict[str, None] = {}
        self._file: LogFile | None = None
        self._count = 0
        self._lock = RLock()
        self._put: Callable[[str], None] = self._write

    def learn(self, secrets: Iterable[str]) -> None:
        """Replace these *secrets* too from now on."""
        new = dict.fromkeys(secrets)
        if new.keys() - self._secrets.keys():
            self._secrets |= new
            self._redact = Redactor(self._secrets)

    def redact(self, text: str) -> str:
        """Return *text* without secrets."""
        self._settle()
        return self._redact(text)

    def open(self, path: str) -> None:
        """Write every event to the file at *path* too. Raises DiskError."""
        if self._file is None or self._file.path != path:
            self._file = LogFile(path)

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file:
            file.close()

    @property
    def as_json(self) -> bool:
        """True if each event is a JSON line on stderr."""
        self._settle()
        return bool(self.json)

    def _settle(self) -> None:
        if self.json is None:
            self.json = False
            self.decide(self)

    def add(
        self,
        level: str,
        event: str,
        message: str,
        *,
        text: Iterable[str] = (),
        shown: bool = True,
        span: str = "",
        **details: Details,
    ) -> None:
        """Write an event; *text* has its lines for people, safe and styled. It is for stderr if *shown*.

        *details* are `call` and `error`. The file gets every event.
        """
        as_json = self.as_json
        with self._lock:
            if as_json or self._file:
                line = self._line(level, event, message, span, details)
                if self._file:
                    self._keep(self._file, line)
                if as_json and shown:
                    self._put(line)
            if shown and not as_json:
                for part in text:
                    self._put(f"<{LEVELS[level]}>{part}" if self.journal else part)

    def call(self, seen: CallSeen) -> None:
        """Write the event of a request; it is a JSON line on stderr in any case."""
        details = {name: getattr(seen, name) for name in _CALL}
        error = {"error": {"error": seen.error}} if seen.error else {}
        self.detail("call", seen.message or f"{seen.method} {seen.path}", seen.span_id, call=details, **error)

    def detail(self, event: str, message: str, span: str = "", **details: Details) -> None:
        """Write an event of --debug: a JSON line on stderr in any case."""
        with self._lock:
            line = self._line(DEBUG, event, message, span, details)
            if self._file:
                self._keep(self._file, line)
            self._put(f"<{LEVELS[DEBUG]}>{line}" if self.journal and not self.as_json else line)

    def observe(self, event: Event) -> None:
        """Write how a task ended, and which section could not be read; both are in JSON only."""
        if isinstance(event, TaskSpan):
            took = f"{event.ended - event.started:.1f} s"
            message = f"{event.name} ended after {took} with exit code {event.exit_code}"
            level = _LEVEL_OF.get(event.exit_code, ERROR)
            failure = {"error": event.error or "Exit", "exit_code": event.exit_code}
            details = {"error": failure} if event.exit_code else {}
            shown = not self.quiet or bool(event.exit_code)
            self.add(level, "task", message, shown=shown, span=event.span_id, **details)
        elif isinstance(event, SectionSpan) and event.status in FAILURES:
            where = f"{event.name} in {event.scope}" if event.scope else event.name
            message = f"{where}: {event.status}: {event.reason}".removesuffix(": ")
            facts = {"section": where, "status": event.http_status, "ray": event.ray}
            error = {name: value for name, value in facts.items() if value}
            self.add(WARNING, "section", message, span=event.span_id, error=error)

    @contextmanager
    def above(self, put: Callable[[str], None]) -> Iterator[None]:
        """Pass lines to *put* meanwhile, for example to a progress bar that prints them above itself."""
        self._put, before = put, self._put
        try:
            yield
        finally:
            self._put = before

    def _line(self, level: str, event: str, message: str, span: str, details: Mapping[str, Details]) -> str:
        self._count += 1
        record, task = self.record, self.record.task
        fields = {
            "time": moment(self._clock()),
            "level": level,
            "event": event,
            "n": self._count,
            "run": record.run,
            "task": task.name if task else "",
            "trace_id": record.trace_id,
            "span_id": span or record.span_id,
            "account": task.account if task else "",
            "profile": task.profile if task else "",
            "version": VERSION,
            "message": message,
            **details,
        }
        # ASCII, because stderr may have an encoding that would need escapes that JSON does not have.
        return json.dumps(redacted(fields, self.redact), default=str)

    def _keep(self, file: LogFile, line: str) -> None:
        try:
            file.write(line)
        except DiskError as problem:
            # A log that cannot be written must not end the work.
            self._file = None
            message = f"the log file is not written any more: {problem.message}"
            self.add(WARNING, "warning", message, text=(f"warning: {self.redact(message)}",))

    def _write(self, line: str) -> None:
        self._clear()
        err = self._err or sys.stderr
        # If stderr is full or closed, there is no place left to report that.
        with self._lock:
            try:
                err.write(line + "\n")
                err.flush()
            except (OSError, ValueError):
                silence(err)


# Incomplete, different and locked are results, not failures.
_LEVEL_OF = {0: INFO, 4: WARNING, 5: WARNING, 6: WARNING}
_CALL = (
    "method", "route", "path", "status", "ms", "attempt", "ray", "bytes", "waited_ms", "cached", "parent_id",
)  # fmt: skip


def moment(seconds: float) -> str:
    """Return wall time in seconds as UTC with milliseconds: 2026-11-30T02:00:01.250Z."""
    whole, part = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{part:03}Z"


def redacted(value: Any, redact: Callable[[str], str]) -> Any:
    """Return *value* with *redact* applied to each text in it."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: redacted(inside, redact) for name, inside in value.items()}
    return [redacted(one, redact) for one in value] if isinstance(value, list | tuple) else value


def silence(stream: IO[Any]) -> None:
    """Discard what *stream* still holds: no `Exception ignored` and no exit code 120 at exit."""
    # A stream without a descriptor has nothing that Python would flush: io.UnsupportedOperation.
    with suppress(OSError, ValueError):
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
