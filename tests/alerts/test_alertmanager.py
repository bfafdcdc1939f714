"""Debian's Alertmanager takes our alerts: they fire, change severity and are resolved."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from ops.alerts.channels.base import Channel
from ops.alerts.notice import Notice
from ops.alerts.rules import CRITICAL, WARNING
from ops.alerts.state import ENDED, NEW, STILL, WORSE, Event

PROGRAM = shutil.which("prometheus-alertmanager") or ""
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not PROGRAM, reason="prometheus-alertmanager is not installed"),
]
CONFIGURATION = """
route: {receiver: none, group_by: [account]}
receivers: [{name: none}]
inhibit_rules:
  - source_matchers: [rule="run-failed"]
    target_matchers: [rule="counts-fell"]
    equal: [account]
"""


class Manager:
    """An Alertmanager that listens on this machine alone."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        file = folder / "alertmanager.yml"
        file.write_text(CONFIGURATION)
        self.process = subprocess.Popen(
            [
                PROGRAM, f"--config.file={file}", f"--storage.path={folder / 'data'}",
                f"--web.listen-address={self.address}", "--cluster.listen-address=", "--log.level=error",
            ]
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                with urlopen(f"http://{self.address}/-/ready", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("it did not start")

    def alerts(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the active alerts by rule and severity, once they are *wanted*, which takes it a while."""
        found: dict[str, Any] = {}
        for _ in range(100):
            with urlopen(f"http://{self.address}/api/v2/alerts", timeout=5) as reply:
                listed = json.load(reply)
            found = {f"{one['labels']['rule']} {one['labels']['severity']}": one for one in listed}
            if wanted(found):
                break
            time.sleep(0.1)
        return found


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    running = Manager(tmp_path)
    yield running
    running.process.terminate()
    running.process.wait(20)


def test_alerts_fire_get_worse_and_are_resolved(manager: Manager, channel: Callable[..., Channel]) -> None:
    opened = channel("alertmanager", url=f"http://{manager.address}")
    now = time.time()
    failed = Event(NEW, "run-failed", WARNING, "failed: scan.export", ("with exit code 2",), now - 60)
    fell = Event(NEW, "counts-fell", WARNING, "2 kinds fell", (), now - 60)

    def send(at: float, *events: Event) -> None:
        assert (
            opened.send(Notice("msg_1", "api.cloudflare.com", "acc0", "scan.export", "run0", at, events))
            == ""
        )

    send(now, failed, fell)
    first = manager.alerts(
        lambda found: len(found) == 2 and found["counts-fell warning"]["status"]["state"] == "suppressed"
    )
    worse = failed._replace(change=WORSE, severity=CRITICAL, before=WARNING)
    send(time.time(), worse, fell._replace(change=STILL, before=WARNING))
    second = manager.alerts(lambda found: "run-failed warning" not in found)
    over = {"change": ENDED, "ended": time.time()}
    send(time.time(), worse._replace(**over, before=CRITICAL), fell._replace(**over))
    last = manager.alerts(lambda found: not found)

    assert first["run-failed warning"]["startsAt"] < first["run-failed warning"]["endsAt"]
    assert first["run-failed warning"]["annotations"]["description"] == "with exit code 2"
    assert first["counts-fell warning"]["status"]["state"] == "suppressed"
    assert set(second) == {"run-failed critical", "counts-fell warning"}
    assert last == {}
