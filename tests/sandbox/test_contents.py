"""What is in buckets and databases: objects of R2, and the SQL of D1."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ops.sandbox.store import ACCOUNT_ID, stable_uuid

from .conftest import Api

OBJECTS = f"/accounts/{ACCOUNT_ID}/r2/buckets/assets/objects"
DATABASE = f"/accounts/{ACCOUNT_ID}/d1/database/{stable_uuid('d1', 'orders')}"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "


def sql(api: Api, text: str, *params: Any, action: str = "query") -> list[Any]:
    found: list[Any] = api.result("POST", f"{DATABASE}/{action}", json={"sql": text, "params": params})
    return found


def problem(api: Api, text: str, **more: Any) -> str:
    answer = api("POST", f"{DATABASE}/query", json={"sql": text, **more})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, 7500)
    return str(error["message"])


def test_an_object_is_read_as_it_was_written(api: Api) -> None:
    headers = {"Content-Type": "image/png", "Cache-Control": "max-age=60"}

    written = api.result("PUT", f"{OBJECTS}/a/b%20c.png", data=b"\x89PNG\x00", headers=headers)

    read = api("GET", f"{OBJECTS}/a/b c.png")
    assert written["key"] == "a/b c.png"
    assert (written["etag"], written["size"]) == (hashlib.md5(b"\x89PNG\x00").hexdigest(), "5")
    assert read.content == b"\x89PNG\x00"
    assert {name: read.headers[name] for name in headers} == headers
    assert read.headers["ETag"] == f'"{written["etag"]}"'


def test_a_deleted_object_is_unknown_and_a_bucket_with_objects_is_kept(api: Api) -> None:
    api.result("PUT", f"{OBJECTS}/one", data=b"1")
    kept = api.refused("DELETE", OBJECTS.removesuffix("/objects"))

    assert api.result("DELETE", f"{OBJECTS}/one") == {"key": "one"}

    assert kept == (409, 10008)
    assert api.refused("GET", f"{OBJECTS}/one") == (404, 10007)
    assert api.result("DELETE", OBJECTS.removesuffix("/objects")) == {}
    assert api.refused("PUT", f"{OBJECTS}/one", data=b"1") == (404, 10006)


def test_objects_are_listed_in_pages_and_in_groups(api: Api) -> None:
    for key in ("a", "logs/1", "logs/2", "logs/old/1", "z"):
        api.result("PUT", f"{OBJECTS}/{key}", data=key)

    first = api("GET", OBJECTS, params={"per_page": 3}).json()
    rest = api("GET", OBJECTS, params={"per_page": 3, "cursor": first["result_info"]["cursor"]}).json()
    grouped = api("GET", OBJECTS, params={"prefix": "logs/", "delimiter": "/"}).json()

    assert [one["key"] for one in first["result"] + rest["result"]] == [
        *("a", "logs/1", "logs/2", "logs/old/1", "z")
    ]
    assert (first["result_info"]["is_truncated"], rest["result_info"]["is_truncated"]) == (True, False)
    assert [one["key"] for one in grouped["result"]] == ["logs/1", "logs/2"]
    assert grouped["result_info"]["delimited"] == ["logs/old/"]
    assert api.result("GET", OBJECTS, params={"start_after": "logs/old/1"})[0]["size"] == 1


def test_the_sql_of_a_request_runs_as_a_whole(api: Api) -> None:
    sql(api, "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t (b) VALUES (?), ('x;y')", "one")

    (found,) = sql(api, "SELECT * FROM t")
    (raw,) = sql(api, "SELECT a, b FROM t WHERE b = ?", "x;y", action="raw")

    assert found["results"] == [{"a": 1, "b": "one"}, {"a": 2, "b": "x;y"}]
    assert raw["results"] == {"columns": ["a", "b"], "rows": [[2, "x;y"]]}
    assert (
        problem(api, "INSERT INTO t VALUES (3, 'three'); SELEC 1")
        == 'near "SELEC": syntax error: SQLITE_ERROR'
    )
    assert (
        problem(api, "INSERT INTO t VALUES (1, 'again')")
        == "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT"
    )
    assert sql(api, "SELECT count(*) AS n FROM t")[0]["results"] == [{"n": 2}]
    assert api.result("GET", DATABASE)["num_tables"] == 1


def test_a_new_database_is_empty(api: Api) -> None:
    made = api.result("POST", f"/accounts/{ACCOUNT_ID}/d1/database", json={"name": "new-one"})

    assert (made["num_tables"], made["file_size"]) == (0, 12288)
    assert sql(api, "SELECT 1 AS one")[0]["results"] == [{"one": 1}]


def test_a_batch_reports_what_each_statement_changed(api: Api) -> None:
    batch = [
        {"sql": "CREATE TABLE t (a, b)"},
        {"sql": "INSERT INTO t VALUES (?, ?)", "params": [1, None]},
        {"sql": "SELECT a, b, x'00ff' AS c, 9e999 AS d FROM t"},
    ]

    results = api.result("POST", f"{DATABASE}/query", json={"batch": batch})

    assert [(one["meta"]["changes"], one["meta"]["changed_db"]) for one in results] == [
        *((0, True), (1, True), (0, False))
    ]
    assert results[2]["results"] == [{"a": 1, "b": None, "c": [0, 255], "d": None}]


@pytest.mark.parametrize(
    "text",
    [
        "ATTACH 'other.sqlite' AS other",
        "VACUUM INTO 'other.sqlite'",
        "BEGIN",
        "CREATE TEMP TABLE t (a)",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA max_page_count = 1000000",
        "CREATE VIRTUAL TABLE t USING rtree(id, low, high)",
    ],
)
def test_sql_that_leaves_its_database_is_refused(api: Api, text: str) -> None:
    assert problem(api, text).endswith(": SQLITE_AUTH")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{ENDLESS} SELECT count(*) FROM n", "D1 DB storage operation exceeded timeout"),
        (f"{ENDLESS} SELECT i, zeroblob(100000) FROM n", "the result is too large"),
        ("SELECT zeroblob(2000001)", "string or blob too big: SQLITE_TOOBIG"),
        (f"SELECT '{'x' * 100_000}'", "statement too long: SQLITE_TOOBIG"),
        (
            f"CREATE TABLE t AS {ENDLESS} SELECT zeroblob(1900000) FROM n",
            "database or disk is full: SQLITE_FULL",
        ),
        ("SELECT ?", "Incorrect number of bindings"),
    ],
)
def test_sql_without_an_end_is_bounded(api: Api, text: str, reason: str) -> None:
    assert problem(api, text).startswith(reason)


def test_parameters_that_sqlite_cannot_store_are_refused(api: Api) -> None:
    for value in ({}, [], 2**70, "\ud800"):
        assert problem(api, "SELECT ?", params=[value])
    assert api.refused("POST", f"{DATABASE}/query", json={"sql": " "}) == (400, 7400)
    assert api.refused("POST", f"{DATABASE}/query", json={"batch": [1]}) == (400, 9207)
