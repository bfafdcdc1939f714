"""Stages: what is made on the sandbox, on another server or in another account is never mistaken here."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.e2e.conftest import Shell
from tests.products.writing import written
from tests.snapshots.kept import ACCOUNT_ID, DAY, NOW, made
from tests.wire import Wire, answer
from tests.writes.test_terminal import Terminal

Inv = Callable[..., Result]
OTHER = "b" * 32
A = ("dns.put", "--zone", "example.com", "--type", "A", "--content", "192.0.2.1", "--name")


def names(result: Result) -> list[str]:
    return [row["name"] for row in json.loads(result.out)]


@pytest.fixture
def both(inv: Inv, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Inv:
    """Export the sandbox first, then set a token and export the account twice, as the README goes on."""
    assert inv("sandbox", "scan.export").code == 0
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
    for _ in range(2):
        assert inv("scan.export").code == 0
    return inv


def test_snapshots_of_the_sandbox_have_a_place_of_their_own(both: Inv, home: Path, sandbox: Sandbox) -> None:
    ours = json.loads(both("snapshots.list", "--output", "json").out)
    its = json.loads(both("sandbox", "snapshots.list", "--output", "json").out)

    assert {Path(row["path"]).parent for row in ours} == {home / "exports" / sandbox.account_id}
    assert {Path(row["path"]).parent for row in its} == {home / "exports" / "sandbox" / sandbox.account_id}
    assert (len(ours), len(its)) == (2, 1)
    assert ours[0]["account_name"] == "Sandbox Account"


@pytest.mark.parametrize(
    "line",
    [
        ("snapshots.verify",),
        ("snapshots.diff", "previous", "latest"),
        ("snapshots.drift",),
        ("snapshots.status",),
        ("snapshots.render", "--to", "account.json"),
        ("snapshots.restore", "--dry-run"),
        ("dns.list", "--zone", "example.com", "--offline"),
        ("dns.find", "--address", "192.0.2.0/24", "--at", "latest"),
    ],
    ids=lambda line: line[0],
)
def test_after_both_exports_every_task_takes_the_snapshot_of_its_stage(
    line: tuple[str, ...], both: Inv
) -> None:
    here = both(*line)
    there = both("sandbox", *line) if line[0] != "snapshots.diff" else None

    assert here.code == 0, here.err
    assert "exports/sandbox/" not in here.err + here.out
    assert there is None or there.code == 0, there and there.err


@pytest.fixture
def several(home: Path, staged: Sandbox, inv: Inv) -> Inv:
    """Store snapshots of the token's account and of another one, newer and with a name."""
    for _ in range(2):
        assert inv("scan.export").code == 0
    made(home / "exports", NOW - DAY, account_id=OTHER)
    made(home / "exports", NOW, account_id=OTHER)
    return inv


@pytest.mark.parametrize(
    "line",
    [
        ("snapshots.verify",),
        ("snapshots.diff", "previous", "latest"),
        ("snapshots.drift",),
        ("snapshots.status",),
        ("snapshots.render", "--to", "account.json"),
        ("snapshots.restore", "--dry-run"),
        ("dns.list", "--zone", "example.com", "--offline"),
    ],
    ids=lambda line: line[0],
)
def test_of_several_accounts_the_only_one_of_the_token_is_chosen(line: tuple[str, ...], several: Inv) -> None:
    result = several(*line)

    assert result.code == 0, result.err
    assert OTHER not in result.out + result.err


def test_the_account_of_the_token_is_asked_for_once_and_never_offline(
    several: Inv, staged: Sandbox, home: Path
) -> None:
    shutil.rmtree(home / "state")
    staged.requests.clear()

    offline = several("zones.list", "--offline")
    unasked = list(staged.requests)
    first = several("snapshots.verify")
    asked = [target for _, target in staged.requests]
    second, again = several("snapshots.verify"), several("zones.list", "--offline")

    assert (offline.code, unasked) == (1, [])
    assert (first.code, second.code, again.code) == (0, 0, 0), first.err
    assert asked == [target for _, target in staged.requests]
    assert [target.partition("?")[0] for target in asked] == ["/accounts"]


def test_without_an_account_in_force_the_accounts_are_listed_with_their_names(inv: Inv, home: Path) -> None:
    made(home / "exports", account_id=ACCOUNT_ID)
    made(home / "exports", account_id=OTHER)

    unsaid = inv("snapshots.show")
    said = inv("snapshots.show", "--account-id", OTHER)

    assert (unsaid.code, said.code) == (1, 0)
    assert f"  --account-id {ACCOUNT_ID}  Example\n" in unsaid.err
    assert f"  --account-id {OTHER}  Example\n" in unsaid.err
    assert f"account {OTHER} (Example)" in said.err


# Undo


