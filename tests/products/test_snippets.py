"""Snippets: their code is part of a snapshot, and is written as a form."""

from __future__ import annotations

from collections.abc import Callable

import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Owner
from ops.products.snippets import api
from ops.sandbox.routes.snippets import SNIPPETS
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import API, Result
from tests.products.answers import page, refusal

Inv = Callable[..., Result]
ZONE = Owner("a" * 32, "b" * 32, {})
URL = f"{API}/zones/{ZONE.id}/snippets"
HEAD = {"snippet_name": "one", "modified_on": "now"}
SHOP = zone_id("shop.example")


def form(*files: tuple[str, bytes]) -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data
        for name, data in files
    )
    return b"\r\n".join(parts) + b"\r\n--x--\r\n"


def read(client: Client, http: responses.RequestsMock, *files: tuple[str, bytes]) -> dict[str, object]:
    http.get(f"{URL}/one/content", body=form(*files), content_type="multipart/form-data; boundary=x")
    return api.with_code(client, ZONE, HEAD)


def test_files_are_named_by_their_file_names(client: Client, http: responses.RequestsMock) -> None:
    found = read(client, http, ("a.js", b"import './b.js'"), ("b.js", "é".encode()))

    assert found == {**HEAD, "main_module": "", "files": {"a.js": "import './b.js'", "b.js": "é"}}
    assert "does not say which of them runs first" in api.blocked(found, None, 0)


def test_the_only_file_runs_first(client: Client, http: responses.RequestsMock) -> None:
    found = read(client, http, ("a.js", b"code"))

    assert found == {**HEAD, "main_module": "a.js", "files": {"a.js": "code"}}
    assert api.blocked(found, None, 0) == ""


def test_a_file_that_is_not_text_is_said_to_be_unread(client: Client, http: responses.RequestsMock) -> None:
    found = read(client, http, ("a.js", b"\xff"))

    assert api.blocked(found, None, 0) == "one of its files is not text in UTF-8"


def test_a_snippet_whose_code_does_not_exist_is_said_to_be_unread(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{URL}/one/content", json=refusal(10002, "requested snippet not found"), status=404)

    found = api.with_code(client, ZONE, HEAD)

    assert "requested snippet not found" in api.blocked(found, None, 0)


def test_a_snapshot_without_the_code_restores_no_snippet() -> None:
    assert api.blocked(HEAD, None, 0) == "the snapshot does not hold its code"


def test_code_is_read_again_only_if_it_has_changed_since(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URL, json=page([HEAD], 1, 25))

    found = kinds()["snippets.snippet"].list(
        client, ZONE, lambda *_: {**HEAD, "main_module": "a.js", "files": {"a.js": "old"}}
    )

    assert list(found) == [{**HEAD, "main_module": "a.js", "files": {"a.js": "old"}}]


def test_code_is_restored_and_undone(staged: Sandbox, inv: Inv) -> None:
    snippet = staged.store.get_document(SNIPPETS, SHOP, "headers")
    assert inv("scan.export", "--quiet", "--deep", "--only", "snippets.snippet").code == 0
    changed = {**snippet, "files": {"new.js": "changed"}, "main_module": "new.js", "modified_on": "later"}
    staged.store.put_document(SNIPPETS, SHOP, "headers", changed)

    done = inv("snapshots.restore", "--yes", "--force")
    restored = staged.store.get_document(SNIPPETS, SHOP, "headers")
    undone = inv("undo.last", "--yes")

    assert done.code == 0, done.err
    assert (restored["files"], restored["main_module"]) == (snippet["files"], "headers.js")
    assert undone.code == 0, undone.err
    assert staged.store.get_document(SNIPPETS, SHOP, "headers")["files"] == {"new.js": "changed"}
