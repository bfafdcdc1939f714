"""What a trace keeps of a run, and how much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.telemetry.record import CallSeen, Record, ScanSeen
from ops.tracing.trace import LIMIT, Trace


def calls(record: Record, count: int) -> None:
    seen = CallSeen("GET", "/zones", "/zones", 200, "", 1.0, 1.0, 1, "", 2, 0.0, False, "1" * 16, "2" * 16)
    for _ in range(count):
        record.add(seen)


def test_a_trace_keeps_a_number_of_spans_and_counts_the_rest(tmp_path: Path) -> None:
    record, said, file = Record(clock=lambda: 5.0), list[str](), tmp_path / "trace.json"
    record.begin_task("scan.run")
    trace = Trace(record, "inv", said.append, [str(file)])
    calls(record, LIMIT + 7)
    for number in range(LIMIT):
        with record.section("dns.record", str(number)):
            pass
    record.end_task(0)

    trace.close(0)

    content = json.loads(file.read_bytes())
    events = [event for event in content["traceEvents"] if event["ph"] == "X"]
    dropped = 2 * LIMIT + 7 + 2 - len(events)
    levels = [event["cat"] for event in events]
    assert len(events) <= LIMIT
    assert (levels.count("run"), levels.count("task")) == (1, 1)
    assert min(levels.count("section"), levels.count("call")) > 1000
    assert content["otherData"]["dropped_spans"] == dropped
    assert said == [f"the trace has 20,000 spans at most: {dropped:,} more were left out"]


def test_the_result_of_a_scan_is_not_a_span(tmp_path: Path) -> None:
    record, file = Record(), tmp_path / "trace.json"
    trace = Trace(record, "inv", pytest.fail, [str(file)])
    record.add(ScanSeen({}, {}))

    trace.close(0)

    assert [e["name"] for e in json.loads(file.read_bytes())["traceEvents"] if e["ph"] == "X"] == ["inv"]


def test_a_file_that_can_no_longer_be_written_is_a_warning(tmp_path: Path) -> None:
    said: list[str] = []
    trace = Trace(Record(), "inv", said.append, [str(tmp_path / "gone" / "trace.json")])

    trace.close(0)

    assert len(said) == 1
    assert said[0].startswith("the trace was not written: ")
