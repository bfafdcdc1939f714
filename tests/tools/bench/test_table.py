"""The row of a job: a missed goal is named, and a peer that lost items has no time."""

from __future__ import annotations

from pathlib import Path

from tests.tools.bench import table
from tests.tools.bench.job import Done, Job, _row
from tests.tools.bench.stage import Run, Traffic
from tests.tools.bench.table import Goal, Row


def job(**more: object) -> Job:
    known = Job(
        title="three things",
        scale={},
        ours=lambda _: run(1.0),
        counted=lambda _: 3,
        items=3,
        least=2,
        limit=0.5,
        peer="things",
        arguments=lambda *_: {},
    )
    return known._replace(**more)  # type: ignore[arg-type]


def run(seconds: float, code: int = 0, requests: int = 2) -> Run:
    return Run(seconds, 40.0, code, Path("out"), "", requests=requests)


def row(runs: list[Run], counts: list[int], theirs: dict[str, Done] | None = None, **more: object) -> Row:
    return _row(job(**more), runs, counts, Traffic([], [], 1_000_000, 0), theirs or {}, 0.5)


def missed(found: Row) -> list[str]:
    return [goal.what for goal in found.missed]


def test_a_complete_run_with_few_requests_reaches_all_goals() -> None:
    found = row([run(1.1)], [3], {"SDK": Done(2.2)}, latency="/zones")

    assert missed(found) == []
    assert found.peers["SDK"] == "2.20 (2.0 x)"


def test_each_defect_misses_its_goal() -> None:
    assert missed(row([run(1.0)], [2])) == ["all there"]
    assert missed(row([run(1.0, code=4)], [3])) == ["all there"]
    assert missed(row([run(1.0, requests=3)], [3])) == ["fewest requests"]
    assert missed(row([run(1.2)], [3], latency="/zones")) == ["1.15 x limit"]
    assert missed(row([run(1.0)], [3], {"a": Done(0.9), "b": Done(3.0)})) == ["ahead"]


def test_the_median_of_the_rounds_counts_and_one_bad_round_counts_as_a_loss() -> None:
    found = row([run(9.0), run(1.0), run(1.1)], [3, 2, 3])

    assert found.seconds == 1.1
    assert missed(found) == ["all there"]


def test_a_peer_that_fails_is_named_and_not_compared() -> None:
    found = row(
        [run(1.0)], [3], {"a": Done(None, "not possible: why"), "b": Done(60.0, "stopped after 60 s")}
    )

    assert missed(found) == []
    assert found.peers == {"a": "not possible: why", "b": "stopped after 60 s"}


def test_a_row_has_a_cell_for_each_column_and_names_the_missed_goals() -> None:
    line = table.line(Row("x", seconds=2.0, limit=1.0, goals=(Goal("fast", False),)).cells(["SDK", "cli4"]))

    assert line.count("|") == table.head(["SDK", "cli4"]).splitlines()[0].count("|")
    assert "fast **MISSED**" in line
    assert "| 2.00 |" in line
