"""Lines and runbooks of several writes: how they end, and how a user's tasks use ours."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.writes.journal import Journal
from tests.conftest import Result
from tests.e2e.conftest import Shell
from tests.products.writing import written
from tests.snapshots.touching import empty_audit_log

Inv = Callable[..., Result]

A = ("dns.create", "--zone", "example.com", "--type", "A", "--content", "192.0.2.1", "--name")
LIST = ("dns.list", "--zone", "example.com")
GONE = ("dns.delete", "--zone", "example.com", "--yes", "--type", "A", "--name")

RUNBOOK = '''
"""An ops repository with tasks of its own."""

from invoke import Collection, task

from ops.cli.command import command
from ops.http.paths import path
from ops.ui.shapes import Rows
from ops.commands.undo import undo_last
from ops.products.dns.tasks import create_record, list_records
from ops.program import collection

ns = collection()


@task
def move(c, name="moved"):
    """Move a site."""
    made = create_record(c, zone="example.com", type="A", name=name, content="192.0.2.9")
    print(f"made {made.items[0]['name']}")
    list_records(c, zone="example.com", name=f"{name}.example.com", output="json")


@task
def broken(c):
    """Fail after a write."""
    create_record(c, zone="example.com", type="A", name="half", content="192.0.2.9")
    create_record(c, zone="example.com", type="A", name="half", content="not an address")


@task
def there_and_back(c):
    """Make a record and undo it."""
    create_record(c, zone="example.com", type="A", name="brief", content="192.0.2.9")
    undo_last(c, yes=True)


@command("past", writes=True)
def past(app) -> Rows:
    """Write without make()."""
    app.client.post(path("/zones/{}/dns_records", app.zone_id("example.com")), json={"type": "A"})
    return Rows([])


ns.add_task(past)
ns.add_task(move)
ns.add_task(broken)
ns.add_task(there_and_back)
'''


def names(sandbox: Sandbox) -> set[str]:
    return set(sandbox.store.texts("SELECT name FROM dns_record"))


def test_a_failed_line_says_what_was_done_what_was_not_and_how_to_undo_it(staged: Sandbox, inv: Inv) -> None:
    result = inv(*A, "one", *A, "two", *A, "bad name", *LIST, *A, "three")

    assert result.code == 1
    assert "done: dns.create, dns.create; failed: dns.create; not started: dns.list, dns.create" in result.err
    (line,) = re.findall(r"undo the changes of this line: inv (undo\.apply \w+)$", result.err, re.MULTILINE)
    undone = inv(*line.split(), "--yes")
    assert undone.code == 0, undone.err
    assert not {"one.example.com", "two.example.com"} & names(staged)


def test_a_line_of_one_task_does_not_mention_the_line(staged: Sandbox, inv: Inv) -> None:
    result = inv(*A, "bad name")

    assert result.code == 1
    assert "not started" not in result.err
    assert "taken back" not in result.err


def test_a_line_that_has_written_nothing_names_no_undo(staged: Sandbox, inv: Inv) -> None:
    result = inv(*LIST, "zones.info", "--zone", "nowhere.example", *LIST)

    assert "done: dns.list; failed: zones.info; not started: dns.list" in result.err
    assert "taken back" not in result.err


def test_the_tasks_of_a_line_have_one_run_and_ids_of_their_own(staged: Sandbox, inv: Inv) -> None:
    inv(*A, "one", *A, "two")
    listed = json.loads(inv("undo.list", "--output", "json").out)

    runs = {entry["id"].partition("-")[0] for entry in listed}
    assert len(runs) == 1
    assert [entry["id"].partition("-")[2] for entry in listed] == ["2.1", "1.1"]
    assert [entry["name"] for entry in listed] == ["two.example.com", "one.example.com"]


def test_undo_last_undoes_only_the_last_task_of_the_line(staged: Sandbox, inv: Inv) -> None:
    inv(*A, "one", *A, "two")

    result = inv("undo.last", "--yes")

    assert result.code == 0, result.err
    assert names(staged) & {"one.example.com", "two.example.com"} == {"one.example.com"}


def audited(sandbox: Sandbox, ray: str) -> None:
    """Write the entry that a request with this ray leaves in the account's audit log."""
    when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    entry = {
        "id": "audit-1",
        "action": {"type": "update", "result": "success", "time": when},
        "actor": {"email": "anna@example.com", "type": "user", "ip_address": "192.0.2.10"},
        "raw": {"method": "POST", "cf_ray_id": ray},
        "resource": {"id": "x", "product": "dns", "type": "record"},
    }
    sandbox.store.put_document("audit.v2", sandbox.account_id, "audit-1", entry, sort=when)


