"""`version --check`: one request to the index, without the token, and only on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ops.http.index import release_of
from ops.plugins.install import update_line
from ops.sandbox.server import Sandbox
from ops.version import VERSION
from tests.conftest import Result

Inv = Callable[..., Result]


class Index:
    """An index on this machine that answers each request with *answer*, and notes what it was asked."""

    def __init__(self) -> None:
        self.status, self.answer = 200, b""
        self.asked: list[tuple[str, dict[str, str]]] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append((self.path, dict(self.headers)))
                self.send_response(index.status)
                self.send_header("Content-Length", str(len(index.answer)))
                self.end_headers()
                self.wfile.write(index.answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/pypi/cfops/json"

    def names(self, version: str) -> None:
        self.answer = json.dumps({"info": {"version": version}, "releases": {}}).encode()


@pytest.fixture
def index() -> Iterator[Index]:
    made = Index()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_newer_version_is_named_with_the_line_that_installs_it(
    inv: Inv, staged: Sandbox, index: Index
) -> None:
    index.names("99.0.0")

    plain = inv("version", "--check", "--index", index.url, "--output", "json")
    strict = inv("version", "--check", "--index", index.url, "--exit-code")

    found = json.loads(plain.out)
    assert (plain.code, found["newest"], found["newer"]) == (0, "99.0.0", True)
    assert found["update"] == update_line()
    assert strict.code == 5
    assert f"error: cfops 99.0.0 is newer than {VERSION}\nhint: `{update_line()}`\n" in strict.err
    assert [path for path, _ in index.asked] == ["/pypi/cfops/json"] * 2
    assert all(staged.token not in str(headers) for _, headers in index.asked)
    assert all("Authorization" not in headers for _, headers in index.asked)
    assert staged.requests == []


@pytest.mark.parametrize("version", [VERSION, "0.0.9", f"{VERSION}.0", f"{VERSION}rc1"])
def test_the_newest_version_ends_with_zero(inv: Inv, index: Index, version: str) -> None:
    index.names(version)

    result = inv("version", "--check", "--index", index.url, "--exit-code", "--output", "json")

    assert result.code == 0
    assert (json.loads(result.out)["newer"], json.loads(result.out)["update"]) == (False, "")


def test_without_check_nothing_is_asked(inv: Inv, index: Index) -> None:
    assert inv("version").code == 0
    refused = inv("version", "--index", index.url)

    assert (refused.code, index.asked) == (1, [])
    assert "hint: `inv version --check`\n" in refused.err


@pytest.mark.parametrize(
    ("status", "answer", "code", "text"),
    [
        (404, b"", 1, "127.0.0.1 has no cfops at this address"),
        (503, b"", 2, "127.0.0.1 answered with status 503"),
        (302, b"", 2, "127.0.0.1"),
        (200, b"<html>", 2, "127.0.0.1 names no version of cfops"),
        (200, b'{"info": {"version": "latest"}}', 2, "127.0.0.1 names no version of cfops"),
        (200, b'{"info": {"version": null}}', 2, "127.0.0.1 names no version of cfops"),
    ],
)
def test_an_index_that_cannot_answer_is_reported(
    inv: Inv, index: Index, status: int, answer: bytes, code: int, text: str
) -> None:
    index.status, index.answer = status, answer

    result = inv("version", "--check", "--index", index.url)

    assert result.code == code
    assert text in result.err
    assert "Traceback" not in result.err


def test_the_index_is_asked_by_https_elsewhere(inv: Inv) -> None:
    result = inv("version", "--check", "--index", "http://index.example/json")

    assert result.code == 1
    assert "--index must begin with https://" in result.err


@pytest.mark.parametrize(
    ("older", "newer"),
    [("0.1.0", "0.1.1"), ("0.9.0", "0.10.0"), ("1.0rc1", "1.0"), ("1.0.dev3", "1.0"), ("1.0", "1.0.1a1")],
)
def test_versions_are_compared_by_their_numbers(older: str, newer: str) -> None:
    assert release_of(older) < release_of(newer)


@pytest.mark.parametrize(
    ("file", "source", "installer", "line"),
    [
        ("uv-receipt.toml", {}, "uv", "uv tool upgrade cfops"),
        ("pipx_metadata.json", {}, "pip", "pipx upgrade cfops"),
        ("", {}, "pip", "PREFIX/bin/python -m pip install --upgrade cfops"),
        ("", {}, "uv", "uv pip install --upgrade cfops --python PREFIX/bin/python"),
        (
            "",
            {"url": "file:///home/me/my%20cfops", "dir_info": {"editable": True}},
            "pip",
            "git -C '/home/me/my cfops' pull",
        ),
    ],
)
def test_the_line_that_updates_fits_how_cfops_was_installed(
    tmp_path: Path, file: str, source: dict[str, Any], installer: str, line: str
) -> None:
    if file:
        (tmp_path / file).write_text("")

    found = update_line(prefix=tmp_path, installer=installer, source=json.dumps(source))

    assert found.replace(str(tmp_path), "PREFIX") == line
