"""The ledger of runs: nothing is lost, it stays small, and a dead run is found."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from ops.errors import DiskError, Newer
from ops.files.disk import DAY
from ops.items import Json
from ops.telemetry.ledger import FORMAT, Ledger, StateFile, report_lost, running

NOW = 1_800_000_000.0


def line(run: str = "a", started: float = NOW, **more: object) -> Json:
    return {"started": started, "run": run, **more}


def runs(folder: Path, since: float = 0.0) -> list[str]:
    return [str(found["run"]) for found in Ledger(folder).lines(since)]


def test_each_run_is_a_line_that_only_its_owner_reads(tmp_path: Path) -> None:
    Ledger(tmp_path).append(line("a"), NOW)
    Ledger(tmp_path).append(line("b", task="zones.list"), NOW)

    path = tmp_path / "runs.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [json.loads(text) for text in path.read_text().splitlines()] == [
        {"format": FORMAT, "started": NOW, "run": "a"},
        {"format": FORMAT, "started": NOW, "run": "b", "task": "zones.list"},
    ]


def test_without_a_ledger_there_are_no_runs(tmp_path: Path) -> None:
    assert runs(tmp_path) == []


def test_only_runs_since_a_moment_are_read(tmp_path: Path) -> None:
    for at in range(3):
        Ledger(tmp_path).append(line(str(at), NOW + at), NOW)

    assert runs(tmp_path, NOW + 1) == ["1", "2"]


def test_a_line_that_a_full_disk_has_cut_off_costs_no_other(tmp_path: Path) -> None:
    Ledger(tmp_path).append(line("a"), NOW)
    with (tmp_path / "runs.jsonl").open("ab") as file:
        file.write(b'{"format":1,"started":1800000000.0,"run":"to')

    Ledger(tmp_path).append(line("b"), NOW)

    assert runs(tmp_path) == ["a", "b"]


def test_a_line_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text('{"format":2,"started":1800000000.0,"run":"a"}\n')

    with pytest.raises(
        Newer, match=r"written by a newer cfops: it has format 2, and this version reads up to 1"
    ):
        runs(tmp_path)


def test_a_newer_version_does_not_stop_an_older_one_from_recording(tmp_path: Path) -> None:
    newer = '{"format":2,"started":1800000000.0,"run":"a"}\n'
    (tmp_path / "runs.jsonl").write_text(newer)

    Ledger(tmp_path).append(line("b"), NOW)

    assert (tmp_path / "runs.jsonl").read_text().startswith(newer)


def test_the_ledger_is_cut_to_three_quarters_when_it_is_too_large(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, largest=1000)
    for at in range(40):
        ledger.append(line(str(at)), NOW)

    kept = runs(tmp_path)
    assert (tmp_path / "runs.jsonl").stat().st_size < 1100
    assert kept == [str(at) for at in range(40 - len(kept), 40)]
    assert len(kept) > 10


def test_runs_that_are_too_old_are_dropped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(line("old", NOW - 420 * DAY), NOW - 420 * DAY)
    ledger.append(line("young", NOW - DAY), NOW - DAY)

    ledger.append(line("now"), NOW)

    assert runs(tmp_path) == ["young", "now"]


def test_a_ledger_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").touch(0o644)

    Ledger(tmp_path).append(line(), NOW)

    assert (tmp_path / "runs.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_ledger_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("data")
    (tmp_path / "runs.jsonl").symlink_to(tmp_path / "victim")

    with pytest.raises(DiskError):
        Ledger(tmp_path).append(line(), NOW)

    assert (tmp_path / "victim").read_text() == "data"


def test_the_state_of_a_run_under_way_can_be_read(tmp_path: Path) -> None:
    state = StateFile(tmp_path, "a")
    state.write({"format": 1, **line("a", requests=120)})
    state.write({"format": 1, **line("a", requests=9)})

    assert [found["requests"] for found in running(tmp_path)] == [9]
    assert report_lost(tmp_path, NOW) == 0

    state.close()
    assert list(running(tmp_path)) == []
    assert list((tmp_path / "runs").iterdir()) == []


def _killed(folder: Path, *, recorded: bool) -> None:
    state = StateFile(folder, "a")
    state.write({"format": 1, **line("a", requests=7, progress={"sections": 3})})
    if recorded:
        Ledger(folder).append(line("a"), NOW)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("recorded", [False, True])
def test_the_next_run_records_one_that_was_killed_once(tmp_path: Path, recorded: bool) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_killed, args=(tmp_path,), kwargs={"recorded": recorded}
    )
    process.start()
    process.join()

    assert list(running(tmp_path)) == []
    found = report_lost(tmp_path, NOW), report_lost(tmp_path, NOW)

    assert found == (1, 0)
    assert runs(tmp_path) == ["a"]
    (kept,) = Ledger(tmp_path).lines()
    assert kept.get("lost", False) is not recorded
    assert "progress" not in kept


def _append(folder: Path, name: str) -> None:
    ledger = Ledger(folder, largest=200_000)
    for at in range(50):
        ledger.append(line(f"{name}-{at}", padding="x" * 100), NOW)


@pytest.mark.long
def test_sixty_four_processes_at_once_lose_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_append, args=(tmp_path, str(at))) for at in range(64)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    kept = runs(tmp_path)
    assert [process.exitcode for process in processes] == [0] * 64
    # 3,200 lines of 160 bytes do not fit: the newest remain, whole, and each process's in order.
    assert len(kept) == len(set(kept)) > 900
    assert (tmp_path / "runs.jsonl").stat().st_size <= 201_000
    for at in range(64):
        own = [int(run.partition("-")[2]) for run in kept if run.startswith(f"{at}-")]
        assert own == list(range(50 - len(own), 50))


@pytest.mark.long
def test_all_lines_of_sixty_four_processes_are_kept_if_they_fit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_once, args=(tmp_path, str(at))) for at in range(64)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert sorted(runs(tmp_path)) == sorted(str(at) for at in range(64))


def _once(folder: Path, name: str) -> None:
    state = StateFile(folder, name)
    state.write({"format": 1, **line(name)})
    report_lost(folder, NOW)
    Ledger(folder).append(line(name), NOW)
    state.close()


def test_a_line_goes_into_the_file_that_another_run_has_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(line("a"), NOW)
    lock, waited = fcntl.flock, []

    def rewritten_meanwhile(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        if not waited:
            waited.append(how)
            (tmp_path / "new").write_bytes((tmp_path / "runs.jsonl").read_bytes())
            (tmp_path / "new").replace(tmp_path / "runs.jsonl")

    monkeypatch.setattr(fcntl, "flock", rewritten_meanwhile)
    ledger.append(line("b"), NOW)

    assert (runs(tmp_path), len(waited)) == (["a", "b"], 1)


@pytest.mark.parametrize("kind", ["a pipe", "of another user"])
def test_what_is_not_a_file_of_this_user_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "a pipe":
        os.mkfifo(tmp_path / "runs.jsonl")
    else:
        Ledger(tmp_path).append(line("a"), NOW)
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(DiskError, match=r"runs\.jsonl is not a regular file of this user"):
        Ledger(tmp_path).append(line("b"), NOW)


def test_what_is_not_the_state_of_a_run_is_removed_after_a_day(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    files = [tmp_path / "runs" / name for name in ("young.new", "old.new", "young.json", "old.json")]
    for file in files:
        file.write_text("torn")
        age = 2 * DAY if file.name.startswith("old") else 60
        os.utime(file, (NOW - age, NOW - age))

    assert report_lost(tmp_path, NOW) == 0
    assert [file.name for file in files if file.exists()] == ["young.new", "young.json"]
    assert runs(tmp_path) == []
