"""The proof for every command that writes (before, write, undo, after), and that none is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from ops.cli.command import Command
from ops.program import collection
from ops.sandbox.audit import ENTRY
from ops.sandbox.server import Sandbox
from tests.cases import Case, writes
from tests.conftest import Result
from tests.products.writing import undo_id, unstamped

Inv = Callable[..., Result]

# They write by undo, which the cases prove.
UNDOING = {"undo.last", "undo.apply"}
# They write on this machine or into a bucket, and nothing at Cloudflare.
LOCAL = {"snapshots.prune", "snapshots.push", "d1.export"}
READING = ("/bulk/get", "/graphql")
ASKING = "dry_run=true"


CASES = writes()


def seldom(name: str) -> ParameterSet:
    """Return *name*; a case that is slow and similar to another one is marked long."""
    near = name in ("snapshots.restore", "snapshots.restore a script")
    return pytest.param(name, marks=[pytest.mark.long] if near else [])


def writers() -> set[str]:
    root = collection()
    tasks = [root[name] for name in root.task_names]
    return {task.path for task in tasks if isinstance(task, Command) and task.writes}


def state(sandbox: Sandbox, history: tuple[str, ...]) -> list[str]:
    """Return everything that the sandbox holds, without ids and times, and without its audit log."""
    store = sandbox.store
    documents = store.rows("SELECT kind, owner, body FROM document")
    records = store.rows("SELECT 'dns_record', zone, body FROM dns_record")
    bodies = [as_text(*row) for row in (*documents, *records) if row[0] not in (*history, ENTRY)]
    pairs = store.rows(
        "SELECT namespace, name, expiration, metadata, hex(value) FROM kv_pair WHERE deleted IS NULL"
    )
    return sorted([*bodies, *map(repr, pairs)])


@cache
def as_text(kind: str, owner: str, body: str) -> str:
    return json.dumps([kind, owner, unstamped(json.loads(body))], sort_keys=True)


def wrote(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [
        (method, target)
        for method, target in sandbox.requests
        if method != "GET" and not target.endswith(READING) and ASKING not in target
    ]


def arranged(case: Case, sandbox: Sandbox) -> list[str]:
    if case.arrange:
        case.arrange(sandbox)
    return state(sandbox, case.history)


def undo(inv: Inv, case: Case, err: str) -> Result:
    confirm = ("--confirm", case.confirm) if case.confirm else ()
    return inv("undo.apply", "--id", undo_id(err), "--yes", *confirm)


def test_every_command_that_writes_has_a_case() -> None:
    covered = {name.partition(" ")[0] for name in CASES}

    assert writers() - covered - UNDOING - LOCAL == set()
    assert covered - writers() == set()


@pytest.mark.parametrize("name", [seldom(name) for name, case in CASES.items() if case.reversible])
def test_every_write_can_be_undone_and_the_undo_too(staged: Sandbox, inv: Inv, name: str) -> None:
    case = CASES[name]
    before = arranged(case, staged)

    written = inv(*case.line)
    assert written.code == 0, written.err
    between = state(staged, case.history)
    undone = undo(inv, case, written.err)
    assert undone.code == 0, undone.err
    after = state(staged, case.history)

    assert between != before
    assert after == before
    if "undo.apply" in undone.err:
        again = undo(inv, case, undone.err)
        assert again.code == 0, again.err
        assert state(staged, case.history) == between


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.reversible])
def test_a_write_that_cannot_be_undone_says_why(staged: Sandbox, inv: Inv, name: str) -> None:
    case = CASES[name]
    arranged(case, staged)

    written = inv(*case.line)
    undone = inv("undo.last", "--yes")

    assert written.code == 0, written.err
    assert case.why
    assert case.why in written.err
    assert "undo.apply" not in written.err
    assert undone.code == 1


@pytest.mark.fault("G7")
@pytest.mark.parametrize("name", [seldom(name) for name in CASES])
def test_a_dry_run_sends_no_write_and_leaves_no_trace(
    staged: Sandbox, inv: Inv, home: Path, name: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    staged.requests.clear()

    dry = inv("--dry", *case.line)

    assert dry.code == 0, dry.err
    assert wrote(staged) == []
    assert state(staged, case.history) == before
    assert "dry run" in dry.err
    assert not (home / "state" / "journal").exists()
    assert not (home / "state" / "audit").exists()


@pytest.mark.fault("G4")
@pytest.mark.parametrize(
    "name", [seldom(name) for name, case in CASES.items() if {"--yes", "--confirm"} & {*case.line}]
)
def test_without_a_terminal_nothing_is_done_without_yes(staged: Sandbox, inv: Inv, name: str) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    staged.requests.clear()
    words = [word for word in case.line if word != "--yes"]
    if "--confirm" in words:
        at = words.index("--confirm")
        del words[at : at + 2]

    refused = inv(*words)

    assert refused.code == 1
    assert "hint: " in refused.err
    assert wrote(staged) == []
    assert state(staged, case.history) == before