def test_undo_show_names_the_entry_that_the_change_left_in_the_audit_log(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    inv("dns.create", "--zone", "example.com", "--name", "a", "--type", "A", "--content", "192.0.2.1")
    with Journal(home / "state" / "journal") as journal:
        (entry,) = journal.entries().values()
    line = ("undo.show", "--id", entry.id, "--output", "json")

    empty_audit_log(staged)
    (before,) = json.loads(inv(*line).out)
    audited(staged, entry.ray.partition("-")[0])
    (after,) = json.loads(inv(*line).out)

    assert before["audit"] is None
    assert after["audit"]["user"] == "anna@example.com"
    assert after["audit"]["id"] == "audit-1"


def test_undo_show_shows_the_change_although_the_audit_log_is_denied(staged: Sandbox, inv: Inv) -> None:
    inv("dns.create", "--zone", "example.com", "--name", "a", "--type", "A", "--content", "192.0.2.1")
    (row,) = json.loads(inv("undo.list", "--output", "json").out)
    staged.faults.add(Fault("denied", path="*/logs/audit*", times=-1))

    result = inv("undo.show", "--id", row["id"], "--output", "json")

    assert (result.code, json.loads(result.out)[0]["audit"]) == (0, "unavailable")
    assert "the audit log was not read" in result.err


def test_undo_show_shows_the_item_before_the_change(staged: Sandbox, inv: Inv) -> None:
    inv(*A, "one")
    inv("dns.update", "--zone", "example.com", "--type", "A", "--name", "one", "--ttl", "300")
    (row, _) = json.loads(inv("undo.list", "--output", "json").out)

    (shown,) = json.loads(inv("undo.show", "--id", row["id"], "--output", "json").out)

    assert shown["change"] == "ttl 1 → 300"
    assert (shown["before"]["ttl"], shown["after"]["ttl"]) == (1, 300)


def test_undo_list_needs_no_credentials(inv: Inv) -> None:
    result = inv("undo.list", "--output", "json")

    assert result.code == 0, result.err
    assert json.loads(result.out) == []


@pytest.mark.fault("G6")
def test_an_undo_of_what_has_changed_since_is_refused(staged: Sandbox, inv: Inv) -> None:
    inv(*A, "one")
    staged.store.run(
        "UPDATE dns_record SET content = '192.0.2.77', body = replace(body, '192.0.2.1\"', '192.0.2.77\"') "
        "WHERE name = 'one.example.com'"
    )
    count = len(written(staged))

    result = inv("undo.last", "--yes")

    assert result.code == 1
    assert "content 192.0.2.1 → 192.0.2.77" in result.err
    assert len(written(staged)) == count


@pytest.mark.fault("G3")
@pytest.mark.parametrize("zone", ["xample.com", "example.co", "www.example.com", "ample.com", "com"])
def test_a_zone_is_never_confused_with_one_of_a_similar_name(staged: Sandbox, inv: Inv, zone: str) -> None:
    result = inv("dns.create", "--zone", zone, "--type", "A", "--name", "t", "--content", "192.0.2.1")

    assert result.code == 1
    assert written(staged) == []


def test_a_dry_line_shows_what_each_task_would_do_and_says_what_it_cannot_show(
    staged: Sandbox, inv: Inv
) -> None:
    result = inv("--dry", *A, "one", *GONE, "one", *LIST)

    assert result.code == 0, result.err
    assert written(staged) == []
    assert "create A record one.example.com" in result.err
    assert "delete A record one.example.com" in result.err
    assert "dns.list shows the live state, without the 2 simulated changes of this dry run" in result.err


def test_a_dry_line_that_fails_without_its_own_changes_says_so(staged: Sandbox, inv: Inv) -> None:
    result = inv("--dry", "zones.create", "--name", "new.example", "dns.list", "--zone", "new.example")

    assert result.code == 1
    assert "does not include the 1 simulated change of this dry run" in result.err


def test_an_undo_line_of_the_sandbox_names_the_sandbox(inv: Inv) -> None:
    made = inv("sandbox", *A, "one")
    listed = inv("sandbox", "undo.list", "--output", "json")

    assert "undo: inv sandbox undo.apply" in made.err
    assert json.loads(listed.out)[0]["where"] == "sandbox"
    assert inv("sandbox", "undo.last", "--yes").code == 0


@pytest.fixture
def repository(shell: Shell) -> Shell:
    (shell.folder / "tasks.py").write_text(RUNBOOK)
    return shell


def test_a_users_own_task_calls_ours_with_their_defaults(repository: Shell, sandbox: Sandbox) -> None:
    result = repository("move")

    assert result.code == 0, result.err
    assert "made moved.example.com" in result.out
    assert "undo: inv undo.apply" in result.err
    assert "moved.example.com" in names(sandbox)


def test_a_users_own_task_can_be_dry(repository: Shell, sandbox: Sandbox) -> None:
    result = repository("--dry", "move")

    assert result.code == 0, result.err
    assert "made moved.example.com" in result.out
    assert "moved.example.com" not in names(sandbox)


@pytest.mark.fault("G7")
@pytest.mark.parametrize("line", [("--dry", "past"), ("past", "--dry-run")])
def test_a_dry_run_also_withholds_writes_that_bypass_make(
    repository: Shell, sandbox: Sandbox, line: tuple[str, ...]
) -> None:
    result = repository(*line)

    assert result.code == 0, result.err
    assert "dry run, not sent: POST /zones/" in result.err
    assert written(sandbox) == []


def test_a_failed_runbook_says_how_to_undo_what_it_did(repository: Shell, sandbox: Sandbox) -> None:
    result = repository("broken")

    assert result.code == 1
    (id,) = re.findall(r"undo the changes of this line: inv undo\.apply (\w+)$", result.err, re.MULTILINE)
    assert repository("undo.apply", "--id", id, "--yes").code == 0
    assert "half.example.com" not in names(sandbox)


def test_a_runbook_can_undo_what_it_did(repository: Shell, sandbox: Sandbox) -> None:
    result = repository("there-and-back")

    assert result.code == 0, result.err
    assert "brief.example.com" not in names(sandbox)


def test_a_runbook_works_with_tasks_py_that_knows_nothing_of_our_program(
    repository: Shell, sandbox: Sandbox
) -> None:
    own = RUNBOOK.replace("from ops.program import collection\n", "").replace(
        "ns = collection()", "ns = Collection()"
    )
    (repository.folder / "tasks.py").write_text(own)

    dry = repository("--dry", "move", "--name", "dry")
    made = repository("move")

    assert (dry.code, made.code) == (0, 0), dry.err + made.err
    assert "moved.example.com" in names(sandbox)
    assert "dry.example.com" not in names(sandbox)


@pytest.mark.fault("D4")
def test_a_closed_output_in_the_middle_of_a_line_is_not_its_end(repository: Shell, sandbox: Sandbox) -> None:
    line = " ".join(repository.command(*LIST, *A, "one"))

    done = subprocess.run(
        ["bash", "-c", f"{line} | true; echo ${{PIPESTATUS[0]}}"],
        env=repository.environ, cwd=repository.folder, capture_output=True, timeout=40, text=True,
    )  # fmt: skip

    assert "the output was closed, so these were not started: dns.create" in done.stderr
    assert done.stdout.splitlines()[-1] == "1"
    assert "one.example.com" not in names(sandbox)
