"""The environment of a measurement: a sandbox in one process, the measured command in another."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
INV = str(Path(sys.executable).parent / "inv")
WATCH = Path(__file__).parent / "watch.py"


class Run(NamedTuple):
    """One run of a command: seconds of wall time, MiB of peak memory, exit code, output.

    *late*: it was stopped because it took too long. *requests* is the number of its requests if the job
    counted them.
    """

    seconds: float
    memory: float
    code: int
    out: Path
    errors: str
    late: bool = False
    requests: int | None = None


class Traffic(NamedTuple):
    """What the sandbox saw: (method, target) of each request, their times, bytes of bodies, 429 answers."""

    requests: list[tuple[str, str]]
    times: list[float]
    bytes: int
    refused: int


class Stage:
    """A running sandbox and the environment that points a command at it."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.folder = folder
        assert process.stdout
        self.url, self.token, self.account_id = json.loads(process.stdout.readline())

    def traffic(self) -> Traffic:
        """Return the requests since the last call."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        requests, *rest = json.loads(self._process.stdout.readline())
        return Traffic([(method, target) for method, target in requests], *rest)

    def bare(self, path: str, at_once: int, times: int = 13) -> float:
        """Return the seconds that *at_once* concurrent bare clients wait for the answer at *path*."""
        with ThreadPoolExecutor(at_once) as clients:
            began = time.perf_counter()
            for _ in clients.map(lambda _: self._ask(path, times), range(at_once)):
                continue
            return (time.perf_counter() - began) / times

    def _ask(self, path: str, times: int) -> None:
        base = urlsplit(self.url)
        link = http.client.HTTPConnection(base.hostname or "", base.port or 0)
        head = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "gzip"}
        for _ in range(times):
            link.request("GET", base.path + path.format(account=self.account_id), headers=head)
            link.getresponse().read()
        link.close()

    def environment(self, **settings: object) -> dict[str, str]:
        """Return the environment of our program with *settings*; each stage has folders of its own."""
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

    def inv(self, *line: str, cold: bool = True, **settings: object) -> Run:
        """Run `inv` with *line*; a *cold* run has no cached names."""
        if cold:
            for file in (self.folder / "CACHE").glob("*"):
                file.unlink()
        return measured([INV, *line], self.environment(**settings), self.folder)


def measured(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, *, patience: float = 300.0
) -> Run:
    """Run *command* in the project's folder for at most *patience* seconds, with its stdout in a file."""
    results = Path(tempfile.mkdtemp(dir=folder))
    out, errors, took = results / "out", results / "errors", results / "took"
    with out.open("wb") as to, errors.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-I", WATCH, took, *command],
            env=environ, stdout=to, stderr=err, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        alarm = threading.Timer(patience, os.killpg, (process.pid, signal.SIGKILL))
        alarm.start()
        process.wait()
        alarm.cancel()
    printed = errors.read_text(errors="replace")
    if process.returncode == -signal.SIGKILL:
        return Run(patience, 0.0, process.returncode, out, printed, late=True)
    seconds, peak, code = json.loads(took.read_bytes())
    return Run(seconds, peak / 1024, code, out, printed)


@contextmanager
def stage(
    scale: Mapping[str, int], *, delay: float = 0.0, quota: tuple[int, float] | None = None
) -> Iterator[Stage]:
    """Start a sandbox with an account of the given size; every answer takes *delay* seconds."""
    options = json.dumps({"delay": delay, "quota": quota, "scale": dict(scale)})
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.bench.serve", options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            yield Stage(process, Path(folder))
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(10)
