"""Fixtures that run `inv` as a process, in an ops repository, against a sandbox in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.faults.canary import CANARIES, Watched

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


class Shell:
    """Run `inv` with an environment that holds only what a test has set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "CFOPS_STATE_DIR": str(folder / "state"),
            "CFOPS_CACHE_DIR": str(folder / "cache"),
            "CFOPS_CONFIG_DIR": str(folder / "config"),
            "CFOPS_EXPORTS": str(folder / "exports"),
        }

    def __call__(self, *line: str, program: str = "inv", timeout: float = 40) -> Result:
        done = subprocess.run(
            self.command(*line, program=program),
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            timeout=timeout,
        )
        CANARIES.check(done.stdout + done.stderr, "what it printed")
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *line: str, program: str = "inv") -> list[str]:
        return [str(BIN / program), *line]

    def start(self, *line: str, **options: object) -> subprocess.Popen[bytes]:
        """Start a line and leave it running."""
        return Watched(
            self.command(*line), env=self.environ, cwd=self.folder, stderr=subprocess.PIPE, **options
        )  # type: ignore[arg-type]

    def at(self, sandbox: Sandbox) -> None:
        """Point the environment at *sandbox*."""
        self.environ |= {"CLOUDFLARE_API_TOKEN": sandbox.token, "CLOUDFLARE_API_BASE_URL": sandbox.url}


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """Create an ops repository without any credentials."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "tasks.py").write_text((ROOT / "tasks.py").read_text())
    return Shell(folder)


@pytest.fixture
def shell(bare: Shell, sandbox: Sandbox) -> Shell:
    """Create an ops repository whose environment points at the sandbox."""
    bare.at(sandbox)
    return bare


Start = Callable[..., subprocess.Popen[bytes]]
