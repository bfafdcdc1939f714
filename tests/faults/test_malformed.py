"""Responses of another shape than documented: each field missing, null or of another type, one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request
from tests.cases import reads, writes
from tests.conftest import Result

Inv = Callable[..., Result]

PRODUCTS = ("accounts", "audit", "do", "kv", "zones")
READS = [task for task in reads() if task.partition(".")[0] in PRODUCTS]
WRITES = [name for name in writes() if name.partition(".")[0] in PRODUCTS]
DEPTH = 4
# Random mutations of each task: all of them take too long.
MOST = 120
OTHERS: dict[type, Any] = {str: 7, int: "x", float: "x", bool: "x", list: {}, dict: [], type(None): "x"}


def mutations(value: Any, depth: int = DEPTH) -> Iterator[Any]:
    """Yield copies of *value* with one field missing, null or of another type; in lists only the first."""
    yield None
    yield OTHERS[type(value)]
    if isinstance(value, dict) and depth:
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: mutated} for mutated in mutations(inner, depth - 1))
    if isinstance(value, list) and value and depth:
        yield from ([mutated, *value[1:]] for mutated in ({}, *mutations(value[0], depth - 1)))


def recorded(staged: Sandbox, inv: Inv, line: tuple[str, ...]) -> dict[tuple[str, str], Any]:
    """Run *line*; return the JSON that the sandbox answered, by method and target."""
    answers: dict[tuple[str, str], Any] = {}

    def keep(exchange: Request) -> None:
        if exchange.answer.body.startswith(b"{"):
            answers[exchange.method, exchange.target] = json.loads(exchange.answer.body)

    staged.edge.observer = keep
    try:
        done = inv(*line)
    finally:
        staged.edge.observer = None
    assert done.code == 0, done.err
    return answers


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("task", READS)
def test_a_read_of_a_response_of_another_shape_is_never_a_traceback(
    staged: Sandbox, inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    line = reads()[task].line(task, inv)

    assert failures(staged, inv, tmp_path, monkeypatch, line) == []


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", WRITES)
def test_a_dry_run_on_responses_of_another_shape_is_never_a_traceback(
    staged: Sandbox, inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = writes()[name]
    if case.arrange:
        case.arrange(staged)

    assert failures(staged, inv, tmp_path, monkeypatch, (*case.line, "--dry-run")) == []


def failures(
    staged: Sandbox, inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> list[str]:
    """Run *line* on each mutation of its responses; return those that end in a traceback or another code."""
    monkeypatch.setenv("CFOPS_CACHE_DIR", str(tmp_path / "first"))
    changed = [
        (method, target, json.dumps({**answer, "result": mutated} if "result" in answer else mutated))
        for (method, target), answer in recorded(staged, inv, line).items()
        for mutated in mutations(answer.get("result", answer))
    ]
    assert changed
    failed = []
    for number, (method, target, body) in enumerate(Random(line[0]).sample(changed, min(MOST, len(changed)))):
        staged.faults.clear()
        staged.faults.add(Fault("malformed", method, re.compile(re.escape(target)), times=-1, body=body))
        monkeypatch.setenv("CFOPS_CACHE_DIR", str(tmp_path / str(number)))
        done = inv(*line)
        if "Traceback" in done.err or done.code not in (0, 1, 2, 4):
            failed.append(f"{method} {target} {body[:300]}: {done.code} {done.err[-300:]}")
    return failed
