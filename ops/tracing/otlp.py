"""OTLP in JSON: spans as an ExportTraceServiceRequest.

Unlike in other JSON of Protocol Buffers, the ids are hexadecimal, not base64; enums are numbers, and 64-bit
integers are text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ops.version import VERSION

if TYPE_CHECKING:
    from ops.tracing.spans import Span, Value

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
# Sampled, and that the next bit is known; the next bit: the parent is in another process.
_FLAGS, _REMOTE = 0x101, 0x200


def encode(spans: Iterable[Span], trace_id: str, resource: Mapping[str, str]) -> bytes:
    """Return the body of one request to a collector."""
    scope = {"name": "cfops", "version": VERSION}
    encoded = [_span(span, trace_id) for span in spans]
    described = {"attributes": _attributes(resource)}
    sent = {"resourceSpans": [{"resource": described, "scopeSpans": [{"scope": scope, "spans": encoded}]}]}
    return json.dumps(sent, separators=(",", ":")).encode()


def _span(span: Span, trace_id: str) -> dict[str, Any]:
    remote = _REMOTE if span.level == "run" and span.parent_id else 0
    encoded: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": span.span_id,
        "flags": _FLAGS | remote,
        "name": span.name,
        "kind": _CLIENT if span.level == "call" and "cfops.cached" not in span.attributes else _INTERNAL,
        "startTimeUnixNano": _nanoseconds(span.started),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _attributes(span.attributes),
    }
    if span.parent_id:
        encoded["parentSpanId"] = span.parent_id
    if span.error:
        encoded["status"] = {"code": _ERROR, "message": span.error}
    return encoded


def _nanoseconds(seconds: float) -> str:
    # In whole microseconds, because a float has no more digits today.
    return f"{round(seconds * 1_000_000)}000"


def _attributes(attributes: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_value(part) for part in value]}}
    return {"stringValue": value}
