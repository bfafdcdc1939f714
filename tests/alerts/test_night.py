"""A night of jobs is understood from the notices, the monitor, the history and the log alone."""

from __future__ import annotations

import pytest

from tests.tools.night import Morning, night, transcript

CHANGED = "apex-changed: name servers or mail servers changed"
DELETED = "many-deletions: 5 items were deleted"
PARTIAL = "partial-twice: incomplete: scan.export"
NIGHT = [
    ("good", 0, []),
    ("incomplete", 4, []),
    ("incomplete", 4, [f"warning: {PARTIAL}"]),
    ("failing", 2, ["warning: run-failed: failed: scan.export"]),
    ("good again", 0, [f"ended: {PARTIAL}", "ended: run-failed: failed: scan.export"]),
    ("drifting", 5, ["warning: run-failed: failed: snapshots.drift"]),
    ("good, with the changes", 0, [f"critical: {CHANGED}", f"warning: {DELETED}"]),
    ("locked out", 6, []),
    ("good, which held the lock", 0, [f"ended: {CHANGED}", f"ended: {DELETED}"]),
    ("killed", -9, []),
    ("good, after the killed one", 0, ["worse: warning: run-failed: failed: scan.export, snapshots.drift"]),
]

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return night(tmp_path_factory.mktemp("night"))


def test_each_job_is_reported_when_it_should_be_and_only_then(morning: Morning) -> None:
    firsts = [
        (job.name, job.code, [line.split(" from ")[0] for line in job.notice.splitlines() if line[0] != " "])
        for job in morning.jobs
    ]

    assert firsts == NIGHT
    assert "scan.export was killed; the next run did not fail" in morning.jobs[-1].notice
    assert "example.com: MX deleted: mx1.example.com" in morning.jobs[6].notice


def test_the_monitor_of_a_job_is_not_alarmed_by_a_locked_one(morning: Morning) -> None:
    calls = [ping.split(" ")[0].removeprefix("/job") for ping in morning.pings]

    assert calls == [
        "/start", "", "/start", "/4", "/start", "/4", "/2", "/start", "", "/start", "", "/start", "/log", "",
        "/start", "/start", "",
    ]  # fmt: skip


def test_the_history_and_the_log_have_every_run(morning: Morning) -> None:
    outcomes = ("complete", "partial", "failed", "differs", "locked", "lost")
    runs = {line["run"] for line in morning.log if line["event"] == "task"}
    text = "\n".join(transcript(morning))

    assert [outcome for outcome in outcomes if outcome not in morning.metrics] == []
    assert [run for run in runs if run not in morning.metrics] == []
    assert "the channel phone was notified: cfops warning: run-failed on " in text
    assert "sandbox_" not in text
