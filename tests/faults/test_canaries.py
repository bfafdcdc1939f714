"""The token appears nowhere: every task with a secret that must not be seen, and the search itself.

What each test of the suite leaves behind is searched by `tests/conftest.py`.
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
from tests.conftest import Result
from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)
from tests.faults.canary import KEY, LIVE, Canaries, made
from tests.faults.live import KINDS, cloudflare, credentials
from tests.scan.processes import wait_until
from tests.writes.test_every_write import CASES

Inv = Callable[..., Result]
ROOT = Path(__file__).parents[2]
ZONE = ("--zone", "example.com")
READING: dict[str, tuple[str, ...]] = {
    "accounts.list": (),
    "audit": (),
    "cache.settings": ZONE,
    "config": (),
    "dns.export": ZONE,
    "dns.get": (*ZONE, "--name", "docs", "--type", "CNAME"),
    "dns.list": ZONE,
    "dns.plan": (*ZONE, "--file", "records.json"),
    "do.info": ("--name", "chat-room_ChatRoom"),
    "do.list": (),
    "do.object": ("--name", "chat-room_ChatRoom", "--id", "0"),
    "do.objects": ("--name", "chat-room_ChatRoom"),
    "doctor": (),
    "kv.dump": ("--namespace", "config", "--to", "config.jsonl"),
    "kv.get": ("--namespace", "config", "--key", "missing"),
    "kv.keys": ("--namespace", "config"),
    "kv.list": (),
    "profile": (),
    "scan.run": (),
    "scan.export": ("--deep", "--kv", "values"),
    "schedule": ("--for", "cron"),
    "snapshots.diff": ("latest", "live"),
    "snapshots.drift": (),
    "snapshots.list": (),
    "snapshots.prune": ("--keep-last", "1", "--yes"),
    "snapshots.push": ("--to", "s3://bucket/prefix"),
    "snapshots.render": ("--to", "all.html"),
    "snapshots.show": (),
    "snapshots.status": (),
    "snapshots.verify": ("--live",),
    "ssl.check": ("--host", "127.0.0.1", "--port", "1"),
    "ssl.expiring": (),
    "ssl.packs": ZONE,
    "undo.last": ("--yes",),
    "undo.list": (),
    "undo.show": ("--id", "0"),
    "undo.apply": ("--id", "0", "--yes"),
    "version": (),
    "workers.download": ("--script", "auth-edge", "--to", "auth-edge"),
    "workers.info": ("--script", "auth-edge"),
    "workers.list": (),
    "workers.routes": ZONE,
    "workers.schedules": ("--script", "cron-reports"),
    "workers.secrets": ("--script", "auth-edge"),
    "zones.info": ZONE,
    "zones.list": (),
    "zones.settings": ZONE,
}
# They start, fill and empty the sandbox, which has a secret of its own and no other.
STAGING = {"sandbox.use", "sandbox.serve", "sandbox.seed", "sandbox.reset"}
LINES = [(path, *options) for path, options in READING.items()] + [case.line for case in CASES.values()]


def test_every_task_has_a_line() -> None:
    lines = {line[0] for line in LINES}

    assert set(collection().task_names) - lines - STAGING == set()


@pytest.mark.fault("P1", "F1", "F4")
@pytest.mark.parametrize("number", range(len(LINES)), ids=lambda number: LINES[number][0])
def test_no_task_lets_its_secret_out(
    sandbox: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Each is run as it goes well, then against a server that repeats the secret in all its answers."""
    credentials(KINDS[number % len(KINDS)], sandbox, monkeypatch)
    line = LINES[number]
    if line in [case.line for case in CASES.values()]:
        arrange = next(case.arrange for case in CASES.values() if case.line == line)
        if arrange:
            arrange(sandbox)

    with cloudflare(sandbox):
        well = inv("--debug", *line, "--cache", "60")
    with cloudflare(sandbox, echoing=True):
        badly = inv("--debug", *line, "--output", "json")

    assert "Traceback" not in well.err + badly.err


@pytest.mark.fault("P1", "F1")
@pytest.mark.parametrize(
    "kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.long) for kind in KINDS[1:])]
)
def test_a_whole_night_with_each_kind_of_secret_leaves_no_trace_of_it(
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
def test_a_running_task_shows_its_secret_neither_as_an_argument_nor_in_its_environment(
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
def test_a_planted_secret_is_found_however_it_is_spelt(
    tmp_path: Path, before: str, spelt: Callable[[str], str]
) -> None:
    secret = made("cfut_")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text(f"..{spelt(f'{before}{secret}=after')}..")

    (leak,) = Canaries([secret, made()]).search(tmp_path)

    assert (leak.where, leak.secret) == ("deep/file", secret[:9] + "…")
    assert Canaries([secret]).search(tmp_path, ["file"]) == []


@pytest.mark.fault("P1")
def test_a_secret_in_the_name_of_a_file_or_in_a_link_is_found(tmp_path: Path) -> None:
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
def test_a_test_that_lets_a_secret_out_is_red(tmp_path: Path) -> None:
    """The search is alive: of a suite with leaks planted in it, each test with a leak ends red."""
    (tmp_path / "test_leak.py").write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.conftest"]
    places = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml")]

    done = subprocess.run(
        [*command, *places, str(tmp_path / "test_leak.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=50,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    red = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE))
    assert red == {"test_file", "test_output", "test_process"}
    assert "cfut_Zq7Z…" in done.stdout
