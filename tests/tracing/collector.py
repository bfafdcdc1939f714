"""A collector on loopback that takes what the official protobuf takes, and nothing else."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.util import find_spec
from typing import Any

from tests.conformance.document import required
from tests.wire import Seen, Wire, answer

IDS = ("traceId", "spanId", "parentSpanId")


class Collector(Wire):
    """Answers 200 to every request; `spans` are those that arrived, each checked."""

    def __init__(self) -> None:
        super().__init__(answer(200, "{}"))

    @property
    def variables(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.host}:{self.port}"}

    @property
    def spans(self) -> list[Any]:
        return [span for seen in self.requests for span in spans_of(decoded(content(seen)))]


def spans_of(request: Any) -> list[Any]:
    scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
    return [span for scope in scopes for span in scope.spans]


def decoded(body: bytes) -> Any:
    """Return *body* as an ExportTraceServiceRequest; a field that the message does not have is an error.

    In OTLP the ids are hexadecimal, where the JSON of Protocol Buffers has base64.
    """
    required("opentelemetry-proto", find_spec("opentelemetry") is not None)
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    content = json.loads(body)
    for resource in content["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in IDS:
                    if name in span:
                        raw = bytes.fromhex(span[name])
                        assert len(raw) == (16 if name == "traceId" else 8)
                        span[name] = base64.b64encode(raw).decode()
    return json_format.Parse(json.dumps(content), ExportTraceServiceRequest(), ignore_unknown_fields=False)


def attributes(item: Any) -> dict[str, Any]:
    """Return the attributes of a span or a resource."""
    return {pair.key: _value(pair.value) for pair in item.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(part) for part in value.array_value.values]
    return getattr(value, kind)


def by_name(spans: list[Any]) -> dict[str, Any]:
    return {span.name: span for span in spans}


def content(seen: Seen) -> bytes:
    """Return the body of a request as it was before its compression."""
    assert seen.headers["content-encoding"] == "gzip"
    return gzip.decompress(seen.body)
