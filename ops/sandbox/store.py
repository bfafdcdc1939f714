"""The sandbox's state: SQLite in WAL mode, one connection for each thread."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.sandbox.schema import SCHEMA
from ops.sandbox.wire import dumps

Json = dict[str, Any]
Values = Sequence[Any] | dict[str, Any]


def new_id() -> str:
    """Return 32 random hex digits: zones, records, namespaces, routes."""
    return uuid.uuid4().hex


class Store:
    """SQL and small JSON documents. ``now()`` is the injected clock, in seconds since the epoch."""

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self.clock = clock
        # Products with limits of their own (imports, purges) lift them with the general one.
        self.limited = True
        self._local = threading.local()
        # SQLite gives its -wal and -shm files the mode of the database.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self.connection().executescript(SCHEMA)

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection; ``release()`` closes it."""
        open_one: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if open_one is None:
            open_one = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            open_one.execute("PRAGMA journal_mode=WAL")
            # Losing the last writes to a power cut is fine for a rehearsal stage.
            open_one.execute("PRAGMA synchronous=OFF")
            open_one.execute("PRAGMA cache_size=-16000")
            self._local.connection = open_one
        return open_one

    def release(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def rows(self, sql: str, args: Values = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self.connection().execute(sql, args).fetchall()

    def one(self, sql: str, args: Values = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        row: tuple[Any, ...] | None = self.connection().execute(sql, args).fetchone()
        return row

    def value(self, sql: str, args: Values = (), default: Any = None) -> Any:
        """Return the first column of the first row."""
        row = self.one(sql, args)
        return default if row is None else row[0]

    def texts(self, sql: str, args: Values = ()) -> list[str]:
        """Return the first column of all rows."""
        return [row[0] for row in self.connection().execute(sql, args)]

    def run(self, sql: str, args: Values = ()) -> int:
        """Carry out a statement; returns how many rows it touched."""
        return self.connection().execute(sql, args).rowcount

    def run_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Carry out a statement once for each of *rows*."""
        self.connection().executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another one is part of it."""
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

    def now(self) -> float:
        return self.clock()

    def stamp(self) -> str:
        """Return the time as the API writes it: RFC 3339, UTC, microseconds."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def meta(self, name: str, default: str = "") -> str:
        """Return a stored word about the sandbox itself."""
        return str(self.value("SELECT value FROM meta WHERE name = ?", (name,), default))

    def set_meta(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def put_document(self, kind: str, owner: str, id: str, body: Any, sort: str = "") -> None:
        """Write a document; listings are ordered by *sort*, then by id."""
        row = (kind, owner, id, sort, dumps(body))
        self.run("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)", row)

    def change_document(self, kind: str, owner: str, id: str, body: Any) -> None:
        """Replace the body of a document and keep its place in listings."""
        sql = "UPDATE document SET body = ? WHERE kind = ? AND owner = ? AND id = ?"
        self.run(sql, (dumps(body), kind, owner, id))

    def document_text(self, kind: str, owner: str, id: str) -> str | None:
        """Return the JSON text of a document, or None."""
        sql = "SELECT body FROM document WHERE kind = ? AND owner = ? AND id = ?"
        text: str | None = self.value(sql, (kind, owner, id))
        return text

    def get_document(self, kind: str, owner: str, id: str) -> Any:
        """Return a document, or None."""
        text = self.document_text(kind, owner, id)
        return None if text is None else json.loads(text)

    def document_texts(self, kind: str, owner: str) -> list[str]:
        """Return the JSON texts of all documents of a kind and owner, in order."""
        sql = "SELECT body FROM document WHERE kind = ? AND owner = ? ORDER BY sort, id"
        return self.texts(sql, (kind, owner))

    def list_documents(self, kind: str, owner: str) -> list[Any]:
        """Return all documents of a kind and owner, in order."""
        return [json.loads(text) for text in self.document_texts(kind, owner)]

    def delete_document(self, kind: str, owner: str, id: str) -> bool:
        """Delete a document; False when it was not there."""
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
        """Make a token known. Scopes: ``dns:read``, ``dns:edit`` (holds read), ``dns:*`` or ``*``."""
        row = (token, new_id(), " ".join(scopes), status, expires_on, owner)
        self.run("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?)", row)

    def set_token_status(self, token: str, status: str) -> None:
        """Set a token's status: active, disabled, expired or revoked."""
        self.run("UPDATE token SET status = ? WHERE token = ?", (status, token))
