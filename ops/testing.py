"""The test kit of plugins and ops repositories: `pytest_plugins = ["ops.testing"]` in conftest.py.

    inv       runs a line as a user types it, in folders of its own, and returns code, out and err
    sandbox   a running sandbox with the routes of the enabled plugins: url, token, account_id, requests
    client    a client of that sandbox, for the functions of an api module
    http      strict stubs of requests to Cloudflare: what is not stubbed, and a stub not used, fails the test

The fixture `plugins` returns the distributions that are enabled, and is to be overridden.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    import responses

    from ops.http.client import Client
    from ops.sandbox.server import Sandbox

SECONDS = 120
_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from ops.program import main; main()"


class Result(NamedTuple):
    """The exit code and the output of a line."""

    code: int
    out: str
    err: str


@pytest.fixture
def plugins() -> Sequence[str]:
    """Return the distributions that the tests enable; override it in conftest.py."""
    return ()


@pytest.fixture
def environment(tmp_path: Path, plugins: Sequence[str]) -> dict[str, str]:
    """Return the environment of a line: folders of the test's own, the plugins enabled, and no token."""
    from ops.config.private import environment as environment_of_process
    from ops.plugins import allowed, installed
    from ops.plugins.door import FILE

    folder = tmp_path / "cfops"
    places = {f"CFOPS_{name}_DIR": str(folder / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    for name in plugins:
        one = installed.find(name)
        if one is None:
            pytest.fail(f"{name} is not installed: pip install --editable .")
        allowed.write(folder / "config" / FILE, one.distribution, {"version": one.version})
    exports = {"CFOPS_EXPORTS": str(folder / "exports"), "HOME": str(folder)}
    return {"PATH": environment_of_process().get("PATH", os.defpath), **places, **exports}


@pytest.fixture
def inv(environment: dict[str, str], tmp_path: Path) -> Callable[..., Result]:
    """Return a function that runs a line of tasks in a process of its own: inv("sandbox", "zones.list")."""
    import json

    def run(*line: str) -> Result:
        done = subprocess.run(  # noqa: S603 (a test runs it)
            [sys.executable, "-c", _PROGRAM, json.dumps([str(Path(__file__).parents[1]), *sys.path]), *line],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            timeout=SECONDS,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def sandbox(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Sandbox]:
    """Run a seeded sandbox for this test; its token and address are in the environment of `inv` too."""
    from ops.plugins.door import DOOR, bring
    from ops.sandbox import routes
    from ops.sandbox.server import Sandbox

    for name in ("CFOPS_CONFIG_DIR", "CFOPS_STATE_DIR"):
        monkeypatch.setenv(name, environment[name])
    DOOR.begin()
    routes.load()
    for _ in bring("ROUTES"):
        continue
    with Sandbox(tmp_path / "sandbox.sqlite") as running:
        environment["CLOUDFLARE_API_TOKEN"] = running.token
        environment["CLOUDFLARE_API_BASE_URL"] = running.url
        yield running
        if running.crashes:
            pytest.fail("".join(running.crashes))


@pytest.fixture
def client(sandbox: Sandbox, environment: dict[str, str], tmp_path: Path) -> Iterator[Client]:
    """Open a client of the sandbox."""
    environment["CLOUDFLARE_ACCOUNT_ID"] = sandbox.account_id
    from ops.config.settings import load
    from ops.http.stack import open_client
    from ops.kinds import paths

    settings = load({}, invoke={}, environ=environment, cwd=tmp_path)
    opened = open_client(settings, say=print, paths=paths)
    yield opened
    opened.close()


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """Stub all requests of this process: one without a stub raises, and a stub not used fails the test."""
    import responses

    with responses.RequestsMock(assert_all_requests_are_fired=True) as stubs:
        yield stubs
