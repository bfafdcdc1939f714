"""`inv` as a separate process that can be interrupted, killed and limited."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.canary import Watched

ROOT = Path(__file__).parent.parent.parent


def start(*line: str, limit: int | None = None, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start `inv` with the environment of the test; *limit* is the largest size of a file in bytes."""
    command = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), *line]

    def confined() -> None:
        import resource
        import signal

        # A background job of a shell would ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return Watched(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        # A limited process would leave truncated bytecode for all others.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=confined,
    )


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
