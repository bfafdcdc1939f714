"""D1 exports: prepared by Cloudflare, fetched from a signed address that nothing keeps."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from ops.errors import ApiError, Incomplete, Interrupted, MalformedAnswer, UsageError
from ops.http.client import Client
from ops.products.d1 import export
from ops.products.d1.export import PAUSES, WITHIN, Prepared, fetch, prepare
from ops.sandbox.server import Sandbox
from ops.sandbox.store import stable_uuid
from tests.conftest import API, Result
from tests.products.answers import envelope

Inv = Callable[..., Result]
ACCOUNT, ID = "a" * 32, "11111111-1111-4111-8111-111111111111"
URL = f"{API}/accounts/{ACCOUNT}/d1/database/{ID}/export"
ACTIVE = {"type": "export", "status": "active", "success": True, "at_bookmark": "b-1"}
SIGNED = {"filename": "x.sql", "signed_url": "https://store.example/x.sql?X-Amz-Signature=5ec2e7"}
COMPLETE = {**ACTIVE, "status": "complete", "result": SIGNED}


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAUSES", (0.0,))


@pytest.fixture
def stocked(staged: Sandbox) -> Sandbox:
    """A sandbox whose database has a table."""
    statements = (
        'CREATE TABLE parcel (id INTEGER PRIMARY KEY, "to whom" TEXT, weight REAL, seal BLOB);'
        "CREATE TABLE other (id INTEGER); CREATE INDEX heavy ON parcel (weight);"
        "INSERT INTO parcel VALUES (1, 'O''Brien; Ltd', 2.5, x'00ff'), (2, NULL, NULL, NULL);"
        "INSERT INTO other VALUES (7)"
    )
    path = f"/accounts/{staged.account_id}/d1/database/{stable_uuid('d1', 'orders')}/query"
    headers = {"Authorization": f"Bearer {staged.token}"}
    requests.post(staged.url + path, json={"sql": statements}, headers=headers, timeout=10).raise_for_status()
    staged.requests.clear()
    return staged


def loaded(file: Path) -> dict[str, list[Any]]:
    """Return the rows of each table in an exported file."""
    with sqlite3.connect(":memory:") as link:
        link.executescript(file.read_text())
        names = [row[0] for row in link.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: link.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def test_a_database_is_written_to_a_private_file(stocked: Sandbox, inv: Inv, tmp_path: Path) -> None:
    file = tmp_path / "orders.sql"

    result = inv("d1.export", "orders", str(file), "--yes", "--output", "json")

    assert result.code == 0, result.err
    assert loaded(file) == {
        "parcel": [(1, "O'Brien; Ltd", 2.5, b"\x00\xff"), (2, None, None, None)],
        "other": [(7,)],
    }
    assert file.stat().st_mode & 0o777 == 0o600
    row = json.loads(result.out)
    assert (row["database"], row["file"]) == ("orders", str(file))
    assert row["bytes"] == file.stat().st_size
    assert [method for method, _ in stocked.requests if method == "POST"] == ["POST", "POST"]


def test_tables_data_and_definitions_are_chosen(stocked: Sandbox, inv: Inv, tmp_path: Path) -> None:
    def exported(*options: str) -> str:
        file = tmp_path / f"{options[-1]}.sql"
        done = inv("d1.export", "orders", str(file), "--yes", *options)
        assert done.code == 0, done.err
        return file.read_text()

    one, schema, data = exported("--table", "other"), exported("--no-data"), exported("--no-schema")

    assert ("parcel" in one, 'INSERT INTO "other" VALUES(7)' in one) == (False, True)
    assert ("INSERT" in schema, schema.count("CREATE")) == (False, 3)
    assert ("CREATE" in data, data.count("INSERT")) == (False, 3)


def test_the_signed_address_is_kept_nowhere(
    stocked: Sandbox, inv: Inv, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_CACHE", "60")
    options = ("--log-file", str(tmp_path / "log.jsonl"), "--trace", str(tmp_path / "trace.json"))

    done = inv("--debug", "d1.export", "orders", str(tmp_path / "orders.sql"), "--yes", *options)
    stocked.faults.parse("5xx GET /signed/* times=-1")
    failed = inv("--debug", "d1.export", "orders", str(tmp_path / "again.sql"), "--yes", *options)

    signatures = [row["signature"] for row in stocked.store.list_documents("d1.export", "")]
    assert (done.code, failed.code, len(signatures)) == (0, 4, 2), failed.err
    files = [file for folder in (tmp_path, home) for file in folder.rglob("*") if file.is_file()]
    texts = [file.read_bytes().decode(errors="replace") for file in files if "sandbox" not in file.name]
    for text in (*texts, done.err, done.out, failed.err, failed.out):
        assert not any(one in text for one in signatures)
    assert not (tmp_path / "again.sql").exists()


def test_the_token_does_not_go_to_the_signed_address(stocked: Sandbox, inv: Inv, tmp_path: Path) -> None:
    headers: list[Any] = []
    stocked.edge.observer = lambda request: (
        headers.append(request.headers) if request.path.startswith("/signed/") else None
    )

    result = inv("d1.export", "orders", str(tmp_path / "orders.sql"), "--yes")

    assert result.code == 0, result.err
    assert [one.get("Authorization") for one in headers] == [""]


def test_nothing_is_exported_without_consent_or_in_a_dry_run(
    stocked: Sandbox, inv: Inv, tmp_path: Path
) -> None:
    file = tmp_path / "orders.sql"

    refused = inv("d1.export", "orders", str(file))
    dry = inv("d1.export", "orders", str(file), "--dry-run")
    nothing = inv("d1.export", "orders", str(file), "--yes", "--no-data", "--no-schema")

    assert (refused.code, dry.code, nothing.code) == (1, 0, 1)
    assert "answers no queries meanwhile" in refused.err
    assert "nothing to export" in nothing.err
    assert [method for method, _ in stocked.requests if method == "POST"] == []
    assert not file.exists()


def test_an_existing_file_is_replaced_only_with_force(stocked: Sandbox, inv: Inv, tmp_path: Path) -> None:
    file = tmp_path / "orders.sql"
    file.write_text("mine")

    refused = inv("d1.export", "orders", str(file), "--yes")
    kept = file.read_text()
    done = inv("d1.export", "orders", str(file), "--yes", "--force")

    assert (refused.code, kept) == (1, "mine")
    assert done.code == 0, done.err
    assert "parcel" in file.read_text()


@pytest.mark.parametrize("fault", ["cut GET /signed/*", "no-length GET /signed/*", "403-html GET /signed/*"])
def test_a_file_that_is_not_whole_is_not_kept(stocked: Sandbox, inv: Inv, tmp_path: Path, fault: str) -> None:
    stocked.faults.parse(f"{fault} times=-1")

    result = inv("d1.export", "orders", str(tmp_path / "orders.sql"), "--yes")

    assert result.code == 4, result.err
    assert "the export was not fetched: 127.0.0.1" in result.err
    assert list(tmp_path.glob("orders.sql*")) == []


@pytest.mark.parametrize("signature", ["", "?X-Amz-Signature=0"])
def test_the_sandbox_answers_only_a_signed_address(stocked: Sandbox, signature: str) -> None:
    stocked.store.put_document("d1.export", "", "b" * 32, {"database": ID, "options": {}, "signature": "x"})

    answers = [requests.get(f"{stocked.url}/signed/d1/{id * 32}{signature}", timeout=10) for id in ("b", "c")]

    assert [answer.status_code for answer in answers] == [403, 403]


class Clock:
    """A clock that moves on by *step* seconds whenever it is read."""

    def __init__(self, step: float) -> None:
        self.now, self._step = 0.0, step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


@pytest.fixture
def paused(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(export, "PAUSES", PAUSES)
    waits: list[float] = []
    client.pause = lambda seconds, _why: waits.append(seconds)
    return waits


def test_an_export_is_polled_with_its_bookmark_in_longer_and_longer_pauses(
    client: Client, http: responses.RequestsMock, paused: list[float]
) -> None:
    for _ in range(7):
        http.post(URL, json=envelope(ACTIVE), status=202)
    http.post(URL, json=envelope(COMPLETE))

    prepared = prepare(client, ACCOUNT, ID, {"tables": ["a"]}, clock=Clock(1))

    assert prepared == Prepared(SIGNED["signed_url"], "b-1")
    assert paused == [0.25, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    first, *others = (json.loads(call.request.body or "") for call in http.calls)
    assert first == {"output_format": "polling", "dump_options": {"tables": ["a"]}}
    assert others == [{**first, "current_bookmark": "b-1"}] * 7


def test_an_export_that_does_not_end_is_given_up(
    client: Client, http: responses.RequestsMock, paused: list[float]
) -> None:
    http.post(URL, json=envelope(ACTIVE), status=202)

    with pytest.raises(ApiError, match="not exported within 30 min"):
        prepare(client, ACCOUNT, ID, {}, clock=Clock(WITHIN / 4))

    assert len(http.calls) == 4


def test_an_interrupt_ends_the_polling(client: Client, http: responses.RequestsMock) -> None:
    def stopped(_seconds: float, _why: str) -> None:
        raise Interrupted("stopped")

    client.pause = stopped
    http.post(URL, json=envelope(ACTIVE), status=202)

    with pytest.raises(Interrupted):
        prepare(client, ACCOUNT, ID, {}, clock=Clock(1))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({**ACTIVE, "status": "error", "error": "too busy"}, "not exported: too busy"),
        ({**ACTIVE, "success": False}, "no reason given"),
    ],
)
def test_a_failed_export_says_why(
    client: Client, http: responses.RequestsMock, state: dict[str, Any], words: str
) -> None:
    http.post(URL, json=envelope(state))

    with pytest.raises(ApiError, match=words):
        prepare(client, ACCOUNT, ID, {}, clock=Clock(1))


@pytest.mark.parametrize(
    "state", [{**COMPLETE, "result": {}}, {**COMPLETE, "at_bookmark": 7}, {"status": "active"}]
)
def test_an_answer_without_its_fields_is_malformed_and_not_quoted(
    client: Client, http: responses.RequestsMock, state: dict[str, Any]
) -> None:
    http.post(URL, json=envelope(state))

    with pytest.raises(MalformedAnswer) as error:
        prepare(client, ACCOUNT, ID, {}, clock=Clock(1))

    assert "5ec2e7" not in str(error.value)


@pytest.mark.parametrize("url", ["http://a.example/x?s=5ec2e7", "file:///etc/passwd", "https://a b/5ec2e7"])
def test_an_address_without_tls_is_not_asked_and_not_shown(url: str, home: Path) -> None:
    from ops.config.settings import load

    settings = load({}, invoke={}, environ={"HOME": str(home)}, cwd=home)

    with pytest.raises(UsageError) as error:
        fetch(Prepared(url, "b"), settings, BytesIO())

    assert "5ec2e7" not in str(error.value)


def test_a_host_that_does_not_answer_is_named_without_the_address(home: Path) -> None:
    from ops.config.settings import load

    settings = load({}, invoke={}, environ={"HOME": str(home)}, cwd=home)

    with pytest.raises(Incomplete) as error:
        fetch(Prepared("http://127.0.0.1:9/x?s=5ec2e7", "b"), settings, BytesIO())

    assert "127.0.0.1" in str(error.value)
    assert "5ec2e7" not in str(error.value)
