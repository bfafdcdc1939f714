"""The report of a bug: what it names, what it never holds, and that it never becomes a second error."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from ops.sandbox.server import Sandbox
from ops.telemetry.crash import KEPT, Crash, write
from ops.telemetry.tally import LAST
from ops.ui.shapes import Rows
from tests.conftest import Result

Inv = Callable[..., Result]

VALUE = "bunker.example.com"


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the task that lists records fail on a value after it has sent requests."""

    def columns(_app: object, rows: Rows, *_: object) -> NoReturn:
        list(rows.items)
        try:
            raise LookupError(VALUE)
        except LookupError as problem:
            raise RuntimeError(f"no column for {VALUE}") from problem

    monkeypatch.setattr("ops.cli.app.App.show", columns)


def reports(home: Path) -> list[Path]:
    return sorted((home / "state" / "crash").glob("*"))


@pytest.mark.usefixtures("bug")
def test_a_bug_leaves_a_report_of_names_and_lines_without_values(
    inv: Inv, staged: Sandbox, home: Path
) -> None:
    result = inv("dns.list", "example.com", "--name", VALUE, "zones.list")

    [file] = reports(home)
    found = json.loads(file.read_text())
    assert result.code == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"warning: a report without values is in {file}; nothing was sent: " in result.err
    assert found["tasks"] == ["dns.list", "zones.list"]
    assert (found["task"], found["options"], found["exit_code"]) == ("dns.list", ["name", "zone"], 2)
    assert found["versions"].keys() == {"cfops", "invoke", "requests", "python", "platform"}
    assert [one["type"] for one in found["exceptions"]] == ["builtins.RuntimeError", "builtins.LookupError"]
    assert found["exceptions"][0]["lines"][0].startswith("ops.cli.execution:")
    assert {"method": "GET", "path": "/zones/{zone_id}/dns_records", "status": 200} in found["requests"]
    assert file.stem == found["run"]
    text = file.read_text()
    for value in (VALUE, "example.com", staged.token, staged.account_id, str(home)):
        assert value not in text, value


@pytest.mark.usefixtures("bug", "staged")
def test_the_last_reports_are_kept(inv: Inv, home: Path) -> None:
    folder = home / "state" / "crash"
    folder.mkdir(parents=True, mode=0o700)
    for number in range(KEPT + 2):
        (folder / f"{number}.json").write_text("{}")
        os.utime(folder / f"{number}.json", (number, number))

    inv("zones.list")

    names = {path.stem for path in reports(home)}
    assert len(names) == KEPT
    assert {"3", "4", "5", "6"} < names


@pytest.mark.usefixtures("bug", "staged")
def test_where_no_report_can_be_written_only_the_bug_is_reported(inv: Inv, home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "crash").write_text("not a folder")

    result = inv("zones.list")

    assert result.code == 2
    assert result.err.count("Traceback") == 2  # that of the bug, and that of its cause
    assert "a report without values" not in result.err


def test_a_bug_before_the_settings_are_read_is_reported_without_a_file(
    inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_text: str) -> NoReturn:
        raise RuntimeError("a bug of the parser")

    (home / "config").mkdir()
    (home / "config" / "profiles.toml").write_text("[main]\n")
    monkeypatch.setattr(tomllib, "loads", broken)

    result = inv("zones.list")

    assert result.code == 2
    assert "RuntimeError: a bug of the parser" in result.err
    assert reports(home) == []


@pytest.mark.usefixtures("staged")
def test_a_mistake_is_not_a_bug_and_leaves_no_report(inv: Inv, home: Path) -> None:
    inv("zones.info", "nowhere.example")

    assert reports(home) == []


def test_secrets_are_masked_in_a_report_and_circular_causes_end(tmp_path: Path) -> None:
    one, other = KeyError("a"), KeyError("b")
    one.__cause__, other.__cause__ = other, one
    crash = Crash("run", ["secret-task"], "secret-task", ["zone"], 2, one, [{"path": "/zones"}] * LAST)

    file = write(crash, tmp_path, 0.0, lambda text: text.replace("secret", "***"))

    found = json.loads(file.read_text())
    assert found["task"] == "***-task"
    assert len(found["exceptions"]) == 2
