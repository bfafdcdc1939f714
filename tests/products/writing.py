"""Helpers for tests of writes: the sandbox's own responses, and the requests that were sent to write."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from ops.kinds.catalog import kinds
from ops.sandbox.server import Sandbox

# Fields that change when an item is created again.
STAMPS = {
    "id", "uuid", "queue_id", "modified_on", "created_on", "tag", "cert_id", "namespace_id", "namespace",
    # A script's history: every upload adds an entry.
    "version", "versions", "deployments",
    # The times that a kind declares as volatile.
    *(
        field
        for resource in kinds().values()
        for field in resource.compare.volatile
        if field.endswith(("_on", "_at", "_date"))
    ), "created", "modified", "consumer_id", "last_updated",
}  # fmt: skip


def answer(sandbox: Sandbox, path: str) -> Any:
    """Return the `result` of the sandbox at *path*, requested without our client."""
    return json.loads(content(sandbox, path))["result"]


def content(sandbox: Sandbox, path: str) -> bytes:
    """Return the response body of the sandbox at *path*, byte for byte."""
    request = urllib.request.Request(sandbox.url + path, headers={"Authorization": f"Bearer {sandbox.token}"})
    with urllib.request.urlopen(request) as reply:
        body: bytes = reply.read()
    return body


def unstamped(value: Any) -> Any:
    """Return *value* without ids and times, with lists of objects in a canonical order."""
    if isinstance(value, dict):
        # The ref of a rule is its id, unless it was chosen.
        own = {"ref"} if value.get("ref") == value.get("id") else set()
        return {name: unstamped(inside) for name, inside in value.items() if name not in STAMPS | own}
    if isinstance(value, list):
        return sorted(map(unstamped, value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def written(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Return the requests so far that wrote, or tried to."""
    return [request for request in sandbox.requests if request[0] != "GET"]


def undo_id(err: str) -> str:
    """Return the id for undo that a command has printed on stderr."""
    found = re.search(r"undo\.apply (\S+)", err)
    assert found, err
    return found[1]
