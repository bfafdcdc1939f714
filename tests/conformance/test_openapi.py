"""The sandbox compared with the official OpenAPI document: every operation, its responses and refusals."""

from __future__ import annotations

import json
from importlib.util import find_spec
from urllib.parse import quote

import pytest
import requests

from . import doubts
from .contract import BASE, Contract
from .document import Document, Operation, find, load, required
from .exercise import ACCOUNT, QUERIES, SCRIPT, WRITES, ZONE, Caller, Write

READ, STRANGE_ID = "GET", "0" * 32


def operations() -> list[Operation]:
    """Return the document's operations; none if the document or its validator is missing."""
    if not find().exists():
        return []
    try:
        return sorted(Document(load()).operations, key=lambda one: (one.template, one.method))
    except ImportError:
        return []


OPERATIONS = operations()
READS = [one for one in OPERATIONS if one.method == READ]
NAMING = [one for one in OPERATIONS if one.parameters("path")]


def judged(contract: Contract, answer: requests.Response) -> list[str]:
    """Return the problems of a request and of its response."""
    sent = answer.request
    path, _, query = str(sent.path_url).partition("?")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    problems = contract.check_request(str(sent.method), path, query, dict(sent.headers), body)
    return problems + refusal(contract, answer)


def refusal(contract: Contract, answer: requests.Response) -> list[str]:
    """Return the problems of a response."""
    path = str(answer.request.path_url).partition("?")[0]
    return contract.check_response(
        str(answer.request.method), path, answer.status_code, answer.headers, answer.content
    )


def test_the_document_has_operations() -> None:
    required("the OpenAPI document", find().exists())
    required("jsonschema-rs", find_spec("jsonschema_rs") is not None)

    assert len(READS) == 69
    assert len(OPERATIONS) - len(READS) == len({one.name for one in WRITES})


@pytest.mark.parametrize("operation", READS, ids=lambda one: one.template)
def test_a_read_answers_as_documented(operation: Operation, contract: Contract, caller: Caller) -> None:
    if operation.template == f"{ACCOUNT}/tokens/verify":
        caller.sandbox.store.add_token("sandbox_" + "a" * 40, owner="account")
        caller.session.headers["Authorization"] = "Bearer sandbox_" + "a" * 40
    caller.prepare(operation.name)

    answer = caller.send(READ, caller.path(operation.template), QUERIES.get(operation.name, ""))

    assert answer.status_code == 200, answer.text
    assert judged(contract, answer) == []


def test_every_write_of_the_document_is_exercised() -> None:
    required("the OpenAPI document", bool(OPERATIONS))

    assert {one.name for one in OPERATIONS if one.method != READ} == {one.name for one in WRITES}


@pytest.mark.parametrize("write", WRITES, ids=lambda one: one.name)
def test_a_write_answers_as_documented(write: Write, contract: Contract, caller: Caller) -> None:
    caller.prepare(write.name)

    answer = caller.write(filled(write, caller))

    assert 200 <= answer.status_code < 300, answer.text
    assert judged(contract, answer) == []
    assert caller.sandbox.crashes == []


def filled(write: Write, caller: Caller) -> Write:
    """Return the write with the ids of this sandbox in its body."""
    text = json.dumps(write.json)
    if "ACCOUNT" not in text and "ZONE" not in text:
        return write
    text = text.replace("ACCOUNT", caller.sandbox.account_id).replace(
        "ZONE", str(caller.value("zone_id", ""))
    )
    return Write(write.method, write.template, json.loads(text), query=write.query, places=write.places)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_a_request_without_credentials_is_refused_as_documented(
    operation: Operation, contract: Contract, caller: Caller
) -> None:
    path = caller.path(operation.template)
    del caller.session.headers["Authorization"]

    answer = caller.send(operation.method, path)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == 9106
    assert refusal(contract, answer) == []


@pytest.mark.parametrize("operation", NAMING, ids=lambda one: one.name)
def test_an_unknown_item_is_refused_as_documented(
    operation: Operation, contract: Contract, caller: Caller
) -> None:
    names = sorted(operation.parameters("path"), key=operation.template.index)
    strange = {names[-1]: STRANGE_ID}
    if "certificate_pack_id" in strange or "version_id" in strange:
        strange = {names[-1]: "00000000-0000-4000-8000-000000000000"}

    answer = caller.send(operation.method, caller.path(operation.template, strange), data=b"[")

    if answer.status_code < 300:
        # Deleting an unknown item and putting a new one are not errors.
        assert operation.method in ("DELETE", "PUT", "GET"), answer.text
    assert answer.status_code < 500, answer.text
    assert refusal(contract, answer) == []
    assert caller.sandbox.crashes == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/zones", "page=0"),
        (f"{ACCOUNT}/storage/kv/namespaces/{{namespace_id}}/keys", "limit=9"),
        (f"{ACCOUNT}/storage/kv/namespaces/{{namespace_id}}/keys", "limit=1001"),
        (f"{ACCOUNT}/workers/durable_objects/namespaces/{{id}}/objects", "limit=10001"),
        (f"{ACCOUNT}/r2/buckets", "per_page=1001"),
    ],
)
def test_a_limit_beyond_the_bounds_is_refused_as_documented(
    path: str, query: str, contract: Contract, caller: Caller
) -> None:
    answer = caller.send(READ, caller.path(path), query)

    assert answer.status_code == 400
    assert len(contract.check_request(READ, caller.path(path), query)) == 1
    assert refusal(contract, answer) == []


