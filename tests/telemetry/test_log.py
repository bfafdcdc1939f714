"""The writer of the log: JSON lines without secrets, and text for people and for journald."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import ApiError, DiskError, OpsError
from ops.telemetry.log import EVENTS, Log
from ops.telemetry.logfile import LogFile
from ops.telemetry.record import CallSeen, Record
from ops.telemetry.redact import HIDDEN
from ops.ui.talk import Talk
from tests.conftest import Result
from tests.telemetry.lines import SCHEMA, log_lines

OLD = 'YQSn-x"WA/Qii+Eh9 qM58wZéNnyQS7FUdoqGIUAbr'
PAGE = Path(__file__).parents[2] / "ops" / "docs" / "log.md"


def made(record: Record | None = None, *, json: bool = True) -> tuple[Log, io.StringIO]:
    stream = io.StringIO()
    log = Log(record or Record(), stream, clock=lambda: 1795424400.123)
    log.json = json
    return log, stream


def seen(**changes: object) -> CallSeen:
    call = CallSeen(
        method="GET",
        route="/zones/{zone_id}",
        path="/zones/z",
        status=200,
        error="",
        started=1795424400.0,
        ms=12.5,
        attempt=1,
        ray="8a-FRA",
        bytes=496,
        waited_ms=0.0,
        cached=False,
        span_id="b7ad6b7169203331",
        parent_id="b7ad6b7169203332",
    )
    return call._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.fault("E14")
@pytest.mark.parametrize("name", ['\n{"level": "forged"}', "a\r\nb", "\x85x\u2028y", "\x1b]52;c;x\x07"])
def test_one_event_is_one_line(name: str) -> None:
    log, stream = made()

    log.add("info", "note", name)
    log.call(seen(path=name))

    lines = log_lines(stream.getvalue())
    assert (lines[0]["message"], lines[1]["call"]["path"]) == (name, name)


@pytest.mark.fault("D8")
def test_events_are_numbered_in_their_order() -> None:
    log, stream = made()

    for _ in range(3):
        log.add("info", "note", "a")

    assert [line["n"] for line in log_lines(stream.getvalue())] == [1, 2, 3]


def test_an_event_has_its_time_in_utc_and_what_it_belongs_to() -> None:
    record = Record()
    log, stream = made(record)
    task = record.begin_task("zones.list")
    task.account, task.profile = "acc", "prod"

    log.add("info", "note", "a")

    [line] = log_lines(stream.getvalue())
    assert line["time"] == "2026-11-23T09:00:00.123Z"
    assert (line["run"], line["trace_id"], line["span_id"]) == (record.run, record.trace_id, task.span_id)
    assert (line["task"], line["account"], line["profile"]) == ("zones.list", "acc", "prod")


@pytest.mark.fault("D4")
def test_a_closed_log_stream_does_not_stop_the_work() -> None:
    log, stream = made()
    stream.close()

    log.add("info", "note", "a")


@pytest.mark.fault("F1")
def test_a_secret_does_not_reach_the_log_and_the_line_stays_json() -> None:
    log, stream = made()
    log.learn([OLD])

    log.call(seen(path=OLD, message=f"Bearer {OLD}"))
    Talk(stream, log=log).error(OpsError(OLD, hint=f"a {OLD}", ray=OLD))

    lines = log_lines(stream.getvalue())
    assert lines[0]["call"]["path"] == HIDDEN
    assert lines[1]["error"]["hint"] == f"a {HIDDEN}"
    assert json.dumps(OLD)[1:-1] not in stream.getvalue()


def test_the_secrets_of_every_stage_of_a_line_stay_hidden() -> None:
    log, stream = made()
    log.learn(["first-secret-value"])
    log.learn(["second-secret-value"])

    log.add("info", "note", "first-secret-value second-secret-value")

    assert log_lines(stream.getvalue())[0]["message"] == f"{HIDDEN} {HIDDEN}"


def test_bytes_that_are_not_known_are_null() -> None:
    log, stream = made()

    log.call(seen(bytes=None))

    assert log_lines(stream.getvalue())[0]["call"]["bytes"] is None


def test_a_text_for_the_journal_has_its_priority_on_each_line() -> None:
    log, stream = made(json=False)
    log.journal = True
    talk = Talk(stream, log=log)

    talk.note("a")
    talk.warn("b")
    talk.error(ApiError("c", 500, hint="d"))

    assert stream.getvalue() == "<6>a\n<4>warning: b\n<3>error: c\n<3>hint: d\n"


def test_stderr_is_the_journal_only_if_the_variable_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops.config.private import is_journal

    with (tmp_path / "journal").open("w") as file:
        found = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert is_journal(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino + 1}")
        assert not is_journal(file.fileno())


def test_the_file_gets_everything_also_what_a_quiet_run_does_not_print(tmp_path: Path) -> None:
    log, stream = made(json=False)
    log.open(str(tmp_path / "log"))
    talk = Talk(stream, quiet=True, log=log)

    talk.note("a")
    talk.warn("b")
    talk.progress("scan: 1 of 2")

    assert stream.getvalue() == "warning: b\n"
    lines = log_lines((tmp_path / "log").read_text())
    assert [(line["event"], line["message"]) for line in lines] == [
        ("note", "a"),
        ("warning", "b"),
        ("progress", "scan: 1 of 2"),
    ]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_file_is_rotated_by_size_and_a_few_older_ones_are_kept(tmp_path: Path) -> None:
    file = LogFile(str(tmp_path / "log"), limit=30, kept=2)

    for number in range(10):
        file.write(f"line {number} of ten lines")

    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {
        "log": "line 9 of ten lines\n",
        "log.1": "line 8 of ten lines\n",
        "log.2": "line 7 of ten lines\n",
    }


def test_a_line_goes_into_the_file_that_has_taken_the_place_of_the_open_one(tmp_path: Path) -> None:
    file = LogFile(str(tmp_path / "run.log"))
    file.write("one")
    (tmp_path / "other.log").touch()
    (tmp_path / "run.log").replace(tmp_path / "moved.log")
    (tmp_path / "other.log").replace(tmp_path / "run.log")

    file.write("two")
    (tmp_path / "run.log").unlink()
    file.write("three")

    file.close()
    assert (tmp_path / "moved.log").read_text() == "one\n"
    assert (tmp_path / "run.log").read_text() == "three\n"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, write = LogFile(str(tmp_path / "run.log")), os.write
    file.write("whole")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))

    with pytest.raises(DiskError, match="No space left on device"):
        file.write("cut")

    file.close()
    assert (tmp_path / "run.log").read_text() == "whole\n"


def test_a_device_is_not_a_log_file() -> None:
    with pytest.raises(DiskError, match="/dev/null is not a regular file of this user"):
        LogFile("/dev/null")


def test_tasks_that_name_the_same_file_share_it(inv: Callable[..., Result], tmp_path: Path) -> None:
    file = str(tmp_path / "run.log")

    result = inv("checks.list", "--log-file", file, "checks.list", "--log-file", file)

    assert result.code == 0, result.err
    lines = [json.loads(line) for line in Path(file).read_text().splitlines()]
    assert [line["task"] for line in lines if line["event"] == "task"] == ["checks.list"] * 2


def test_a_line_longer_than_the_limit_is_written_whole(tmp_path: Path) -> None:
    file = LogFile(str(tmp_path / "log"), limit=10, kept=2)

    file.write("longer than ten bytes")

    assert (tmp_path / "log").read_text() == "longer than ten bytes\n"


WRITER = """
import sys
from ops.telemetry.logfile import LogFile
file = LogFile(sys.argv[1], limit=4000, kept=1000)
for number in range(300):
    file.write(f"{sys.argv[2]} {number}")
