"""Files are private to their owner from the moment they exist, whatever the umask: a watcher checks each."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)

CREATED, MOVED_HERE, IS_FOLDER = 0x100, 0x80, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
EVENT = struct.Struct("iIII")


class Watcher:
    """Record the mode of every file and folder below *root* when the kernel reports its creation."""

    def __init__(self, root: Path) -> None:
        self.modes: dict[str, set[int]] = {}
        self._handle = LIBC.inotify_init()
        self._ended, self._end = os.pipe()
        self._watched: dict[int, Path] = {}
        self._watch(root)
        self._thread = threading.Thread(target=self._heed, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        # Closing the descriptor would not do: the thread would read the next file with that number.
        os.write(self._end, b"x")
        self._thread.join()
        for opened in (self._handle, self._ended, self._end):
            os.close(opened)

    def _watch(self, folder: Path) -> None:
        number = LIBC.inotify_add_watch(self._handle, str(folder).encode(), CREATED | MOVED_HERE)
        self._watched[number] = folder
        for path in folder.iterdir():
            self._note(path)

    def _heed(self) -> None:
        while True:
            ready, _, _ = select.select([self._handle, self._ended], [], [])
            if self._handle not in ready:
                return
            content = os.read(self._handle, 65_536)
            while content:
                number, _mask, _cookie, size = EVENT.unpack_from(content)
                name = content[EVENT.size : EVENT.size + size].rstrip(b"\0").decode()
                content = content[EVENT.size + size :]
                self._note(self._watched[number] / name)

    def _note(self, path: Path) -> None:
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
        if path.is_symlink():
            return
        self.modes.setdefault(str(path), set()).add(found.st_mode & 0o777)
        if path.is_dir() and path not in self._watched.values():
            self._watch(path)


@contextmanager
def without_umask(root: Path) -> Iterator[Watcher]:
    before = os.umask(0)
    watcher = Watcher(root)
    try:
        yield watcher
    finally:
        os.umask(before)
        watcher.stop()


RECORD = ("--zone", "example.com", "--type", "A", "--name", "new")
LINES = (
    ("scan.export", "--deep", "--kv", "values"),
    ("scan.export", "--to", "all.json"),
    ("scan.export", "--to", "all.csv"),
    ("snapshots.render", "--to", "all.sqlite", "snapshots.render", "--to", "all.html"),
    ("snapshots.render", "--to", "all.zone", "snapshots.render", "--to", "all.tf"),
    ("dns.create", *RECORD, "--content", "192.0.2.1", "dns.list", "--zone", "example.com", "--export"),
    ("dns.plan", "--zone", "example.com", "--file", "plan.csv", "--save", "saved.json"),
    ("kv.put", "--namespace", "config", "--key", "k", "--value", "v", "undo.last", "--yes"),
    ("kv.dump", "--namespace", "config", "--to", "config.jsonl"),
    ("workers.download", "--script", "auth-edge", "--to", "auth-edge"),
    ("zones.list", "--cache", "60", "--output", "json"),
)


@pytest.mark.long
@pytest.mark.fault("P2", "C9")
def test_every_file_of_a_run_is_private_from_the_moment_it_exists(
    shell: Shell,  # noqa: F811
    sandbox: Sandbox,
) -> None:
    sandbox.limiter.quota = None
    shell.environ["CFOPS_BUDGET"] = "0"
    (shell.folder / "plan.csv").write_text("name,type,content\nwww,A,192.0.2.1\n")
    given = {str(path) for path in shell.folder.rglob("*")}

    with without_umask(shell.folder) as watcher:
        result = shell(*(word for line in LINES for word in line))

    made = {path: modes for path, modes in watcher.modes.items() if path not in given}
    ours = {path: modes for path, modes in made.items() if "__pycache__" not in path}
    assert result.code == 0, result.err
    assert {path: modes for path, modes in ours.items() if any(mode & 0o077 for mode in modes)} == {}
    assert len(made) > 60


def test_a_file_that_others_can_read_for_a_moment_is_noticed(tmp_path: Path) -> None:
    with without_umask(tmp_path) as watcher:
        for number in range(200):
            path = tmp_path / f"file-{number}"
            with path.open("w") as file:
                file.write("x" * 100_000)
            path.chmod(0o600)

    assert any(mode & 0o077 for modes in watcher.modes.values() for mode in modes)
