"""Spans: what a run did, with the attribute names of OpenTelemetry's semantic conventions.

Those for HTTP clients are stable, those for programs of the command line are in development. What has no
name there begins with `cfops.`. Ids and names within paths are left out: only the route is exported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from ops.telemetry.record import CallSeen, SectionSpan, TaskSpan

if TYPE_CHECKING:
    from ops.telemetry.record import Record

Value = str | int | float | tuple[str, ...]
Level = Literal["run", "task", "section", "call"]
# The status of sections that a run wanted and did not get.
_FAILED = ("failed", "denied", "inconsistent", "")


@dataclass(frozen=True, slots=True)
class Span:
    """One span. *started* and *ended* are wall time in seconds; *error* is "" or what went wrong."""

    level: Level
    name: str
    span_id: str
    parent_id: str
    started: float
    ended: float
    attributes: dict[str, Value]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run ended, for its own span."""

    started: float
    ended: float
    executable: str
    pid: int
    exit_code: int
    error: str
    dropped: int


Kept = CallSeen | TaskSpan | SectionSpan | Ended


def span(event: Kept, server: str, record: Record, redact: Callable[[str], str]) -> Span:
    """Return *event* as a span; *server* is the base URL of the API, *redact* removes secrets from text."""
    if isinstance(event, CallSeen):
        made = _call(event, server)
    elif isinstance(event, TaskSpan):
        made = _task(event)
    elif isinstance(event, SectionSpan):
        made = _section(event)
    else:
        made = _run(event, record)
    clean = {
        name: redact(value) if isinstance(value, str) else value for name, value in made.attributes.items()
    }
    return Span(
        made.level,
        redact(made.name),
        made.span_id,
        made.parent_id,
        made.started,
        max(made.started, made.ended),
        clean,
        redact(made.error),
    )


def _call(call: CallSeen, server: str) -> Span:
    parts = urlsplit(server)
    attributes: dict[str, Value] = {
        "http.request.method": call.method,
        "url.template": call.route,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }
    if call.status:
        attributes["http.response.status_code"] = call.status
    if call.attempt > 1:
        attributes["http.request.resend_count"] = call.attempt - 1
    if call.bytes is not None:
        attributes["http.response.body.size"] = call.bytes
    if call.ray:
        attributes["http.response.header.cf-ray"] = (call.ray,)
    if call.waited_ms:
        attributes["cfops.waited_ms"] = call.waited_ms
    if call.cached:
        attributes["cfops.cached"] = True
    error = ""
    if call.error or call.status >= 400:
        attributes["error.type"] = call.error or str(call.status)
        # A path names keys and ids.
        error = call.message.replace(call.path, call.route) or f"status {call.status}"
    name, ended = f"{call.method} {call.route}", call.started + call.ms / 1000
    return Span("call", name, call.span_id, call.parent_id, call.started, ended, attributes, error)


def _task(task: TaskSpan) -> Span:
    attributes: dict[str, Value] = {"cfops.task": task.name, "cfops.exit_code": task.exit_code}
    attributes |= {"cfops.account": task.account} if task.account else {}
    attributes |= {"cfops.profile": task.profile} if task.profile else {}
    error = (task.error or str(task.exit_code)) if task.exit_code else ""
    return _ended("task", task, attributes, error)


def _section(section: SectionSpan) -> Span:
    attributes: dict[str, Value] = {
        "cfops.kind": section.name,
        "cfops.section.status": section.status or "stopped",
        "cfops.items": section.items,
    }
    attributes |= {"cfops.parent": section.scope} if section.scope else {}
    failed = (section.status or "stopped") if section.status in _FAILED else ""
    return _ended("section", section, attributes, failed, section.reason)


def _ended(
    level: Level, span: TaskSpan | SectionSpan, attributes: dict[str, Value], error: str, why: str = ""
) -> Span:
    if error:
        attributes["error.type"] = error
    text = (why or error) if error else ""
    return Span(level, span.name, span.span_id, span.parent_id, span.started, span.ended, attributes, text)


def _run(run: Ended, record: Record) -> Span:
    attributes: dict[str, Value] = {
        "process.executable.name": run.executable,
        "process.pid": run.pid,
        "process.exit.code": run.exit_code,
        "cfops.run": record.run,
    }
    if run.dropped:
        attributes["cfops.dropped_spans"] = run.dropped
    if run.exit_code:
        attributes["error.type"] = run.error or str(run.exit_code)
    error = f"exit code {run.exit_code}" if run.exit_code else ""
    return Span(
        "run", run.executable, record.root_id, record.parent_id, run.started, run.ended, attributes, error
    )
