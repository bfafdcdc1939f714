"""The environment of an episode: a small sandbox, folders of its own, and lines that run as processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ops.sandbox.faults import Fault, drift
from ops.sandbox.server import Sandbox
from ops.sandbox.store import Store
from ops.sandbox.wire import Request
from tests.tools.soak import child, truth
from tests.tools.soak.plan import Plan
from tests.tools.soak.seed import furnish, small
from tests.tools.soak.truth import Spot
from tests.tools.soak.weather import Strike

BIN = Path(sys.executable).parent
LONGEST = 40.0


class Ended(NamedTuple):
    """How a line ended; *code* is below zero if a signal killed it, None if it did not end."""

    code: int | None
    out: bytes
    err: str


class Stage:
    """Runs lines against a sandbox and records the requests without an intent in the journal."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.state, self.exports, self.work = folder / "state", folder / "exports", folder / "work"
        self.stirred: set[Spot] = set()
        self.unannounced: list[str] = []
        self._strike: Strike | None = None
        self._counted = 0
        self._pid = 0
        self._open: set[str] = set()
        self._planned: list[Fault] = []
        self._started = threading.Event()
        self._lock = threading.Lock()
        sandbox.edge.observer = self._observe
        furnish(self.work)

    def run(self, line: tuple[str, ...], plan: Plan) -> Ended:
        """Run *line* with the faults, signal and settings of *plan*; return when the sandbox is idle."""
        self.stirred, self.unannounced = set(), []
        self._strike, self._counted = plan.strike, 0
        self._open, self._planned = self._intents(), []
        for text in plan.faults:
            self._planned.append(self._add(self.sandbox.faults.parse(text)))
        try:
            return self._installed(line, plan) if plan.own else self._forked(line, plan)
        finally:
            self._strike = None
            self.sandbox.faults.clear()
            self.sandbox.store.set_token_status(self.sandbox.token, "active")
            self._settle()

    def environ(self, plan: Plan) -> dict[str, str]:
        names = {
            f"CFOPS_{name.upper()}_DIR": str(self.folder / name) for name in ("state", "cache", "config")
        }
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CFOPS_EXPORTS": str(self.exports),
            "CLOUDFLARE_API_TOKEN": self.sandbox.token,
            "CLOUDFLARE_API_BASE_URL": self.sandbox.url,
            **names,
            **plan.environ,
        }

    def _forked(self, line: tuple[str, ...], plan: Plan) -> Ended:
        out, err = self.folder / "out", self.folder / "err"
        arguments = (line, self.environ(plan), str(self.work), str(out), str(err))
        process = _forking().Process(target=child.act, args=arguments)
        self._started.clear()
        process.start()
        self._begun(process.pid or 0)
        process.join(LONGEST)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        return Ended(code, out.read_bytes(), err.read_text("utf-8", "surrogateescape"))

    def _installed(self, line: tuple[str, ...], plan: Plan) -> Ended:
        self._started.clear()
        process = subprocess.Popen(
            [str(BIN / "inv"), *line],
            env=self.environ(plan),
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._begun(process.pid)
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            return Ended(None, *_texts(*process.communicate()))
        return Ended(process.returncode, *_texts(out, err))

    def _begun(self, pid: int) -> None:
        self._pid = pid
        self._started.set()

    def _observe(self, exchange: Request) -> None:
        writes = may_write(exchange.method, exchange.target)
        if writes and not self._intents() - self._open:
            self.unannounced.append(f"{exchange.method} {exchange.target}")
        with self._lock:
            strike = self._strike
            self._counted += bool(strike and (writes or not strike.writes))
            due = strike is not None and self._counted == strike.nth
            if due:
                self._strike = None
        if due and strike is not None:
            self._hit(strike)

    def _hit(self, strike: Strike) -> None:
        self._started.wait(5)
        with suppress(ProcessLookupError):
            time.sleep(strike.after)
            os.kill(self._pid, strike.signal)
            if strike.twice:
                time.sleep(0.01)
                os.kill(self._pid, strike.signal)
        # The answer is sent only after the process has ended or received the signal.
        if strike.signal == signal.SIGKILL:
            time.sleep(0.02)

    def _intents(self) -> set[str]:
        """Return the journal entries without a result."""
        found: set[str] = set()
        with suppress(FileNotFoundError):
            for line in (self.state / "journal" / "journal.jsonl").read_bytes().splitlines():
                with suppress(ValueError):
                    entry = json.loads(line)
                    found.add(entry["id"]) if entry["type"] == "intent" else found.discard(entry["id"])
        return found

    @property
    def fired(self) -> list[str]:
        """Return the kinds of the faults that were injected into the last line."""
        return [fault.kind for fault in self._planned if fault.fired]

    def _add(self, fault: Fault) -> Fault:
        if fault.kind == "drift":
            fault.args["before"] = lambda request, store: self._stir(fault, request, store)
        return fault

    def _stir(self, fault: Fault, request: Request, store: Store) -> None:
        with self._lock:
            before = truth.read(store)
            drift(Fault("drift", seed=fault.fired), request, store)
            self.stirred |= {change.spot for change in truth.moved(before, truth.read(store))}

    def _settle(self) -> None:
        """Wait until the sandbox is idle, then for the time of a pause."""
        until = time.monotonic() + 10
        while self.sandbox.busy and time.monotonic() < until:
            time.sleep(0.002)
        for file in self.state.glob("budget-*"):
            file.unlink()


def may_write(method: str, target: str) -> bool:
    """True if a request may change something; some queries are sent as POST."""
    return method not in ("GET", "HEAD") and not target.partition("?")[0].endswith(("/bulk/get", "/graphql"))


def _texts(out: bytes, err: bytes) -> tuple[bytes, str]:
    return out, err.decode("utf-8", "surrogateescape")


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Yield a new stage in a folder of its own, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        with Sandbox(folder / "sandbox.sqlite", quota=None, seed=small) as sandbox:
            yield Stage(folder, sandbox)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _forking() -> multiprocessing.context.ForkServerContext:
    """Return the fork server, whose processes have loaded the program and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([child.__name__])
    return context
