"""Files are whole or not there, and their owner's alone, whatever happens meanwhile."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import DiskError, Refused
from ops.files.disk import atomic, check_writable, open_own, private_folder, sweep

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 1,000 bytes: what a full disk does, without root."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_there_when_the_block_has_ended(tmp_path: Path) -> None:
    with atomic(tmp_path / "a") as file:
        file.write(b"new")
        assert not (tmp_path / "a").exists()

    assert (tmp_path / "a").read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_the_data_is_on_the_disk_before_the_file_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: seen.append((os.fstat(descriptor).st_size, list(tmp_path.glob("a"))))
    )

    with atomic(tmp_path / "a") as file:
        file.write(b"new")

    assert seen[0] == (3, [])
    assert len(seen) == 2, "the folder is synced as well"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(KeyboardInterrupt), atomic(tmp_path / "a") as file:
        file.write(b"new")
        raise KeyboardInterrupt

    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"old")]


@pytest.mark.fault("C1")
@pytest.mark.parametrize("size", [1001, 100_000])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, small_files: None, size: int
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with (
        pytest.raises(DiskError, match=r"a cannot be written: File too large") as error,
        atomic(tmp_path / "a") as file,
    ):
        file.write(b"x" * size)

    assert error.value.exit_code == 2
    assert "ulimit -f" in error.value.hint
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"old")]


def test_a_failure_of_what_is_written_is_not_taken_for_the_disks(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), atomic(tmp_path / "a"):
        raise ConnectionResetError


@pytest.mark.fault("C9")
def test_files_and_folders_are_their_owners_alone_from_the_beginning(
    tmp_path: Path, open_umask: None
) -> None:
    folder = private_folder(tmp_path / "one" / "two")

    with atomic(folder / "a") as file:
        file.write(b"x")
        during = [mode_of(found) for found in folder.iterdir()]

    assert during == [0o600]
    assert mode_of(folder / "a") == 0o600
    assert [mode_of(folder), mode_of(folder.parent)] == [0o700, 0o700]


def test_an_older_file_with_a_wide_mode_becomes_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o666)

    with atomic(tmp_path / "a") as file:
        file.write(b"new")

    assert mode_of(tmp_path / "a") == 0o600


@pytest.mark.fault("C7")
def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "a").symlink_to(tmp_path / "victim")

    with pytest.raises(Refused, match="symbolic link"), atomic(tmp_path / "a"):
        raise AssertionError("opened")

    assert (tmp_path / "victim").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_not_a_file_is_refused_and_not_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "a"
    target.mkdir() if kind == "folder" else os.mkfifo(target)

    with pytest.raises(Refused, match=f"is a {kind}"), atomic(target):
        raise AssertionError("opened")

    assert not target.is_file()


def test_a_link_that_is_laid_meanwhile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused), atomic(tmp_path / "a") as file:
        file.write(b"new")
        (tmp_path / "a").symlink_to(tmp_path / "victim")

    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_name_of_the_longest_length_can_be_written(tmp_path: Path) -> None:
    with atomic(tmp_path / ("n" * 255)) as file:
        file.write(b"x")

    assert (tmp_path / ("n" * 255)).read_bytes() == b"x"


@pytest.mark.fault("C3")
def test_a_killed_writer_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ops.files.disk import atomic\n"
        "print(flush=True)\n"
        "for n in range(10**9):\n"
        "    with atomic(Path(sys.argv[1])) as file:\n"
        "        for _ in range(20): file.write(bytes([65 + n % 26]) * 10_000); file.flush()\n"
    )
    torn = []

    for round_ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "a")], cwd=PROJECT, stdout=-1
        )
        with process:
            assert process.stdout
            process.stdout.readline()
            while not (tmp_path / "a").exists():
                time.sleep(0)
            signal_after = time.monotonic() + round_ * 0.003
            while time.monotonic() < signal_after:
                time.sleep(0)
            process.kill()
        data = (tmp_path / "a").read_bytes()
        torn += [] if len(data) == 200_000 and len(set(data)) == 1 else [data]

    assert torn == []


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("a file")])
def test_a_folder_that_is_not_one_cannot_be_written(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "x")

    with pytest.raises(DiskError) as error:
        check_writable(tmp_path / "x")

    assert "mkdir -p" in error.value.hint


@pytest.mark.fault("C6")
def test_a_read_only_folder_is_reported() -> None:
    # Even root can make no file there.
    with pytest.raises(DiskError, match="no file can be written in /proc:"):
        check_writable(Path("/proc"))


@pytest.mark.fault("C6")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(DiskError, match="Permission denied"):
        check_writable(tmp_path)

    tmp_path.chmod(0o700)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_private_folder_may_be_there_already(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    assert private_folder(tmp_path) == tmp_path
    assert mode_of(tmp_path) == 0o755


def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")

    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(DiskError):
            private_folder(folder)


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.mark.fault("C11")
def test_only_what_a_dead_run_left_a_day_ago_is_swept(tmp_path: Path) -> None:
    dead = dead_process()
    old, young = 1_000_000.0, 1_090_000.0
    files = {
        f".cfops-{dead}-00000000.tmp": old,
        f".cfops-{dead}-00000001.tmp": young,
        f".cfops-{os.getpid()}-00000002.tmp": old,
        f".cfops-{dead}-zzz.tmp": old,
        "mine.tmp": old,
    }
    for name, changed in files.items():
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (changed, changed))

    swept = sweep(tmp_path, now=1_100_000.0)

    assert swept == [tmp_path / f".cfops-{dead}-00000000.tmp"]
    assert {found.name for found in tmp_path.iterdir()} == files.keys() - {swept[0].name}


def test_a_link_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / f".cfops-{dead_process()}-00000000.tmp").symlink_to(tmp_path)

    assert sweep(tmp_path, now=time.time() + 1e6) == []


def test_a_file_of_our_own_is_not_made_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").mkdir()

    with pytest.raises(IsADirectoryError):
        open_own(tmp_path / "cache.sqlite")