@pytest.fixture
def changed(inv: Inv, staged: Sandbox) -> Inv:
    """Change the account first, the sandbox after it."""
    assert inv(*A, "ours").code == 0
    assert inv("sandbox", *A, "its").code == 0
    return inv


def test_undo_sees_only_the_changes_of_its_stage(changed: Inv, staged: Sandbox) -> None:
    here, there = (changed(*stage, "undo.list", "--output", "json") for stage in ((), ("sandbox",)))
    table = changed("undo.list", "--output", "tsv")
    undone = changed("undo.last", "--yes")

    assert (names(here), names(there)) == (["ours.example.com"], ["its.example.com"])
    assert table.out.splitlines()[0].split("\t")[-1] == "where"
    assert undone.code == 0, undone.err
    assert written(staged)[-1][0] == "DELETE"
    assert names(changed("sandbox", "undo.list", "--output", "json")) == ["its.example.com"]


def test_a_change_of_the_sandbox_is_not_applied_here(changed: Inv, staged: Sandbox) -> None:
    (row,) = json.loads(changed("sandbox", "undo.list", "--output", "json").out)
    count = len(written(staged))

    refused = changed("undo.apply", "--id", row["id"], "--yes")

    assert refused.code == 1
    assert f"{row['id']} was made on sandbox, and this line works on 127.0.0.1" in refused.err
    assert f"`inv sandbox undo.apply {row['id']}`" in refused.err
    assert len(written(staged)) == count


def test_undo_sees_only_the_changes_of_its_account(inv: Inv, staged: Sandbox) -> None:
    made_here = inv(*A, "ours")
    id = re.findall(r"undo\.apply (\S+)", made_here.err)[0]
    elsewhere = ("--account-id", OTHER)

    listed = inv("undo.list", *elsewhere, "--output", "json")
    last = inv("undo.last", *elsewhere, "--yes")
    applied = inv("undo.apply", "--id", id, *elsewhere, "--yes")
    here = inv("undo.list", "--account-id", staged.account_id, "--output", "json")

    assert json.loads(listed.out) == []
    assert (last.code, applied.code) == (1, 1)
    assert "there is nothing to undo" in last.err
    assert (
        f"{id}.1 was made in the account {staged.account_id}, and this line works on another" in applied.err
    )
    assert f"--account-id {staged.account_id}" in applied.err
    assert names(here) == ["ours.example.com"]


