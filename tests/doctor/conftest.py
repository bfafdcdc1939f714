"""Settings that lead somewhere in the test's own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.config.settings import Settings, load
from ops.http.client import Client
from ops.http.stack import open_client
from tests.conftest import Result

Rows = dict[str, dict[str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Load settings from variables alone."""

    (tmp_path / "work").mkdir()

    def from_variables(**variables: str) -> Settings:
        folders = {f"CFOPS_{name}_DIR": str(tmp_path / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
        exports = {"CFOPS_EXPORTS": str(tmp_path / "exports")}
        return load({}, invoke={}, environ=folders | exports | variables, cwd=tmp_path / "work")

    return from_variables


@pytest.fixture
def connect(settings: Callable[..., Settings]) -> Iterator[Callable[..., tuple[Client, Settings]]]:
    """Open clients from variables; they are closed after the test."""
    opened: list[Client] = []

    def from_variables(**variables: str) -> tuple[Client, Settings]:
        chosen = settings(**variables)
        opened.append(open_client(chosen, say=lambda text: None))
        return opened[-1], chosen

    yield from_variables
    for client in opened:
        client.close()


@pytest.fixture
def doctor(inv: Callable[..., Result]) -> Callable[..., tuple[Rows, Result]]:
    """Run `inv doctor` and give its rows by the name of the check."""
    import json

    def run(*options: str) -> tuple[Rows, Result]:
        result = inv("doctor", *options, "--output", "json")
        rows: list[dict[str, Any]] = json.loads(result.out)
        return {row["check"]: row for row in rows}, result

    return run
