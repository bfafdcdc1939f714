"""What `[alerts]` may say."""

from __future__ import annotations

import time
from calendar import timegm
from collections.abc import Iterator
from typing import Any

import pytest

from ops.alerts.policy import Policy, read_policy
from ops.errors import UsageError


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(day: int, hour: int, minute: int = 0) -> float:
    """Return a time of November 2026, whose 2nd day is a Monday."""
    return float(timegm((2026, 11, day, hour, minute, 0)))


def test_nothing_written_is_the_default() -> None:
    assert read_policy({}) == Policy()


def test_every_threshold_can_be_written() -> None:
    written = {
        "tasks": ["scan.*"], "off": ["damaged"], "repeat": "3h", "sandbox": True, "failed_codes": [2, 5],
        "partial_runs": 4, "snapshot_age": "8d", "fall_percent": 10, "deletions": 5,
        "certificate_percent": 20, "token_days": 30, "refused_runs": 2,
        "composites": {"both": ["counts-fell", "many-deletions"]},
    }  # fmt: skip

    policy = read_policy(written)

    assert policy == Policy(
        tasks=("scan.*",), off=("damaged",), repeat=10_800.0, sandbox=True, failed_codes=(2, 5),
        partial_runs=4, snapshot_age=8 * 86_400.0, fall_percent=10, deletions=5, certificate_percent=20,
        token_days=30, refused_runs=2, composites={"both": ("counts-fell", "many-deletions")},
    )  # fmt: skip
    assert policy.rules[-2:] == ("anomaly", "both")


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ({"deletion": 5}, "did you mean deletions?"),
        ({"deletions": "5"}, "alerts.deletions"),
        ({"deletions": True}, "alerts.deletions"),
        ({"deletions": -1}, "alerts.deletions"),
        ({"repeat": "soon"}, "alerts.repeat"),
        ({"off": "damaged"}, "alerts.off"),
        ({"off": ["damage"]}, "did you mean damaged?"),
        ({"failed_codes": ["2"]}, "alerts.failed_codes"),
        ({"composites": ["damaged"]}, "alerts.composites"),
        ({"composites": {"both": ["damaged"]}}, "alerts.composites.both"),
        ({"composites": {"damaged": ["counts-fell", "run-failed"]}}, "alerts.composites.damaged"),
        ({"windows": ["Someday"]}, "'Someday' is not a time"),
        ({"windows": ["22:00-25:00"]}, "'22:00-25:00' is not a time"),
        ({"windows": ["22:61-23:00"]}, "'22:61-23:00' is not a time"),
        ({"windows": [""]}, "'' is not a time"),
    ],
)
def test_what_cannot_be_used_is_named(written: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError) as error:
        read_policy(written)

    assert named in f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("Sat", at(7, 0), at(8, 0)),
        ("Sat", at(7, 23, 59), at(6, 23, 59)),
        ("09:30-10:00", at(3, 9, 30), at(3, 10)),
        ("22:00-06:00", at(3, 23), at(3, 21, 59)),
        ("22:00-06:00", at(3, 5, 59), at(3, 6)),
        ("Sat 22:00-06:00", at(7, 22), at(7, 5)),
        ("Sat 22:00-06:00", at(8, 5), at(8, 22)),
        ("Sun 22:00-06:00", at(2, 5), at(3, 5)),
    ],
)
def test_a_window_holds_its_times_of_the_week(window: str, inside: float, outside: float) -> None:
    policy = read_policy({"windows": [window]})

    assert policy.in_window(inside)
    assert not policy.in_window(outside)


def test_only_the_runs_of_jobs_are_judged() -> None:
    policy = Policy()

    assert [task for task in ("scan.export", "snapshots.push", "zones.list") if policy.judges(task)] == [
        "scan.export",
        "snapshots.push",
    ]
