"""What the tests of writing look at: the sandbox's own answers, and which requests have written."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from ops.sandbox.server import Sandbox

# What says when and by whom a thing was made; a thing that is made again has others.
STAMPS = {
    "id", "modified_on", "created_on", "tag", "cert_id", "namespace_id", "namespace",
    # A script's history, of which every upload adds a line.
    "version", "versions", "deployments",
}  # fmt: skip


def answer(sandbox: Sandbox, path: str) -> Any:
    """Give the `result` that the sandbox answers at *path*, asked behind our client's back."""
    return json.loads(content(sandbox, path))["result"]


def content(sandbox: Sandbox, path: str) -> bytes:
    """Give what the sandbox answers at *path*, byte for byte."""
    request = urllib.request.Request(sandbox.url + path, headers={"Authorization": f"Bearer {sandbox.token}"})
    with urllib.request.urlopen(request) as reply:
        body: bytes = reply.read()
    return body


def unstamped(value: Any) -> Any:
    """Give *value* without ids and moments, whose places in lists of objects do not count either."""
    if isinstance(value, dict):
        return {name: unstamped(inside) for name, inside in value.items() if name not in STAMPS}
    if isinstance(value, list):
        return sorted(map(unstamped, value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def written(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Give the requests so far that wrote, or were meant to."""
    return [request for request in sandbox.requests if request[0] != "GET"]


def undo_id(err: str) -> str:
    """Give the id by which what was done is taken back, as a command has said it on stderr."""
    found = re.search(r"undo\.apply --id (\S+)", err)
    assert found, err
    return found[1]