"""


def test_several_processes_lose_no_line_while_the_file_is_rotated(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "log")]

    writers = [subprocess.Popen([*command, f"writer-{number}"]) for number in range(4)]
    codes = [writer.wait(timeout=40) for writer in writers]

    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert codes == [0] * 4
    assert sorted(lines) == sorted(f"writer-{number} {line}" for number in range(4) for line in range(300))
    assert len(list(tmp_path.iterdir())) > 3


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "absent/log"])
def test_what_is_not_a_file_of_this_user_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()

    with pytest.raises(DiskError):
        LogFile(str(path))


def test_a_file_that_cannot_be_written_any_more_is_a_warning_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, stream = made(json=False)
    log.open(str(tmp_path / "log"))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ops.telemetry.logfile.os.write", full)
    for _ in range(3):
        Talk(stream, log=log).warn("a")

    assert stream.getvalue().count("the log file is not written any more") == 1
    assert stream.getvalue().count("warning: a\n") == 3


def test_the_page_about_the_log_names_every_field_and_event() -> None:
    text = PAGE.read_text()
    calls = SCHEMA["oneOf"][0]["properties"]["call"]["properties"]
    names = [*SCHEMA["properties"], *calls, *SCHEMA["properties"]["error"]["properties"], *EVENTS]

    assert [name for name in names if f"`{name}`" not in text] == []
    assert SCHEMA["properties"]["event"]["enum"] == list(EVENTS)


# Questions and the token are for a person at a terminal; an interrupt may leave nothing else to write with.
DIALOGS = {"ops/ui/questions.py", "ops/commands/init.py", "ops/program.py"}


def test_only_the_log_and_what_draws_on_a_terminal_write_on_stderr() -> None:
    root = Path(__file__).parents[2]
    writing = re.compile(
        r"sys\.stderr\.write|file=sys\.stderr|os\.write\(2,|stream=sys\.stderr|(else|or) sys\.stderr"
    )
    found = {
        file.relative_to(root).as_posix()
        for file in (root / "ops").rglob("*.py")
        if writing.search(file.read_text())
    }

    assert found - DIALOGS == {"ops/telemetry/log.py"}
