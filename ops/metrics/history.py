"""The history of runs: the ledger in SQLite in memory, and what is asked of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from ops.errors import DifferencesFound, Incomplete, Interrupted, Locked, Terminated
from ops.items import Json, timestamp
from ops.telemetry.histogram import Histogram
from ops.telemetry.timeline import Timeline

COMPLETE, PARTIAL, DIFFERS, FAILED, LOST = "complete", "partial", "differs", "failed", "lost"
OUTCOMES = {
    0: COMPLETE,
    Incomplete.exit_code: PARTIAL,
    DifferencesFound.exit_code: DIFFERS,
    Locked.exit_code: "locked",
    Interrupted.exit_code: "interrupted",
    Terminated.exit_code: "terminated",
}
GROUPS = ("route", "task", "account", "profile", "day", "hour")
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

_SCHEMA = """
CREATE TABLE runs (
  run TEXT PRIMARY KEY, started REAL, day TEXT, hour TEXT, task TEXT, stage TEXT, profile TEXT, account TEXT,
  outcome TEXT, seconds REAL, requests INT, waited REAL, hits INT, misses INT, used REAL, line TEXT
);
CREATE TABLE routes (run TEXT, route TEXT, n INT, failed INT, ms TEXT);
"""
_INSERT = "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# A run that met a lock did nothing, so it is neither a success nor a failure.
_GROUPED = """
SELECT {key} AS key, COUNT(*) AS runs,
  SUM(outcome IN ('complete', 'differs')) * 100.0 / NULLIF(SUM(outcome != 'locked'), 0) AS success,
  SUM(requests) AS requests, SUM(requests) * 60.0 / NULLIF(SUM(seconds), 0) AS per_minute,
  SUM(waited) AS waited, SUM(hits) * 100.0 / NULLIF(SUM(hits + misses), 0) AS cache, MAX(used) AS budget
FROM runs GROUP BY {key} ORDER BY {key}
"""
_LATENCIES = """
SELECT {key} AS key, SUM(n) AS requests, SUM(failed) AS failed, merged(ms) AS ms
FROM routes JOIN runs USING (run) GROUP BY {key} ORDER BY requests DESC, key
"""


def outcome(line: Json) -> str:
    """Return how the run of *line* ended, in one word."""
    return LOST if line.get("lost") else OUTCOMES.get(line["exit_code"], FAILED)


class _Merged:
    """SQL's merged(): the sum of histograms, as JSON."""

    def __init__(self) -> None:
        self._sum = Histogram()

    def step(self, kept: str) -> None:
        self._sum.merge(Histogram.from_json(json.loads(kept)))

    def finalize(self) -> str:
        return json.dumps(self._sum.as_json())


