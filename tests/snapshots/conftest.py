"""Snapshots of the seed's account, exported once for all tests that read one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Path]:
    """The exports of the seed's account, each made only once."""
    return {(): tmp_path_factory.mktemp("exported")}


@pytest.fixture
def export(
    staged: Sandbox, inv: Inv, home: Path, exported: dict[tuple[str, ...], Path]
) -> Callable[..., Path]:
    """Put a snapshot of the seed's account, exported with these options, into exports/; return its folder."""

    def exporting(*options: str) -> Path:
        key = ("scan.export", *options)
        if key not in exported:
            folder = Path(json.loads(inv(*key, "--output", "json").out)["snapshot"])
            exported[key] = exported[()] / str(len(exported)) / folder.name
            shutil.copytree(folder, exported[key])
            shutil.rmtree(folder.parent)
        folder = home / "exports" / staged.account_id / exported[key].name
        shutil.copytree(exported[key], folder)
        staged.requests.clear()
        return folder

    return exporting
