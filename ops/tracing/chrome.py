"""Chrome's trace format, which Perfetto and chrome://tracing open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import IO, Any

from ops.tracing.spans import Level, Span

_TITLES: dict[Level, str] = {"run": "run", "task": "tasks", "section": "sections", "call": "requests"}


def write(spans: Iterable[Span], file: IO[bytes], *, pid: int, about: dict[str, Any]) -> None:
    """Write *spans* to *file*, those that overlap below each other; *about* describes the run."""
    events: list[dict[str, Any]] = [_metadata("process_name", pid, 0, "cfops")]
    first = 0
    ordered = sorted(spans, key=lambda span: (span.started, -span.ended))
    for level, title in _TITLES.items():
        lanes = _lanes([span for span in ordered if span.level == level])
        for number, lane in enumerate(lanes, first):
            events.append(_metadata("thread_name", pid, number, title))
            events.append(_metadata("thread_sort_index", pid, number, number))
            events += [_complete(span, pid, number) for span in lane]
        first += len(lanes)
    body = {"displayTimeUnit": "ms", "otherData": about, "traceEvents": events}
    file.write(json.dumps(body, separators=(",", ":")).encode())


def _lanes(spans: Sequence[Span]) -> list[list[Span]]:
    """Return *spans*, ordered by their start, in as few rows as possible so that none overlap in a row."""
    lanes: list[list[Span]] = []
    ends: list[tuple[float, int]] = []
    """When each row is free again, the first one first."""
    for span in spans:
        if ends and ends[0][0] <= span.started:
            _, number = heappop(ends)
        else:
            number = len(lanes)
            lanes.append([])
        lanes[number].append(span)
        heappush(ends, (span.ended, number))
    return lanes


def _complete(span: Span, pid: int, thread: int) -> dict[str, Any]:
    failed = {"error": span.error} if span.error else {}
    return {
        "name": span.name,
        "cat": span.level,
        "ph": "X",
        "ts": round(span.started * 1_000_000),
        "dur": round((span.ended - span.started) * 1_000_000),
        "pid": pid,
        "tid": thread,
        "args": {"span_id": span.span_id, "parent_id": span.parent_id, **span.attributes, **failed},
    }


def _metadata(name: str, pid: int, thread: int, value: str | int) -> dict[str, Any]:
    key = "sort_index" if name.endswith("sort_index") else "name"
    return {"name": name, "ph": "M", "pid": pid, "tid": thread, "args": {key: value}}
