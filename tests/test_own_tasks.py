"""Lines with tasks of the user's own, and our tasks in a program that is not ours."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.program import Program
from invoke.tasks import Task, task

from ops.cli.app import App
from ops.cli.parsing import TaskContext
from ops.cli.run import RUN
from ops.config.settings import Settings
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.ui.paper import Terminal

Run = Callable[..., Result]


@pytest.fixture
def own(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs a line with the task `own` beside ours: the function that it is given."""
    from ops.program import OpsProgram, collection

    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def run(body: Callable[[Context], object], *line: str) -> Result:
        root = collection()
        root.add_task(task(body), "own")  # type: ignore[arg-type]  # Invoke's type is a Task
        code = 0
        try:
            OpsProgram(name="inv", binary="inv", namespace=root, version="test").run(["inv", *line])
        except SystemExit as ending:
            code = int(ending.code or 0)
        return Result(code, *capfd.readouterr())

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


def test_the_help_of_a_task_of_the_users_own_is_that_of_invoke(own: Run) -> None:
    def body(_context: Context, count: int = 1) -> None:
        """Count."""

    result = own(body, "--help", "own")

    assert result.code == 0
    assert result.out.startswith("Usage: inv [--core-opts] own [--options] [other tasks here ...]")
    assert "--count" in result.out


@pytest.mark.parametrize(
    ("number", "code", "how"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_in_a_task_of_the_users_own_ends_the_line_with_a_sentence(
    own: Run, number: int, code: int, how: str
) -> None:
    result = own(lambda _context: kill(number), "own", "zones.list")

    assert (result.code, result.out) == (code, "")
    assert result.err == f"error: the line was {how}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_line_has_ended_does_not_break_its_ending(own: Run, number: int) -> None:
    ended: list[str] = []

    def body(_context: Context) -> None:
        RUN.endings[:] = [lambda: ended.append("second"), lambda: (kill(number), ended.append("first"))[0]]

    result = own(body, "own")

    assert (result.code, result.err, ended) == (0, "", ["first", "second"])


def failing(_context: Context) -> None:
    raise ValueError("a bug of the user")


def test_what_a_task_of_the_users_own_raises_is_printed_by_python(own: Run) -> None:
    with pytest.raises(ValueError, match="a bug of the user"):
        own(failing, "own")


def test_what_a_task_of_the_users_own_raises_is_one_object_of_a_log_in_json(own: Run) -> None:
    result = own(failing, "own", "zones.list", "--log-format", "json")

    (line,) = [json.loads(line) for line in result.err.splitlines() if '"bug"' in line]
    assert result.code == 1
    assert line["error"] == {"error": "ValueError", "exit_code": 1}


@pytest.mark.parametrize(("hide", "reported"), [(None, 0), (True, 1)])
def test_a_command_that_fails_ends_the_line_with_its_exit_code(
    own: Run, hide: bool | None, reported: int
) -> None:
    line = ("own", "zones.list", "--log-format", "json")

    result = own(lambda context: context.run("exit 3", hide=hide, in_stream=False), *line)

    errors = [line for line in result.err.splitlines() if '"event": "error"' in line]
    assert (result.code, len(errors)) == (3, reported), result.err


def test_a_pipe_that_is_closed_while_help_is_printed_ends_the_line_quietly(
    own: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        result = own(failing, "--help")
        monkeypatch.undo()

    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize(("more", "code"), [((), 0), (("zones.list",), 1)])
def test_a_reader_that_has_enough_ends_the_line(
    own: Run, staged: Sandbox, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], code: int
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        result = own(failing, "dns.list", "example.com", "--output", "json", *more)

    assert result.code == code
    assert result.err == (
        "warning: the output was closed, so these were not started: zones.list\n" if more else ""
    )


def test_what_invoke_logs_stays_as_it_is_where_the_log_is_text(own: Run) -> None:
    root, printing = logging.getLogger(), logging.StreamHandler(sys.stderr)
    root.addHandler(printing)
    try:
        result = own(failing, "--debug", "--help", "own")
        kept = printing in root.handlers
    finally:
        root.removeHandler(printing)

    assert result.code == 0
    assert kept


def foreign(monkeypatch: pytest.MonkeyPatch, tasks: list[Task[Any]], *line: str) -> int:
    """Run a line in a program of Invoke's own, which knows nothing of ours; return its exit code."""
    # As in a process that `connect` was never called in.
    for name in ("open_past", "suggest_offline", "task_ended"):
        monkeypatch.setattr(App, name, None)
    RUN.begin(project=Path.cwd(), dry=False, debug=False)
    space = Collection(*tasks)
    try:
        Program(name="other", binary="other", namespace=space, version="1").run(["other", *line])
    except SystemExit as ending:
        return int(ending.code or 0)
    finally:
        RUN.end()
    return 0


def test_our_tasks_work_in_a_program_that_is_not_ours(
    staged: Sandbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from ops.products.kv.tasks.keys import list_keys
    from ops.products.zones.tasks import list_zones

    zones = foreign(monkeypatch, [list_zones], "list", "--output", "json", "--trace", "trace.json")
    listed = json.loads(capfd.readouterr().out)
    keys = foreign(monkeypatch, [list_keys], "keys", "--namespace", "config", "--output", "json")
    named = json.loads(capfd.readouterr().out)
    past = foreign(monkeypatch, [list_zones], "list", "--offline")

    assert (zones, keys, past) == (0, 0, 1)
    assert "example.com" in {zone["name"] for zone in listed}
    assert named
    assert json.loads(Path("trace.json").read_text())
    assert "error: --at and --offline need the program of cfops" in capfd.readouterr().err


def test_a_context_has_the_attributes_of_invokes_and_no_others() -> None:
    context = TaskContext("own", (), task(failing))  # type: ignore[arg-type]  # Invoke's type is a Task

    assert list(context.args) == []
    assert not hasattr(context, "other")


def test_a_list_is_exported_into_the_file_that_is_named(staged: Sandbox, inv: Run) -> None:
    named = inv("zones.list", "--export=zones.json")
    plain = inv("zones.list", "--export")

    assert named.code == plain.code == 0, named.err + plain.err
    assert "items written to zones.json" in named.err
    names = [item["name"] for item in json.loads(Path("zones.json").read_text())["items"]]
    assert "example.com" in names


def test_a_page_of_the_dashboard_is_opened_on_a_terminal(
    staged: Sandbox, inv: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(Settings, "api_host", "api.cloudflare.com")
    monkeypatch.setattr(webbrowser, "open", opened.append)
    piped = inv("zones.info", "example.com", "--web")
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())

    result = inv("zones.info", "example.com", "--web")

    address = f"https://dash.cloudflare.com/{staged.account_id}/example.com"
    assert piped.code == result.code == 0, result.err
    assert opened == [address]
    assert address in terminal.seen
