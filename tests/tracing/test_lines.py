"""Traces of whole lines, as a collector, a file and a child process get them."""

from __future__ import annotations

import json
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.faults.canary import TOKEN
from tests.timing import Within, timed
from tests.wire import Answer, Exchange, Wire, answer, stall

from .collector import Collector, attributes, by_name, content

Inv = Callable[..., Result]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_line_is_a_trace_of_its_tasks_sections_and_calls(
    staged: Sandbox, inv: Inv, collector: Collector
) -> None:
    assert inv("zones.list", "scan", "--only", "zones.zone,kv.namespace").code == 0

    spans = by_name(collector.spans)
    run, task, section = spans["inv"], spans["scan.run"], spans["kv.namespace"]
    call = spans["GET /accounts/{account_id}/storage/kv/namespaces"]
    assert {span.trace_id for span in collector.spans} == {run.trace_id}
    assert run.parent_span_id == b""
    assert spans["zones.list"].parent_span_id == task.parent_span_id == run.span_id
    assert section.parent_span_id == task.span_id
    assert call.parent_span_id == section.span_id
    assert attributes(call)["server.address"] == "127.0.0.1"
    assert f":{attributes(call)['server.port']}/" in staged.url
    assert attributes(call)["http.response.status_code"] == 200
    assert attributes(section)["cfops.section.status"] == "complete"
    assert run.start_time_unix_nano <= task.start_time_unix_nano <= call.start_time_unix_nano
    assert call.end_time_unix_nano <= task.end_time_unix_nano <= run.end_time_unix_nano


def test_what_is_posted_goes_to_the_path_for_traces_with_the_headers(
    staged: Sandbox, inv: Inv, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20of-the-collector")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "night")

    inv("zones.list")

    (seen,) = collector.requests
    assert (seen.method, seen.target) == ("POST", "/v1/traces")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"] == "Bearer of-the-collector"
    assert '{"key":"service.name","value":{"stringValue":"night"}}' in content(seen).decode()


@pytest.mark.fault("F17")
def test_a_collector_gets_no_token_and_no_name_of_an_item(
    staged: Sandbox, inv: Inv, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.faults.parse("reset GET /accounts/*/values/* times=-1")

    inv("kv.get", "--namespace", "sessions", "--key", "secret-key-of-a-user")
    inv("kv.get", "--namespace", "sessions", "--key", staged.token)

    sent = str([content(seen) for seen in collector.requests])
    assert len(collector.requests) == 2
    assert "values/{id}: the connection was lost" in sent
    for hidden in (staged.token, "secret-key-of-a-user"):
        assert hidden not in sent


def test_a_failed_line_says_so_in_every_span_above_the_failure(
    staged: Sandbox, inv: Inv, collector: Collector
) -> None:
    assert inv("zones.info", "--zone", "nowhere.example").code == 1

    spans = by_name(collector.spans)
    assert attributes(spans["inv"])["process.exit.code"] == 1
    assert attributes(spans["inv"])["error.type"] == "NotFound"
    assert attributes(spans["zones.info"])["error.type"] == "NotFound"
    assert [spans[name].status.code for name in ("inv", "zones.info")] == [2, 2]


def test_a_line_belongs_to_the_trace_of_its_caller(
    staged: Sandbox, inv: Inv, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", PARENT)

    inv("zones.list")

    run = by_name(collector.spans)["inv"]
    assert (run.trace_id.hex(), run.parent_span_id.hex()) == tuple(PARENT.split("-")[1:3])


def test_nothing_is_sent_if_the_caller_keeps_no_spans(
    staged: Sandbox, inv: Inv, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"{PARENT[:-1]}0")

    assert inv("zones.list").err == inv("zones.list").err
    assert collector.connections == 0


def nobody() -> Iterator[Any]:
    """Yield a port of this machine where nobody listens: it is reserved, and refuses."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield SimpleNamespace(port=reserved.getsockname()[1])


def slow(exchange: Exchange) -> None:
    exchange.closing.wait(0.3)
    exchange.send(answer(200, "{}"))


@timed
@pytest.mark.parametrize(
    ("answers", "warning"),
    [
        (None, ": 127.0.0.1 refused the connection"),
        (stall(), " to 127.0.0.1: no answer within 2 s"),
        (stall(b"HTTP/1.1 200 OK\r\n"), " to 127.0.0.1: no answer within 2 s"),
        (answer(503, "busy"), " to 127.0.0.1: it answered 503"),
        (answer(200, "<html>"), ""),
        (Exchange.reset, " to 127.0.0.1: the connection was lost before the answer"),
        (slow, ""),
    ],
    ids=["dead", "hanging", "hanging in its headers", "503", "html", "reset", "slow"],
)
def test_a_bad_collector_costs_a_warning_and_at_most_two_seconds(
    staged: Sandbox,
    inv: Inv,
    monkeypatch: pytest.MonkeyPatch,
    within: Within,
    answers: Answer | None,
    warning: str,
) -> None:
    good = inv("zones.list", "zones.info", "--zone", "nowhere.example")
    with Wire(answers) if answers is not None else contextmanager(nobody)() as wire:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{wire.port}")
        with within(4):
            result = inv("zones.list", "zones.info", "--zone", "nowhere.example")

    assert (result.code, result.out) == (good.code, good.out)
    warned = f"warning: 5 of 5 spans were not sent{warning}\n" if warning else ""
    assert result.err == good.err + warned


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            "asks for http/protobuf, and cfops sends http/json",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "is not a plain URL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:password-text@127.0.0.1:4318"}, "is not a plain URL"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "password-text"}, "cannot be read"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "password-text"}, "cannot be read"),
    ],
)
def test_variables_that_cannot_be_used_are_one_warning(
    staged: Sandbox,
    inv: Inv,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    result = inv("zones.list", "zones.list", "--quiet")

    assert result.code == 0
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning:")]
    assert "traces are not sent: OTEL_" in warning
    assert words in warning
    assert "password-text" not in result.err
    assert collector.connections == 0


def test_without_a_collector_nothing_of_traces_is_loaded(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("ops.tracing")]:
        monkeypatch.delitem(sys.modules, name)

    inv("zones.list")

    assert not [name for name in sys.modules if name.startswith("ops.tracing")]


def test_the_collector_may_be_turned_off(
    staged: Sandbox, inv: Inv, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")

    assert inv("zones.list").code == 0
    assert collector.connections == 0


def complete(file: Path) -> dict[str, Any]:
    written = json.loads(file.read_text())
    return {event["name"]: event for event in written["traceEvents"] if event["ph"] == "X"}


def test_a_file_has_the_whole_line_whichever_task_names_it(staged: Sandbox, inv: Inv, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"

    result = inv("accounts.list", "zones.info", "nowhere.example", "--trace", str(file))

    assert result.code == 1
    events = complete(file)
    assert {"inv", "accounts.list", "zones.info", "GET /accounts"} <= events.keys()
    assert events["inv"]["args"]["process.exit.code"] == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TOKEN not in file.read_text()


def test_a_file_that_cannot_be_written_is_an_error_before_any_request(
    staged: Sandbox, inv: Inv, tmp_path: Path
) -> None:
    before = len(staged.requests)

    result = inv("accounts.list", "zones.list", "--trace", str(tmp_path / "absent" / "trace.json"))

    assert (result.code, result.out) == (2, "")
    assert "absent does not exist" in result.err
    assert "warning: the trace" not in result.err
    assert len(staged.requests) == before
