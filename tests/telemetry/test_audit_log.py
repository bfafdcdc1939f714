from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import DiskError
from ops.sandbox.server import Sandbox
from ops.telemetry.audit import AuditLog, entry
from ops.telemetry.redact import Redactor
from tests.conftest import Result

Inv = Callable[..., Result]
LINES = 12


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    log = AuditLog(tmp_path)
    for number in range(LINES):
        log.record({"task": f"dns.create {number}"})
    return log


def file_of(folder: Path) -> Path:
    return folder / "audit" / "audit.jsonl"


def rewritten(folder: Path, change: Callable[[list[bytes]], object]) -> None:
    lines = file_of(folder).read_bytes().splitlines(keepends=True)
    change(lines)
    file_of(folder).write_bytes(b"".join(lines))


def test_an_unchanged_log_is_verified(tmp_path: Path, log: AuditLog) -> None:
    check = log.verify()

    assert check.lines == LINES
    assert check.problem == ""
    assert len(check.head) == 64


def test_an_empty_log_is_verified(tmp_path: Path) -> None:
    assert AuditLog(tmp_path).verify().problem == ""


@pytest.mark.fault("F22", "P11")
@pytest.mark.parametrize("line", range(LINES))
def test_every_edit_of_a_line_is_found(tmp_path: Path, log: AuditLog, line: int) -> None:
    whole = file_of(tmp_path).read_bytes().splitlines(keepends=True)

    for at in range(len(whole[line]) - 1):
        edited = whole[line][:at] + bytes([whole[line][at] ^ 1]) + whole[line][at + 1 :]
        file_of(tmp_path).write_bytes(b"".join((*whole[:line], edited, *whole[line + 1 :])))
        assert log.verify().problem, f"byte {at} of line {line}"


@pytest.mark.fault("F22", "P11")
@pytest.mark.parametrize("line", range(LINES))
def test_every_deletion_of_a_line_is_found(tmp_path: Path, log: AuditLog, line: int) -> None:
    rewritten(tmp_path, lambda lines: lines.pop(line))

    assert log.verify().problem


@pytest.mark.fault("F22", "P11")
@pytest.mark.parametrize("one", range(LINES))
@pytest.mark.parametrize("other", range(LINES))
def test_every_swap_of_two_lines_is_found(tmp_path: Path, log: AuditLog, one: int, other: int) -> None:
    def swap(lines: list[bytes]) -> None:
        lines[one], lines[other] = lines[other], lines[one]

    rewritten(tmp_path, swap)

    assert bool(log.verify().problem) == (one != other)


@pytest.mark.fault("F22", "P11")
@pytest.mark.parametrize("left", range(LINES))
def test_missing_lines_at_the_end_are_found_by_the_head_in_another_file(
    tmp_path: Path, log: AuditLog, left: int
) -> None:
    rewritten(tmp_path, lambda lines: lines.__delitem__(slice(left, None)))

    assert "missing at the end" in log.verify().problem


@pytest.mark.fault("F22")
def test_a_completely_rewritten_log_is_found(tmp_path: Path, log: AuditLog) -> None:
    file_of(tmp_path).unlink()
    other = AuditLog(tmp_path / "other")
    for number in range(LINES):
        other.record({"task": f"something else {number}"})
    file_of(tmp_path / "other").rename(file_of(tmp_path))

    assert "rewritten" in log.verify().problem


def test_a_crash_between_the_line_and_its_head_is_not_a_problem(tmp_path: Path, log: AuditLog) -> None:
    head = (tmp_path / "audit-head.json").read_bytes()
    log.record({"task": "the last"})
    (tmp_path / "audit-head.json").write_bytes(head)

    assert log.verify().problem == ""


def test_lines_that_another_program_added_at_the_end_are_found(tmp_path: Path, log: AuditLog) -> None:
    head = tmp_path / "audit-head.json"
    before = head.read_bytes()
    log.record({"task": "one"})
    log.record({"task": "two"})
    head.write_bytes(before)

    assert log.verify().problem == "2 lines at the end were added by another program"


def test_a_damaged_head_is_an_error_message(tmp_path: Path, log: AuditLog) -> None:
    (tmp_path / "audit-head.json").write_text("{")

    with pytest.raises(DiskError, match="the end of the log cannot be verified"):
        log.verify()


def test_a_pipe_in_place_of_the_head_is_an_error_message(tmp_path: Path, log: AuditLog) -> None:
    (tmp_path / "audit-head.json").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "audit-head.json")

    with pytest.raises(DiskError, match="the end of the log cannot be verified"):
        log.verify()
    with pytest.raises(DiskError, match="audit-head"):
        log.record({"task": "dns.create"})


@pytest.mark.long
@pytest.mark.fault("P11")
def test_twenty_thousand_lines_are_verified_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda _descriptor: None)
    log = AuditLog(tmp_path)
    for number in range(20_000):
        log.record({"task": "dns.create", "options": {"zone": "example.com", "number": number}})

    begun = time.perf_counter()
    check = log.verify()

    assert check.lines == 20_000
    assert check.problem == ""
    assert time.perf_counter() - begun < 1


def test_a_task_is_logged_without_secrets_and_data(inv: Inv, staged: Sandbox) -> None:
    created = inv(
        "dns.create",
        "--zone",
        "example.com",
        "--type",
        "TXT",
        "--name",
        "t",
        "--content",
        f"x {staged.token}",
    )
    local = inv("audit", "--local", "--output", "json")

    assert created.code == 0, created.err
    assert staged.token not in local.out
    assert '"task":"dns.create"' in local.out
    assert '"exit_code":0' in local.out
    assert staged.account_id in local.out


def test_a_refused_deletion_is_logged_with_its_exit_code(inv: Inv, staged: Sandbox) -> None:
    inv("dns.create", "--zone", "example.com", "--type", "A", "--name", "t", "--content", "192.0.2.1")
    inv("dns.delete", "--zone", "example.com", "--type", "A", "--name", "t")

    local = inv("audit", "--local", "--output", "tsv", "--fields", "task,exit_code", "--no-headers")

    assert local.out.split() == ["dns.delete", "1", "dns.create", "0"]


def test_reading_tasks_and_dry_runs_are_not_logged(inv: Inv, staged: Sandbox) -> None:
    inv("dns.list", "--zone", "example.com")
    inv(
        "--dry", "dns.create", "--zone", "example.com", "--type", "A", "--name", "t", "--content", "192.0.2.1"
    )

    assert inv("audit", "--local", "--output", "json").out.strip() == "[]"


def test_verify_reports_a_problem_by_its_exit_code(inv: Inv, staged: Sandbox, home: Path) -> None:
    inv("dns.create", "--zone", "example.com", "--type", "A", "--name", "t", "--content", "192.0.2.1")
    good = inv("audit", "--verify")
    rewritten(home / "state", lambda lines: lines.append(lines[0]))
    bad = inv("audit", "--verify")

    assert good.code == 0
    assert "as it was written" in good.out
    assert bad.code == 2
    assert "was changed by hand" in bad.err


def test_only_the_length_of_values_is_logged(tmp_path: Path) -> None:
    line = entry(
        "kv.put",
        {"key": "k", "value": "s3cret", "tags": ("a", "tokentoken")},
        now=0.0,
        redact=Redactor(("tokentoken",)),
    )

    assert line["options"] == {"key": "k", "value": "(6 characters)", "tags": ["a", "[hidden]"]}
    assert line["time"] == "1970-01-01T00:00:00Z"
