"""The ledger: a line of JSON for each run, in the state folder, bounded by size and age."""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ops.errors import DiskError
from ops.files.disk import DAY, PRIVATE_FILE, atomic, explained, open_regular, private_folder
from ops.files.formats import check_format
from ops.items import Json

FORMAT = 1
LARGEST = 16 << 20
OLDEST = 400 * DAY
# A ledger that is too old by less than this is not rewritten yet: that costs more than a run may.
SLACK = 7 * DAY

_HEAD = re.compile(rb'\{"format":\d{1,6},"started":(\d{1,12})')


class Ledger:
    """The file `runs.jsonl` in the state folder *folder*."""

    def __init__(self, folder: Path, *, largest: int = LARGEST, oldest: float = OLDEST) -> None:
        self.path = folder / "runs.jsonl"
        self._largest, self._oldest = largest, oldest

    def append(self, line: Json, now: float) -> None:
        """Add *line* as one write, and drop what is too old at *now* (wall time). Raises DiskError."""
        with self._locked() as descriptor:
            self._add(descriptor, line, now)

    def append_lost(self, line: Json, now: float) -> None:
        """Add *line* unless the run was able to write its own before it was killed."""
        with self._locked() as descriptor:
            written = f'"run":"{line["run"]}"'.encode()
            with open_regular(self.path) as file:
                if not any(written in earlier for earlier in file):
                    self._add(descriptor, line, now)

    def lines(self, since: float = 0.0, like: str = "") -> Iterator[Json]:
        """Yield the runs that were started at *since* or later, in the order in which they ended.

        With *like*, only those with the same options; the others are not even parsed.

        A line that is not JSON was torn by a full disk and is skipped. Raises Newer, and DiskError if the
        file cannot be read.
        """
        with explained(self.path, "read"):
            try:
                file = open_regular(self.path)
            except FileNotFoundError:
                return
        with file:
            wanted = f'"like":"{like}"'.encode() if like else b""
            for text in file:
                line = _parsed(text) if wanted in text else None
                if line is None:
                    continue
                check_format(line, FORMAT, self.path)
                if line["started"] >= since:
                    yield line

    def _add(self, descriptor: int, line: Json, now: float) -> None:
        size = os.fstat(descriptor).st_size
        text = json.dumps({"format": FORMAT, **line}, ensure_ascii=True, separators=(",", ":")).encode()
        # A line that a full disk has cut off ends where the next one begins.
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if torn else b"") + text + b"\n")
        if size > self._largest or _started(os.pread(descriptor, 80, 0), now) < now - self._oldest - SLACK:
            self._rewrite(now)

    def _rewrite(self, now: float) -> None:
        """Keep the lines that are young enough, at most three quarters of the largest size."""
        with open_regular(self.path) as file:
            kept = [line for line in file if _started(line, now) >= now - self._oldest]
        size = 0
        with atomic(self.path) as new:
            for at in range(len(kept) - 1, -1, -1):
                size += len(kept[at])
                if size > self._largest * 3 // 4:
                    kept = kept[at + 1 :]
                    break
            new.writelines(kept)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with explained(self.path):
            if not self.path.exists():
                private_folder(self.path.parent)
            while True:
                descriptor = os.open(self.path, flags, PRIVATE_FILE)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                    found = os.fstat(descriptor)
                    # Another run may have rewritten the file while this one waited.
                    if not _is_at(found, self.path):
                        continue
                    self._check(descriptor, found)
                    yield descriptor
                    return
                finally:
                    os.close(descriptor)

    def _check(self, descriptor: int, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            what = f"{self.path} is not a regular file of this user"
            raise DiskError(what, hint="move it away; a new one is created")
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, PRIVATE_FILE)


class StateFile:
    """What a run under way has done so far, in `runs/RUN.json` of the state folder, locked while it lives.

    The file appears when it is locked already, so that one that is not locked belongs to a dead run.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._path = private_folder(folder / "runs") / f"{run}.json"
        temporary = self._path.with_suffix(".new")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with explained(self._path):
            self._descriptor = os.open(temporary, flags, PRIVATE_FILE)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._temporary: Path | None = temporary
        self._size = 0

    def write(self, state: Json) -> None:
        """Replace the state. Raises OSError."""
        text = json.dumps(state, separators=(",", ":")).encode() + b"\n"
        # One write, as long as the last one: a reader never sees the end of an older state.
        os.pwrite(self._descriptor, text.ljust(self._size), 0)
        self._size = max(self._size, len(text))
        if self._temporary is not None:
            self._temporary.rename(self._path)
            self._temporary = None

    def close(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            (self._temporary or self._path).unlink()
        os.close(self._descriptor)


def running(folder: Path) -> Iterator[Json]:
    """Yield the state of each run under way that has its state folder at *folder*. Raises Newer."""
    for file in sorted((folder / "runs").glob("*.json")):
        with suppress(OSError), open_regular(file, follow=False) as opened:
            if _is_locked(opened.fileno()) and (state := _read(opened.fileno())):
                check_format(state, FORMAT, file)
                yield state


def report_lost(folder: Path, now: float) -> int:
    """Write the runs that were killed to the ledger, and return how many there were. Raises DiskError."""
    found = 0
    # A folder without dead runs costs a look at it, and no more.
    with suppress(FileNotFoundError), os.scandir(folder / "runs") as entries:
        for name in sorted(entry.name for entry in entries):
            file = folder / "runs" / name
            with suppress(OSError), open(file, "r+b") as opened:  # noqa: PTH123
                # A file that another run has just removed may still be open here.
                if _is_locked(opened.fileno()) or not _is_at(os.fstat(opened.fileno()), file):
                    continue
                fcntl.flock(opened.fileno(), fcntl.LOCK_EX)
                state = _read(opened.fileno()) if name.endswith(".json") else None
                if state and state["format"] > FORMAT:
                    continue  # the newer cfops reports it
                if state and _is_at(os.fstat(opened.fileno()), file):
                    Ledger(folder).append_lost(lost(state), now)
                    found += 1
                # One that was just created may not be locked yet.
                if state or _is_old(opened.fileno(), now):
                    file.unlink()
    return found


def lost(state: Json) -> Json:
    """Return the line of a run that was killed when it had come as far as *state*."""
    return {**{name: value for name, value in state.items() if name != "progress"}, "lost": True}


def _read(descriptor: int) -> Json | None:
    state = _parsed(os.pread(descriptor, 1 << 20, 0))
    return state if state is not None and isinstance(state.get("run"), str) else None


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _is_old(descriptor: int, now: float) -> bool:
    return os.fstat(descriptor).st_mtime < now - DAY


def _is_at(found: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(found, path.stat())
    except FileNotFoundError:
        return False


def _parsed(text: bytes) -> Json | None:
    """Return the line in *text*; None if it is not one."""
    try:
        line = json.loads(text)
        known = isinstance(line, dict) and type(line["format"]) is int
        return line if known and float(line["started"]) >= 0 else None
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def _started(text: bytes, unknown: float) -> float:
    match = _HEAD.match(text)
    return float(match[1]) if match else unknown
