"""The file of --log-file: JSON lines, readable by its owner alone, rotated by size.

Several processes may write to one file. Each line is one write under the file's lock. The process that would
exceed the limit moves the file to `.1`, and that one to `.2`; another process then sees that its file is not
the one at the path any more, and opens the new one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

from ops.errors import DiskError
from ops.files.disk import PRIVATE_FILE, explained

LIMIT = 10 * 1024 * 1024
"""The largest size of a file in bytes."""

KEPT = 5
"""How many older files are kept."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LogFile:
    """The file at *path*, which is created. Raises DiskError, also if it is not a regular file."""

    def __init__(self, path: str, limit: int = LIMIT, kept: int = KEPT) -> None:
        self.path = path
        self._file, self._limit, self._kept = Path(path), limit, kept
        self._descriptor = self._open()

    def write(self, line: str) -> None:
        """Append *line*. Raises DiskError."""
        data = f"{line}\n".encode()
        with explained(self._file):
            while True:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
                try:
                    size = self._size_if_current()
                    if size is not None and (not size or size + len(data) <= self._limit):
                        if os.write(self._descriptor, data) < len(data):
                            # Half a line would spoil the next one.
                            os.ftruncate(self._descriptor, size)
                            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                        return
                    if size is not None:
                        self._rotate()
                finally:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                os.close(self._descriptor)
                self._descriptor = self._open()

    def close(self) -> None:
        os.close(self._descriptor)

    def _size_if_current(self) -> int | None:
        """Return the size of the open file, None if it is not the one at the path any more."""
        mine = os.fstat(self._descriptor)
        with suppress(FileNotFoundError):
            there = self._file.lstat()
            if (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
                return mine.st_size
        return None

    def _rotate(self) -> None:
        for number in range(self._kept, 0, -1):
            older = self._file.with_name(f"{self._file.name}.{number - 1}") if number > 1 else self._file
            with suppress(FileNotFoundError):
                older.replace(self._file.with_name(f"{self._file.name}.{number}"))

    def _open(self) -> int:
        with explained(self._file):
            descriptor = os.open(self._file, _FLAGS, PRIVATE_FILE)
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                os.fchmod(descriptor, PRIVATE_FILE)
                return descriptor
        os.close(descriptor)
        raise DiskError(f"{self._file} is not a regular file of this user", hint="name another log file")
