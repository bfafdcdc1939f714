"""The trace of a run: keeps what the run reports and hands it to a collector, a file, or both."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.telemetry.record import CallSeen, SectionSpan, TaskSpan
from ops.tracing.spans import Ended, Kept, Span, span

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.http.exchange import Reply
    from ops.telemetry.record import Event, Record
    from ops.tracing.exporter import Exporter
    from ops.tracing.variables import Collector

LIMIT = 20_000
# Room is kept for the spans that hold the others together: they come last.
_SECTIONS, _CALLS = LIMIT - 100, LIMIT - 4_000
_CEILINGS: dict[type, int] = {CallSeen: _CALLS, SectionSpan: _SECTIONS, TaskSpan: LIMIT - 1}


class Trace:
    """Keeps at most LIMIT spans of *record*, the run of the program *executable*; the rest are counted.

    When the run has ended, they are written to *files* in Chrome's format. *warn* reports what could not be
    handed over: a trace never changes how a run ends.
    """

    def __init__(
        self, record: Record, executable: str, warn: Callable[[str], None], files: Sequence[str] = ()
    ) -> None:
        self._record, self._executable, self._warn, self._files = record, executable, warn, files
        self._started = record.tasks[0].started if record.tasks else record.clock()
        self._server = ""
        self._redact: Callable[[str], str] = str
        self._exporter: Exporter[tuple[Kept, str]] | None = None
        self._held: list[tuple[Kept, str]] = []
        self._count = self._dropped = 0
        self._lock = threading.Lock()
        self._error = ""
        record.observe(self._see)

    def follow(self, server: str, redact: Callable[[str], str]) -> None:
        """Take the base URL and the secrets of the task that begins."""
        self._server, self._redact = server, redact

    def to_collector(self, environ: Mapping[str, str], settings: Settings) -> None:
        """Send spans to the collector that the variables of OpenTelemetry name, if there is one."""
        from ops.tracing import variables

        # A caller that records nothing does not want our spans either.
        if not variables.is_wanted(environ) or not self._record.sampled:
            return
        try:
            found, resource = variables.collector(environ), variables.resource(environ)
            post, host = _opened(found, settings)
        except OpsError as error:
            self._warn(f"traces are not sent: {error.message}; {error.hint}")
            return
        from ops.tracing.exporter import Exporter
        from ops.tracing.otlp import encode

        def encoded(items: Sequence[tuple[Kept, str]]) -> bytes:
            return encode(map(self._span, items), self._record.trace_id, resource)

        self._exporter = Exporter(post, encoded, host=host)

    def close(self, exit_code: int) -> None:
        """Hand over the spans that are left, last the run's own, which ended with *exit_code*."""
        end = Ended(
            self._started,
            self._record.clock(),
            self._executable,
            os.getpid(),
            exit_code,
            self._error,
            self._dropped,
        )
        self._keep(end)
        if self._dropped:
            self._warn(f"the trace has {LIMIT:,} spans at most: {self._dropped:,} more were left out")
        for file in self._files:
            try:
                self._write(Path(file))
            except OpsError as error:
                self._warn(f"the trace was not written: {error.message}")
        if self._exporter is not None and (problem := self._exporter.close()):
            self._warn(self._redact(problem))

    def _see(self, event: Event) -> None:
        if not isinstance(event, CallSeen | SectionSpan | TaskSpan):
            return
        if isinstance(event, TaskSpan) and event.parent_id == self._record.root_id:
            self._error = event.error
        with self._lock:
            if self._count >= _CEILINGS[type(event)]:
                self._dropped += 1
                return
            self._count += 1
            self._keep(event)

    def _keep(self, event: Kept) -> None:
        item = (event, self._server)
        if self._files:
            self._held.append(item)
        if self._exporter is not None:
            self._exporter.add(item)

    def _span(self, item: tuple[Kept, str]) -> Span:
        event, server = item
        return span(event, server, self._record, self._redact)

    def _write(self, file: Path) -> None:
        from ops.files.disk import atomic
        from ops.tracing import chrome
        from ops.version import VERSION

        about: dict[str, str | int] = {"tool": "cfops", "version": VERSION, "run": self._record.run}
        about |= {"trace_id": self._record.trace_id, "dropped_spans": self._dropped}
        with atomic(file) as out:
            chrome.write(map(self._span, self._held), out, pid=os.getpid(), about=about)


def _opened(collector: Collector, settings: Settings) -> tuple[Callable[[bytes], Reply], str]:
    """Return what posts to *collector*, and its host. Raises UsageError for a URL that cannot be used."""
    import gzip

    from ops.http.outside import Outside

    outside = Outside(collector.url, settings, collector.variable, plain=True)
    # Compressed, 512 spans take 12 kB instead of 390.
    headers = {**collector.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    return lambda body: outside.send(gzip.compress(body, 5), headers), outside.host
