"""The state of the sandbox: SQLite in WAL mode, and names, ids and dates that every sandbox shares."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from ops.sandbox.wire import Refusal, dumps

Json = dict[str, Any]
Values = Sequence[Any] | dict[str, Any]
Body = TypeVar("Body")

FORMAT = 1

# Items are stored as the JSON text that a listing sends, so that a page is a join of strings.
# TEXT columns compare by UTF-8 bytes, which is the order in which KV lists its keys.
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY, id TEXT NOT NULL, scopes TEXT NOT NULL, status TEXT NOT NULL,
    expires_on TEXT, owner TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, owner TEXT NOT NULL, id TEXT NOT NULL, sort TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, owner, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_order ON document (kind, owner, sort, id);

CREATE TABLE IF NOT EXISTS dns_record (
    zone TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    ttl INTEGER NOT NULL, proxied INTEGER NOT NULL, comment TEXT, tags TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (zone, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dns_record_type ON dns_record (zone, type, name, id);
CREATE INDEX IF NOT EXISTS dns_record_name ON dns_record (zone, name, type, id);

CREATE TABLE IF NOT EXISTS kv_pair (
    namespace TEXT NOT NULL, name TEXT NOT NULL, item TEXT NOT NULL, expiration INTEGER,
    written REAL NOT NULL, deleted REAL, metadata TEXT, value BLOB NOT NULL,
    PRIMARY KEY (namespace, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS do_object (
    namespace TEXT NOT NULL, id TEXT NOT NULL, stored INTEGER NOT NULL,
    PRIMARY KEY (namespace, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS r2_object (
    bucket TEXT NOT NULL, key TEXT NOT NULL, item TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
);

CREATE TABLE IF NOT EXISTS d1_file (id TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


def new_id() -> str:
    """Return 32 random hex digits: zones, records, namespaces, routes."""
    return uuid.uuid4().hex


class NewerDatabase(Exception):
    """A newer version has written the database; this one leaves it as it is."""


class Store:
    """SQL and small JSON documents. ``now()`` is the injected clock, in seconds since the epoch."""

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self.now = clock
        # Without the general limit, the limits of single products (imports, purges) do not apply either.
        self.limited = True
        self._local = threading.local()
        # SQLite creates its -wal and -shm files with the mode of the database.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        # A database without a number has format 1, and so has an empty one.
        found = self.value("PRAGMA user_version")
        if found > FORMAT:
            self.release()
            raise NewerDatabase(f"it has format {found}, and this version reads up to {FORMAT}")
        self.connection().executescript(f"{SCHEMA} PRAGMA user_version = {FORMAT};")

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection; ``release()`` closes it."""
        link: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if link is None:
            link = self._local.connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            link.execute("PRAGMA journal_mode=WAL")
            # A power failure may lose the last writes; that is acceptable for a sandbox.
            link.execute("PRAGMA synchronous=OFF")
            link.execute("PRAGMA cache_size=-16000")
        return link

    def release(self) -> None:
        """Close this thread's connection."""
        if link := self._local.__dict__.pop("connection", None):
            link.close()

    def rows(self, sql: str, args: Values = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self.connection().execute(sql, args).fetchall()

    def one(self, sql: str, args: Values = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        return next(iter(self.rows(sql, args)), None)

    def value(self, sql: str, args: Values = (), default: Any = None) -> Any:
        """Return the first column of the first row."""
        row = self.one(sql, args)
        return default if row is None else row[0]

    def texts(self, sql: str, args: Values = ()) -> list[str]:
        """Return the first column of all rows."""
        return [row[0] for row in self.connection().execute(sql, args)]

    def run(self, sql: str, args: Values = ()) -> int:
        """Execute a statement; return the number of rows that it changed."""
        return self.connection().execute(sql, args).rowcount

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Execute a statement once for each of *rows*."""
        self.connection().executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block as a whole, or nothing of it; a nested transaction is part of the outer one."""
        link = self.connection()
        if link.in_transaction:
            yield
            return
        link.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            link.execute("ROLLBACK")
            raise
        link.execute("COMMIT")

    def stamp(self) -> str:
        """Return the time as the API writes it: RFC 3339, UTC, microseconds."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def meta(self, name: str, default: str = "") -> str:
        """Return a stored property of the sandbox itself."""
        return str(self.value("SELECT value FROM meta WHERE name = ?", (name,), default))

    def set_meta(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def put_document(self, kind: str, owner: str, id: str, body: Body, sort: str = "") -> Body:
        """Write a document and return it; listings are ordered by *sort*, then by id."""
        row = (kind, owner, id, sort, dumps(body))
        self.run("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)", row)
        return body

    def document_text(self, kind: str, owner: str, id: str) -> str | None:
        """Return the JSON text of a document, or None."""
        sql = "SELECT body FROM document WHERE kind = ? AND owner = ? AND id = ?"
        text: str | None = self.value(sql, (kind, owner, id))
        return text

    def get_document(self, kind: str, owner: str, id: str) -> Any:
        """Return a document, or None."""
        text = self.document_text(kind, owner, id)
        return None if text is None else json.loads(text)

    def required(self, kind: str, owner: str, id: str, missing: Refusal) -> Json:
        """Return a document, or refuse the request with *missing*."""
        found: Json | None = self.get_document(kind, owner, id)
        if found is None:
            raise missing
        return found

    def list_documents(self, kind: str, owner: str) -> list[Any]:
        """Return all documents of a kind and owner, in order."""
        sql = "SELECT body FROM document WHERE kind = ? AND owner = ? ORDER BY sort, id"
        return [json.loads(text) for text in self.texts(sql, (kind, owner))]

    def taken(self, kind: str, owner: str, sort: str) -> bool:
        """True if a document of a kind and owner has this *sort*, which is its unique name."""
        sql = "SELECT 1 FROM document WHERE kind = ? AND owner = ? AND sort = ?"
        return self.one(sql, (kind, owner, sort)) is not None

    def delete_document(self, kind: str, owner: str, id: str) -> bool:
        """Delete a document; return False if it did not exist."""
        sql = "DELETE FROM document WHERE kind = ? AND owner = ? AND id = ?"
        return self.run(sql, (kind, owner, id)) > 0

    def add_token(
        self,
        token: str,
        *,
        scopes: Sequence[str] = ("*",),
        status: str = "active",
        expires_on: str | None = None,
        owner: str = "user",
    ) -> None:
        """Add a token. Scopes: ``dns:read``, ``dns:edit`` (includes read), ``dns:*`` or ``*``."""
        row = (token, new_id(), " ".join(scopes), status, expires_on, owner)
        self.run("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?)", row)

    def set_token_status(self, token: str, status: str) -> None:
        """Set a token's status: active, disabled, expired or revoked."""
        self.run("UPDATE token SET status = ? WHERE token = ?", (status, token))


def stable_id(*words: object) -> str:
    """Return 32 hex digits that are always the same for *words*."""
    text = "\x1f".join(str(word) for word in words)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stable_uuid(*words: object) -> str:
    """Return a UUID that is always the same for *words* (certificate packs, D1 databases)."""
    return str(uuid.UUID(hex=stable_id(*words), version=4))


ACCOUNT_ID = stable_id("account", "sandbox")
ACCOUNT_NAME = "Sandbox Account"
USER_ID = stable_id("user", "sandbox")
EMAIL = "admin@example.com"
# Dates of the account and its items.
CREATED = "2024-01-15T09:00:00.000000Z"
CHANGED = "2026-03-02T08:30:00.000000Z"

# Scripts that zone routes point to; the account's seed stores them under these names.
SCRIPTS = (
    *("api-gateway", "auth-edge", "image-resizer", "redirects"),
    *("cron-reports", "webhook-relay", "chat-room", "legacy-site"),
)

_FIRST_DAY = datetime(2025, 1, 6, tzinfo=UTC)
_DAYS = 380


def zone_id(name: str) -> str:
    """Return the id of the seeded zone with this name."""
    return stable_id("zone", name)


def past(*words: object) -> str:
    """Return a time between January 2025 and January 2026 that is always the same for *words*."""
    number = int(stable_id("date", *words)[:12], 16)
    moment = _FIRST_DAY + timedelta(seconds=number % (_DAYS * 86400), microseconds=number % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
