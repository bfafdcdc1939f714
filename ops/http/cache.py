"""Answers kept for a while, so that a name need not be looked up by every command.

Only what a call allows to be old is kept, and only successes: never streams, never errors. The key holds the
credentials' fingerprint, so that no token is given what another one read. Plain JSON lies in SQLite, and
what does not parse is not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ops.errors import DiskError
from ops.files.own import open_own
from ops.http.answers import parse
from ops.http.exchange import READ, WRITE, Call, Reply, Send

T = TypeVar("T")

LARGEST = 1024 * 1024

# What turns names of zones and accounts into ids. Only a write to a zone or account itself changes that.
NAMES = ("/zones", "/accounts")

_SCHEMA = """
    PRAGMA synchronous = OFF; -- a machine that crashes may cost the cache, and then it is made anew
    PRAGMA journal_mode = WAL;
    PRAGMA max_page_count = 8192; -- of 4 KiB, so 32 MiB in all
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, path TEXT, stamp REAL, date TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS writes (count INTEGER);
    INSERT INTO writes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM writes);
"""


class Cache:
    """Answers in the SQLite file *file*. *owner* is what else than the call makes an answer whose it is.

    *clock* is wall time in seconds. *say* is told when the file had to be made anew. A cache that cannot be
    used is no reason to fail: it is empty.
    """

    def __init__(
        self,
        file: Path,
        *,
        owner: tuple[str, ...],
        say: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._owner = owner
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def find(self, call: Call) -> Reply | None:
        """Return the answer to *call* if it is known and no older than *call* allows."""
        row = self._do(lambda db: db.execute(_FIND, (self._key(call),)).fetchone(), None)
        if row is None or not 0 <= self._clock() - row[0] < call.fresh:
            # A stamp of the future says that a clock was changed, so nothing is known of the age.
            return None
        reply = Reply(200, {"date": row[1]}, row[2], cached=True)
        with suppress(ValueError, AttributeError, TypeError):
            reply.data = parse(row[2])
        return reply if isinstance(reply.data, dict) else None

    def writes(self) -> int:
        """Count the writes so far: an answer that was under way during one is not kept."""
        return self._do(lambda db: int(db.execute("SELECT count FROM writes").fetchone()[0]), -1)

    def keep(self, call: Call, reply: Reply, writes: int) -> None:
        """Keep *reply*, unless something was written since *writes* were counted."""
        if len(reply.body) <= LARGEST:
            date = reply.headers.get("date", "")
            row = (self._key(call), call.path, self._clock(), date, reply.body, writes)
            self._do(lambda db: db.execute(_KEEP, row), None)

    def clear(self, path: str) -> None:
        """Forget what a write to *path* may have changed: everything, but for names that it cannot have."""
        if not self._file.exists():
            return
        kept = NAMES if path.count("/") > 2 else ()

        def forget(db: sqlite3.Connection) -> None:
            db.execute("UPDATE writes SET count = count + 1")
            marks = ", ".join("?" * len(kept))
            db.execute(f"DELETE FROM answers WHERE path NOT IN ({marks})", kept)  # noqa: S608  only question marks

        self._do(forget, None)

    def close(self) -> None:
        with self._lock:
            self._shut()

    def _key(self, call: Call) -> str:
        told = json.dumps(
            [*self._owner, call.method, call.path, sorted(call.params), sorted(call.headers.items())]
        )
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do *work*; a damaged file is made anew, and any other trouble leaves the cache out."""
        with self._lock:
            for _ in range(2):
                try:
                    with self._transaction() as db:
                        return work(db)
                except (sqlite3.OperationalError, DiskError, OSError) as problem:
                    if "full" not in str(problem):
                        return otherwise
                except sqlite3.DatabaseError:
                    self._say(f"the cache {self._file} was damaged and has been made anew")
                self._discard()
            return otherwise

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            self._connection = self._open()
        with self._connection as db:
            yield db

    def _open(self) -> sqlite3.Connection:
        descriptor, replaced = open_own(self._file)
        os.close(descriptor)
        if replaced:
            self._remove_sides()
            self._say(f"the cache {self._file} was not this user's alone and has been made anew")
        db = sqlite3.connect(self._file, timeout=2.0, check_same_thread=False)
        try:
            # The side files of SQLite are given the mode of the main file, which is there already.
            db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _discard(self) -> None:
        self._shut()
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
            self._remove_sides()

    def _remove_sides(self) -> None:
        for side in ("-wal", "-shm"):
            self._file.with_name(self._file.name + side).unlink(missing_ok=True)

    def _shut(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


_FIND = "SELECT stamp, date, body FROM answers WHERE key = ?"
_KEEP = "INSERT OR REPLACE INTO answers SELECT ?, ?, ?, ?, ? FROM writes WHERE count = ?"


def with_cache(send: Send, cache: Cache) -> Send:
    """Wrap *send* so that answers are kept, and writes make them forgotten."""

    def remembering(call: Call) -> Reply:
        if call.kind == WRITE:
            return _written(send, cache, call)
        if call.fresh <= 0 or call.kind != READ or call.stream:
            return send(call)
        known = cache.find(call)
        if known is not None:
            return known
        writes = cache.writes()
        reply = send(call)
        if reply.status == 200 and isinstance(reply.data, dict) and reply.data.get("success") is not False:
            cache.keep(call, reply, writes)
        return reply

    return remembering


def _written(send: Send, cache: Cache, call: Call) -> Reply:
    """Forget before and after: what is read while the write is under way may be either state."""
    cache.clear(call.path)
    try:
        return send(call)
    finally:
        cache.clear(call.path)
