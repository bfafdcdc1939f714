"""The stage of the restore tests: a small account, copied for each test, and its snapshot."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.restore.world import Copies, Json, World

Inv = Callable[..., Result]


class Stage:
    """A copy of the account, and the environment that leads to it."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
        monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", sandbox.account_id)
        monkeypatch.setenv("CFOPS_BUDGET", "0")
        self.sandbox, self.world = sandbox, World(sandbox)

    def wrote(self) -> list[tuple[str, str]]:
        """Return the requests so far that wrote."""
        reading = "/bulk/get"
        return [(how, where) for how, where in self.sandbox.requests if how != "GET" and reading not in where]

    def forget(self) -> None:
        """Forget the requests so far."""
        self.sandbox.requests.clear()


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    return Copies(tmp_path_factory.mktemp("world"))


@pytest.fixture
def start(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Stage]]:
    """Start the account as it was built."""
    running: list[Sandbox] = []

    def begin() -> Stage:
        running.append(copies.start())
        return Stage(running[-1], monkeypatch)

    yield begin
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def unsaved(start: Callable[[], Stage]) -> Stage:
    """The account, without a snapshot."""
    return start()


@pytest.fixture
def stage(unsaved: Stage, inv: Inv) -> Stage:
    """The account, with a snapshot of it that includes values."""
    assert inv("scan.export", "--kv", "values", "--quiet").code == 0
    unsaved.forget()
    return unsaved


def exported(start: Callable[[], Stage], inv: Inv) -> Json:
    """Export the account and return its state."""
    stage = start()
    result = inv("scan.export", "--kv", "values", "--quiet")
    assert result.code == 0, result.err
    return stage.world.state()


def stop_at(stage: Stage, number: int) -> None:
    """Press Ctrl-C during the write of that *number*."""
    left = [number]

    def observe(exchange: Any) -> None:
        if exchange.method != "GET" and "/bulk/get" not in exchange.target:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGINT)

    stage.sandbox.edge.observer = observe
