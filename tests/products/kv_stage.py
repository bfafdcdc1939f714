"""Namespaces in the sandbox, created and filled through its own API."""

from __future__ import annotations

import base64
from typing import Any

import requests

from ops.sandbox.server import Sandbox


def new_namespace(sandbox: Sandbox, title: str) -> str:
    """Create a namespace; return its id."""
    answer = _call(sandbox, "POST", "", json={"title": title})
    return str(answer["result"]["id"])


def fill(sandbox: Sandbox, namespace: str, values: dict[str, bytes], **more: Any) -> None:
    """Write *values*; *more* is the metadata and expiration of each value."""
    pairs = [
        {"key": key, "value": base64.b64encode(value).decode(), "base64": True, **more}
        for key, value in values.items()
    ]
    for start in range(0, len(pairs), 10_000):
        _call(sandbox, "PUT", f"/{namespace}/bulk", json=pairs[start : start + 10_000])


def stored(sandbox: Sandbox, namespace: str) -> dict[str, tuple[bytes, str | None, int | None]]:
    """Return the pairs of a namespace: value, metadata as JSON text, expiration, by key."""
    rows = sandbox.store.rows(
        "SELECT name, value, metadata, expiration FROM kv_pair"
        " WHERE namespace = ? AND deleted IS NULL ORDER BY name",
        (namespace,),
    )
    return {name: (value, metadata, expiration) for name, value, metadata, expiration in rows}


def sent(sandbox: Sandbox, method: str, part: str) -> list[str]:
    """Return the paths of all requests by *method* that contain *part*."""
    return [where for how, where in sandbox.requests if how == method and part in where]


def _call(sandbox: Sandbox, method: str, where: str, **options: Any) -> Any:
    base = f"{sandbox.url}/accounts/{sandbox.account_id}/storage/kv/namespaces"
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    answer = requests.request(method, base + where, headers=headers, timeout=30, **options)
    assert answer.ok, answer.text
    return answer.json()
