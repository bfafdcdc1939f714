"""The stage of the tests: a client whose wire is stubbed, the sandbox, and `inv` as a user types it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import responses
from hypothesis import settings

from ops.http.client import Client
from ops.http.stack import open_client
from ops.kinds import paths
from ops.sandbox.server import Sandbox
from tests.faults.canary import CANARIES, TOKEN

# How long an example takes says more about what else the machine is doing than about the code.
settings.register_profile("plain", deadline=None, max_examples=50)
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("plain")

API = "https://api.cloudflare.com/client/v4"

# The tests make thousands of small files and wait for each to be safe; in memory that costs nothing.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# A suite that was started with `nohup` or in the background would have all it starts ignore a terminal that
# hangs up, and Ctrl-C.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def no_secret_is_left(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Iterator[None]:
    """Nothing that a test's runs leave behind holds a secret, but for the files that it wrote itself."""
    yield
    inputs = [name for mark in request.node.iter_markers("holds_secret") for name in mark.args]
    leaks = [leak for folder in (tmp_path, home) for leak in CANARIES.search(folder, inputs)]
    assert leaks == [], "what the test left behind holds a secret"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads the machine's own settings, or leaves anything in its folders."""
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
    for name in ("DEBUG", "NO_COLOR", "FORCE_COLOR", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CFOPS_EXPORTS", str(folder / "exports"))
    (folder / "work").mkdir()
    monkeypatch.chdir(folder / "work")
    return folder


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """The wire, stubbed: an unused stub fails the test."""
    with responses.RequestsMock() as stubs:
        yield stubs


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    """A client with a live-looking token, for the stubbed wire."""
    from ops.config.settings import load

    settings = load({}, invoke={}, environ=_environ(home), cwd=home / "work")
    opened = open_client(settings, say=lambda text: None, paths=paths)
    yield opened
    opened.close()


def _environ(folder: Path) -> dict[str, str]:
    places = {f"CFOPS_{name}_DIR": str(folder / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    return {"CLOUDFLARE_API_TOKEN": TOKEN, "HOME": str(folder), **places}


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded sandbox's file, made once and copied for each test."""
    file = tmp_path_factory.mktemp("seed") / "sandbox.sqlite"
    with Sandbox(file):
        pass
    return file


@pytest.fixture
def sandbox(seeded: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox with the seed's account, of this test alone."""
    file = tmp_path / "sandbox.sqlite"
    for part in seeded.parent.glob("sandbox.sqlite*"):
        shutil.copy(part, tmp_path / part.name)
    with Sandbox(file) as running:
        yield running


@pytest.fixture
def inv(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a line of tasks in this process, as `inv` does."""
    from ops.program import OpsProgram, collection

    # What suits a whole process of ours is not for the other tests of this one.
    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)

    def run(*line: str) -> Result:
        capfdbinary.readouterr()
        program = OpsProgram(name="inv", binary="inv", namespace=collection(), version="test")
        code = 0
        try:
            program.run(["inv", *line])
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        CANARIES.check(out + err, "what it printed")
        return Result(code, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))

    return run


@pytest.fixture
def staged(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with the environment pointing at it as at the real thing."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
    return sandbox
