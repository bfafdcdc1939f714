"""Everything on stderr is the log: in JSON, every line of every kind of run fits the schema."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.e2e.conftest import BIN, Shell
from tests.scan.processes import wait_until
from tests.telemetry.lines import log_lines

BUGGY = """
from invoke.exceptions import Exit
from invoke.tasks import task
from ops.cli.command import command
from ops.program import collection

@command("buggy")
def buggy(app) -> None:
    \"\"\"Fail.\"\"\"
    raise KeyError("a bug of ours")

@task
def theirs(context):
    raise KeyError("a bug of theirs")

@task
def ends(context):
    raise Exit("it ends here", 7)

@task
def runs(context):
    context.run("echo no; exit 9", hide=True)

ns = collection()
for one in (buggy, theirs, ends, runs):
    ns.add_task(one)
"""


@pytest.fixture
def logging(shell: Shell) -> Shell:
    """A shell whose environment asks for JSON."""
    shell.environ["CFOPS_LOG_FORMAT"] = "json"
    return shell


def facts(lines: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(line["event"], line["level"], line.get("error", {}).get("exit_code")) for line in lines]


def test_a_good_run_names_its_task_account_and_trace(logging: Shell, sandbox: Sandbox) -> None:
    logging.environ["TRACEPARENT"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    done = logging("zones.list", "--limit", "1", "--debug")

    lines = log_lines(done.err)
    assert done.code == 0
    assert {line["trace_id"] for line in lines} == {"0af7651916cd43dd8448eb211c80319c"}
    assert {line["task"] for line in lines} == {"zones.list"}
    assert len({line["run"] for line in lines}) == 1
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert ("note", "showing the first 1; more were not read") in [
        (line["event"], line["message"]) for line in lines
    ]
    assert [line["call"]["route"] for line in lines if line["event"] == "call"] == ["/zones"]


def test_a_failed_section_names_its_status_and_its_ray(logging: Shell, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("503", "GET", "/zones/*/dns_records*", times=-1))
    logging.environ["CFOPS_ATTEMPTS"] = "1"

    done = logging("scan.export", "--only", "dns,zones.zone", "--zone", "example.com")

    lines = log_lines(done.err)
    [section] = [line for line in lines if line["event"] == "section"]
    assert done.code == 4
    assert section["error"]["section"].startswith("dns.record in ")
    assert section["error"]["status"] == 503
    assert section["error"]["ray"] in section["message"]
    assert facts(lines)[-2:] == [("error", "error", 4), ("task", "warning", 4)]


def test_a_failed_run_and_the_tasks_that_were_not_started_are_in_the_log(logging: Shell) -> None:
    done = logging("zones.list", "dns.list", "--zone", "nowhere.example", "zones.list")

    lines = log_lines(done.err)
    assert done.code == 1
    assert [line["message"] for line in lines if line["event"] == "warning"] == [
        "done: zones.list; failed: dns.list; not started: zones.list"
    ]
    assert [line["task"] for line in lines if line["event"] == "task"] == ["zones.list", "dns.list"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("zones.lst",), "there is no task zones.lst"),
        (("zones.list", "--bad"), "zones.list has no option --bad"),
        (("zones.list", "--limit", "x"), "--limit takes a number, not 'x'"),
        (("zones.list", "--fields"), "--fields needs a value"),
        (("dns.list",), "dns.list needs --zone"),
        (("zones.list", "--output", "xml"), None),
        (("zones.list", "--log-file", "no/such/folder/log"), None),
    ],
)
@pytest.mark.parametrize("how", ["variable", "option"])
def test_a_mistake_is_one_object(shell: Shell, line: tuple[str, ...], message: str | None, how: str) -> None:
    if how == "variable":
        shell.environ["CFOPS_LOG_FORMAT"] = "json"
    else:
        line = ("sandbox", "--log-format", "json", *line)

    done = shell(*line)

    lines = log_lines(done.err)
    assert done.code in (1, 2)
    [error] = [one for one in lines if one["event"] == "error"]
    assert message in (None, error["message"])
    assert error["error"]["hint"]


@pytest.mark.parametrize("where", ["variable", "option", "project", "profile"])
def test_a_wrong_setting_is_reported_in_the_form_that_is_set(shell: Shell, where: str) -> None:
    shell.environ["CFOPS_WORKERS"] = "many"
    line = ["zones.list"]
    if where == "variable":
        shell.environ["CFOPS_LOG_FORMAT"] = "json"
    elif where == "option":
        line.append("--log-format=json")
    elif where == "project":
        Path(shell.folder, "invoke.yaml").write_text("ops:\n  log_format: json\n")
    else:
        folder = Path(shell.environ["CFOPS_CONFIG_DIR"])
        folder.mkdir(mode=0o700)
        file = folder / "profiles.toml"
        file.write_text('default = "prod"\n[prod]\nlog_format = "json"\n')
        file.chmod(0o600)

    done = shell(*line)

    lines = log_lines(done.err)
    assert "CFOPS_WORKERS" in lines[0]["message"]


def test_an_option_on_a_later_task_applies_from_the_first_line(shell: Shell) -> None:
    done = shell("sandbox", "zones.list", "--log-format", "json")

    lines = log_lines(done.err)
    assert lines[0]["task"] == "sandbox.use"
    assert lines[0]["message"].startswith("sandbox: ")


@pytest.mark.parametrize(
    ("task", "event", "code"),
    [("buggy", "bug", 2), ("theirs", "bug", 1), ("ends", "error", 7), ("runs", "error", 9)],
)
def test_a_bug_of_any_task_is_one_object(logging: Shell, task: str, event: str, code: int) -> None:
    Path(logging.folder, "tasks.py").write_text(BUGGY)

    done = logging(task)

    lines = log_lines(done.err)
    assert done.code == code
    assert (event, "error", code) in facts(lines)


def test_a_file_of_settings_that_is_damaged_is_reported_as_json(logging: Shell) -> None:
    Path(logging.folder, "invoke.yaml").write_text("[1, 2]")

    done = logging("zones.list")

    [line] = log_lines(done.err)
    assert done.code == 1
    assert "it is not a mapping" in line["message"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_its_log_with_the_exit_code(
    logging: Shell, sandbox: Sandbox, number: int, code: int
) -> None:
    sandbox.faults.add(Fault("hang", "GET", "/zones/*/dns_records*", nth=3, times=-1))
    process = logging.start("scan.export", "--only", "dns", stdout=subprocess.DEVNULL)
    wait_until(lambda: any("/dns_records" in target for _, target in sandbox.requests))

    process.send_signal(number)
    _, err = process.communicate(timeout=40)

    lines = log_lines(err.decode())
    assert process.returncode == code
    assert facts(lines)[-1] == ("task", "error", code)


def test_what_invoke_logs_with_debug_is_json_once_our_program_runs(logging: Shell) -> None:
    done = logging("zones.list", "--debug", program="cfops")
    core = logging("--debug", "zones.list", program="cfops")

    assert "call" in {line["event"] for line in log_lines(done.err)}
    ours = [line for line in core.err.splitlines() if line.startswith("{")]
    assert {"invoke", "call"} <= {line["event"] for line in log_lines("\n".join(ours))}


def test_dumps_writes_and_restores_are_logged(logging: Shell, sandbox: Sandbox) -> None:
    runs = [
        ("kv.dump", "--namespace", "config", "--to", "config.jsonl"),
        ("scan.export", "--only", "dns"),
        ("dns.create", "--zone", "example.com", "--type", "TXT", "--name", "new", "--content", "a"),
        ("snapshots.restore", "--delete", "--yes"),
        ("undo.apply", "--dry-run"),
        ("snapshots.diff",),
    ]  # fmt: skip

    for run in runs:
        done = logging(*run, "--log-file", "log")
        assert log_lines(done.err), run

    kept = log_lines(Path(logging.folder, "log").read_text())
    assert len({line["run"] for line in kept}) == len(runs)
    assert {"kv.dump", "snapshots.restore"} <= {line["task"] for line in kept}


def test_the_log_file_of_a_mistake_is_the_one_that_is_set(shell: Shell) -> None:
    shell.environ["CFOPS_LOG_FILE"] = str(shell.folder / "log")

    done = shell("zones.lst")

    [line] = log_lines(Path(shell.folder, "log").read_text())
    assert done.err.startswith("error: there is no task zones.lst\nhint: ")
    assert (line["event"], line["message"]) == ("error", "there is no task zones.lst")


def test_the_log_file_is_looked_for_from_the_current_folder_on(shell: Shell) -> None:
    below = shell.folder / "below"
    below.mkdir()

    for words in (["zones.list"], ["zones.lst"]):
        line = shell.command(*words, "--log-file", "log")
        subprocess.run(line, env=shell.environ, cwd=below, capture_output=True, check=False)

    kept = log_lines((below / "log").read_text())
    assert {line["level"] for line in kept} == {"info", "error"}


def test_a_token_that_is_typed_as_a_task_is_not_repeated(logging: Shell) -> None:
    token = "aB3" * 14
    logging.environ["CLOUDFLARE_API_TOKEN"] = token

    for environ in ({"CFOPS_LOG_FORMAT": "json"}, {"CFOPS_LOG_FORMAT": "text"}, {"CFOPS_WORKERS": "many"}):
        logging.environ |= environ
        done = logging(token)
        assert token not in done.err
        assert "[hidden]" in done.err


def test_text_is_for_the_journal_only_if_stderr_is_the_journal(shell: Shell, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("wb") as file:
        found = (tmp_path / "journal").stat()
        shell.environ["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
        for line in (("zones.lst",), ("sandbox", "zones.list")):
            subprocess.run(
                shell.command(*line), env=shell.environ, cwd=shell.folder, stderr=file, check=False
            )
    elsewhere = shell("zones.lst")

    lines = (tmp_path / "journal").read_text().splitlines()
    assert [line[:3] for line in lines] == ["<3>", "<3>", "<6>"]
    assert elsewhere.err.startswith("error: ")


def test_output_json_alone_keeps_its_error_object(shell: Shell) -> None:
    done = shell("dns.list", "--zone", "nowhere.example", "--output", "json")

    assert json.loads(done.err)["error"] == "NotFound"


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_interrupt_before_anything_was_started_is_reported_in_the_form_that_is_set(
    bare: Shell, form: str
) -> None:
    command = [
        str(BIN / "python"),
        "-c",
        "import ops.program; ops.program._stopped_early()",
        f"--log-format={form}",
    ]

    done = subprocess.run(
        command, env=bare.environ, cwd=bare.folder, capture_output=True, text=True, check=False
    )

    assert done.returncode == 130
    if form == "text":
        assert done.stderr == "error: interrupted before anything was started\n"
    else:
        [line] = log_lines(done.stderr)
        assert line["error"] == {"error": "Interrupted", "exit_code": 130}
