"""The files that earlier versions kept are read; those of a newer one are refused, and left as they are."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.alerts.state import Silence, read_state
from ops.config.settings import load
from ops.errors import Newer
from ops.export import job
from ops.files.chain import Chain
from ops.files.disk import private_folder
from ops.http.budget import Budget
from ops.http.pause import Pause
from ops.http.slots import MAGIC
from ops.plugins import fire
from ops.products.kv.dumpfile import Dump
from ops.sandbox.store import NewerDatabase, Store
from ops.telemetry.audit import AuditLog
from ops.telemetry.ledger import Ledger, StateFile, report_lost, running
from ops.writes.journal import DONE, UNDONE, Journal
from tests.conftest import Result

Inv = Callable[..., Result]

KEPT = Path(__file__).parent / "kept"
# Those of "unnumbered" were written before the formats had numbers.
VERSIONS = sorted(folder.name for folder in KEPT.iterdir())
NEWER = r"was written by a newer cfops: it has format \d+, and this version reads up to \d+"


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, home: Path) -> Path:
    """Put the files of a version into the folders of this test, readable by their owner alone."""
    for name in ("state", "cache", "exports"):
        shutil.copytree(KEPT / request.param / name, home / name, dirs_exist_ok=True)
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    shutil.copytree(KEPT / request.param / "work", home / "work", dirs_exist_ok=True)
    return home / "state"


def changed(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the JSON in *file*."""
    found = json.loads(file.read_text())
    change(found)
    file.write_text(json.dumps(found))


