"""The trace as a file for Perfetto."""

from __future__ import annotations

import io
import json
from typing import Any

from ops.tracing.chrome import write
from ops.tracing.spans import Level, Span


def span(level: Level, name: str, started: float, ended: float, error: str = "") -> Span:
    return Span(level, name, name, "parent", started, ended, {"n": 1}, error)


def written(*spans: Span) -> dict[str, Any]:
    file = io.BytesIO()
    write(spans, file, pid=7, about={"run": "abc"})
    content: dict[str, Any] = json.loads(file.getvalue())
    return content


def complete(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {event["name"]: event for event in content["traceEvents"] if event["ph"] == "X"}


def test_a_span_is_a_complete_event_in_microseconds() -> None:
    content = written(span("call", "GET /zones", 1_790_000_000.25, 1_790_000_000.5, "status 503"))

    assert content["otherData"] == {"run": "abc"}
    assert complete(content)["GET /zones"] == {
        "name": "GET /zones",
        "cat": "call",
        "ph": "X",
        "ts": 1_790_000_000_250_000,
        "dur": 250_000,
        "pid": 7,
        "tid": 0,
        "args": {"span_id": "GET /zones", "parent_id": "parent", "n": 1, "error": "status 503"},
    }


def test_spans_that_overlap_are_in_rows_of_their_own() -> None:
    spans = [
        span("call", "c", 2, 4), span("call", "a", 0, 2), span("call", "b", 1, 3),
        span("task", "t", 0, 4), span("run", "r", 0, 5),
    ]  # fmt: skip

    content = written(*spans)

    assert {name: event["tid"] for name, event in complete(content).items()} == {
        "r": 0, "t": 1, "a": 2, "c": 2, "b": 3,
    }  # fmt: skip
    titles = [e["args"]["name"] for e in content["traceEvents"] if e["name"] == "thread_name"]
    assert titles == ["run", "tasks", "requests", "requests"]
