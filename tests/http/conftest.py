"""Clients of raw servers on this machine, with clocks and chance in the test's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.http.client import Client
from ops.http.pause import Pause
from ops.http.session import Session
from ops.http.stack import authorize, open_client
from ops.kinds import paths
from ops.telemetry.log import Log
from ops.telemetry.record import Record

CANARY = "sandbox_" + "Zq7" * 13 + "x"


class FakeTime:
    """A clock that only moves when somebody waits, and remembers the waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.said: list[str] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False

    def pause(self, **options: Any) -> Pause:
        return Pause(say=self.said.append, clock=self, wait=self.wait, **options)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Make settings with a token of the sandbox, changed as the test wants."""

    def make(**changes: Any) -> Settings:
        folders = {name: tmp_path / name for name in ("exports", "state_dir", "cache_dir")}
        return Settings(**{"credentials": Credentials(token=CANARY), "attempts": 1, **folders, **changes})

    return make


@pytest.fixture
def opened(settings: Callable[..., Settings]) -> Iterator[Callable[..., Client]]:
    """Open clients of a server on this machine; they are closed with the test."""
    clients: list[Client] = []

    def make(url: str, say: Callable[[str], None] = lambda text: None, **changes: Any) -> Client:
        clients.append(
            open_client(settings(base_url=url, **changes), say=say, paths=paths, log=Log(Record()).call)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def session() -> Iterator[Callable[..., Session]]:
    """Open the bottom of the stack alone."""
    sessions: list[Session] = []

    def make(url: str, **options: Any) -> Session:
        credentials = options.pop("credentials", Credentials(token=CANARY))
        sessions.append(Session(url, partial(authorize, credentials), user_agent="cfops/test", **options))
        return sessions[-1]

    yield make
    for one in sessions:
        one.close()