def test_every_released_version_has_its_files_here() -> None:
    text = (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
    released = re.findall(r"^## (\d+\.\d+\.\d+), (?!unreleased)", text, re.MULTILINE)

    assert set(released) <= set(VERSIONS)


def test_the_journal_and_the_audit_log_are_read_and_continued(kept: Path) -> None:
    with Journal(kept / "journal") as journal:
        entries = list(journal.entries().values())
        journal.mark(entries[0].id, UNDONE)
        again = list(journal.entries().values())
    log = AuditLog(kept)
    log.record({"task": "kept"})

    assert [(entry.task, entry.state) for entry in entries] == [
        ("dns.create", DONE), ("dns.put", UNDONE), ("undo.last", DONE),
    ]  # fmt: skip
    assert again[0].state == UNDONE
    assert [line["task"] for line in log.lines()] == ["dns.create", "dns.put", "undo.last", "kept"]
    assert log.verify().problem == ""


def test_the_history_of_runs_is_read_and_a_killed_run_is_added(kept: Path) -> None:
    before = [line["task"] for line in Ledger(kept).lines()]

    assert report_lost(kept, 1_796_100_000.0) == 1
    assert before[:2] == ["dns.create", "dns.put"]
    assert [line.get("lost") for line in Ledger(kept).lines()][-1] is True


def test_the_state_of_alerts_counts_and_hooks_is_read(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [alerts] = (kept / "alerts").glob("*.json")
    monkeypatch.setattr(job, "_file", lambda *_: kept / "counts" / "kept.json")
    monkeypatch.setattr(fire.DOOR, "state", kept)

    silences = read_state(alerts).silences
    assert isinstance(silences["counts-fell"], Silence)
    assert job._remembered(None, "") == (1_795_414_202.0, {"dns.record": 42})  # type: ignore[arg-type]
    assert fire.failed() == {"cfops-mail": 2}


def test_the_sandbox_the_budget_and_the_cache_are_used_on(kept: Path, home: Path) -> None:
    said: list[str] = []
    store = Store(kept / "sandbox.sqlite")
    [file] = kept.glob("budget-*")

    Budget(file, limit=10, window=1.0, pause=Pause(say=said.append), say=said.append).close()

    assert store.get_document("note", "kept", "1") == {"text": "kept"}
    assert store.value("PRAGMA user_version") == 1
    assert said == []
    store.release()


def test_snapshots_dumps_and_plans_are_read(kept: Path, home: Path, inv: Inv) -> None:
    del kept
    listed = inv("sandbox", "snapshots.list", "--output", "json")
    offline = inv("sandbox", "dns.list", "wild.example", "--offline", "--output", "json")
    shutil.rmtree(home / "state")
    planned = inv("sandbox", "dns.apply", "wild.example", "--plan", "plan.json", "--dry-run")

    assert [row["status"] for row in json.loads(listed.out)] == ["complete"]
    assert len(json.loads(offline.out)) == 5
    assert (planned.code, "kept.wild.example" in planned.err) == (0, True)
    assert Dump(home / "work" / "dump.jsonl").check()["pairs"] > 0


def test_a_newer_journal_is_refused_for_reading_and_writing(home: Path) -> None:
    folder = private_folder(home / "state" / "journal")
    newer = Chain(folder / "journal.jsonl", 2)
    newer.append({"type": "future", "id": "x"})
    newer.close()
    text = (folder / "journal.jsonl").read_bytes()

    with Journal(folder) as journal, pytest.raises(Newer, match=NEWER):
        journal.entries()
    with Journal(folder) as journal, pytest.raises(Newer, match=NEWER):
        journal.mark("x", DONE)
    assert (folder / "journal.jsonl").read_bytes() == text


def test_a_newer_journal_that_is_chained_in_another_way_is_not_called_damaged(home: Path) -> None:
    file = private_folder(home / "state" / "journal") / "journal.jsonl"
    file.write_text(json.dumps({"n": 1, "format": 2, "type": "intent", "sum": "abc"}) + "\n")
    file.chmod(0o600)

    with Journal(file.parent) as journal, pytest.raises(Newer, match=NEWER):
        journal.entries()


def test_a_line_of_the_journal_that_is_not_known_is_named_in_a_sentence(home: Path, inv: Inv) -> None:
    chain = Chain(private_folder(home / "state" / "journal") / "journal.jsonl", 1)
    chain.append({"type": "future", "id": "zz-1.1"})
    chain.close()

    for line in (("undo.list",), ("undo.last",)):
        result = inv("sandbox", *line)

        assert result.code == 2
        assert "has a line 'future' about 'zz-1.1', which this version of cfops cannot read\n" in result.err
        assert "hint: use the cfops that wrote it; " in result.err


def test_a_newer_audit_log_is_refused_with_its_head(home: Path, inv: Inv) -> None:
    state = private_folder(home / "state")
    AuditLog(state).record({"task": "kept"})
    changed(state / "audit-head.json", lambda head: head.update(format=2))

    result = inv("audit", "--verify")

    assert result.code == 1
    assert re.search(f"audit-head.json {NEWER}", result.err)


def test_a_newer_history_and_run_state_are_refused_and_kept(home: Path) -> None:
    state = private_folder(home / "state")
    line = {"started": 1.0, "run": "a", "format": 2}
    (state / "runs.jsonl").write_text(json.dumps(line) + "\n")
    alive = StateFile(state, "alive")
    alive.write(line)

    with pytest.raises(Newer, match=NEWER):
        list(Ledger(state).lines())
    with pytest.raises(Newer, match=NEWER):
        list(running(state))
    dead = state / "runs" / "dead.json"
    shutil.copy(state / "runs" / "alive.json", dead)
    assert report_lost(state, 2.0) == 0
    assert dead.exists()
    alive.close()


def test_newer_alerts_and_counts_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = private_folder(home / "state") / "newer.json"
    file.write_text('{"format": 2}')
    monkeypatch.setattr(job, "_file", lambda *_: file)

    with pytest.raises(Newer, match=NEWER):
        read_state(file)
    with pytest.raises(Newer, match=NEWER):
        job.guard(load({}, invoke={}, environ={}, cwd=home), "a" * 32, 30, print)


def test_newer_counts_of_hooks_are_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = private_folder(home / "state") / "hooks.json"
    file.write_text('{"format": 3, "failures": {"cfops-mail": 1}}')
    said: list[str] = []
    monkeypatch.setattr(fire.DOOR, "state", file.parent)
    monkeypatch.setattr(fire.DOOR, "warn", said.append)

    fire.forget("cfops-mail")

    assert file.read_text() == '{"format": 3, "failures": {"cfops-mail": 1}}'
    assert re.search(NEWER, said[0])


def test_a_newer_budget_is_neither_replaced_nor_called_damaged(home: Path) -> None:
    file = private_folder(home / "state") / "budget-x"
    content = MAGIC[:-1] + b"2" + bytes(200)
    file.write_bytes(content)
    file.chmod(0o600)
    said: list[str] = []

    budget = Budget(file, limit=10, window=1.0, pause=Pause(say=said.append), say=said.append)
    budget.acquire()
    budget.close()

    assert said == [f"the budget is not shared with other runs: {file} was written by a newer cfops"]
    assert file.read_bytes() == content


def test_a_newer_cache_is_left_alone(home: Path, inv: Inv) -> None:
    file = private_folder(home / "cache") / "answers.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE other (name)")
        database.execute("PRAGMA user_version = 2")
    database.close()
    file.chmod(0o600)

    result = inv("sandbox", "zones.list", "--cache", "60")

    assert (result.code, "damaged" in result.err) == (0, False)
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("other",)]
    database.close()


