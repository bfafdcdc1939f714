"""An unattended export: locked, guarded, read back, reported to a monitor."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ops.files.disk import locked, open_regular
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots import manifest as manifests
from tests.conftest import Result
from tests.scan.processes import start, wait_until
from tests.snapshots.checking import checked, leftovers
from tests.wire import Wire, answer

Inv = Callable[..., Result]
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


@pytest.fixture
def monitor() -> Iterator[Wire]:
    with Wire(answer(200, "OK")) as wire:
        yield wire


def url(monitor: Wire) -> str:
    return f"http://127.0.0.1:{monitor.port}/secret-uuid"


def shown(monitor: Wire) -> list[str]:
    return [seen.target.removeprefix("/secret-uuid").partition("?")[0] for seen in monitor.requests]


def newest(result: Result) -> Path:
    return Path(json.loads(result.out)["snapshot"])


def lose_records(inv: Inv) -> None:
    """Delete all CNAME records of a zone."""
    listed = inv("dns.list", "--zone", "example.com", "--type", "CNAME", "--output", "json")
    records = json.loads(listed.out)
    deleted = [inv("dns.delete", "--zone", "example.com", "--id", r["id"], "--yes") for r in records]
    assert records
    assert {result.code for result in deleted} == {0}, deleted[0].err


@pytest.mark.fault("D6")
def test_two_exports_of_one_account_exclude_each_other(staged: Sandbox, inv: Inv, home: Path) -> None:
    staged.faults.add(Fault("delay", times=-1, seconds=0.2))
    first = start("scan.export", "--output", "json")
    try:
        wait_until(lambda: any("zones" in target for _, target in staged.requests))
        second = inv("scan.export")
    finally:
        staged.faults.clear()
        first.communicate(timeout=40)

    assert second.code == 6
    assert (
        f"exporting the account {staged.account_id}: pid {first.pid}, task scan.export, since 20"
        in second.err
    )
    assert first.returncode == 0


def test_an_export_to_a_named_file_needs_no_lock(staged: Sandbox, inv: Inv, home: Path) -> None:
    name = f"export/127.0.0.1/{staged.account_id}"
    holder = {"pid": os.getpid(), "task": "scan.export", "since": "now"}

    with locked(home / "state" / "locks", name, holder, "exporting"):
        refused = inv("scan.export")
        written = inv("scan.export", "--to", "all.json")

    assert (refused.code, written.code) == (6, 0)


def test_a_kind_that_lost_too_much_makes_the_snapshot_partial(staged: Sandbox, inv: Inv) -> None:
    before = newest(inv("scan.export", "--output", "json"))
    lose_records(inv)

    result = inv("scan.export", "--guard", "1", "--output", "json")

    manifest = checked(newest(result))
    assert result.code == 4
    assert manifest.status == "partial"
    assert "guard of 1 %: dns.record fell from" in manifest.reason
    assert "dns.record fell from" in result.err
    assert str((before.parent / "latest").readlink()) == before.name


@pytest.mark.long
def test_a_loss_below_the_threshold_passes(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export")
    lose_records(inv)

    result = inv("scan.export", "--guard", "99", "--output", "json")

    assert (result.code, checked(newest(result)).status) == (0, "complete")


def test_a_guard_without_a_snapshot_passes_with_a_note(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan.export", "--guard", "30")

    assert result.code == 0
    assert "nothing to compare with yet" in result.err


def test_a_guard_remembers_the_counts_of_encrypted_snapshots(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--guard", "1", "--encrypt-to", KEY)
    lose_records(inv)

    result = inv("scan.export", "--guard", "1", "--encrypt-to", KEY)

    assert result.code == 4
    assert "dns.record fell from" in result.err


@pytest.mark.long
def test_an_export_of_some_kinds_keeps_the_counts_of_the_others(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--guard", "1", "--encrypt-to", KEY)
    inv("scan.export", "--guard", "1", "--encrypt-to", KEY, "--only", "kv")
    lose_records(inv)

    result = inv("scan.export", "--guard", "1", "--encrypt-to", KEY)

    assert result.code == 4
    assert "dns.record fell from" in result.err


@pytest.mark.parametrize("content", [b"", b"[]", b'{"counts": 1}', b'{"started": "x", "counts": {}}'])
def test_unreadable_counts_are_ignored(staged: Sandbox, inv: Inv, home: Path, content: bytes) -> None:
    inv("scan.export", "--guard", "1", "--encrypt-to", KEY, "--only", "kv")
    [file] = (home / "state" / "counts").iterdir()
    file.write_bytes(content)

    result = inv("scan.export", "--guard", "1", "--encrypt-to", KEY, "--only", "kv")

    assert result.code == 0
    assert "nothing to compare with yet" in result.err


def test_a_snapshot_that_does_not_read_back_is_not_published(
    staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(path: Path) -> Any:
        """Open as a disk does that has lost the last byte of one file."""
        whole = open_regular(path)
        return io.BytesIO(whole.read()[:-1]) if path.name == "zones.zone.jsonl" else whole

    monkeypatch.setattr(manifests, "open_regular", forgetful)

    result = inv("scan.export")

    assert result.code == 2
    assert "zones.zone.jsonl reads back as" in result.err
    assert [p for p in (home / "exports").rglob("[!.]*") if p.is_file()] == []
    assert leftovers(home / "exports") == []


def test_a_changed_byte_is_found_by_its_hash(staged: Sandbox, inv: Inv) -> None:
    folder = newest(inv("scan.export", "--output", "json"))
    manifest = manifests.load(folder)
    file = folder / "dns.record.jsonl"
    data = file.read_bytes()
    file.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])

    with pytest.raises(Exception, match=r"dns\.record\.jsonl does not read back"):
        manifests.check(folder, manifest)


def test_a_monitor_is_called_at_the_start_and_after_success(staged: Sandbox, inv: Inv, monitor: Wire) -> None:
    result = inv("scan.export", "--ping", url(monitor))

    assert result.code == 0
    assert shown(monitor) == ["/start", ""]
    assert {seen.method for seen in monitor.requests} == {"POST"}


def test_a_monitor_gets_one_line_without_names_after_a_success(
    staged: Sandbox, inv: Inv, monitor: Wire
) -> None:
    result = inv("scan.export", "--quiet", "--ping", url(monitor), "--output", "json")

    summary = json.loads(result.out)
    line = monitor.requests[-1].body.decode()
    counts = f"{summary['items']:,} items, {summary['requests']} requests, {summary['seconds']} s"
    assert line.startswith(f"complete: {counts}, snapshot {newest(result).name}, run ")
    assert "\n" not in line
    assert staged.account_id not in line


def test_the_calls_of_one_job_have_one_id_and_those_of_another_job_another(
    staged: Sandbox, inv: Inv, monitor: Wire
) -> None:
    inv("scan.export", "--ping", url(monitor))
    inv("scan.export", "--ping", url(monitor))

    ids = [UUID(seen.target.partition("?rid=")[2]) for seen in monitor.requests]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_a_monitor_gets_the_exit_code_and_counts_of_a_failure(
    staged: Sandbox, inv: Inv, monitor: Wire
) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--ping", url(monitor))

    assert result.code == 4
    assert shown(monitor) == ["/start", "/4"]
    assert monitor.requests[-1].body.startswith(b"incomplete: 1 kinds not read whole, ")
    assert b"dns.record" not in monitor.requests[-1].body


def test_a_monitor_gets_the_last_messages_only_on_request(staged: Sandbox, inv: Inv, monitor: Wire) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    inv("scan.export", "--ping", url(monitor), "--ping-log")

    assert b"dns.record: denied" in monitor.requests[-1].body


def test_a_monitor_gets_the_reason_and_the_hint_of_a_failure_on_request(
    staged: Sandbox, inv: Inv, monitor: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.faults.add(Fault("500", path="/accounts*", times=-1))

    result = inv("scan.export", "--ping", url(monitor), "--ping-log")

    hint = next(line for line in result.err.splitlines() if line.startswith("hint: ")).removeprefix("hint: ")
    assert result.code == 2
    assert hint.encode() in monitor.requests[-1].body


def test_a_monitor_is_called_for_a_refused_token(
    staged: Sandbox, inv: Inv, monitor: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "sandbox_" + "x" * 40
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", wrong)

    result = inv("scan.export", "--ping", url(monitor))

    assert result.code == 1
    assert shown(monitor) == ["/1"]
    assert all(wrong not in str(seen) and "authorization" not in seen.headers for seen in monitor.requests)


@pytest.mark.fault("D3")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_monitor_is_called_for_a_stopped_job(
    staged: Sandbox, monitor: Wire, number: int, code: int
) -> None:
    staged.faults.add(Fault("delay", times=-1, seconds=0.3))
    job = start("scan.export", "--ping", url(monitor))
    wait_until(lambda: any("dns_records" in target for _, target in staged.requests))

    job.send_signal(number)
    job.communicate(timeout=20)

    assert job.returncode == code
    assert shown(monitor) == ["/start", f"/{code}"]


def test_a_job_that_meets_the_lock_of_another_does_not_fail_to_the_monitor(
    staged: Sandbox, inv: Inv, home: Path, monitor: Wire
) -> None:
    name = f"export/127.0.0.1/{staged.account_id}"

    with locked(
        home / "state" / "locks", name, {"pid": 1, "task": "scan.export", "since": "now"}, "exporting"
    ):
        result = inv("scan.export", "--ping", url(monitor))

    assert result.code == 6
    assert shown(monitor) == ["/log"]
    assert b"another run holds the lock" in monitor.requests[-1].body


@pytest.mark.fault("F18")
@pytest.mark.parametrize("status", [500, 302])
def test_a_monitor_that_is_down_is_a_warning(staged: Sandbox, inv: Inv, status: int) -> None:
    with Wire(answer(status, "", location="http://127.0.0.2/")) as monitor:
        result = inv("scan.export", "--ping", url(monitor))

    assert result.code == 0
    assert shown(monitor) == ["/start", "/start", "", ""]
    assert result.err.count(f"the monitor at 127.0.0.1 was not reached: it answered {status}") == 1
    assert "secret-uuid" not in result.err


def test_an_unreachable_monitor_is_a_warning(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan.export", "--ping", "http://127.0.0.1:1/secret-uuid")

    assert result.code == 0
    assert "the monitor at 127.0.0.1 was not reached: no answer" in result.err
    assert "secret-uuid" not in result.err


@pytest.mark.fault("F18")
def test_a_monitor_that_never_answers_does_not_hold_a_job(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops.commands import monitor as commands

    monkeypatch.setattr(commands, "SECONDS", 0.1)

    with Wire(lambda exchange: None) as silent:
        result = inv("scan.export", "--ping", url(silent))

    assert result.code == 0
    assert result.err.count("the monitor at 127.0.0.1 was not reached: no answer") == 1


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    "address",
    ["http://monitor.example/secret", "ftp://monitor.example/secret", "https://u:secret@monitor.example/",
     "https://monitor.example/secret#x", "secret"],
)  # fmt: skip
def test_a_monitor_is_reached_only_by_https(staged: Sandbox, inv: Inv, address: str) -> None:
    result = inv("scan.export", "--ping", address)

    assert result.code == 1
    assert "--ping" in result.err
    assert "secret" not in result.err
    assert staged.requests == []


def test_a_quiet_export_prints_nothing_after_success(staged: Sandbox, inv: Inv) -> None:
    well = inv("scan.export", "--quiet")
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))
    ill = inv("scan.export", "--quiet")

    assert (well.code, well.out, well.err) == (0, "", "")
    assert ill.code == 4
    assert "partial" in ill.out
    assert "dns.record" in ill.err


def test_a_requested_output_format_is_printed_with_quiet_too(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan.export", "--quiet", "--output", "json")

    assert json.loads(result.out)["status"] == "complete"
    assert result.err == ""


@pytest.mark.fault("E14")
def test_a_log_gets_one_object_per_message(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--log-format", "json")

    lines = [json.loads(line) for line in result.err.splitlines()]
    assert result.code == 4
    assert {line["level"] for line in lines} == {"info", "warning", "error"}
    assert lines[-1]["event"] == "task"
    assert lines[-1]["error"]["exit_code"] == 4
    assert all(line["message"] and line["time"] for line in lines)


def test_only_a_complete_export_is_followed_by_pruning(staged: Sandbox, inv: Inv) -> None:
    first = newest(inv("scan.export", "--output", "json"))
    second = newest(inv("scan.export", "--output", "json"))
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    partial = inv("scan.export", "--prune", "last=1", "--output", "json")
    kept = first.exists() and second.exists()
    staged.faults.clear()
    complete = inv("scan.export", "--prune", "last=1", "--output", "json")

    assert (partial.code, kept) == (4, True)
    assert "nothing was pruned" in partial.err
    assert complete.code == 0
    assert [p.name for p in first.parent.iterdir() if p.is_dir() and not p.is_symlink()] == [
        newest(complete).name
    ]
    assert "3 older snapshots were pruned" in complete.err


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (("--guard", "100"), "--guard takes percent"),
        (("--guard", "-1"), "--guard takes percent"),
        (("--guard", "30", "--zone", "example.com"), "--zone"),
        (("--prune", "daily=7", "--to", "all.json"), "--prune is for the snapshots"),
        (("--prune", "dayly=7"), "--prune has no 'dayly'"),
        (("--prune", "daily=many"), "--prune daily= takes a number"),
        (("--prune", "daily=0"), "which snapshots to keep"),
        (("--log-format", "xml"), "log"),
    ],
)
def test_contradicting_options_are_refused_before_any_request(
    staged: Sandbox, inv: Inv, line: tuple[str, ...], shown: str
) -> None:
    result = inv("scan.export", *line)

    assert result.code == 1
    assert shown in result.err
    assert staged.requests == []


def test_an_error_before_the_settings_are_known_is_logged_in_the_same_format(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_WORKERS", "many")

    result = inv("scan.export", "--log-format", "json")

    line, _ = [json.loads(line) for line in result.err.splitlines()]
    assert (result.code, line["level"], line["error"]["exit_code"]) == (1, "error", 1)
    assert "CFOPS_WORKERS" in line["message"]
