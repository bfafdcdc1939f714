"""A snapshot is published completely or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import DiskError, Refused
from ops.snapshots import publish

DAY = 86_400.0
NOW = 1_800_000_000.0


def chance(size: int) -> str:
    return "ab" * size


def names(*words: str) -> Callable[[], str]:
    return iter(words).__next__


def made(place: Path, text: str = "whole") -> Path:
    with publish.partial(place, chance) as folder:
        (folder / "manifest.json").write_text(text)
        return publish.publish(folder, place, names("one", "two", "three"))


def test_a_snapshot_is_moved_to_its_name(tmp_path: Path) -> None:
    snapshot = made(tmp_path)

    assert snapshot == tmp_path / "one"
    assert (snapshot / "manifest.json").read_text() == "whole"
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_while_it_is_written_it_is_hidden_and_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with publish.partial(tmp_path, chance) as folder:
            mode = stat.S_IMODE(folder.stat().st_mode)
            name = folder.name
    finally:
        os.umask(before)

    assert (mode, name) == (0o700, f".partial-{os.getpid()}-abababab")


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), publish.partial(tmp_path, chance) as folder:
        (folder / "half").write_text("half")
        raise error

    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("C1")
def test_a_disk_error_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="No space"), publish.partial(tmp_path, chance):
        raise OSError(28, "No space left on device")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("C15")
def test_an_existing_name_is_never_overwritten(tmp_path: Path) -> None:
    made(tmp_path, "first")
    (tmp_path / "two").symlink_to("nowhere")

    snapshot = made(tmp_path, "second")

    assert snapshot.name == "three"
    assert (tmp_path / "one" / "manifest.json").read_text() == "first"


def test_latest_points_to_the_newest(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        (tmp_path / name).mkdir()
        publish.point_latest(tmp_path / name)

    assert str((tmp_path / "latest").readlink()) == "newer"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "newer", "older"]


def test_a_latest_that_is_not_a_link_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "newer").mkdir()

    with pytest.raises(DiskError, match="is not a link"):
        publish.point_latest(tmp_path / "newer")

    assert (tmp_path / "latest").is_dir()


def planted(place: Path, process: int, age: float) -> Path:
    folder = place / f".partial-{process}-00c0ffee"
    folder.mkdir()
    (folder / "half").write_text("half")
    os.utime(folder, (NOW - age, NOW - age))
    return folder


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.fault("C11")
@pytest.mark.parametrize(("alive", "age", "stays"), [(False, 2, False), (False, 0.5, True), (True, 2, True)])
def test_leftovers_of_killed_runs_are_removed_after_a_day(
    tmp_path: Path, alive: bool, age: float, stays: bool
) -> None:
    folder = planted(tmp_path, os.getpid() if alive else dead_process(), age * DAY)

    publish.prepare(tmp_path, NOW)

    assert folder.exists() is stays


@pytest.mark.fault("C11")
def test_a_link_that_looks_like_a_leftover_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    link = tmp_path / f".partial-{dead_process()}-00c0ffee"
    link.symlink_to("mine")
    os.utime(link, (0, 0), follow_symlinks=False)

    publish.prepare(tmp_path, NOW)

    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.fault("C6")
def test_a_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiskError):
        publish.prepare(tmp_path / "file", NOW)


@pytest.mark.fault("C8")
def test_a_world_writable_parent_is_refused_unless_it_is_sticky(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(DiskError, match="all users can write to"):
        publish.prepare(tmp_path, NOW)

    tmp_path.chmod(0o1777)
    assert publish.prepare(tmp_path, NOW) == tmp_path.resolve()


@pytest.mark.fault("C8")
def test_a_parent_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")

    with pytest.raises(Refused, match="symbolic link"):
        publish.prepare(tmp_path / "link", NOW)
