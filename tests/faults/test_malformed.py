"""Responses of another shape than documented: each field missing, null or of another type, one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ops.items import Json
from ops.kinds.catalog import resources
from ops.kinds.paging import Parts
from ops.kinds.paths import LIST, find
from ops.kinds.resource import Resource
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request
from tests.cases import ZONE, reads, writes
from tests.conftest import Result
from tests.faults.bench import Bench
from tests.faults.fields import MISSING, NULL, OTHER, Mutation

Inv = Callable[..., Result]

READS = [task for task, case in reads().items() if case.sends]
WRITES = list(writes())
UNDOABLE = [name for name, case in writes().items() if case.reversible and not case.confirm]
DEPTH = 4
# Random mutations of a task; test_every_field has all of them.
FEW = 6
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
            answers.setdefault((exchange.method, exchange.target), json.loads(exchange.answer.body))

    staged.edge.observer = keep
    try:
        done = inv(*line)
    finally:
        staged.edge.observer = None
    assert done.code == 0, done.err
    return answers


@pytest.mark.parametrize("task", Random(12).sample(READS, 12))
def test_a_read_of_a_response_of_another_shape_is_never_a_traceback(mutated: Mutated, task: str) -> None:
    line = reads()[task].line(task, mutated.inv)

    assert mutated.failures(line) == []


@pytest.mark.parametrize("name", Random(8).sample(WRITES, 8))
def test_a_dry_run_on_responses_of_another_shape_is_never_a_traceback(mutated: Mutated, name: str) -> None:
    mutated.arrange(name)

    assert mutated.failures((*writes()[name].line, "--dry-run")) == []


@pytest.mark.parametrize("name", Random(8).sample(UNDOABLE, 8))
def test_an_undo_on_responses_of_another_shape_is_never_a_traceback(mutated: Mutated, name: str) -> None:
    mutated.arrange(name)
    done = mutated.inv(*writes()[name].line)
    assert done.code == 0, done.err

    assert mutated.failures(("undo.last", "--dry-run")) == []


EXPORT = "dns.export --zone example.com --format bind"
ROUTE = "workers.route-delete --zone example.com --pattern api.example.com/*"
NEEDED = [
    (EXPORT, "/dns_records?", ("result", 0, "content"), OTHER, "`content` of a DNS record is not text"),
    (EXPORT, "/dns_records?", ("result", 6, "tags", 2), NULL, "a tag of a DNS record is missing"),
    ("doctor", "/user/tokens/verify", ("result", "status"), MISSING, "`status` of the token is missing"),
    ("r2.delete --bucket uploads", "/uploads", ("result", "name"), MISSING, "`name` of a bucket is missing"),
    ("workers.schedules --script cron-reports", "/schedules", ("result",), OTHER, "no list of items"),
    (ROUTE, "/workers/routes", ("result", 0, "id"), MISSING, "`id` of a route is missing"),
]


@pytest.mark.parametrize(("line", "target", "path", "change", "said"), NEEDED)
def test_an_answer_without_a_field_that_is_needed_is_a_system_error(
    bench: Bench, line: str, target: str, path: tuple[str | int, ...], change: str, said: str
) -> None:
    words = (*line.split(), *(("--dry-run",) if "delete" in line else ()))
    bench.save()
    _, answers = bench.recorded(words, written=False)
    asked = next(where for _, where in answers if target in where)

    done, _ = bench.changed(words, Mutation("GET", asked, path, change), written=False)

    assert done.code == 2
    assert said in done.out + done.err


def test_an_undo_whose_item_cannot_be_read_is_a_system_error(mutated: Mutated) -> None:
    assert mutated.inv("dns.create", *ZONE, "--name", "n", "--type", "A", "--content", "192.0.2.1").code == 0
    mutated.sandbox.faults.add(Fault("malformed", "GET", "*/dns_records/*", times=-1, body="[]"))

    done = mutated.inv("undo.last", "--yes")

    assert done.code == 2
    assert "not undone: what it left cannot be compared:" in done.err


def unidentified(resource: Resource, item: Json) -> Iterator[Any]:
    """Yield *item* with each field that identifies it missing, null or of another type, and no object."""
    yield from (7, "text", [], None)
    for field in dict.fromkeys((resource.key, *resource.identity)):
        if field in ADDED.get(resource.kind, ()):
            continue
        first, _, inside = field.partition(".")
        others = {name: value for name, value in item.items() if name != first}
        if field not in resource.types:
            yield others
            yield {**others, first: {inside: None} if inside else None}
        other = {"of": "another type"}
        yield {**others, first: {inside: other} if inside else other}


# What the listing of a kind adds to its items.
ADDED = {"waiting_rooms.event": ("room",), "waiting_rooms.rule": ("room",)}
# Of a ruleset not the listed item is kept, but the answer with its rules.
KINDS = [
    resource
    for resource in resources()
    if resource.identity and not isinstance(resource.paging, Parts) and resource.product != "rulesets"
]
# So that a scan has something to keep, whichever kind fails.
READ_TOO = "zones.hold,kv.namespace"


@pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.kind)
def test_a_listed_item_that_lacks_what_identifies_it_fails_its_section(
    mutated: Mutated, resource: Resource
) -> None:
    line = ("scan.run", "--only", f"{resource.kind},{READ_TOO}", "--output", "json")
    answers = recorded(mutated.sandbox, mutated.inv, line)
    found = [
        (target, answer)
        for (_, target), answer in answers.items()
        if (match := find(target.partition("?")[0].removeprefix("/client/v4"), LIST))
        and match.resource == resource
        and items_of(answer)
    ]
    target, answer = found[0]
    shapes = list(unidentified(resource, items_of(answer)[0]))

    for shape in Random(resource.kind).sample(shapes, 3):
        result = mutated.run(line, "GET", target, with_items(answer, [shape, *items_of(answer)[1:]]))

        (row,) = [row for row in json.loads(result.out) if row["kind"] == resource.kind]
        assert (result.code, row["status"]) == (4, "failed"), (shape, row)
        assert "as documented: " in row["note"] or "no list of items" in row["note"], (shape, row)


def items_of(answer: Json) -> list[Any]:
    """Return the items in the result of *answer*, which may be in the only list inside it."""
    result = answer["result"]
    if isinstance(result, dict):
        result = next((value for value in result.values() if isinstance(value, list | dict)), [])
        result = result.values() if isinstance(result, dict) else result
    return list(result or ())


def with_items(answer: Json, items: list[Any]) -> Json:
    result = answer["result"]
    if not isinstance(result, dict):
        return {**answer, "result": items}
    named = dict(enumerate(items))
    held = {
        name: named if isinstance(value, dict) else items if isinstance(value, list) else value
        for name, value in result.items()
    }
    return {**answer, "result": held}


class Mutated:
    """Runs of tasks against a sandbox of which one answer is replaced."""

    def __init__(self, sandbox: Sandbox, inv: Inv, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self.inv = sandbox, inv
        self._folder, self._monkeypatch, self._runs = folder, monkeypatch, 0
        # The same answer comes again, and forty scans exceed the budget and the sandbox's rate limit.
        sandbox.limiter.quota = None
        monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
        monkeypatch.setenv("CFOPS_BUDGET", "0")

    def arrange(self, name: str) -> None:
        if arrange := writes()[name].arrange:
            arrange(self.sandbox)

    def run(self, line: tuple[str, ...], method: str, target: str, answer: Any) -> Result:
        """Run *line* without a cache, with *answer* in place of the one to *method* and *target*."""
        self._runs += 1
        self._monkeypatch.setenv("CFOPS_CACHE_DIR", str(self._folder / str(self._runs)))
        self.sandbox.faults.clear()
        pattern = re.compile(re.escape(target))
        self.sandbox.faults.add(Fault("malformed", method, pattern, times=-1, body=json.dumps(answer)))
        return self.inv(*line)

    def failures(self, line: tuple[str, ...]) -> list[str]:
        """Run *line* on FEW mutations of its responses; return those that end in a traceback."""
        self._monkeypatch.setenv("CFOPS_CACHE_DIR", str(self._folder / "first"))
        changed = [
            (method, target, {**answer, "result": mutated} if "result" in answer else mutated)
            for (method, target), answer in recorded(self.sandbox, self.inv, line).items()
            for mutated in mutations(answer.get("result", answer))
        ]
        failed = []
        for method, target, answer in Random(line[0]).sample(changed, min(FEW, len(changed))):
            done = self.run(line, method, target, answer)
            if "Traceback" in done.err or done.code not in (0, 1, 2, 4):
                failed.append(f"{method} {target} {json.dumps(answer)[:300]}: {done.code} {done.err[-300:]}")
        return failed


@pytest.fixture
def mutated(staged: Sandbox, inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mutated:
    # Several exports would wait for the next window of the rate limit.
    staged.limiter.quota = None
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    return Mutated(staged, inv, tmp_path, monkeypatch)


@pytest.fixture
def bench(staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(staged, inv, home, monkeypatch)
