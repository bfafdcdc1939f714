"""A cache of responses, so that not every command has to look up a name again.

It keeps only successful responses to calls that accept a cached one: never streams, never errors. The key
includes the credentials' fingerprint, so that no token is given what another one read. The file is SQLite
with plain JSON; what does not parse counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ops.errors import DiskError
from ops.files.disk import open_own
from ops.http.answers import parse
from ops.http.exchange import READ, WRITE, Call, Reply, Send

T = TypeVar("T")

LARGEST = 1024 * 1024

# These find zones and accounts by name. Only a write to a zone or account itself changes their responses.
NAMES = ("/zones", "/accounts")

FORMAT = 1  # as the end of the schema says
_SCHEMA = """
    PRAGMA synchronous = OFF; -- if a crash damages the file, it is created again
    PRAGMA journal_mode = WAL;
    PRAGMA max_page_count = 8192; -- of 4 KiB, so 32 MiB in all
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, path TEXT, stamp REAL, date TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS writes (count INTEGER);
    INSERT INTO writes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM writes);
    PRAGMA user_version = 1;
"""


class Cache:
    """Responses in the SQLite file *file*. *owner* names the credentials and the server, as part of each key.

    *clock* is wall time in seconds. *holds_secret* finds secrets in a body. *say* reports when the file was
    replaced. A cache that cannot be used is empty, not an error.
    """

    def __init__(
        self,
        file: Path,
        *,
        owner: tuple[str, ...],
        holds_secret: Callable[[bytes], bool] = lambda _body: False,
        say: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._owner = owner
        self._holds_secret = holds_secret
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def find(self, call: Call) -> Reply | None:
        """Return the cached response to *call* if it is not older than *call* accepts."""
        row = self._do(lambda db: db.execute(_FIND, (self._key(call),)).fetchone(), None)
        if row is None or not 0 <= self._clock() - row[0] < call.fresh:
            # A time in the future means that the clock was changed: the age is unknown.
            return None
        reply = Reply(200, {"date": row[1]}, row[2], cached=True)
        with suppress(ValueError, AttributeError, TypeError):
            reply.data = parse(row[2])
        return reply if isinstance(reply.data, dict) else None

    def writes(self) -> int:
        """Count the writes so far: a response that was in flight during one is not kept."""
        return self._do(lambda db: int(db.execute("SELECT count FROM writes").fetchone()[0]), -1)

    def keep(self, call: Call, reply: Reply, writes: int) -> None:
        """Keep *reply*, unless it contains a secret or a write came after *writes* were counted."""
        if len(reply.body) <= LARGEST and not self._holds_secret(reply.body):
            date = reply.headers.get("date", "")
            row = (self._key(call), call.path, self._clock(), date, reply.body, writes)
            self._do(lambda db: db.execute(_KEEP, row), None)

    def clear(self, path: str) -> None:
        """Remove what a write to *path* may have changed: everything except names that it cannot change."""
        if not self._file.exists():
            return
        kept = NAMES if path.count("/") > 2 else ()

        def forget(db: sqlite3.Connection) -> None:
            db.execute("UPDATE writes SET count = count + 1")
            marks = ", ".join("?" * len(kept))
            db.execute(f"DELETE FROM answers WHERE path NOT IN ({marks})", kept)  # noqa: S608  only `?`

        self._do(forget, None)

    def close(self) -> None:
        with self._lock:
            self._shut()

    def _key(self, call: Call) -> str:
        parts = [*self._owner, call.method, call.path, sorted(call.params), sorted(call.headers.items())]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do *work*; a damaged file is replaced, any other failure disables the cache."""
        with self._lock:
            for _ in range(2):
                try:
                    self._connection = self._connection or self._open()
                    with self._connection as db:
                        return work(db)
                except (sqlite3.OperationalError, DiskError, OSError) as problem:
                    if "full" not in str(problem):
                        return otherwise
                except sqlite3.DatabaseError:
                    self._say(f"the cache {self._file} was damaged and has been replaced")
                self._shut()
                with suppress(OSError):
                    self._file.unlink(missing_ok=True)
                    self._remove_sides()
            return otherwise

    def _open(self) -> sqlite3.Connection:
        descriptor, replaced = open_own(self._file)
        os.close(descriptor)
        if replaced:
            self._remove_sides()
            self._say(f"the cache {self._file} was accessible to other users and has been replaced")
        db = sqlite3.connect(self._file, timeout=2.0, check_same_thread=False)
        try:
            # SQLite gives its side files the mode of the main file, which exists already.
            if int(db.execute("PRAGMA user_version").fetchone()[0]) > FORMAT:
                raise sqlite3.OperationalError("written by a newer cfops, which still needs it")
            db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

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
    """Wrap *send* with *cache*: responses are kept, and removed by writes."""

    def cached(call: Call) -> Reply:
        if call.kind == WRITE:
            # Before and after: what is read while the write is in flight may be either state.
            cache.clear(call.path)
            try:
                return send(call)
            finally:
                cache.clear(call.path)
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

    return cached