class History:
    """The runs of *lines*, of one *stage*: "sandbox", or "" for Cloudflare; *task* names one of them.

    `elsewhere` counts the runs of the other stage, `unread` the lines that are not as cfops writes them.
    """

    def __init__(self, lines: Iterable[Json], *, stage: str = "", task: str = "") -> None:
        self.stage = stage
        self.elsewhere = self.unread = 0
        self._db = sqlite3.connect(":memory:")
        self._db.row_factory = sqlite3.Row
        self._db.create_aggregate("merged", 1, _Merged)  # type: ignore[arg-type]  # its step takes one value
        self._db.executescript(_SCHEMA)
        for line in lines:
            try:
                if task and task not in line["task"].split(", "):
                    continue
                if line["stage"] != stage:
                    self.elsewhere += 1
                    continue
                run, routes = _run_row(line), list(_route_rows(line))
            except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
                self.unread += 1
                continue
            with suppress(sqlite3.IntegrityError):
                self._db.execute(_INSERT, run)
                self._db.executemany("INSERT INTO routes VALUES (?, ?, ?, ?, ?)", routes)

    def runs(self) -> Iterator[Json]:
        """Yield the lines of the runs, newest first."""
        for row in self._db.execute("SELECT line FROM runs ORDER BY started DESC"):
            line: Json = json.loads(row["line"])
            yield line

    def last(self, *, of: Iterable[str] = ()) -> Iterator[Json]:
        """Yield the newest run of each task and account, of those with the outcomes *of* if any are given."""
        wanted, seen = set(of), set()
        for line in self.runs():
            key = line["task"], line["account"]
            if key not in seen and (not wanted or outcome(line) in wanted):
                seen.add(key)
                yield line

    def outcomes(self) -> Iterator[tuple[str, str, str, int]]:
        """Yield task, account, outcome and how many runs ended so."""
        query = "SELECT task, account, outcome, COUNT(*) FROM runs GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        for row in self._db.execute(query):
            yield tuple(row)

    def grouped(self, by: str) -> Iterator[Json]:
        """Yield a row for each *by*, one of GROUPS: the runs and their requests, with percentiles."""
        latencies = {row["key"]: row for row in self._db.execute(_LATENCIES.format(key=by))}
        if by == "route":
            for key, row in latencies.items():
                answered = row["requests"] - row["failed"]
                rate = {"failed": row["failed"], "success": _rounded(100 * answered / row["requests"])}
                yield {by: key, "requests": row["requests"], **rate, **_percentiles(row)}
            return
        for row in self._db.execute(_GROUPED.format(key=by)):
            yield {
                by: row["key"],
                "runs": row["runs"],
                "success": _rounded(row["success"]),
                "requests": row["requests"],
                "per_minute": _rounded(row["per_minute"]),
                **_percentiles(latencies.get(row["key"])),
                "waited": _rounded(row["waited"]),
                "cache": _rounded(row["cache"]),
                "budget": _rounded(row["budget"]),
            }


def run_row(line: Json) -> Json:
    """Return the row of a run as it is shown; None for what is unknown, such as the items of no scan."""
    items = line["items"]
    cache = line["cache"]["hits"] + line["cache"]["misses"]
    return {
        "started": timestamp(line["started"]),
        "run": line["run"],
        "task": line["task"],
        "outcome": outcome(line),
        "exit_code": line["exit_code"],
        "error": line["error"],
        "seconds": line["seconds"],
        "requests": line["requests"],
        "retries": line["retries"],
        "limited": line["limited"],
        "waits": line["waits"],
        "waited": line["waited"],
        "bytes": line["bytes"],
        "cache": _rounded(100 * line["cache"]["hits"] / cache) if cache else None,
        "budget": _rounded(_used(line)),
        "items": sum(items.values()) if line["sections"] else None,
        "items_by_kind": items,
        "sections": line["sections"],
        "changes": line["changes"],
        "cpu": line["cpu"],
        "memory": line["memory"],
        "account": line["account"],
        "profile": line["profile"],
        "stage": line["stage"],
        "version": line["version"],
    }


def timeline_of(line: Json) -> Timeline | None:
    """Return the timeline of a run; None if it did not scan."""
    return Timeline.from_json(line["timeline"]) if "timeline" in line else None


def _run_row(line: Json) -> tuple[Any, ...]:
    run_row(line)  # raises for a line that could not be shown
    timeline_of(line)
    moment, cache = timestamp(line["started"]), line["cache"]
    return (
        line["run"],
        line["started"],
        moment[:10],
        f"{moment[:13]}:00Z",
        line["task"],
        line["stage"],
        line["profile"],
        line["account"],
        outcome(line),
        line["seconds"],
        line["requests"],
        line["waited"],
        cache["hits"],
        cache["misses"],
        _used(line),
        json.dumps(line),
    )


def _route_rows(line: Json) -> Iterator[tuple[Any, ...]]:
    for route, seen in line["routes"].items():
        Histogram.from_json(seen["ms"])
        yield line["run"], route, seen["n"], seen["failed"], json.dumps(seen["ms"])


def _used(line: Json) -> float | None:
    """Return how much of the budget was used at the end, in percent; None without a budget."""
    budget = line.get("budget")
    return 100 * budget["used"] / budget["limit"] if budget else None


def _percentiles(row: sqlite3.Row | None) -> Json:
    """Return the percentiles in ms; None without a request."""
    merged = Histogram.from_json(json.loads(row["ms"])) if row else Histogram()
    return {name: _rounded(merged.quantile(part)) for name, part in PERCENTILES.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
