"""Fixtures: a client with stubbed requests, the sandbox, and `inv` as a user types it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import responses
from hypothesis import settings

from ops.http.client import Client
from ops.http.stack import open_client
from ops.kinds import paths
from ops.sandbox.server import Sandbox
from tests.faults.canary import CANARIES, TOKEN

# The time of an example depends more on the machine's load than on the code.
settings.register_profile("plain", deadline=None, max_examples=50)
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("plain")

COVERAGE = "COVERAGE_PROCESS_CONFIG"
API = "https://api.cloudflare.com/client/v4"

# The tests create thousands of small files and wait until each is on disk; in memory that costs nothing.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Started with `nohup` or in the background, the suite would hand on to its children that SIGHUP and SIGINT
# are ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


class Result(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def measured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure processes with an environment of their own too, if the suite is measured."""
    if not (config := os.environ.get(COVERAGE)):
        return
    if request.node.get_closest_marker("unmeasured"):
        monkeypatch.delenv(COVERAGE)
        return
    start = subprocess.Popen.__init__

    def started(self: Any, *args: Any, env: Any = None, **more: Any) -> None:
        start(self, *args, env=env if env is None else {**env, COVERAGE: config}, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", started)


@pytest.fixture(autouse=True)
def no_secret_is_left(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Iterator[None]:
    """Fail a test whose runs leave a secret in a file, except in files that the test itself wrote."""
    yield
    inputs = [name for mark in request.node.iter_markers("holds_secret") for name in mark.args]
    leaks = [leak for folder in (tmp_path, home) for leak in CANARIES.search(folder, inputs)]
    assert leaks == [], "a file that the test left behind holds a secret"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look a written item up as often as a run does, without the seconds in between."""
    monkeypatch.setattr("ops.writes.writing.PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from the machine's own settings and folders."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"CFOPS_{name}_DIR", str(folder / name.lower()))
    for name in ("API_TOKEN", "API_TOKEN_FILE", "ACCOUNT_ID", "EMAIL", "API_KEY", "API_BASE_URL", "BASE_URL"):
        monkeypatch.delenv(f"CLOUDFLARE_{name}", raising=False)
    for name in (
        "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY",
        "SESSION_TOKEN",
        "REGION",
        "DEFAULT_REGION",
        "PROFILE",
    ):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    traces = [name for name in os.environ if name.startswith("OTEL_")]
    for name in ("DEBUG", "NO_COLOR", "FORCE_COLOR", "CREDENTIALS_DIRECTORY", "TRACEPARENT", *traces):
        monkeypatch.delenv(name, raising=False)
    # A suite that a test starts has options of its own: it would erase what this one measures.
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("CFOPS_EXPORTS", str(folder / "exports"))
    (folder / "work").mkdir()
    monkeypatch.chdir(folder / "work")
    return folder


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """Stub all requests: an unused stub fails the test."""
    with responses.RequestsMock() as stubs:
        yield stubs


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    """Open a client with a token that looks real, for stubbed requests."""
    from ops.config.settings import load

    settings = load({}, invoke={}, environ=_environ(home), cwd=home / "work")
    opened = open_client(settings, say=lambda text: None, paths=paths)
    yield opened
    opened.close()


def _environ(folder: Path) -> dict[str, str]:
    folders = {f"CFOPS_{name}_DIR": str(folder / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    return {"CLOUDFLARE_API_TOKEN": TOKEN, "HOME": str(folder), **folders}


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the file of a seeded sandbox once; each test gets a copy."""
    file = tmp_path_factory.mktemp("seed") / "sandbox.sqlite"
    with Sandbox(file):
        pass
    return file


@pytest.fixture
def sandbox(seeded: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """Run a sandbox with the seed's account, for this test alone."""
    file = tmp_path / "sandbox.sqlite"
    for part in seeded.parent.glob("sandbox.sqlite*"):
        shutil.copy(part, tmp_path / part.name)
    with Sandbox(file) as running:
        yield running


@pytest.fixture
def inv(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a line of tasks in this process, as `inv` does."""
    from ops.program import OpsProgram, collection

    # A setting for the whole process must not reach the other tests of this process.
    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)

    def run(*line: str) -> Result:
        capfdbinary.readouterr()
        program = OpsProgram(name="inv", binary="inv", namespace=collection(), version="test")
        code = 0
        try:
            program.run(["inv", *line])
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        CANARIES.check(out + err, "what it printed")
        return Result(code, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))

    return run


@pytest.fixture
def staged(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Point the environment at the sandbox as if it were Cloudflare."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
    return sandbox
