"""D1: databases, and the SQL that runs in them.

A database is a SQLite file that the sandbox keeps as one value. A query has a copy of it in memory, without
access to other files, and with bounds on its work and its answer (docs:d1/platform/limits).
"""

from __future__ import annotations

import math
import re
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

from ops.sandbox.pages import listing
from ops.sandbox.router import SELF_CHECKED, SIGNED, getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

DATABASES = "/accounts/{account_id}/d1/database"
DATABASE = DATABASES + "/{database}"
KIND = "d1.database"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_STATEMENT_BYTES = 100_000
_VALUE_BYTES = 2_000_000
_ANSWER_BYTES = 10_000_000
_PAGES = 2500
# Instructions of SQLite's virtual machine for one statement: less than a second of work.
_WORK = 20_000_000
_TOO_LONG = "D1 DB storage operation exceeded timeout which caused object to be reset."
# What a query may not do: reach other databases, keep temporary ones, or end the transaction around it.
_DENIED = {
    *(sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT),
    *(sqlite3.SQLITE_CREATE_TEMP_INDEX, sqlite3.SQLITE_CREATE_TEMP_TABLE),
    *(sqlite3.SQLITE_CREATE_TEMP_TRIGGER, sqlite3.SQLITE_CREATE_TEMP_VIEW),
}
_PRAGMAS = {
    *("table_list", "table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "optimize"),
    *("foreign_key_list", "foreign_key_check", "foreign_keys", "defer_foreign_keys", "quick_check"),
    *("case_sensitive_like", "ignore_check_constraints", "legacy_alter_table", "recursive_triggers"),
}

listing(DATABASES, "d1:read", KIND, "~name", maximum=10_000, default=1000, minimum=10)


@route("POST", DATABASES, scope="d1:edit")
def create_database(request: Request, store: Store) -> Answer:
    name = request.object().get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(400, 7400, "Invalid property: name")
    about = {"uuid": str(uuid.uuid4()), "name": name, "version": "production", "created_at": store.stamp()}
    if store.taken(KIND, request.account, name):
        raise Refusal(400, 7502, f"Database with name '{name}' already exists.")
    return ok(_detailed(store, store.put_document(KIND, request.account, about["uuid"], about, sort=name)))


def _database(request: Request, store: Store) -> Json:
    """Return the database with the id or name of the path."""
    word = request.args["database"]
    for one in store.list_documents(KIND, request.account):
        if word in (one["uuid"], one["name"]):
            return dict(one)
    raise Refusal(404, 7404, f"The database {word} could not be found")


def _opened(store: Store, id: str) -> sqlite3.Connection:
    """Return a copy of a database; nothing is stored yet for a new one."""
    link = sqlite3.connect(":memory:", isolation_level=None)
    file = store.value("SELECT value FROM d1_file WHERE id = ?", (id,))
    # A database without a page cannot be serialized.
    link.deserialize(file) if file else link.execute("PRAGMA user_version = 1")
    return link


def _detailed(store: Store, database: Json) -> Json:
    link = _opened(store, database["uuid"])
    (tables,) = link.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()
    sizes = {"num_tables": tables, "file_size": max(len(link.serialize()), 12288)}
    link.close()
    return {"read_replication": {"mode": "disabled"}, **database, **sizes}


getter(DATABASE, "d1:read")(lambda request, store: _detailed(store, _database(request, store)))


@route("PATCH", DATABASE, scope="d1:edit")
@route("PUT", DATABASE, scope="d1:edit")
def change_database(request: Request, store: Store) -> Answer:
    database, replication = _database(request, store), request.object().get("read_replication")
    require(isinstance(replication, dict) and replication.get("mode") in ("auto", "disabled"))
    database["read_replication"] = {"mode": replication["mode"]}
    store.put_document(KIND, request.account, database["uuid"], database, sort=database["name"])
    return ok(_detailed(store, database))


@route("DELETE", DATABASE, scope="d1:edit")
def delete_database(request: Request, store: Store) -> Answer:
    id = _database(request, store)["uuid"]
    store.delete_document(KIND, request.account, id)
    store.run("DELETE FROM d1_file WHERE id = ?", (id,))
    return ok(None)


@route("POST", DATABASE + "/query", scope="d1:edit")
@route("POST", DATABASE + "/raw", scope="d1:edit")
def query(request: Request, store: Store) -> Answer:
    """Run all statements of `{"sql", "params"}` or of a `batch` of these, or none; `/raw` answers with rows.

    The parameters belong to the last statement of their text.
    """
    id, sent = _database(request, store)["uuid"], request.object()
    batch = sent.get("batch", [sent])
    require(isinstance(batch, list) and all(isinstance(one, dict) for one in batch))
    link = _opened(store, id)
    try:
        link.execute(f"PRAGMA max_page_count = {_PAGES}")
        link.execute("PRAGMA foreign_keys = ON")
        link.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
        link.set_authorizer(_permission)
        link.set_progress_handler(lambda: True, _WORK)
        results, left = [], _ANSWER_BYTES
        for one in batch:
            statements = list(_statements(one.get("sql")))
            for number, statement in enumerate(statements, 1):
                params = one.get("params") or [] if number == len(statements) else []
                done = _run(link, statement, params, left, raw=request.path.endswith("/raw"))
                left -= done.pop("bytes")
                results.append(done)
        link.set_authorizer(None)
        file = link.serialize()
    except (sqlite3.Error, ValueError, OverflowError) as error:
        # An extended name such as SQLITE_CONSTRAINT_UNIQUE is shortened, as D1 does.
        name = "_".join(getattr(error, "sqlite_errorname", "SQLITE_ERROR").split("_")[:2])
        problem = _TOO_LONG if name == "SQLITE_INTERRUPT" else f"{error}: {name}"
        raise Refusal(400, 7500, problem) from None
    finally:
        link.close()
    store.run("INSERT OR REPLACE INTO d1_file VALUES (?, ?)", (id, file))
    for done in results:
        done["meta"]["size_after"] = len(file)
    return ok(results)


_EXPORTS = "d1.export"
_FETCHED = SIGNED + "d1/{export}"


@route("POST", DATABASE + "/export", scope="d1:edit")
def export(request: Request, store: Store) -> Answer:
    """Begin an export, or say how far it is: the first poll finds it complete."""
    database, sent = _database(request, store), request.object()
    require(sent.get("output_format") == "polling")
    bookmark = sent.get("current_bookmark")
    state: Json = {"type": "export", "success": True, "messages": []}
    if bookmark is None:
        bookmark, signature = new_id(), new_id()
        wanted = {"database": database["uuid"], "options": sent.get("dump_options") or {}}
        store.put_document(_EXPORTS, "", bookmark, {**wanted, "signature": signature})
        return ok({**state, "at_bookmark": bookmark, "status": "active"}, status=202)
    begun = store.required(_EXPORTS, "", bookmark, Refusal(404, 7500, "no export is in progress"))
    url = f"http://{request.headers.get('host')}/client/v4{_FETCHED.format(export=bookmark)}"
    signed = {"filename": f"{bookmark}.sql", "signed_url": f"{url}?X-Amz-Signature={begun['signature']}"}
    return ok({**state, "at_bookmark": bookmark, "status": "complete", "result": signed})


@route("GET", _FETCHED, scope=SELF_CHECKED)
def fetch_export(request: Request, store: Store) -> Answer:
    found = store.required(_EXPORTS, "", request.args["export"], Refusal(403, 10000, "Forbidden"))
    if request.query.get("X-Amz-Signature") != found["signature"]:
        raise Refusal(403, 10000, "Forbidden")
    link = _opened(store, found["database"])
    try:
        text = "".join(f"{line}\n" for line in _dump(link, found["options"]))
    finally:
        link.close()
    return Answer(200, {"content-type": "application/sql"}, text.encode())


def _dump(link: sqlite3.Connection, options: Json) -> Iterator[str]:
    """Yield a database as SQL, without what *options* leave out."""
    yield "PRAGMA defer_foreign_keys=TRUE;"
    parts = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    for kind, name, table, sql in link.execute(parts).fetchall():
        if options.get("tables") and table not in options["tables"]:
            continue
        if not options.get("no_schema"):
            yield f"{sql};"
        if kind == "table" and not options.get("no_data"):
            quoted = '"' + name.replace('"', '""') + '"'
            columns = [row[1] for row in link.execute(f"PRAGMA table_info({quoted})")]
            values = "||','||".join('quote("' + column.replace('"', '""') + '")' for column in columns)
            for (row,) in link.execute(f"SELECT {values} FROM {quoted}"):  # noqa: S608 (quoted names)
                yield f"INSERT INTO {quoted} VALUES({row});"


def _permission(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    denied = (
        action in _DENIED
        or (action == sqlite3.SQLITE_PRAGMA and str(first).lower() not in _PRAGMAS)
        or (action == sqlite3.SQLITE_CREATE_VTABLE and not str(second).lower().startswith("fts5"))
    )
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK


def _statements(sql: Any) -> Iterator[str]:
    """Split a text at the semicolons that are not part of a string, a comment or a trigger."""
    if not isinstance(sql, str) or not sql.strip():
        raise Refusal(400, 7400, "Invalid property: sql")
    text = ""
    for piece in re.findall(r"[^;]*;|[^;]+$", sql):
        text += piece
        if len(text) > _STATEMENT_BYTES:
            raise Refusal(400, 7500, "statement too long: SQLITE_TOOBIG")
        if sqlite3.complete_statement(text):
            yield text
            text = ""
    if text.strip():
        yield text


def _run(link: sqlite3.Connection, sql: str, params: Any, left: int, *, raw: bool) -> Json:
    """Return the result of one statement; refuse one whose rows have more than *left* bytes."""
    before, used, rows = link.total_changes, 0, []
    cursor = link.execute(sql, params)
    for row in cursor:
        used += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row) + 8
        if used > left:
            raise Refusal(400, 7500, "the result is too large: SQLITE_NOMEM")
        rows.append([_shown(value) for value in row])
    names, changes = [column[0] for column in cursor.description or ()], link.total_changes - before
    meta = {
        "served_by": "sandbox",
        "served_by_region": "WEUR",
        "served_by_primary": True,
        "timings": {"sql_duration_ms": 0.1},
        "duration": 0.1,
        "changes": changes,
        "last_row_id": cursor.lastrowid or 0,
        "changed_db": changes > 0 or cursor.description is None,
        "rows_read": len(rows),
        "rows_written": changes,
    }
    results = (
        {"columns": names, "rows": rows} if raw else [dict(zip(names, row, strict=True)) for row in rows]
    )
    return {"results": results, "success": True, "meta": meta, "bytes": used}


def _shown(value: Any) -> Any:
    """Return a value as JSON has it: bytes as a list of numbers, an infinite number as null."""
    if isinstance(value, bytes):
        return list(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
