"""Traces of whole processes: a collector never changes how a run ends, even one that is interrupted."""

from __future__ import annotations

import signal

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell
from tests.scan.processes import wait_until
from tests.timing import Within, timed
from tests.tracing.collector import Collector, attributes, by_name
from tests.wire import Answer, Exchange, Wire, answer, stall


@timed
@pytest.mark.parametrize("answers", [stall(), answer(503), Exchange.reset], ids=["hanging", "503", "reset"])
def test_a_bad_collector_changes_neither_output_nor_exit_code(
    shell: Shell, within: Within, answers: Answer
) -> None:
    line = ("scan", "--only", "zones.zone,dns.record", "--output", "json", "--quiet")
    good = shell(*line)

    with Wire(answers) as wire:
        shell.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{wire.port}"
        with within(8):
            result = shell(*line)

    assert (result.code, result.out) == (good.code, good.out) != (0, "")
    (warning,) = result.err.removeprefix(good.err).splitlines()
    assert "spans were not sent to 127.0.0.1" in warning


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_hands_over_its_spans(
    shell: Shell, sandbox: Sandbox, number: int, code: int
) -> None:
    sandbox.faults.parse("hang GET /zones seconds=60")
    with Collector() as collector:
        shell.environ |= collector.variables
        process = shell.start("zones.list")
        wait_until(lambda: bool(sandbox.requests))
        process.send_signal(number)
        assert process.wait(20) == code

        run = by_name(collector.spans)["inv"]
    assert attributes(run)["process.exit.code"] == code
    assert run.status.code == 2