def test_a_newer_sandbox_is_refused_until_it_is_reset(home: Path, inv: Inv) -> None:
    file = private_folder(home / "state") / "sandbox.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    refused = inv("sandbox", "zones.list")

    assert refused.code == 1
    assert f"error: {file} was written by a newer cfops: it has format 99, and this version" in refused.err
    assert "hint: use a newer cfops, or `inv sandbox.reset`, which makes a new one\n" in refused.err
    with pytest.raises(NewerDatabase):
        Store(file)
    assert inv("sandbox.reset").code == 0
    assert inv("sandbox", "zones.list").code == 0


@pytest.mark.parametrize("kept", ["0.1.0"], indirect=True)
def test_a_newer_plan_is_refused(kept: Path, home: Path, inv: Inv) -> None:
    shutil.rmtree(kept)
    changed(home / "work" / "plan.json", lambda plan: plan.update(plan=2))

    result = inv("sandbox", "dns.apply", "wild.example", "--plan", "plan.json", "--dry-run")

    assert result.code == 1
    assert re.search(f"plan.json {NEWER}", result.err)


@pytest.mark.parametrize("kept", ["0.1.0"], indirect=True)
def test_a_newer_snapshot_has_a_status_and_a_hint_of_its_own(kept: Path, home: Path, inv: Inv) -> None:
    del kept
    [manifest] = (home / "exports").rglob("manifest.json")
    manifest.write_text('{"format": 99}')

    listed = inv("sandbox", "snapshots.list", "--output", "json")
    status = inv("sandbox", "snapshots.status", "--output", "json")

    assert [row["status"] for row in json.loads(listed.out)] == ["newer"]
    assert (json.loads(status.out)["newer"], json.loads(status.out)["damaged"]) == (1, 0)
    assert "1 were written by a newer cfops: `inv sandbox snapshots.list --filter status=newer`" in status.err
    for line in (("snapshots.show",), ("snapshots.verify",), ("dns.list", "wild.example", "--offline")):
        result = inv("sandbox", *line)

        assert result.code == 1
        assert "that this version can read; a newer cfops has written 1\n" in result.err
        assert (
            "hint: use a newer cfops; `inv sandbox snapshots.list` shows the stored snapshots" in result.err
        )
    assert re.search(NEWER, inv("sandbox", "snapshots.show", manifest.parent.name).err)
    pruned = inv("sandbox", "snapshots.prune", "--keep-last", "1", "--dry-run", "--output", "json")
    assert "written by a newer cfops, which can prune it" in pruned.out