def test_without_a_token_the_changes_of_this_server_are_listed(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inv(*A, "ours")
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")

    result = inv("undo.list", "--output", "json")

    assert (result.code, names(result)) == (0, ["ours.example.com"])


def test_undo_last_asks_even_if_nothing_is_deleted(inv: Inv, staged: Sandbox) -> None:
    inv("dns.update", "--zone", "example.com", "--name", "vpn", "--type", "A", "--ttl", "300")
    count = len(written(staged))

    unasked = inv("undo.last")
    confirmed = inv("undo.last", "--yes")

    assert (unasked.code, confirmed.code) == (1, 0)
    assert re.search(r"not confirmed: undo dns\.update of 20\S+Z\?", unasked.err)
    assert len(written(staged)) == count + 1


@pytest.mark.parametrize(
    ("later", "code", "why"),
    [
        ((*A, "one"), 0, "changed nothing"),
        (
            ("dns.put", "--zone", "example.com", "--type", "A", "--name", "x", "--content", "no"),
            1,
            "changed nothing",
        ),
        (("cache.purge", "--zone", "example.com", "--hosts", "example.com", "--yes"), 0, "cannot be undone"),
    ],
)
def test_undo_last_does_not_take_an_older_change_without_a_question(
    later: tuple[str, ...], code: int, why: str, inv: Inv, staged: Sandbox
) -> None:
    first = inv(*A, "one")
    assert inv(*later).code == code
    count = len(written(staged))

    refused = inv("undo.last", "--yes")
    unasked = inv("undo.last")

    id = re.findall(r"undo\.apply (\S+)", first.err)[0]
    assert (refused.code, unasked.code) == (1, 1)
    assert re.search(
        rf"the last task, {later[0]} of 20\S+Z, {why}; the change before it is dns.put", refused.err
    )
    assert f"`inv undo.apply {id}` undoes it" in refused.err
    assert f"{why}; this is the change before it" in unasked.err
    assert len(written(staged)) == count
    assert inv("undo.apply", "--id", id, "--yes").code == 0


def test_undo_last_takes_no_reading_task_for_one_that_changed_nothing(inv: Inv, staged: Sandbox) -> None:
    inv(*A, "one")
    assert inv("workers.schedules", "cron-reports").code == 0

    assert inv("undo.last", "--yes").code == 0


def test_undo_last_twice_undoes_the_last_two_tasks(inv: Inv, staged: Sandbox) -> None:
    inv(*A, "one")
    inv(*A, "two")

    results = [inv("undo.last", "--yes") for _ in range(3)]

    assert [result.code for result in results] == [0, 0, 1]
    assert "there is nothing to undo" in results[-1].err


@pytest.mark.parametrize(("answer", "code", "writes"), [("n\n", 1, 0), ("y\n", 0, 1)])
def test_on_a_terminal_an_older_change_is_taken_only_after_a_yes(
    shell: Shell, sandbox: Sandbox, answer: str, code: int, writes: int
) -> None:
    for _ in range(2):
        assert shell(*A, "one").code == 0
    count = len(written(sandbox))
    terminal = Terminal(shell, "undo.last")
    terminal.until("changed nothing; this is the change before it")
    terminal.until("Z? [y/N] ")

    terminal.type(answer)

    assert terminal.end() == code
    assert len(written(sandbox)) == count + writes


def test_on_a_terminal_a_dump_asks_before_it_replaces_a_file(shell: Shell) -> None:
    (shell.folder / "config.jsonl").write_text("good")
    line = ("kv.dump", "--namespace", "config", "--to", "config.jsonl")
    terminal = Terminal(shell, *line)
    terminal.until("replace config.jsonl (4 B, ")

    terminal.type("n\n")

    assert terminal.end() == 1
    assert (shell.folder / "config.jsonl").read_text() == "good"


@pytest.mark.parametrize(
    "line",
    [
        ("zones.delete", "--zone", "example.com"),
        ("kv.remove", "--namespace", "config"),
        ("workers.delete", "--script", "chat-room"),
        ("r2.delete", "--bucket", "empty"),
    ],
    ids=lambda line: line[0],
)
def test_before_a_deletion_nothing_is_said_to_be_done_already(
    line: tuple[str, ...], staged: Sandbox, inv: Inv
) -> None:
    inv("r2.create", "--bucket", "empty")
    count = len(written(staged))

    refused = inv(*line)

    assert refused.code == 1
    assert re.search(r"warning: .*(permanent)", refused.err)
    assert not re.search(r"\b(deleted|lost|gone|was|were|has been|have been)\b", refused.err)
    assert len(written(staged)) == count


# Exports


def test_no_hint_names_a_partial_snapshot_for_a_comparison(inv: Inv, staged: Sandbox) -> None:
    first = json.loads(inv("scan.export", "--output", "json").out)["snapshot"]
    failing = staged.faults.add(Fault("503", "GET", "*/dns_records*", times=-1))
    partial = inv("scan.export", "--output", "json")
    failing.times = 0

    result = inv("scan.export", "--output", "json")

    newest = Path(json.loads(result.out)["snapshot"]).name
    assert partial.code == 4
    assert "to compare" not in partial.err
    assert f"to compare: `inv snapshots.diff {Path(first).name} {newest}`" in result.err


def test_a_hint_to_compare_keeps_the_stage(inv: Inv) -> None:
    inv("sandbox", "scan.export")

    result = inv("sandbox", "scan.export")

    (line,) = re.findall(r"to compare: `inv (.+)`", result.err)
    assert line.startswith("sandbox snapshots.diff ")
    assert inv(*line.split()).code == 0


@pytest.mark.parametrize("task", ["scan", "scan.export"])
def test_the_reason_of_a_failed_section_is_shown_whole(task: str, inv: Inv, staged: Sandbox) -> None:
    staged.faults.add(Fault("denied", "GET", "*/workers/routes*", times=-1))

    result = inv(task, "--output", "json")

    shown = json.loads(result.out)
    note = (
        shown["note"]
        if task == "scan.export"
        else next(row["note"] for row in shown if row["kind"] == "workers.route")
    )
    reason = r"denied in 12 of 13: GET /zones/\w+/workers/routes: .+ \(10000\) \(status 403, ray \S+\)"
    assert result.code == 4
    assert re.search(reason, note)
    assert re.search(reason, json.loads(result.err.splitlines()[-1])["message"])


def test_the_monitor_gets_the_reason_of_a_failed_section(inv: Inv, staged: Sandbox) -> None:
    staged.faults.add(Fault("denied", "GET", "*/workers/routes*", times=-1))

    with Wire(answer(200, "OK")) as monitor:
        result = inv("scan.export", "--ping", f"http://127.0.0.1:{monitor.port}/id", "--ping-log")

    assert result.code == 4
    assert re.search(rb"routes: .+ \(10000\) \(status 403, ray \S+\)", monitor.requests[-1].body)


@pytest.mark.parametrize("moment", ["2026-13-45", "2026-02-30", "2026-11-23T25", "2026-11-23T05:61"])
@pytest.mark.parametrize("line", [("zones.list", "--at"), ("snapshots.show", "--name")])
def test_a_date_that_does_not_exist_is_refused(
    moment: str, line: tuple[str, str], inv: Inv, home: Path
) -> None:
    made(home / "exports")

    result = inv(*line, moment)

    assert (result.code, result.out) == (1, "")
    assert f"{moment} is not a date or time that exists" in result.err
