"""A server, a bucket for each test, and the settings for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.offsite.server import KEY_ID, SECRET, Server


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def s3(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, with the environment pointing at it."""
    monkeypatch.setenv("CFOPS_S3_ENDPOINT", running.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    running.asked.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def bucket(s3: Server) -> str:
    name = f"snapshots-{token_hex(4)}"
    s3.client().create_bucket(Bucket=name)
    s3.asked.clear()
    return name


@pytest.fixture
def place(bucket: str) -> str:
    return f"s3://{bucket}/cloudflare"


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"
