"""The cost of starting: against Invoke with nothing to do, and against the imports that cannot be avoided."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.stage import BIN, measured, stage
from tests.bench.table import Row

RUNS = 15


def measure() -> Iterator[Row]:
    """Compare medians of runs that take turns, so that a machine that drifts drifts for both."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "tasks.py").write_text("")
        inv, environ = str(BIN / "inv"), {"PATH": os.environ["PATH"], "HOME": name}
        empty = [inv, "-r", name, "--list"]
        ours, theirs = _in_turns([inv, "--list"], empty, environ, environ, folder)
    yield Row("inv --list over that of an empty tasks.py, seconds", ours, theirs, 1.15)
    with stage(zones=1, records=100, keys=0) as sandbox:
        environ = sandbox.environment()
        listing = [inv, "dns.list", "--zone", "zone-0001.example", "--output", "json"]
        imports = [sys.executable, "-c", "import invoke, requests"]
        ours, theirs = _in_turns(listing, imports, environ, environ, sandbox.folder)
    yield Row("inv dns.list over `import invoke, requests`, seconds", ours, theirs, 1.35)


def _in_turns(
    a: list[str], b: list[str], a_env: dict[str, str], b_env: dict[str, str], folder: Path
) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS + 1):
        for command, environ, kept in ((a, a_env, times[0]), (b, b_env, times[1])):
            kept.append(measured(command, environ, subprocess.DEVNULL, folder).seconds)
    # The first turn warms the disk's cache and the byte code.
    return median(times[0][1:]), median(times[1][1:])
