"""Lines of the ledger, as a run writes them."""

from __future__ import annotations

from typing import Any

from ops.items import Json
from ops.telemetry.histogram import Histogram

NOW = 1_796_000_000.0
ACCOUNT = "a" * 32


def histogram(*durations: float) -> list[int]:
    made = Histogram()
    for ms in durations:
        made.add(ms)
    return made.as_json()


def route(*durations: float, failed: int = 0) -> Json:
    return {"n": len(durations), "failed": failed, "ms": histogram(*durations)}


def line(run: str = "a", *, ago: float = 60.0, **more: Any) -> Json:
    """Return the line of a run that was started *ago* seconds before NOW; *more* are other fields."""
    return {
        "started": NOW - ago,
        "run": run,
        "task": "scan.export",
        "stage": "",
        "profile": "",
        "account": ACCOUNT,
        "version": "1",
        "like": "like",
        "seconds": 60.0,
        "exit_code": 0,
        "error": "",
        "requests": 120,
        "retries": 1,
        "limited": 0,
        "waits": 2,
        "waited": 0.0,
        "bytes": 1000,
        "cache": {"hits": 0, "misses": 0},
        "items": {"dns.record": 10},
        "sections": {"complete": 3},
        "changes": 0,
        "routes": {"GET /zones": route(10.0, 20.0, 400.0)},
        "cpu": 0.5,
        "memory": 50_000_000,
        **more,
    }
