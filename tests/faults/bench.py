"""Runs of a line in this process, each from the same account and files, with one answer changed."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request
from ops.writes.journal import ADOPTED, DONE, FAILED
from tests.cases import Inv, Line
from tests.conftest import Result
from tests.faults.fields import OTHERS, Answers, Mutation, mutations, operation
from tests.writes.test_every_write import state, wrote

FILES = ("state", "exports")
# What a run may not read again.
CACHE = "cache"
# What differs between two runs: the free space, and the period of statistics.
VARYING = re.compile(r'[\d.]+(?= GB free)|"(since|until)": ?"[\dTZ:-]+"')
# An item is kept as it came, so that its file has another size; a value that is missing is looked up again.
COSTS = (("bytes",), ("seconds",), ("requests",))
COMPARED = "it has changed since"

Allowed = Callable[[Mutation, Result], bool]
Leaf = tuple[tuple[str, ...], Any, Any]


class Bench:
    """An account and files of which each run begins with a copy; nothing limits the number of runs."""

    def __init__(self, sandbox: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self.inv, self.home = sandbox, inv, home
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        self.runs = 0
        sandbox.limiter.quota, sandbox.store.limited = None, False
        monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
        monkeypatch.setenv("CFOPS_BUDGET", "0")

    def save(self) -> None:
        """Remember the account and the files with which each run begins."""
        self.sandbox.store.connection().backup(self._copy)
        for name in FILES:
            _copy(self.home / name, self.home / "saved" / name)
        self.sandbox.requests.clear()

    def _begin(self) -> None:
        if wrote(self.sandbox):
            self._copy.backup(self.sandbox.store.connection())
        self.sandbox.requests.clear()
        for name in (*FILES, CACHE):
            _copy(self.home / "saved" / name, self.home / name)

    def _observed(self, line: Line, observer: Callable[[Request], None]) -> Result:
        self._begin()
        self.runs += 1
        self.sandbox.edge.observer = observer
        try:
            return self.inv(*line)
        finally:
            self.sandbox.edge.observer = None

    def recorded(self, line: Line, *, written: bool) -> tuple[Result, Answers]:
        """Run *line*; return the JSON that the sandbox answered, if *written* from the first write on."""
        answers: dict[tuple[str, str], Any] = {}

        def keep(exchange: Request) -> None:
            answer = _answer(exchange)
            if answer is not None and (not written or wrote(self.sandbox)):
                answers.setdefault((exchange.method, exchange.target), answer)

        done = self._observed(line, keep)
        # A kind that the account lacks is unknown in a comparison.
        assert done.code in (0, 4), done.err
        return done, answers

    def changed(self, line: Line, mutation: Mutation, *, written: bool) -> tuple[Result, list[int]]:
        """Run *line* with *mutation*, after the request was executed; return also the statuses changed.

        If *written*, every answer to the same operation is changed, from the first write on: an item that
        was created has another id in each run.
        """
        statuses: list[int] = []
        wanted = (mutation.method, mutation.target)

        def change(exchange: Request) -> None:
            here = (exchange.method, exchange.target)
            same = operation(*here) == operation(*wanted) if written else here == wanted
            if not same or (written and not wrote(self.sandbox)) or (answer := _answer(exchange)) is None:
                return
            try:
                exchange.answer.body = json.dumps(mutation.applied(answer)).encode()
            except (LookupError, TypeError):
                return
            statuses.append(exchange.answer.status)

        return self._observed(line, change), statuses

    def faults_of_reading(
        self, line: Line, known: set[str], allowed: Allowed, *, itemwise: bool = False
    ) -> list[str]:
        """Run *line*, which writes nothing, with each mutation that is not *known*; return what is wrong.

        The row of the changed item may be another one as a whole if *itemwise*.
        """
        base, answers = self.recorded(line, written=False)
        sent = set(wrote(self.sandbox))
        again, _ = self.recorded(line, written=False)
        volatile = {path for path, _, _ in _differences(_output(base), _output(again))}
        faults = []
        for mutation in mutations(answers, known):
            done, statuses = self.changed(line, mutation, written=False)
            wrong = ""
            if set(wrote(self.sandbox)) - sent:
                wrong = "a write was sent"
            elif not allowed(mutation, done):
                wrong = _wrong_code(done, (0, 1, 2, 4) if max(statuses, default=0) >= 400 else (0, 2, 4))
                if done.code == 0 and not wrong and not (itemwise and _is_confined(base, done)):
                    wrong = _unexplained(mutation, base, done, volatile)
            if "Traceback" in done.err or wrong:
                faults.append(f"{' '.join(line)} | {mutation} | {wrong} {done.err[-300:]}")
        return faults

    def faults_of_writing(self, line: Line, history: tuple[str, ...], allowed: Allowed) -> list[str]:
        """Run *line* with each mutation from its first write on; return what is wrong.

        The sandbox has executed what was sent, so no entry may be "failed"; what ends with 0 has to be as
        complete as without the mutation, and only what was sent may be "done".
        """
        self.recorded(line, written=True)
        after = Counter(state(self.sandbox, history))
        _, answers = self.recorded(line, written=True)
        # Some ids inside items differ between two runs.
        after &= Counter(state(self.sandbox, history))
        entries, sent = self._journal(), len(wrote(self.sandbox))
        faults = []
        for mutation in mutations(answers, set()):
            done, _ = self.changed(line, mutation, written=True)
            found, complete = self._journal(), after <= Counter(state(self.sandbox, history))
            wrong = _wrong_code(done, (0, 2, 4))
            if done.code == 0 and not (complete and found == entries):
                wrong = f"0, but {found} in the journal instead of {entries}, or another state"
            elif found[FAILED]:
                wrong = "what was done is noted as failed"
            elif not complete and len(wrote(self.sandbox)) == sent:
                wrong = "the writes that were sent are not those without the mutation"
            elif not complete and found[DONE] >= entries[DONE]:
                wrong = "what was not sent is noted as done"
            if "Traceback" in done.err or (wrong and not allowed(mutation, done)):
                faults.append(f"{' '.join(line)} | {mutation} | {wrong} {done.err[-300:]}")
        return faults

    def _journal(self) -> Counter[str]:
        """Return the number of entries of this run in the journal in each state, "" without a result.

        What was looked for and found is as done as what was answered.
        """
        before = _states(self.home / "saved")
        return Counter(state for id, state in _states(self.home).items() if id not in before)


def _states(home: Path) -> dict[str, str]:
    """Return the state of each entry of the journal by its id."""
    states: dict[str, str] = {}
    file = home / "state" / "journal" / "journal.jsonl"
    for line in file.read_text().splitlines() if file.exists() else ():
        event = json.loads(line)
        if event["type"] in ("intent", "result", "mark"):
            states[event["id"]] = event.get("state", "").replace(ADOPTED, DONE)
    return states


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target, symlinks=True)


def _answer(exchange: Request) -> Any:
    """Return the envelope that answers *exchange*, None if it is something stored."""
    body = exchange.answer.body
    if "/values/" in exchange.target or not isinstance(body, bytes) or not body.startswith(b"{"):
        return None
    return json.loads(body)


def _output(result: Result) -> Any:
    text = VARYING.sub(lambda found: f'"{found[1]}": ""' if found[1] else "", result.out)
    try:
        return json.loads(text)
    except ValueError:
        return text.splitlines()


def _wrong_code(done: Result, codes: tuple[int, ...]) -> str:
    return "" if done.code in codes else f"exit code {done.code}"


def _differences(one: Any, other: Any, at: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Yield the path and both values of each leaf that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from _differences(one.get(name), other.get(name), (*at, name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for first, second in zip(one, other, strict=True):
            yield from _differences(first, second, at)
    elif one != other:
        yield at, one, other


def _unexplained(mutation: Mutation, base: Result, done: Result, volatile: set[tuple[str, ...]]) -> str:
    """Return the first difference in the output that is not the changed field itself, as it came or empty."""
    shown = (None, "", *OTHERS.values(), *map(str, OTHERS.values()))
    for path, one, other in _differences(_output(base), _output(done)):
        if path in volatile or path[-1:] in COSTS or mutation.field in path:
            continue
        if other not in shown:
            return f"{'.'.join(path)}: {json.dumps(one)[:150]} → {json.dumps(other)[:150]}"
    return ""


def _is_confined(base: Result, done: Result) -> bool:
    """True if at most one row or line of the output is another one."""
    first, second = (
        Counter(json.dumps(row) for row in rows) if isinstance(rows := _output(one), list) else Counter()
        for one in (base, done)
    )
    return (first - second).total() <= 1 and (second - first).total() <= 1
