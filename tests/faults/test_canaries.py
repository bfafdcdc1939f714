"""The token appears nowhere: every task is run with a secret, and the search itself is tested.

`tests/conftest.py` searches what each test of the suite leaves behind.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from ops.program import collection
from ops.sandbox.server import Sandbox
from tests.cases import ZONE, Case, Inv, Line, Read, reads, writes
from tests.conftest import Result
from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)
from tests.faults.canary import KEY, LIVE, Canaries, made
from tests.faults.live import KINDS, cloudflare, credentials
from tests.offsite.conftest import bucket, running, s3  # noqa: F401  (fixtures)
from tests.scan.processes import wait_until
from tests.telemetry.lines import log_lines

ROOT = Path(__file__).parents[2]
# Tasks of the sandbox itself, which has a secret of its own and needs no other.
SANDBOX = {"sandbox.use", "sandbox.serve", "sandbox.seed", "sandbox.reset"}
CASES: tuple[tuple[str, Read | Case], ...] = (*reads().items(), *writes().items())


def test_every_task_has_a_case() -> None:
    tasks = {name.partition(" ")[0] for name, _ in CASES}

    missing = set(collection().task_names) - tasks - SANDBOX

    assert not missing, f"add to READS or WRITES of tests/cases/<product>.py: {sorted(missing)}"


def test_every_reading_case_has_something_to_assert() -> None:
    assert [task for task, read in reads().items() if not (read.sends or read.leaves or read.prints)] == []


@pytest.mark.fault("P1", "F1", "F4")
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number][0])
def test_no_task_leaks_its_secret(
    sandbox: Sandbox,
    inv: Inv,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    request: pytest.FixtureRequest,
    number: int,
) -> None:
    """Run each task once as it goes well, then against a server that repeats the secret in its answers."""
    credentials(KINDS[number % len(KINDS)], sandbox, monkeypatch)
    task, case = CASES[number]
    known = {"port": str(sandbox.port)}
    if isinstance(case, Read) and "{bucket}" in " ".join(case.options):
        known["bucket"] = request.getfixturevalue("bucket")

    if task == "doctor":
        # Behind a proxy it looks up no name, which would need a network.
        monkeypatch.setenv("CFOPS_PROXY", "http://127.0.0.1:9")

    with cloudflare(sandbox):
        line = arranged(task, case, sandbox, inv, known)
        before = len(sandbox.requests)
        well = inv("--debug", *line, "--cache", "60", "--log-format", "json", "--log-file", str(home / "log"))
        sent = [f"{method} {target}" for method, target in sandbox.requests[before:]]
        line = arranged(task, case, sandbox, inv, known) if isinstance(case, Read) else line
    with cloudflare(sandbox, echoing=True) as stubs:
        badly = inv("--debug", *line, "--output", "json", "--log-format", "json")
        repeated = len(stubs.calls)

    lines = log_lines(well.err)
    log_lines(badly.err)
    assert len(log_lines((home / "log").read_text())) >= len(lines) > 0
    assert_done(case, well, sent, home)
    assert "Traceback" not in well.err + badly.err
    if sent:
        assert repeated > 0
        assert badly.code != 0 or '"unavailable"' in badly.out


def arranged(task: str, case: Read | Case, sandbox: Sandbox, inv: Inv, known: dict[str, str]) -> Line:
    if isinstance(case, Read):
        return case.line(task, inv, **known)
    if case.arrange:
        case.arrange(sandbox)
    return case.line


def assert_done(case: Read | Case, well: Result, sent: list[str], home: Path) -> None:
    """Assert that a line did its work: its exit code, and the request, file or output that shows it."""
    if isinstance(case, Case):
        assert well.code == 0, well.err
        assert [one for one in sent if not one.startswith("GET ")] != []
        return
    assert well.code == case.code, well.err
    assert not case.sends or [one for one in sent if re.match(case.sends, one)], sent
    assert not case.leaves or list(home.glob(case.leaves)), well.out
    assert re.search(case.prints, well.out + well.err), well


@pytest.mark.fault("P1", "F1")
@pytest.mark.parametrize(
    "kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.long) for kind in KINDS[1:])]
)
def test_an_export_a_write_and_an_undo_with_each_kind_of_secret_leave_no_trace_of_it(
    sandbox: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, home: Path, kind: str
) -> None:
    credentials(kind, sandbox, monkeypatch)
    record = ("dns.create", *ZONE, "--name", "night", "--type", "A", "--content", "192.0.2.1")

    with cloudflare(sandbox) as stubs:
        code = inv("--debug", "scan.export", *record, "undo.last", "--yes").code
        sent = [call.request.headers for call in stubs.calls]

    assert code == 0
    assert len(list(home.rglob("*"))) > 20
    secret = KEY if kind == "key" else f"Bearer {LIVE[kind]}"
    assert {headers.get("X-Auth-Key") or headers["Authorization"] for headers in sent} == {secret}


@pytest.mark.fault("P1", "F8", "F3")
@pytest.mark.holds_secret(".env")
def test_a_running_task_has_its_secret_neither_in_its_arguments_nor_in_its_environment(
    shell: Shell,  # noqa: F811
    sandbox: Sandbox,
) -> None:
    file = shell.folder / ".env"
    file.write_text(f"CLOUDFLARE_API_TOKEN={shell.environ.pop('CLOUDFLARE_API_TOKEN')}\n")
    file.chmod(0o600)
    sandbox.faults.parse("hang GET /zones* times=-1")

    process = shell.start("zones.list", stdout=subprocess.PIPE)
    wait_until(lambda: bool(sandbox.requests))
    seen = b"".join(Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    process.terminate()
    process.communicate(timeout=20)

    assert b"CFOPS_STATE_DIR" in seen
    assert sandbox.token.encode() not in seen
    assert children == ""


@pytest.mark.fault("P1")
@pytest.mark.parametrize("before", ["", "x", "xy"])
@pytest.mark.parametrize(
    "spelt",
    [
        lambda text: text,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: quote(text, safe=""),
        lambda text: "".join(f"%{ord(c):02X}" for c in text),
        lambda text: json.dumps("".join(f"\\u{ord(c):04x}" for c in text)).replace("\\\\", "\\"),
    ],
)
def test_a_planted_secret_is_found_in_every_spelling(
    tmp_path: Path, before: str, spelt: Callable[[str], str]
) -> None:
    secret = made("cfut_")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text(f"..{spelt(f'{before}{secret}=after')}..")

    (leak,) = Canaries([secret, made()]).search(tmp_path)

    assert (leak.where, leak.secret) == ("deep/file", secret[:9] + "…")
    assert Canaries([secret]).search(tmp_path, ["file"]) == []


@pytest.mark.fault("P1")
def test_a_secret_in_a_file_name_or_in_a_link_is_found(tmp_path: Path) -> None:
    secret = made()
    (tmp_path / secret).write_text("")
    (tmp_path / "link").symlink_to(f"/{secret}")

    assert {leak.where for leak in Canaries([secret]).search(tmp_path)} == {secret, "link"}


LEAKS = """
import subprocess

from tests.faults.canary import TOKEN, Watched


def test_file(home):
    (home / "log").write_text(TOKEN)


def test_output(inv, monkeypatch):
    monkeypatch.setattr("ops.telemetry.redact.Redactor.__call__", lambda _self, text: text)
    inv("profile", "--name", TOKEN)


def test_process():
    Watched(["echo", TOKEN], stdout=subprocess.PIPE).communicate()


def test_nothing():
    pass
"""


@pytest.mark.fault("P1")
def test_a_test_that_leaks_a_secret_fails(tmp_path: Path) -> None:
    """Run a suite with planted leaks: each test with a leak must fail."""
    (tmp_path / "test_leak.py").write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.conftest"]
    options = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml")]

    done = subprocess.run(
        [*command, *options, str(tmp_path / "test_leak.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=50,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    red = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE))
    assert red == {"test_file", "test_output", "test_process"}
    assert "cfut_Zq7Z…" in done.stdout
