"""A night of jobs on the sandbox, and what is left of it in the morning: `python -m tests.tools.night`.

The jobs: good, incomplete twice, failing, drifting, locked out, killed, and good again. Then it prints the
notices, the calls of the monitor, what `metrics` and `alerts.list` show, and the log in short. What the jobs
themselves print is not looked at.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.wire import Wire, answer

ROOT = Path(__file__).parents[2]
PROFILE = """
default = "night"
[night.alerts]
off = ["anomaly", "certificate-old"]
tasks = ["scan.export", "snapshots.drift"]
failed_codes = [2, 3, 5, 143]
deletions = 4
[night.channels.phone]
kind = "ntfy"
url_env = "PHONE"
"""
EXPORT = ("scan.export", "--quiet")
SECONDS = 120.0


class Job(NamedTuple):
    """One job of the night: what it is, its exit code, and the notice that was sent after it, if any."""

    name: str
    code: int
    notice: str


class Morning(NamedTuple):
    """What is left of the night."""

    jobs: list[Job]
    pings: list[str]
    log: list[dict[str, Any]]
    metrics: str
    alerts: str


class Night:
    """A sandbox, a telephone that gets notices, a monitor, and the jobs of one night in *folder*."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.sandbox = stack.enter_context(Sandbox(folder / "account.sqlite", quota=None))
        self.phone = stack.enter_context(Wire(answer(200)))
        self.monitor = stack.enter_context(Wire(answer(200)))
        self.jobs: list[Job] = []
        (folder / "config").mkdir(mode=0o700)
        (folder / "config" / "profiles.toml").write_text(PROFILE)
        (folder / "config" / "profiles.toml").chmod(0o600)
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "CLOUDFLARE_API_TOKEN": self.sandbox.token,
            "CLOUDFLARE_API_BASE_URL": self.sandbox.url,
            "CFOPS_ATTEMPTS": "1",
            "CFOPS_BUDGET": "0",
            "CFOPS_LOG_FILE": str(folder / "night.log"),
            "PHONE": f"http://127.0.0.1:{self.phone.port}/topic",
            **{f"CFOPS_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "STATE", "CACHE")},
            "CFOPS_EXPORTS": str(folder / "exports"),
        }

    def start(self, *line: str) -> subprocess.Popen[str]:
        """Start a line of tasks."""
        return subprocess.Popen(
            [sys.executable, "-m", "ops", *line],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env={**self._environ, "PYTHONPATH": str(ROOT)},
        )

    def job(self, name: str, *line: str, fault: Fault | None = None) -> None:
        """Run one job to its end, with a *fault* of Cloudflare's."""
        if fault:
            self.sandbox.faults.add(fault)
        self.ended(name, self.start(*line))
        self.sandbox.faults.clear()

    def ended(self, name: str, process: subprocess.Popen[str]) -> None:
        """Wait for the end of a job and note it, with the notices that it has led to."""
        process.communicate(timeout=SECONDS)
        notices = [seen.body.decode() for seen in self.phone.requests]
        self.phone.requests.clear()
        self.jobs.append(Job(name, process.returncode, "\n".join(notices)))

    def export(self, name: str, fault: Fault | None = None) -> None:
        """Run the export of the night, which calls the monitor. Two snapshots of one second have no order."""
        time.sleep(1.1)
        self.job(name, *EXPORT, "--ping", self.ping, fault=fault)

    @property
    def ping(self) -> str:
        return f"http://127.0.0.1:{self.monitor.port}/job"

    def printed(self, *line: str) -> str:
        """Return what a line of the morning prints."""
        return self.start(*line, "--output", "table").communicate(timeout=SECONDS)[0].rstrip()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until *holds* is true."""
        for _ in range(1000):
            if holds():
                return
            time.sleep(0.02)
        raise AssertionError("a job did not get as far as it should")


def night(folder: Path) -> Morning:
    """Run the jobs of a night in *folder*, and return what is left of it."""
    with ExitStack() as stack:
        now = Night(folder, stack)
        now.export("good")
        for _ in range(2):
            now.export("incomplete", Fault("denied", path="*/dns_records*", times=-1))
        now.export("failing", Fault("500", path="/accounts*", times=-1))
        now.export("good again")
        _change(now)
        now.job("drifting", "snapshots.drift", "--exit-code", "--quiet")
        now.export("good, with the changes")
        _locked(now)
        _killed(now)
        now.export("good, after the killed one")
        calls = [(seen.target.partition("?")[0], seen.body.decode()) for seen in now.monitor.requests]
        pings = [f"{target} {body}".rstrip() for target, body in calls]
        log = [json.loads(line) for line in (folder / "night.log").read_text().splitlines()]
        return Morning(now.jobs, pings, log, now.printed("metrics"), now.printed("alerts.list"))


def _change(now: Night) -> None:
    """Delete records of a zone, its mail servers among them, as somebody might by mistake."""
    call = ("dns.list", "--zone", "example.com", "--output", "json", "--fields", "id,type,name")
    records = json.loads(now.start(*call).communicate(timeout=SECONDS)[0])
    gone = [one["id"] for one in records if one["type"] == "MX"]
    gone += [one["id"] for one in records if one["type"] == "CNAME"][:6]
    for id in gone:
        now.start("dns.delete", "--zone", "example.com", "--id", id, "--yes").communicate(timeout=SECONDS)


def _slow(now: Night, *line: str) -> subprocess.Popen[str]:
    """Start a job that is slow, and return when it is reading zones."""
    now.sandbox.faults.add(Fault("delay", times=-1, seconds=0.3))
    seen = len(now.sandbox.requests)
    process = now.start(*line)
    now.until(lambda: any("/zones" in target for _, target in now.sandbox.requests[seen:]))
    return process


def _locked(now: Night) -> None:
    time.sleep(1.1)
    first = _slow(now, *EXPORT, "--ping", now.ping)
    now.ended("locked out", now.start(*EXPORT, "--ping", now.ping))
    now.sandbox.faults.clear()
    now.ended("good, which held the lock", first)


def _killed(now: Night) -> None:
    time.sleep(1.1)
    process = _slow(now, *EXPORT, "--ping", now.ping)
    now.until(lambda: any((now.folder / "state" / "runs").glob("*.json")))
    process.send_signal(signal.SIGKILL)
    now.ended("killed", process)
    now.sandbox.faults.clear()


def transcript(morning: Morning) -> Iterator[str]:
    """Yield the lines of what is left of the night."""
    yield "== what the telephone got, job by job"
    for job in morning.jobs:
        yield f"{job.name} (exit code {job.code}){'' if job.notice else ': nothing'}"
        yield from (f"    {line}" for line in job.notice.splitlines())
    yield "\n== what the monitor was called"
    yield from morning.pings
    yield "\n== metrics"
    yield morning.metrics
    yield "\n== alerts.list"
    yield morning.alerts
    yield "\n== the log: ends, errors and notices"
    for line in morning.log:
        if line["event"] in ("warning", "error", "task") or line["message"].startswith("the channel"):
            yield f"{line['time'][11:19]} {line['run']} {line['level']:7} {line['message'][:110]}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(transcript(night(Path(folder)))))


if __name__ == "__main__":
    main()
