"""The stage of a measurement: a sandbox in one process, the measured command in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


class Measure(NamedTuple):
    """One run of a command: seconds of wall time, MiB of peak memory, exit code, where its folders are."""

    seconds: float
    memory: float
    code: int
    folder: Path


class Stage:
    """A running sandbox and the environment that points a command at it."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.folder = folder
        assert process.stdout
        self.url, self.token, self.account_id = json.loads(process.stdout.readline())

    def log(self) -> tuple[list[tuple[str, str]], list[float], int]:
        """Give the requests so far, the moment of each, and how many were answered 429."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("log\n")
        self._process.stdin.flush()
        requests, times, refused = json.loads(self._process.stdout.readline())
        return [(method, target) for method, target in requests], times, refused

    def environment(self, **settings: object) -> dict[str, str]:
        named = {f"CFOPS_{name.upper()}": str(value) for name, value in settings.items()}
        folders = {f"CFOPS_{name}_DIR": str(self.folder / name) for name in ("STATE", "CACHE", "CONFIG")}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CLOUDFLARE_API_TOKEN": self.token,
            "CLOUDFLARE_API_BASE_URL": self.url,
            "CLOUDFLARE_ACCOUNT_ID": self.account_id,
            "CFOPS_EXPORTS": str(self.folder / "exports"),
            **folders,
            **named,
        }

    def run(self, *line: str, out: str = os.devnull, **settings: object) -> Measure:
        """Run `inv` with *line* as a process of its own, its stdout going to the file *out*."""
        with Path(out).open("wb") as target:
            return measured([str(BIN / "inv"), *line], self.environment(**settings), target, self.folder)


def measured(command: list[str], environ: dict[str, str], out: object, folder: Path) -> Measure:
    """Run *command* in the project's folder and take its time and its peak memory."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.PIPE, cwd=ROOT)  # type: ignore[call-overload]
    errors = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    if code not in (0, 4) and "No tasks found" not in errors:
        print(errors, file=sys.stderr)
    return Measure(seconds, usage.ru_maxrss / 1024, code, folder)


@contextmanager
def stage(*, delay: float = 0.0, quota: tuple[int, float] | None = None, **scale: int) -> Iterator[Stage]:
    """Start a sandbox with an account of the given scale; every answer takes *delay* seconds."""
    wish = json.dumps({"delay": delay, "quota": quota, "scale": scale})
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.serve", wish],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            yield Stage(process, Path(folder))
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(10)
