"""The history of runs: what is asked of it, and what it does not count."""

from __future__ import annotations

import pytest

from ops.items import Json
from ops.metrics.history import History, outcome, run_row
from tests.metrics.lines import line, route


def grouped(by: str, *lines: Json, **options: str) -> dict[str, Json]:
    return {row[by]: row for row in History(lines, **options).grouped(by)}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"exit_code": 0}, "complete"),
        ({"exit_code": 1}, "failed"),
        ({"exit_code": 3}, "failed"),
        ({"exit_code": 4}, "partial"),
        ({"exit_code": 5}, "differs"),
        ({"exit_code": 6}, "locked"),
        ({"exit_code": 130}, "interrupted"),
        ({"exit_code": 143}, "terminated"),
        ({"exit_code": None, "lost": True}, "lost"),
    ],
)
def test_each_way_to_end_has_a_word(fields: Json, word: str) -> None:
    assert outcome(line(**fields)) == word


def test_the_percentiles_are_those_of_all_runs_together() -> None:
    fast, slow = route(*[10.0] * 97), route(*[1000.0] * 3)

    found = grouped("route", line("a", routes={"GET /x": fast}), line("b", routes={"GET /x": slow}))

    (row,) = found.values()
    # A mean of the two p95 would be 500 ms.
    assert (row["requests"], row["p50"] < 16, row["p95"] < 16) == (100, True, True)
    assert 600 < row["p99"] < 1100


def test_the_success_of_a_route_counts_what_got_no_answer() -> None:
    found = grouped("route", line(routes={"GET /x": route(1, 2, 3, 4, failed=1)}))

    assert (found["GET /x"]["failed"], found["GET /x"]["success"]) == (1, 75.0)


def test_a_run_that_met_a_lock_is_neither_a_success_nor_a_failure() -> None:
    runs = [line(str(code), exit_code=code) for code in (0, 5, 2, 6)]

    (row,) = grouped("task", *runs).values()

    assert (row["runs"], row["success"]) == (4, 66.7)


def test_requests_a_minute_cache_and_budget_are_of_the_whole_group() -> None:
    budget = {"limit": 1200, "window": 300, "used": 300}
    first = line("a", requests=100, seconds=60, cache={"hits": 1, "misses": 3}, budget=budget)
    second = line(
        "b", requests=20, seconds=20, cache={"hits": 3, "misses": 1}, budget={**budget, "used": 960}
    )

    (row,) = grouped("task", first, second).values()

    assert (row["requests"], row["per_minute"], row["cache"], row["budget"]) == (120, 90.0, 50.0, 80.0)


def test_without_a_request_rates_are_unknown_and_not_zero() -> None:
    (row,) = grouped("task", line(requests=0, seconds=0, routes={})).values()

    assert [row[name] for name in ("per_minute", "p50", "p95", "cache", "budget")] == [None] * 5


def test_runs_are_grouped_by_day_and_hour_in_utc() -> None:
    runs = (line("a", ago=0), line("b", ago=3600), line("c", ago=86_400))

    assert list(grouped("day", *runs)) == ["2026-11-29", "2026-11-30"]
    assert len(grouped("hour", *runs)) == 3


def test_runs_on_the_sandbox_are_counted_apart() -> None:
    runs = [line("a"), line("b", stage="sandbox"), line("c", stage="sandbox")]

    assert [found["run"] for found in History(runs).runs()] == ["a"]
    assert History(runs).elsewhere == 2
    assert len(list(History(runs, stage="sandbox").runs())) == 2


def test_a_task_is_found_in_a_line_of_several() -> None:
    runs = [line("a", task="zones.list, dns.list"), line("b", task="dns.listing")]

    assert [found["run"] for found in History(runs, task="dns.list").runs()] == ["a"]


@pytest.mark.parametrize(
    "broken",
    [
        {"items": 3},
        {"cache": None},
        {"routes": {"GET /x": {"n": 1}}},
        {"routes": {"x": route() | {"ms": [-1]}}},
    ],
)
def test_a_line_that_cfops_did_not_write_so_is_counted_and_left_out(broken: Json) -> None:
    history = History([line("a", **broken), line("b")])

    assert (history.unread, [found["run"] for found in history.runs()]) == (1, ["b"])


def test_the_last_run_is_of_each_task_and_account() -> None:
    runs = [
        line("old", ago=90),
        line("new", ago=30, exit_code=2),
        line("other", ago=50, account="b" * 32),
        line("list", ago=10, task="zones.list"),
    ]

    assert {found["run"] for found in History(runs).last()} == {"new", "other", "list"}
    assert {found["run"] for found in History(runs).last(of=["complete"])} == {"old", "other", "list"}


def test_a_run_without_a_scan_has_no_number_of_items() -> None:
    assert run_row(line(items={}, sections={}))["items"] is None
    assert run_row(line(items={}, sections={"complete": 1}))["items"] == 0
    assert run_row(line(items={"dns.record": 2, "zones.zone": 1}))["items"] == 3
