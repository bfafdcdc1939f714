"""Fixtures of the sandbox's own tests: a caller, a raw socket, a clock that moves only on request."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ops.sandbox.edge import Quota
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id


class Clock:
    """A clock that stays at one time until it is moved."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time


class Api:
    """Calls the sandbox as any HTTP client would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {sandbox.token}"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.sandbox.url + path, timeout=10, **more)

    def result(self, method: str, path: str, **more: Any) -> Any:
        answer = self(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def refused(self, method: str, path: str, **more: Any) -> tuple[int, int]:
        """Return status and code of a refusal."""
        answer = self(method, path, **more)
        assert answer.json()["success"] is False, answer.text
        return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Return a function that starts a sandbox with its own quota, clock, fault plan or seed."""
    running: list[Sandbox] = []

    def begin(**options: Any) -> Sandbox:
        sandbox = Sandbox(tmp_path / f"own-{len(running)}.sqlite", **options)
        sandbox.start()
        running.append(sandbox)
        return sandbox

    yield begin
    for sandbox in running:
        sandbox.stop()
        assert sandbox.crashes == []


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    """Return a caller of the seeded sandbox; the test fails if a handler crashed."""
    caller = Api(sandbox)
    yield caller
    caller.session.close()
    assert sandbox.crashes == []


@pytest.fixture
def zone() -> str:
    """Return the id of example.com, a Business zone with records of every kind."""
    return zone_id("example.com")


@pytest.fixture
def bare(start: Callable[..., Sandbox]) -> Iterator[tuple[Api, str]]:
    """Return a sandbox whose only item is one new Free zone, free.example."""
    caller = Api(start(seed=None, quota=None))
    body = {"name": "free.example", "account": {"id": caller.sandbox.account_id}}
    yield caller, caller.result("POST", "/zones", json=body)["id"]
    caller.session.close()


@pytest.fixture
def raw(sandbox: Sandbox) -> Callable[[bytes], bytes]:
    """Return a function that sends bytes and returns all bytes received until the sandbox disconnects."""

    def send(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as link:
            link.sendall(data)
            return b"".join(iter(lambda: link.recv(65536), b""))

    return send


def limited(quota: Quota, clock: Clock) -> dict[str, Any]:
    """Return the options of a sandbox with a quota and a clock, without a seed."""
    return {"quota": quota, "clock": clock, "seed": None}