@pytest.mark.parametrize(
    ("path", "per_page", "echoed"),
    [
        ("/zones", 51, 50),
        ("/zones", 4, 5),
        ("/accounts", 51, 50),
        (f"{ACCOUNT}/storage/kv/namespaces", 1001, 1000),
        (f"{ACCOUNT}/workers/durable_objects/namespaces", 1001, 1000),
        (f"{ACCOUNT}/workers/scripts-search", 101, 100),
        (f"{ACCOUNT}/d1/database", 9, 10),
        (f"{ACCOUNT}/audit_logs", 1001, 1000),
        (f"{ZONE}/ssl/certificate_packs", 51, 50),
        (f"{ZONE}/custom_certificates", 51, 50),
        (f"{ZONE}/custom_hostnames", 51, 50),
    ],
)
def test_a_page_size_beyond_the_bounds_of_the_document_is_clamped(
    path: str, per_page: int, echoed: int, contract: Contract, caller: Caller
) -> None:
    answer = caller.send(READ, caller.path(path), f"per_page={per_page}")

    assert answer.status_code == 200
    assert len(contract.check_request(READ, caller.path(path), f"per_page={per_page}")) == 1
    assert answer.json()["result_info"]["per_page"] == echoed
    assert refusal(contract, answer) == []


def test_a_broken_body_is_refused_as_documented(contract: Contract, caller: Caller) -> None:
    for write in WRITES:
        if write.json is not None:
            answer = caller.send(write.method, caller.path(write.template), data=b"{]")

            assert answer.status_code == 400, (write.name, answer.text)
            assert refusal(contract, answer) == []


def test_watching_a_sandbox_reports_an_undocumented_request(contract: Contract, caller: Caller) -> None:
    failure = pytest.raises(AssertionError, match="query sort: not a parameter")
    with failure, contract.watch(caller.sandbox):
        caller.send(READ, "/zones", "sort=name")

    with contract.watch(caller.sandbox) as problems:
        caller.send(READ, "/zones", "order=name")
        caller.send(READ, "/no/such/thing")

    assert problems == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "message"),
    [
        (READ, "/nothing", "", b"", "no such operation"),
        (READ, "/zones", "per_page=fifty", b"", "query per_page='fifty'"),
        (READ, f"/accounts/{'a' * 33}", "", b"", ""),
        (READ, f"/zones/{'a' * 33}", "", b"", "path zone_id="),
        (READ, "/accounts/a/logs/audit", "", b"", "query since: missing"),
        ("POST", "/zones", "", b"", "the body is missing"),
        ("POST", "/zones", "", b'{"name": "example.com"}', '"account" is a required property'),
        ("POST", "/zones", "", b"{NaN}", "not JSON"),
        ("DELETE", "/zones/a", "", b"{}", "a body where the document has none"),
    ],
)
def test_the_contract_reports_a_wrong_request(
    method: str, path: str, query: str, body: bytes, message: str, contract: Contract
) -> None:
    problems = contract.check_request(method, BASE + path, query, {"Content-Type": "application/json"}, body)

    assert any(message in one for one in problems) if message else problems == []


@pytest.mark.parametrize(
    ("status", "media", "body", "message"),
    [
        (
            200,
            "application/json",
            b'{"success":true,"errors":[],"messages":[],"result":[{}]}',
            "required property",
        ),
        (200, "application/json", b'{"success":true}', "required property"),
        (200, "text/html", b"<html>", "of type 'text/html'"),
        (200, "application/json", b"[", "not JSON"),
        (302, "application/json", b"{}", "status 302 is not documented"),
        (403, "application/json", b'{"success":true,"errors":[],"messages":[],"result":null}', "success"),
        (502, "text/html", b"<html>", ""),
    ],
)
def test_the_contract_reports_a_wrong_response(
    status: int, media: str, body: bytes, message: str, contract: Contract
) -> None:
    path = f"/accounts/a/storage/kv/namespaces/{quote(SCRIPT)}/keys"

    problems = contract.check_response(READ, path, status, {"Content-Type": media}, body)

    assert any(message in one for one in problems) if message else problems == []


def test_the_table_of_contradictory_failures_is_exact(contract: Contract) -> None:
    failure = {"success": False, "errors": [{"code": 7003, "message": "no"}], "messages": [], "result": None}
    unanswerable = set()
    for operation in OPERATIONS:
        schema = operation.about["responses"]["4XX"]["content"]["application/json"]["schema"]
        if contract.document.errors(schema, failure):
            unanswerable.add(operation.name)

    assert unanswerable == doubts.CONTRADICTORY_FAILURES
