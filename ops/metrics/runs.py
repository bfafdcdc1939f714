"""The metrics of the runs, for Prometheus: of the last run of each task, and of a period.

They are gauges: a sum over a ledger that drops its oldest lines would fall, and a rate of it would be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ops.items import Json
from ops.metrics.history import COMPLETE, DIFFERS, PERCENTILES, History
from ops.metrics.textfile import Family

# Name, help, and the value in the line of a run; None is unknown and has no sample.
GAUGES: tuple[tuple[str, str, Callable[[Json], float | None]], ...] = (
    ("start_timestamp_seconds", "When the last run was started.", lambda line: line["started"]),
    ("end_timestamp_seconds", "When it ended.", lambda line: round(line["started"] + line["seconds"], 3)),
    ("duration_seconds", "How long it took.", lambda line: line["seconds"]),
    ("exit_code", "Its exit code; a run that was killed has none.", lambda line: line["exit_code"]),
    ("lost", "Whether it was killed before it could end.", lambda line: int(bool(line.get("lost")))),
    ("requests", "The requests that it sent, retries included.", lambda line: line["requests"]),
    ("retries", "Its requests that were retries.", lambda line: line["retries"]),
    ("rate_limited", "Its requests that were answered with 429.", lambda line: line["limited"]),
    (
        "waited_seconds",
        "What its threads waited for the budget and before retries.",
        lambda line: line["waited"],
    ),
    ("received_bytes", "The bytes that it received.", lambda line: line["bytes"]),
    ("cache_hits", "The answers that it took from the cache.", lambda line: line["cache"]["hits"]),
    ("cache_misses", "The answers that the cache did not have.", lambda line: line["cache"]["misses"]),
    ("changes", "The changes that it made.", lambda line: line["changes"]),
    ("cpu_seconds", "Its CPU time.", lambda line: line["cpu"]),
    ("memory_bytes", "The most memory that it used.", lambda line: line["memory"]),
    ("budget_limit", "The requests that its budget allows in a window.", lambda line: _budget(line, "limit")),
    ("budget_used", "The requests of the budget in use when it ended.", lambda line: _budget(line, "used")),
)


def families(all_runs: History, of_period: History, now: float) -> Iterator[Family]:
    """Yield the metrics of the last runs in *all_runs*, and of a period; *now* is wall time."""
    yield Family("cfops_exported_timestamp_seconds", "When these metrics were written.", [({}, round(now))])
    last = [(_labels(line), line) for line in all_runs.last()]
    for name, help, value in GAUGES:
        yield Family(f"cfops_run_{name}", help, [(labels, value(line)) for labels, line in last])
    good = [(_labels(line), line["started"]) for line in all_runs.last(of=(COMPLETE, DIFFERS))]
    yield Family("cfops_run_success_timestamp_seconds", "When the last successful run was started.", [*good])
    yield Family(
        "cfops_run_items",
        "The items of each kind that the last run read whole.",
        [({**labels, "kind": kind}, n) for labels, line in last for kind, n in sorted(line["items"].items())],
    )
    yield Family(
        "cfops_run_sections",
        "The sections of its scan, by how reading them ended.",
        [
            ({**labels, "status": status}, count)
            for labels, line in last
            for status, count in sorted(line["sections"].items())
        ],
    )
    yield Family(
        "cfops_runs",
        "The runs of the period, by how they ended.",
        [
            ({"task": task, "account": account, "outcome": outcome}, count)
            for task, account, outcome, count in of_period.outcomes()
        ],
    )
    yield from _routes(list(of_period.grouped("route")))


def _routes(rows: list[Json]) -> Iterator[Family]:
    def gauge(name: str, help: str, field: str) -> Family:
        samples = [({"route": row["route"]}, row[field]) for row in rows]
        return Family(f"cfops_route_{name}", help, [*samples])

    yield gauge("requests", "The requests of the period, by route.", "requests")
    yield gauge("failed_requests", "Those without an answer, or answered with 429 or 5xx.", "failed")
    for name in PERCENTILES:
        help = f"The time in which {name[1:]} % of the requests of the period were answered."
        samples = [({"route": row["route"]}, row[name] / 1000) for row in rows]
        yield Family(f"cfops_route_{name}_seconds", help, [*samples])


def _labels(line: Json) -> dict[str, str]:
    return {"task": line["task"], "account": line["account"], "profile": line["profile"]}


def _budget(line: Json, field: str) -> float | None:
    budget = line.get("budget")
    return budget[field] if budget else None
